//! Whose stream it is, and whether it still may be.

use crate::{
    foundation::{
        act::Act,
        change_log,
        db::{DbError, Tx},
        error::{Code, Problem},
        streams::Listener,
    },
    modules::{devices, feed},
};
use protocol::push::Push;

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum PushError {
    /// The caller is no kiosk of the fleet.
    #[error("the kiosk is not enrolled")]
    NotEnrolled,
    /// The database failed.
    #[error("the listener was not read")]
    Database(#[from] DbError),
}

impl From<PushError> for Problem {
    fn from(error: PushError) -> Problem {
        match error {
            PushError::NotEnrolled => Problem::new(Code::DeviceRefused),
            PushError::Database(error) => Problem::from(error),
        }
    }
}

/// The calling kiosk as a listener, and the newest place of the change log.
pub(super) fn listener(tx: &mut Tx<'_>, act: &Act) -> Result<(Listener, i64), PushError> {
    let device = act.actor.kiosk().ok_or(PushError::NotEnrolled)?;
    let epoch = devices::trusted_epoch(tx, device)?.ok_or(PushError::NotEnrolled)?;
    let scopes = feed::scopes_of(tx, device)?.ok_or(PushError::NotEnrolled)?;
    Ok((Listener { device, epoch, scopes }, change_log::newest_seq(tx)?))
}

/// Why this stream has to end; `None` when it may go on.
pub(super) fn verdict(tx: &mut Tx<'_>, listener: &Listener) -> Result<Option<Push>, DbError> {
    if devices::trusted_epoch(tx, listener.device)? != Some(listener.epoch) {
        return Ok(Some(Push::Revoked));
    }
    let moved = feed::scopes_of(tx, listener.device)?.is_none_or(|scopes| scopes != listener.scopes);
    // Its next stream will be about the right mall.
    Ok(moved.then_some(Push::Closing { retry_ms: 0 }))
}

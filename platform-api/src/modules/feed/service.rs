//! One page of the feed.

use super::rules::{self, Reader};
use crate::{
    foundation::{
        act::Act,
        change_log,
        db::{DbError, Tx},
        error::{Code, Problem},
    },
    modules::fleet,
};
use ed25519_dalek::SigningKey;
use protocol::{
    feed::PAGE_CHANGES_MAX,
    signed::{Purpose, Signed},
};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum FeedError {
    /// The caller is no kiosk of the fleet.
    #[error("the kiosk is not enrolled")]
    NotEnrolled,
    /// A saved row is no JSON.
    #[error("a row of the change log cannot be read")]
    Encoding(#[from] serde_json::Error),
    /// The database failed.
    #[error("the change log was not read")]
    Database(#[from] DbError),
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Problem {
        match error {
            FeedError::NotEnrolled => Problem::new(Code::DeviceRefused),
            FeedError::Database(error) => Problem::from(error),
            FeedError::Encoding(_) => Problem::internal(&error),
        }
    }
}

/// The changes after `since`, signed.
pub(super) fn page(tx: &mut Tx<'_>, act: &Act, key: &SigningKey, since: u64) -> Result<Signed, FeedError> {
    let device = act.actor.kiosk().ok_or(FeedError::NotEnrolled)?;
    let mall = fleet::mall_of(tx, device)?.ok_or(FeedError::NotEnrolled)?;
    let limit = u32::try_from(PAGE_CHANGES_MAX).unwrap_or(u32::MAX);
    // A cursor past the end of 63 bits lies behind every change.
    let cursor = i64::try_from(since).unwrap_or(i64::MAX);
    let logged = change_log::read_since(tx, cursor, limit)?;
    let more = logged.len() == PAGE_CHANGES_MAX;
    let page = rules::page(since, &logged, more, &Reader { device, mall })?;
    Ok(Signed::seal(&page, Purpose::FeedPage, key)?)
}

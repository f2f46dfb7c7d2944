//! A disk that is older than what its kiosk once said: the challenge, the confession, and the end of that epoch.
//!
//! Only whoever holds the device's key can confess, and only to a challenge of ours; a late packet of a healthy kiosk
//! earns a challenge that nobody reads, and fences nobody.

use super::{
    model::{Device, Fencing},
    post::KioskPost,
    store,
};
use crate::foundation::{
    act::Act,
    audit,
    db::{DbError, Tx},
    error::{Code, Problem},
};
use ed25519_dalek::SigningKey;
use protocol::{
    device::{Behind, Challenge, Confession, ConfessionAnswer, REQUEST_SKEW_MS},
    signed::{Bound, Purpose, Signed},
};

/// Why a confession is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfessionRefused {
    /// The caller is no kiosk that is enrolled now.
    #[error("the kiosk is not enrolled")]
    NotEnrolled,
    /// The challenge is not ours, too old, or of another device or epoch.
    #[error("the challenge does not hold")]
    NotOurs,
    /// The answer could not be written.
    #[error("the answer could not be written")]
    Encoding(#[from] serde_json::Error),
    /// The database failed.
    #[error("the confession was not recorded")]
    Database(#[from] DbError),
}

impl From<ConfessionRefused> for Problem {
    fn from(error: ConfessionRefused) -> Problem {
        match error {
            ConfessionRefused::NotEnrolled => Problem::new(Code::DeviceRefused),
            ConfessionRefused::NotOurs => Problem::new(Code::Invalid).field("field", "challenge"),
            ConfessionRefused::Database(error) => Problem::from(error),
            ConfessionRefused::Encoding(_) => Problem::internal(&error),
        }
    }
}

/// The refusal of a request that is older than one served before, with a signed challenge.
pub(super) fn challenge(
    act: &Act,
    (device, post, key): (&Device, &KioskPost, &SigningKey),
    behind: Behind,
) -> Problem {
    let (counter, nonce) = (post.counter, act.chance());
    let challenge = Challenge { device: device.id, epoch: device.epoch, counter, behind, at: act.now, nonce };
    let signed = Signed::seal(&challenge, Purpose::Challenge, key);
    match signed.and_then(serde_json::to_value) {
        Ok(signed) => {
            tracing::warn!(device.id = %device.id, ?behind, "a request is older than one served before");
            Problem::new(Code::CounterBehind).field("challenge", signed)
        }
        Err(error) => Problem::internal(&error),
    }
}

/// Ends the epoch of the calling kiosk, which confesses that its disk is older than what it once said.
pub fn confess(
    tx: &mut Tx<'_>,
    act: &Act,
    key: &SigningKey,
    confession: &Confession,
) -> Result<Signed, ConfessionRefused> {
    let id = act.actor.kiosk().ok_or(ConfessionRefused::NotEnrolled)?;
    let device = store::find(tx, id)?.ok_or(ConfessionRefused::NotEnrolled)?;
    let opened = confession.challenge.open::<Challenge>(Purpose::Challenge, &key.verifying_key());
    let challenge = opened.map_err(|_| ConfessionRefused::NotOurs)?;
    let fits = (challenge.device, challenge.epoch) == (device.id, device.epoch);
    if !fits || act.now.since(challenge.at).abs() > REQUEST_SKEW_MS {
        return Err(ConfessionRefused::NotOurs);
    }
    let body = serde_json::to_string(&challenge)?;
    let fencing = Fencing { device: id, epoch: device.epoch, challenge, at: act.now };
    store::fence(tx, &fencing, &body)?;
    audit::append(
        tx,
        act,
        &audit::Entry {
            surface: "O",
            action: "kiosk.fence",
            subject: &format!("kiosk:{id}"),
            before: Some(&format!("epoch {}", device.epoch)),
            after: Some(&body),
            reason: "the kiosk has confessed that its disk is older than what it once said",
        },
    )?;
    tracing::error!(device.id = %id, device.epoch, "fenced kiosk {id}: every copy of it must be paired again");
    let answer = ConfessionAnswer { fenced_at: act.now };
    let (epoch, counter) = (device.epoch, fencing.challenge.counter);
    Ok(Signed::seal(&Bound { device: id, epoch, counter, answer }, Purpose::Confession, key)?)
}

/// Fencings of the city, newest first, at most `limit`, before the instant and device of `before`.
pub fn fencings(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Fencing>, DbError> {
    store::fencings(tx, limit)
}

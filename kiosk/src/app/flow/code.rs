//! Codes before the camera: judged offline, told apart from the one that is held still, never kept.
//!
//! A code is read again in every frame, and a phone renews it, so one that stays in view is one scan. What tells it
//! apart is a salted mark; it is forgotten when the phone is gone.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use cloud_sync::store::Admission;
use domain::consumer_code::{CodeError, IdentifyCode, verify_identify};
use domain::ids::CityCode;
use domain::key_ring::KeyRing;

use super::{refused, session, still_there};
use crate::app::effect::Effect;
use crate::app::event::ScannedBytes;
use crate::app::refusal::Refused;
use crate::app::state::{InView, Screen, State};
use crate::ports::Now;

/// A code that was not read for this long has left: the decoder may miss it in a few frames of a moving hand.
const GONE_AFTER: Duration = Duration::from_secs(2);
/// After a session its phone may stay before the camera for this long; then it counts as somebody new.
const LET_GO_MAX: Duration = Duration::from_secs(5);
/// Codes told apart at once: a shop's wall of posters and a phone. Past it the one that came first is forgotten.
const IN_VIEW_MAX: usize = 8;

/// A code was read.
pub fn seen(state: &mut State, bytes: &ScannedBytes, now: Now) -> Vec<Effect> {
    if state.screen == Screen::Maintenance {
        return Vec::new();
    }
    let verdict = judge(state, &bytes.0, now);
    if !is_new(state, &bytes.0, &verdict, now) || state.opening.is_some() {
        return Vec::new();
    }
    match verdict {
        Ok(code) if state.shopper().is_some_and(|shopper| shopper.pseudonym == code.head.pseudonym) => {
            super::touched(state, now);
            still_there::resume(state);
            Vec::new()
        }
        Ok(code) => session::open(state, code),
        // Something in the background does not disturb whoever is being served.
        Err(_) if state.session.is_some() => Vec::new(),
        Err(why) => {
            tracing::info!(reason = ?why, "refused a code");
            refused::open(state, why, now)
        }
    }
}

/// Notes a code in view; true if it was not there before. Two in one picture are two, or each would be new for ever.
fn is_new(state: &mut State, bytes: &[u8], verdict: &Result<IdentifyCode, Refused>, now: Now) -> bool {
    let mut hasher = DefaultHasher::new();
    state.salt.hash(&mut hasher);
    match verdict {
        Ok(code) => code.head.pseudonym.hash(&mut hasher),
        Err(_) => bytes.hash(&mut hasher),
    }
    let mark = hasher.finish();
    forget(state, now);
    let (seen_at, believed) = (now.monotonic, verdict.is_ok());
    if let Some(known) = state.in_view.iter_mut().find(|in_view| in_view.mark == mark) {
        (known.seen_at, known.believed) = (seen_at, believed);
        return false;
    }
    if state.in_view.len() >= IN_VIEW_MAX {
        // They stand in the order they came; which of so many goes first matters little.
        state.in_view.remove(0);
    }
    state.in_view.push(InView { mark, seen_at, believed, forget_at: None });
    true
}

/// The stay is over: its phone has a moment to leave. A poster with a code of somebody else may hang there for good.
pub fn let_go(state: &mut State, now: Now) {
    for in_view in state.in_view.iter_mut().filter(|in_view| in_view.believed) {
        in_view.forget_at = in_view.forget_at.or(Some(now.monotonic + LET_GO_MAX));
    }
}

/// Forgets the codes that have left.
pub fn forget(state: &mut State, now: Now) {
    state.in_view.retain(|in_view| now.monotonic < gone_at(in_view));
}

/// When the next code in view is forgotten.
pub fn forgotten_at(state: &State) -> Option<Duration> {
    state.in_view.iter().map(gone_at).min()
}

fn gone_at(in_view: &InView) -> Duration {
    let gone_at = in_view.seen_at + GONE_AFTER;
    in_view.forget_at.map_or(gone_at, |at| at.min(gone_at))
}

/// Believes a code, or says why not.
fn judge(state: &State, bytes: &[u8], now: Now) -> Result<IdentifyCode, Refused> {
    let nothing = KeyRing { version: 0, city: CityCode::new(0), keys: Vec::new() };
    let ring = state.device.catalogue.ring.as_ref();
    let verdict = verify_identify(bytes, ring.unwrap_or(&nothing), state.time(now));
    match verdict {
        // What needs no key and no clock to be known is said as it is.
        Err(error) if is_plain(error) => Err(Refused::Code(error)),
        Ok(_) | Err(_) if ring.is_none() => Err(Refused::NoKeys),
        Ok(_) | Err(_) if !state.device.time_trusted => Err(Refused::TimeUnknown),
        verdict => admit(state, verdict.map_err(Refused::Code)?),
    }
}

/// What the platform has said about the bearer of a believed code, by a filter of the day.
fn admit(state: &State, code: IdentifyCode) -> Result<IdentifyCode, Refused> {
    match state.device.catalogue.admission(&code) {
        Admission::Welcome => Ok(code),
        Admission::WithoutTags => Ok(IdentifyCode { tags: Vec::new(), ..code }),
        Admission::Denied => Err(Refused::Denied),
        Admission::PassRevoked => Err(Refused::PassRevoked),
    }
}

/// The code is no identify code of any city, whatever the time and the keys.
fn is_plain(error: CodeError) -> bool {
    match error {
        CodeError::TooLong
        | CodeError::PaymentCode
        | CodeError::Link
        | CodeError::Voucher
        | CodeError::Unknown
        | CodeError::Malformed => true,
        CodeError::OtherCity
        | CodeError::UnknownKey
        | CodeError::Forged
        | CodeError::WrongPurpose
        | CodeError::NotYetValid
        | CodeError::Expired => false,
    }
}

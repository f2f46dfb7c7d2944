//! Transitions: one file a screen, and what all of them share.

pub mod attract;
pub mod claimed;
pub mod code;
pub mod maintenance;
pub mod offer_detail;
pub mod offers;
pub mod refused;
pub mod scan;
pub mod session;
pub mod still_there;

use std::time::Duration;

use super::effect::Effect;
use super::event::Tap;
use super::state::{Screen, State};
use crate::ports::Now;

const MINUTE_MS: i64 = 60_000;

/// Somebody is there: every wait begins anew.
pub fn touched(state: &mut State, now: Now) {
    if let Some(session) = &mut state.session {
        session.active_at = now.monotonic;
    }
    match &mut state.screen {
        Screen::Scan { since } | Screen::Claimed { since, .. } | Screen::Refused { since, .. } => {
            *since = now.monotonic;
        }
        // Only 继续 answers the question: a finger on 结束 comes down first, too.
        Screen::StillThere { .. } => {}
        Screen::Attract | Screen::Offers | Screen::OfferDetail(_) | Screen::Maintenance => {}
    }
}

/// A control was used. One that belongs to another screen came late and does nothing.
pub fn tapped(state: &mut State, tap: Tap, now: Now) -> Vec<Effect> {
    touched(state, now);
    match state.screen.clone() {
        Screen::Attract => attract::tapped(state, tap, now),
        Screen::Scan { .. } => scan::tapped(state, tap, now),
        Screen::Offers => offers::tapped(state, tap, now),
        Screen::OfferDetail(batch) => return offer_detail::tapped(state, tap, batch, now),
        Screen::Claimed { .. } => claimed::tapped(state, tap, now),
        Screen::Refused { why, .. } => refused::tapped(state, tap, why, now),
        Screen::StillThere { before, .. } => still_there::tapped(state, tap, *before, now),
        Screen::Maintenance => return maintenance::tapped(tap),
    }
    Vec::new()
}

/// Time has passed.
pub fn tick(state: &mut State, now: Now) -> Vec<Effect> {
    code::forget(state, now);
    match state.screen.clone() {
        Screen::Scan { since } => scan::ticked(state, since, now),
        Screen::Offers | Screen::OfferDetail(_) => offers::ticked(state, now),
        Screen::Claimed { since, .. } => claimed::ticked(state, since, now),
        Screen::Refused { since, .. } => refused::ticked(state, since, now),
        Screen::StillThere { since, .. } => still_there::ticked(state, since, now),
        Screen::Attract | Screen::Maintenance => {}
    }
    Vec::new()
}

/// The next instant at which something would change by itself: at the latest the minute on the clock.
pub fn deadline(state: &State, now: Now) -> Duration {
    let into_minute_ms = state.time(now).get().rem_euclid(MINUTE_MS);
    let minute_ms = u64::try_from(MINUTE_MS - into_minute_ms).unwrap_or_default();
    let minute = now.monotonic + Duration::from_millis(minute_ms);
    let screen = match &state.screen {
        Screen::Scan { since } => Some(scan::deadline(state, *since, now)),
        Screen::Offers | Screen::OfferDetail(_) => offers::deadline(state, now),
        Screen::Claimed { since, .. } => {
            Some(claimed::countdown(state, *since).next_change(now.monotonic, u32::MAX))
        }
        Screen::Refused { since, .. } => Some(refused::countdown(state, *since).end()),
        Screen::StillThere { since, .. } => {
            Some(still_there::countdown(state, *since).next_change(now.monotonic, u32::MAX))
        }
        Screen::Attract | Screen::Maintenance => None,
    };
    [screen, code::forgotten_at(state)].into_iter().flatten().fold(minute, Duration::min)
}

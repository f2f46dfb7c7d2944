//! Claimed: stays a while, then the stay is over.

use std::time::Duration;

use cloud_sync::store::Settled;

use super::session;
use crate::app::countdown::Countdown;
use crate::app::event::Tap;
use crate::app::state::{Screen, State};
use crate::ports::Now;

/// A control was used.
pub fn tapped(state: &mut State, tap: Tap, now: Now) {
    if tap == Tap::End {
        session::end(state, now);
    } else if tap == Tap::More {
        state.screen = Screen::Offers;
        session::sort_again(state, now);
    }
}

/// Nobody touched for a while.
pub fn ticked(state: &mut State, since: Duration, now: Now) {
    if countdown(state, since).is_over(now.monotonic) {
        session::end(state, now);
    }
}

/// The platform has spoken: whoever is still here sees it.
pub fn settled(state: &mut State, settled: &Settled) {
    let claims = state.session.as_mut().and_then(|session| session.shopper.as_mut());
    let claim = claims.and_then(|shopper| shopper.claims.get_mut(&settled.batch));
    if let Some(claim) = claim.filter(|claim| claim.event == settled.event) {
        claim.verdict = Some(settled.verdict.clone());
    }
}

/// How long it stays.
pub fn countdown(state: &State, since: Duration) -> Countdown {
    Countdown::new(since, state.device.catalogue.config.claimed_s)
}

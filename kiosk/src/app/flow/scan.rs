//! Scan: wait for a code, help after a while, give up in the end.

use std::time::Duration;

use super::session;
use crate::app::countdown::Countdown;
use crate::app::event::Tap;
use crate::app::state::{Screen, State};
use crate::ports::Now;

/// When somebody is told how to hold the phone better.
pub const TIPS_AFTER: Duration = Duration::from_secs(6);

/// Goes to the camera. Whoever asks for that means the phone that is before it now.
pub fn open(state: &mut State, now: Now) {
    session::wipe(state);
    state.in_view.clear();
    state.screen = Screen::Scan { since: now.monotonic };
}

/// A control was used.
pub fn tapped(state: &mut State, tap: Tap, now: Now) {
    if tap == Tap::Back {
        session::end(state, now);
    } else if tap == Tap::Browse {
        session::browse(state, now);
    }
}

/// Nobody came.
pub fn ticked(state: &mut State, since: Duration, now: Now) {
    if countdown(state, since).is_over(now.monotonic) {
        session::end(state, now);
    }
}

/// When the tips come, and when the wait is over.
pub fn deadline(state: &State, since: Duration, now: Now) -> Duration {
    let tips_at = since + TIPS_AFTER;
    let end = countdown(state, since).end();
    if now.monotonic < tips_at { tips_at.min(end) } else { end }
}

fn countdown(state: &State, since: Duration) -> Countdown {
    Countdown::new(since, state.device.catalogue.config.scan_s)
}

//! Still there: asks before a stay ends by itself; it may be answered as often as somebody likes.

use std::time::Duration;

use super::session;
use crate::app::countdown::Countdown;
use crate::app::event::Tap;
use crate::app::state::{Screen, State};
use crate::ports::Now;

/// A control was used.
pub fn tapped(state: &mut State, tap: Tap, before: Screen, now: Now) {
    if tap == Tap::Stay {
        state.screen = before;
    } else if tap == Tap::End {
        session::end(state, now);
    }
}

/// The code was shown again: that is an answer, too.
pub fn resume(state: &mut State) {
    if let Screen::StillThere { before, .. } = &state.screen {
        state.screen = (**before).clone();
    }
}

/// Nobody answered.
pub fn ticked(state: &mut State, since: Duration, now: Now) {
    if countdown(state, since).is_over(now.monotonic) {
        session::end(state, now);
    }
}

/// How long the question stands.
pub fn countdown(state: &State, since: Duration) -> Countdown {
    Countdown::new(since, state.device.catalogue.config.still_there_s)
}

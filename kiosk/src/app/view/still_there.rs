//! Still there: how long the question stands.

use std::time::Duration;

use crate::app::flow::still_there as flow;
use crate::app::state::State;
use crate::ports::Now;

/// What still-there shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillThereView {
    /// Seconds left.
    pub seconds_left: u32,
    /// Seconds in all.
    pub seconds_total: u32,
}

pub(super) fn view(state: &State, since: Duration, now: Now) -> StillThereView {
    let countdown = flow::countdown(state, since);
    StillThereView { seconds_left: countdown.left_s(now.monotonic), seconds_total: countdown.total_s() }
}

//! Attract: a touch leads to the camera.

use crate::app::event::Tap;
use crate::app::state::State;
use crate::ports::Now;

/// The glass was touched.
pub fn tapped(state: &mut State, tap: Tap, now: Now) {
    if tap == Tap::Start {
        super::scan::open(state, now);
    }
}

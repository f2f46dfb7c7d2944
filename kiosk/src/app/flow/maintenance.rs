//! Maintenance: shown while no platform stands behind the kiosk.

use cloud_sync::core::PairingNeeded;

use super::session;
use crate::app::effect::Effect;
use crate::app::event::Tap;
use crate::app::state::{Enrolment, Screen, State};

/// A control was used.
pub fn tapped(tap: Tap) -> Vec<Effect> {
    if tap == Tap::Retry { vec![Effect::NudgeSync] } else { Vec::new() }
}

/// The kiosk belongs to a platform, or does not any more: then nobody is served from here on.
pub fn enrolled(state: &mut State, outcome: Result<(), PairingNeeded>) -> Vec<Effect> {
    match outcome {
        Ok(()) => {
            state.device.enrolment = Enrolment::Enrolled;
            state.device.pairing_failure = None;
            if state.screen == Screen::Maintenance {
                state.screen = Screen::Attract;
            }
            vec![Effect::CountStock]
        }
        Err(needed) => {
            session::wipe(state);
            state.in_view.clear();
            state.device.enrolment = Enrolment::Needed(needed);
            state.screen = Screen::Maintenance;
            Vec::new()
        }
    }
}

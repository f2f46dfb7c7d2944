//! The decoder thread: takes the newest frame and tells what its codes say.

use crate::ports::Frame;

use super::shared::Duty;
use super::{Sighting, Watching};

/// Runs until the duty is over.
pub fn run(duty: &Duty<'_>) {
    let mut decoder = (duty.shared.parts.decoder)();
    while let Some(frame) = wait_for_frame(duty) {
        let Some(payloads) = duty.call(|| decoder.decode(&frame.luma, frame.width, frame.height)) else {
            return;
        };
        // A frame taken while someone watched is not told once nobody does: the session it belongs to is over.
        if duty.shared.lock().watching == Watching::Nothing {
            continue;
        }
        for payload in payloads {
            duty.shared.tell(Sighting::Code { payload, taken_at: frame.taken_at });
        }
    }
}

fn wait_for_frame(duty: &Duty<'_>) -> Option<Frame> {
    let mut state = duty.shared.lock();
    while !duty.is_over(&mut state) {
        if let Some(frame) = state.slot.take() {
            return Some(frame);
        }
        state = duty.shared.wait(state);
    }
    None
}

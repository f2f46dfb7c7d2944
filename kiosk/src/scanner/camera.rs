//! The camera thread: opens the camera while something is watched, and keeps the newest frame in the slot.

use std::time::Duration;

use crate::ports::{CameraError, Frame, FrameSource};

use super::shared::Duty;
use super::{Sighting, Watching, preview};

/// Runs until the duty is over.
pub fn run(duty: &Duty<'_>) {
    let limits = &duty.shared.limits;
    let mut reopen_wait = limits.reopen_wait_min;
    let mut lost = false;
    while wait_until_watched(duty) {
        let failure = match duty.call(|| duty.shared.parts.camera.open()) {
            None => return,
            Some(Err(failure)) => failure,
            Some(Ok(source)) => match pump(duty, source) {
                Pumped::Unwatched => continue,
                Pumped::Failed { error, frames } => {
                    if frames {
                        (reopen_wait, lost) = (limits.reopen_wait_min, false);
                    }
                    error
                }
            },
        };
        if !lost {
            lost = true;
            duty.shared.tell(Sighting::CameraLost(failure));
        }
        pause(duty, reopen_wait);
        reopen_wait = (reopen_wait * 2).min(limits.reopen_wait_max);
    }
}

enum Pumped {
    /// Nobody watches any more, or the duty is over.
    Unwatched,
    /// The source failed; `frames` says whether it had given any.
    Failed { error: CameraError, frames: bool },
}

fn pump(duty: &Duty<'_>, mut source: Box<dyn FrameSource>) -> Pumped {
    let clock = &duty.shared.parts.clock;
    let mut frames = false;
    loop {
        let asked_at = clock.monotonic();
        match duty.call(|| source.next_frame()) {
            None => return Pumped::Unwatched,
            Some(Err(error)) => return Pumped::Failed { error, frames },
            Some(Ok(None)) => {}
            Some(Ok(Some(frame))) => {
                if !frames {
                    frames = true;
                    duty.shared.tell(Sighting::CameraReady);
                }
                publish(duty, frame);
            }
        }
        let took = clock.monotonic().saturating_sub(asked_at);
        pause(duty, duty.shared.limits.frame_interval_min.saturating_sub(took));
        if duty.shared.lock().watching == Watching::Nothing {
            return Pumped::Unwatched;
        }
    }
}

fn publish(duty: &Duty<'_>, frame: Frame) {
    let mut state = duty.shared.lock();
    if duty.is_over(&mut state) || state.watching == Watching::Nothing {
        return;
    }
    let wants_preview = state.watching == Watching::CodesAndPreview && state.preview.is_none();
    if wants_preview {
        state.preview = Some(preview::of(&frame));
    }
    state.slot = Some(frame);
    drop(state);
    duty.shared.signal();
}

/// Whether something is watched; false when the duty is over first.
fn wait_until_watched(duty: &Duty<'_>) -> bool {
    let mut state = duty.shared.lock();
    while !duty.is_over(&mut state) {
        if state.watching != Watching::Nothing {
            return true;
        }
        state = duty.shared.wait(state);
    }
    false
}

/// Waits; ends early when nothing is watched any more or the duty is over.
fn pause(duty: &Duty<'_>, limit: Duration) {
    if limit.is_zero() {
        return;
    }
    let state = duty.shared.lock();
    drop(
        duty.shared
            .wait_while(state, limit, |state| !duty.is_over(state) && state.watching != Watching::Nothing),
    );
}

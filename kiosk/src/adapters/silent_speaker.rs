//! No sound: for a kiosk that is muted, and for builds without a sound library.

use crate::ports::{Cue, Speaker};

/// Plays nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilentSpeaker;

impl Speaker for SilentSpeaker {
    fn play(&self, _: Cue) {}
}

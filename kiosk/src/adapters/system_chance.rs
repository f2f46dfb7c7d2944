//! The system's own randomness: the only place in the kiosk that draws it.

use crate::ports::Chance;

/// Draws from the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // A key that could be guessed is worse than no kiosk; the supervisor starts it again.
            tracing::error!(%error, "the system gives no randomness");
            std::process::abort();
        }
    }
}

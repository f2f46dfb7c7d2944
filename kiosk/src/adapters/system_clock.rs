//! The machine's own clock: the only place in the kiosk that reads it.

use std::time::{Duration, Instant};

use crate::ports::Monotonic;

/// Reads the machine's monotonic clock; its zero is the moment it was made.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    zero: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    pub fn new() -> Self {
        Self { zero: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Monotonic for SystemClock {
    fn monotonic(&self) -> Duration {
        self.zero.elapsed()
    }
}

//! The machine's own clocks: the only place in the kiosk that reads them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::time::UtcMillis;

use crate::ports::{Clock, Monotonic, Now};

/// Reads the machine's clocks; the monotonic zero is the moment it was made.
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

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    fn now(&self) -> Now {
        // A clock set before 1970 is as wrong as one that shows 1970, and not believed either.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = UtcMillis::new(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
        Now { wall, monotonic: self.monotonic() }
    }
}

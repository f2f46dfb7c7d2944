//! The machine's own clocks: the only place in the kiosk that reads them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::time::UtcMillis;

use crate::ports::{Clock, Monotonic, Now};

/// Reads the machine's clocks; the zero of its monotonic ones is the moment it was made.
///
/// As [`Clock`] it counts the hours a machine sleeps (on Linux; elsewhere that is up to the system), for by them it gets
/// later. As [`Monotonic`] it does not: a camera that did not answer while the machine slept is not stuck.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    zero: Instant,
    #[cfg(target_os = "linux")]
    booted_before: Duration,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    pub fn new() -> Self {
        Self {
            zero: Instant::now(),
            #[cfg(target_os = "linux")]
            booted_before: since_boot(),
        }
    }

    #[cfg(target_os = "linux")]
    fn passed(&self) -> Duration {
        since_boot().saturating_sub(self.booted_before)
    }

    #[cfg(not(target_os = "linux"))]
    fn passed(&self) -> Duration {
        self.zero.elapsed()
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
        Now { wall, monotonic: self.passed() }
    }
}

/// Time since the machine was started, asleep or not.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

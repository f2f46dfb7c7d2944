//! A clock that can be put ahead of the machine's or behind it: the only place in the simulator that reads time.
//!
//! Only the wall clock is moved; time that has passed is never taken back.

use cloud_sync::ports::{Clock, Now};
use domain::time::UtcMillis;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// The clock of a simulated kiosk; clones share it.
#[derive(Clone, Debug)]
pub struct ShiftedClock {
    zero: Instant,
    offset_ms: Arc<AtomicI64>,
}

impl ShiftedClock {
    /// A clock `offset_ms` ahead of the machine's.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    pub fn new(offset_ms: i64) -> ShiftedClock {
        ShiftedClock { zero: Instant::now(), offset_ms: Arc::new(AtomicI64::new(offset_ms)) }
    }

    /// How far it is ahead, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Puts it `offset_ms` ahead of the machine's.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }

    /// What it shows.
    #[must_use]
    pub fn wall(&self) -> UtcMillis {
        machine_time().plus_ms(self.offset_ms())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
fn machine_time() -> UtcMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMillis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Clock for ShiftedClock {
    fn now(&self) -> Now {
        Now { wall: self.wall(), monotonic: self.zero.elapsed() }
    }
}

#[cfg(feature = "screens")]
impl kiosk::ports::Monotonic for ShiftedClock {
    fn monotonic(&self) -> std::time::Duration {
        self.zero.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_shift_moves_the_wall_clock_alone_and_reaches_every_clone() {
        let clock = ShiftedClock::new(0);
        let shared = clock.clone();
        let before = shared.now();
        clock.set_offset_ms(3_600_000);
        let after = shared.now();
        assert!(after.wall.since(before.wall) >= 3_600_000);
        assert!(after.monotonic - before.monotonic < Duration::from_secs(60));
        assert_eq!(shared.offset_ms(), 3_600_000);
    }
}

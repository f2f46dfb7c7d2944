//! A clock that can be put ahead of the machine's or behind it: the only place in the simulator that reads time.
//!
//! Put ahead, it is later, as if the machine had slept for so long: what hangs on time that passes sees it too. Put back,
//! only the wall clock is: time that has passed is never taken back.

use cloud_sync::ports::{Clock, Now};
use domain::time::UtcMillis;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The clock of a simulated kiosk; clones share it.
#[derive(Clone, Debug)]
pub struct ShiftedClock {
    zero: Instant,
    shift: Arc<Mutex<Shift>>,
}

#[derive(Debug)]
struct Shift {
    /// How far the wall clock is ahead of the machine's.
    offset_ms: i64,
    /// All the ways it was put ahead.
    slept: Duration,
}

impl ShiftedClock {
    /// A clock `offset_ms` ahead of the machine's.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    pub fn new(offset_ms: i64) -> ShiftedClock {
        let shift = Shift { offset_ms, slept: Duration::ZERO };
        ShiftedClock { zero: Instant::now(), shift: Arc::new(Mutex::new(shift)) }
    }

    /// How far it is ahead, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.shift().offset_ms
    }

    /// Puts it `offset_ms` ahead of the machine's.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        let mut shift = self.shift();
        let later_ms = offset_ms.saturating_sub(shift.offset_ms);
        shift.slept += Duration::from_millis(u64::try_from(later_ms).unwrap_or(0));
        shift.offset_ms = offset_ms;
    }

    /// What it shows.
    #[must_use]
    pub fn wall(&self) -> UtcMillis {
        machine_time().plus_ms(self.offset_ms())
    }

    fn shift(&self) -> MutexGuard<'_, Shift> {
        self.shift.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
fn machine_time() -> UtcMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMillis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Clock for ShiftedClock {
    fn now(&self) -> Now {
        let shift = self.shift();
        Now { wall: machine_time().plus_ms(shift.offset_ms), monotonic: self.zero.elapsed() + shift.slept }
    }
}

#[cfg(feature = "screens")]
impl kiosk::ports::Monotonic for ShiftedClock {
    fn monotonic(&self) -> Duration {
        self.zero.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn put_ahead_it_is_later_for_every_clone() {
        let clock = ShiftedClock::new(0);
        let shared = clock.clone();
        let before = shared.now();
        clock.set_offset_ms(HOUR_MS);
        let after = shared.now();
        assert!(after.wall.since(before.wall) >= HOUR_MS);
        assert!(after.monotonic - before.monotonic >= Duration::from_secs(3_600));
        assert_eq!(shared.offset_ms(), HOUR_MS);
    }

    #[test]
    fn put_back_it_takes_no_time_back() {
        let clock = ShiftedClock::new(HOUR_MS);
        let before = clock.now();
        clock.set_offset_ms(-HOUR_MS);
        let after = clock.now();
        assert!(after.wall < before.wall);
        assert!(after.monotonic >= before.monotonic);
    }
}

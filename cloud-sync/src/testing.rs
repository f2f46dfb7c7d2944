//! A platform in memory, and clocks and chance that do as they are told: for the tests of this and other crates.
//!
//! [`FakePlatform`] keeps the promises of the real one that a kiosk depends on: signatures, one grant a request number,
//! one coupon a slot, pages that follow the cursor. Its network can be cut, and answers can be lost on the way.

mod city;
mod feed;
mod platform;
mod samples;
mod trust;

pub use platform::{FakePlatform, Fault};
pub use samples::{CITY, DAWN, batch_row, code_head, deny_row, hold_out_row, key_ring, mall_row, store_row};

pub use protocol::feed::Row;

use crate::ports::{Chance, Clock, Now};
use domain::time::UtcMillis;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Chance from a seed: the same seed gives the same keys.
#[derive(Clone, Debug)]
pub struct SeededChance(crate::backoff::Jitter);

impl SeededChance {
    /// Begins with a seed.
    pub const fn new(seed: u64) -> SeededChance {
        SeededChance(crate::backoff::Jitter::new(seed))
    }
}

impl Chance for SeededChance {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = u8::try_from(self.0.below(256)).unwrap_or(0);
        }
    }
}

/// Clocks that stand still until they are moved.
#[derive(Debug)]
pub struct ManualClock(Mutex<Now>);

impl ManualClock {
    /// Clocks that show `wall`.
    pub const fn new(wall: UtcMillis) -> ManualClock {
        ManualClock(Mutex::new(Now { wall, monotonic: Duration::ZERO }))
    }

    /// Lets time pass on both clocks.
    pub fn pass_ms(&self, millis: u32) {
        let mut now = lock(&self.0);
        now.wall = now.wall.plus_ms(i64::from(millis));
        now.monotonic += Duration::from_millis(u64::from(millis));
    }

    /// Sets the wall clock; no time passes.
    pub fn set_wall(&self, wall: UtcMillis) {
        lock(&self.0).wall = wall;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        *lock(&self.0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

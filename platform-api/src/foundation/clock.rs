//! The platform's time. The only place in this crate that reads the machine's clock.

use domain::time::UtcMillis;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> UtcMillis;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock adapter")]
    fn now(&self) -> UtcMillis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UtcMillis::new(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The machine's clock shifted by a settable offset. Only `serve --demo` and tests make one.
#[derive(Debug, Default)]
pub struct DemoClock {
    offset_ms: AtomicI64,
}

impl DemoClock {
    /// Milliseconds the clock is ahead of the machine's; negative when behind.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::SeqCst)
    }

    /// Puts the clock `offset_ms` ahead of the machine's.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::SeqCst);
    }

    /// Makes it `at` now; time goes on from there.
    pub fn set(&self, at: UtcMillis) {
        self.set_offset_ms(at.since(SystemClock.now()));
    }
}

impl Clock for DemoClock {
    fn now(&self) -> UtcMillis {
        SystemClock.now().plus_ms(self.offset_ms())
    }
}

/// A clock that stands still until it is moved, for tests and the simulator.
#[derive(Debug)]
pub struct ManualClock {
    now_ms: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub const fn new(now: UtcMillis) -> ManualClock {
        ManualClock { now_ms: AtomicI64::new(now.get()) }
    }

    /// Moves the clock by `millis`.
    pub fn advance_ms(&self, millis: i64) {
        self.now_ms.fetch_add(millis, Ordering::SeqCst);
    }

    /// Shows `now` from here on.
    pub fn set(&self, now: UtcMillis) {
        self.now_ms.store(now.get(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UtcMillis {
        UtcMillis::new(self.now_ms.load(Ordering::SeqCst))
    }
}

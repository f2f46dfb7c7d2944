//! What the engine needs from the machine it runs on: time and chance.

use domain::time::UtcMillis;
use std::time::Duration;

/// One look at both clocks of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall clock as the operating system has it: may be wrong, may jump.
    pub wall: UtcMillis,
    /// Time that only moves forward, also while the machine sleeps; its zero means nothing.
    pub monotonic: Duration,
}

/// What time it was at the zero of a monotonic clock: from there on that clock alone says what time it is, and whoever
/// sets the wall clock changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    zero_at: UtcMillis,
}

impl Anchor {
    /// It is `at` now.
    pub fn new(at: UtcMillis, now: Now) -> Anchor {
        Anchor { zero_at: at.plus_ms(-millis(now.monotonic)) }
    }

    /// What time it is.
    pub fn at(self, now: Now) -> UtcMillis {
        self.zero_at.plus_ms(millis(now.monotonic))
    }

    /// How far this anchor is ahead of `other`, in milliseconds; negative when it is behind.
    pub fn ahead_ms(self, other: Anchor) -> i64 {
        self.zero_at.since(other.zero_at)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The clocks of the machine.
pub trait Clock: Send + Sync {
    /// Reads both.
    fn now(&self) -> Now;
}

/// Where keys and jitter come from.
pub trait Chance: Send {
    /// Fills `bytes` with randomness fit for keys.
    fn fill(&mut self, bytes: &mut [u8]);
}

//! What the engine needs from the machine it runs on: time and chance.

use domain::time::UtcMillis;
use std::time::Duration;

/// One look at both clocks of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall clock as the operating system has it: may be wrong, may jump.
    pub wall: UtcMillis,
    /// Time that only moves forward; its zero means nothing.
    pub monotonic: Duration,
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

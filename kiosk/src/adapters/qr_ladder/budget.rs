//! Time one picture may take.

use std::time::Duration;

use crate::ports::Monotonic;

/// A limit on time, asked between steps of work.
pub struct Budget<'a> {
    clock: &'a dyn Monotonic,
    ends_at: Duration,
}

impl<'a> Budget<'a> {
    /// `limit` from now on `clock`.
    pub fn starting_now(clock: &'a dyn Monotonic, limit: Duration) -> Self {
        let ends_at = clock.monotonic().saturating_add(limit);
        Self { clock, ends_at }
    }

    /// Whether no work should begin any more.
    pub fn is_spent(&self) -> bool {
        self.clock.monotonic() >= self.ends_at
    }
}

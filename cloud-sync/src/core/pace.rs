//! When something is due again.

use crate::{
    backoff::{Backoff, Jitter},
    ports::Now,
};
use std::time::Duration;

/// One thing done again and again, later after failures.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// When it is due, on the monotonic clock.
    pub due: Duration,
    backoff: Backoff,
}

impl Pace {
    pub(super) fn is_due(&self, now: Now) -> bool {
        self.due <= now.monotonic
    }

    /// It worked: due again after `period_ms`, give or take.
    pub(super) fn succeeded(&mut self, now: Now, period_ms: i64, jitter: &mut Jitter) {
        self.backoff.reset();
        self.due = after(now, jitter.spread(period_ms));
    }

    /// Due at `at` at the latest, unless it failed for a reason of its own.
    pub(super) fn hurry(&mut self, at: Duration) {
        if !self.backoff.is_failing() {
            self.due = self.due.min(at);
        }
    }

    /// What stood in the way is gone: due now, unless it failed for a reason of its own.
    pub(super) fn resume(&mut self, now: Now) {
        if !self.backoff.is_failing() {
            self.due = now.monotonic;
        }
    }

    /// It did not work: due again after a wait that grows.
    pub(super) fn failed(&mut self, now: Now, retry_after_ms: Option<i64>, jitter: &mut Jitter) {
        self.due = after(now, self.backoff.next_ms(retry_after_ms, jitter));
    }
}

/// The instant `millis` from now; now for a negative number.
pub(super) fn after(now: Now, millis: i64) -> Duration {
    now.monotonic.saturating_add(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

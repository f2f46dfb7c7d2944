//! When something is due again.

use crate::{
    backoff::{Backoff, Jitter, Setback, obeyed_ms},
    ports::Now,
};
use std::time::Duration;

/// A nudge tries again this long after the last failure at the earliest: shoppers must not become a storm.
pub(super) const HURRY_MS_MIN: i64 = 2_000;

/// One thing done again and again, later after failures.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    due: Duration,
    /// Not before this instant, because the platform said so.
    held_until: Duration,
    hurried_at: Duration,
    backoff: Backoff,
}

impl Pace {
    /// When it is due, on the monotonic clock.
    pub(super) fn due_at(&self) -> Duration {
        self.due.max(self.held_until)
    }

    pub(super) fn is_due(&self, now: Now) -> bool {
        self.due_at() <= now.monotonic
    }

    /// It worked: due again after `period_ms`, give or take.
    pub(super) fn succeeded(&mut self, now: Now, period_ms: i64, jitter: &mut Jitter) {
        self.backoff.reset();
        self.due = after(now, jitter.spread(period_ms));
    }

    /// Due then, whatever was before; only the platform's own word holds it up.
    pub(super) fn set(&mut self, at: Duration) {
        self.due = at;
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

    /// Somebody waits: due now, or a moment after the last failure.
    pub(super) fn nudge(&mut self, now: Now) {
        self.due = self.due.min(self.hurried_at.max(now.monotonic));
    }

    /// It did not work: due again after a wait that grows.
    pub(super) fn failed(&mut self, now: Now, setback: Setback, jitter: &mut Jitter) {
        self.due = after(now, self.backoff.next_ms(setback, jitter));
        self.hurried_at = after(now, HURRY_MS_MIN);
        if setback.retry_after_ms.is_some() {
            self.held_until = self.due;
        }
    }

    /// The platform said when to come again.
    pub(super) fn hold(&mut self, now: Now, retry_after_ms: i64, jitter: &mut Jitter) {
        self.held_until = after(now, obeyed_ms(retry_after_ms, jitter));
    }
}

/// The instant `millis` from now; now for a negative number.
pub(super) fn after(now: Now, millis: i64) -> Duration {
    now.monotonic.saturating_add(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

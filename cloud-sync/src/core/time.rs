//! What time it is on the platform, and whether that is known.
//!
//! The kiosk's clock never decides safety. It only keeps the kiosk from promising what is already over; so a clock that
//! is behind the last time the platform named is not believed, and once that happened not before the platform has
//! named the time again.

use super::News;
use crate::ports::Now;
use domain::{consumer_code::CLOCK_SKEW_MS, time::UtcMillis};

/// A correction smaller than this is not worth news.
const NEWS_MS_MIN: i64 = 500;
/// The platform is asked twice about a wrong clock; a third time the answer itself is wrong.
const CORRECTIONS_MAX: u32 = 2;

#[derive(Clone, Debug, Default)]
pub(super) struct TimeView {
    offset_ms: i64,
    measured: bool,
    platform_at: Option<UtcMillis>,
    reset_seen: bool,
    corrections: u32,
    last: Option<Now>,
    told: Option<(i64, bool)>,
}

impl TimeView {
    /// The platform's time, as well as it is known.
    pub(super) fn platform_now(&self, now: Now) -> UtcMillis {
        now.wall.plus_ms(self.offset_ms)
    }

    /// True if the time may be decided by.
    pub(super) fn is_trusted(&self, now: Now) -> bool {
        !self.reset_seen && self.platform_at.is_some() && !self.is_behind(now)
    }

    /// Compares the two clocks of the machine; true if the wall clock was set since the last look.
    pub(super) fn observe(&mut self, now: Now) -> bool {
        let last = self.last.replace(now);
        self.reset_seen |= self.is_behind(now);
        last.is_some_and(|last| {
            let moved_ms = now.wall.since(last.wall) - millis_between(last, now);
            moved_ms.abs() > CLOCK_SKEW_MS
        })
    }

    /// Takes what the store remembers.
    pub(super) fn remember(&mut self, platform_at: Option<UtcMillis>) {
        if !self.measured {
            self.platform_at = platform_at;
        }
    }

    /// The platform named its time in an answer to a request sent at `sent`.
    pub(super) fn heard(&mut self, platform: UtcMillis, sent: Now, now: Now) {
        let half_trip_ms = millis_between(sent, now) / 2;
        let offset_ms = platform.plus_ms(half_trip_ms).since(now.wall);
        self.offset_ms = offset_ms;
        self.measured = true;
        self.corrections = 0;
        self.platform_at = Some(platform);
        self.reset_seen = false;
    }

    /// Like [`TimeView::heard`], in a refusal because of a wrong clock; false if that comes again and again.
    pub(super) fn corrected(&mut self, platform: UtcMillis, sent: Now, now: Now) -> bool {
        let corrections = self.corrections + 1;
        self.heard(platform, sent, now);
        self.corrections = corrections;
        corrections <= CORRECTIONS_MAX
    }

    /// What the screen should know, if it does not know already.
    pub(super) fn news(&mut self, now: Now) -> Option<News> {
        let trusted = self.is_trusted(now);
        if let Some((offset_ms, told)) = self.told
            && told == trusted
            && (offset_ms - self.offset_ms).abs() < NEWS_MS_MIN
        {
            return None;
        }
        self.told = Some((self.offset_ms, trusted));
        Some(News::Time { offset_ms: self.offset_ms, trusted })
    }

    fn is_behind(&self, now: Now) -> bool {
        self.platform_at.is_some_and(|at| self.platform_now(now) < at.plus_ms(-CLOCK_SKEW_MS))
    }
}

fn millis_between(earlier: Now, later: Now) -> i64 {
    i64::try_from(later.monotonic.saturating_sub(earlier.monotonic).as_millis()).unwrap_or(i64::MAX)
}

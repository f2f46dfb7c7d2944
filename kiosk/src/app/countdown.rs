//! A wait that is shown in whole seconds.

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// A wait of `total` that began at `since`, on the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Countdown {
    since: Duration,
    total: Duration,
}

impl Countdown {
    /// A wait of `total_s` seconds; never none at all, so that no screen vanishes before it was seen.
    pub fn new(since: Duration, total_s: u32) -> Self {
        Self { since, total: Duration::from_secs(u64::from(total_s.max(1))) }
    }

    /// The wait is over.
    pub fn is_over(self, now: Duration) -> bool {
        now >= self.end()
    }

    /// When it is over.
    pub fn end(self) -> Duration {
        self.since + self.total
    }

    /// Seconds left, rounded up; 0 when it is over.
    pub fn left_s(self, now: Duration) -> u32 {
        let left = self.end().saturating_sub(now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// Seconds in all.
    pub fn total_s(self) -> u32 {
        u32::try_from(self.total.as_secs()).unwrap_or(u32::MAX)
    }

    /// When [`Countdown::left_s`] next becomes another number, once no more than `shown_s` are left.
    pub fn next_change(self, now: Duration, shown_s: u32) -> Duration {
        let left = self.left_s(now);
        if left > shown_s {
            return self.end().saturating_sub(Duration::from_secs(u64::from(shown_s)));
        }
        self.end().saturating_sub(SECOND * left.saturating_sub(1)).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn seconds_are_rounded_up_so_that_zero_means_over() {
        let wait = Countdown::new(at(1_000), 20);
        assert_eq!(wait.left_s(at(1_000)), 20);
        assert_eq!(wait.left_s(at(1_001)), 20);
        assert_eq!(wait.left_s(at(20_001)), 1);
        assert!(!wait.is_over(at(20_999)));
        assert_eq!((wait.left_s(at(21_000)), wait.is_over(at(21_000))), (0, true));
    }

    #[test]
    fn it_changes_each_second_and_only_once_it_is_shown() {
        let wait = Countdown::new(at(0), 20);
        assert_eq!(wait.next_change(at(0), 20), at(1_000));
        assert_eq!(wait.next_change(at(1_000), 20), at(2_000));
        assert_eq!(wait.next_change(at(1_500), 20), at(2_000));
        assert_eq!(wait.next_change(at(1_500), 10), at(10_000));
        assert_eq!(wait.next_change(at(19_500), 10), at(20_000));
    }
}

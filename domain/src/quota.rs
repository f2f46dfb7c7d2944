//! Quotas (配额): how many coupons of a batch may be issued on one day, and in one window of a day.
//!
//! Quotas cut time into periods, at Shanghai's midnights and at the edges of the windows. An instant belongs to one
//! period or to none, and whatever is lent or issued in a period counts against each of its shares (`I02`).

use crate::{
    time::{ShanghaiDay, UtcMillis},
    window::Window,
};
use serde::{Deserialize, Serialize};

/// Windows in one quota: more than a shopping day has hours.
pub const QUOTA_WINDOWS_MAX: usize = 24;
/// How many days ahead the next period is looked for: every weekday comes round within it.
const LOOK_AHEAD_DAYS: i64 = 8;
/// 1970-01-05, a Monday: where a week begins that is as good as any.
const SOME_MONDAY: ShanghaiDay = ShanghaiDay::new(4);

/// How many coupons may be issued when; without either part as many as there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// On one Shanghai day (`qty_day`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u32>,
    /// In each of these windows (`qty_slot`); where there are any, nothing is issued outside of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per_window: Vec<WindowQuota>,
}

/// How many coupons may be issued in one window, each time it opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowQuota {
    /// When; may run past midnight.
    pub window: Window,
    /// How many.
    pub coupons: u32,
}

/// A stretch of time whose coupons count against the same shares. Half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub from: UtcMillis,
    /// The first instant after it.
    pub until: UtcMillis,
    /// What its day may give.
    pub day: Option<Share>,
    /// What its window may give.
    pub window: Option<Share>,
}

/// What a day or one opening of a window may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// When the day or the window began: tells it from all others of its kind.
    pub from: UtcMillis,
    /// How many coupons.
    pub coupons: u32,
}

/// Why a quota is not accepted.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum QuotaError {
    /// A day or a window that gives nothing.
    #[error("a quota of zero")]
    Empty,
    /// Two windows share an instant.
    #[error("two windows overlap")]
    Overlap,
    /// More than [`QUOTA_WINDOWS_MAX`].
    #[error("too many windows")]
    TooMany,
}

impl Quota {
    /// True if time makes no difference.
    pub fn is_unlimited(&self) -> bool {
        self.per_day.is_none() && self.per_window.is_empty()
    }

    /// Accepts a quota that can be counted. Weekdays are checked with those of all windows.
    pub fn check(&self) -> Result<(), QuotaError> {
        if self.per_window.len() > QUOTA_WINDOWS_MAX {
            return Err(QuotaError::TooMany);
        }
        if self.per_day == Some(0) || self.per_window.iter().any(|quota| quota.coupons == 0) {
            return Err(QuotaError::Empty);
        }
        let mut openings: Vec<(UtcMillis, UtcMillis)> =
            (0..=LOOK_AHEAD_DAYS).flat_map(|ahead| self.openings_on(SOME_MONDAY.plus_days(ahead))).collect();
        openings.sort_unstable();
        let overlap = openings.windows(2).any(|pair| matches!(pair, [one, next] if next.0 < one.1));
        if overlap { Err(QuotaError::Overlap) } else { Ok(()) }
    }

    /// The period of an instant; `None` when nothing is issued then.
    pub fn period_at(&self, at: UtcMillis) -> Option<Period> {
        let always = Period {
            from: UtcMillis::new(i64::MIN),
            until: UtcMillis::new(i64::MAX),
            day: None,
            window: None,
        };
        let within = if self.per_window.is_empty() { always } else { self.window_at(at)? };
        let Some(coupons) = self.per_day else { return Some(within) };
        let (midnight, next) = (at.day().start(), at.day().plus_days(1).start());
        Some(Period {
            from: within.from.max(midnight),
            until: within.until.min(next),
            day: Some(Share { from: midnight, coupons }),
            ..within
        })
    }

    /// The first period that begins after an instant, at most eight days ahead; `None` when time makes no difference.
    pub fn next_period(&self, after: UtcMillis) -> Option<Period> {
        let edges = (0..=LOOK_AHEAD_DAYS).flat_map(|ahead| {
            let day = after.day().plus_days(ahead);
            let openings = self.openings_on(day).map(|(from, _)| from);
            openings.chain(self.per_day.map(|_| day.start()))
        });
        edges
            .filter(|edge| *edge > after)
            .filter_map(|edge| self.period_at(edge).filter(|period| period.from == edge))
            .min_by_key(|period| period.from)
    }

    fn window_at(&self, at: UtcMillis) -> Option<Period> {
        let days = [at.day().plus_days(-1), at.day()];
        self.per_window.iter().find_map(|quota| {
            let (from, until) = days
                .into_iter()
                .filter_map(|day| quota.window.on(day))
                .find(|(from, until)| *from <= at && at < *until)?;
            let share = Share { from, coupons: quota.coupons };
            Some(Period { from, until, day: None, window: Some(share) })
        })
    }

    fn openings_on(&self, day: ShanghaiDay) -> impl Iterator<Item = (UtcMillis, UtcMillis)> {
        self.per_window.iter().filter_map(move |quota| quota.window.on(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MinuteOfDay;
    use proptest::prelude::*;

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_rfc3339(text).unwrap()
    }

    fn window(from: (u8, u8), to: (u8, u8), coupons: u32) -> WindowQuota {
        let minute = |(hour, minute)| MinuteOfDay::new(hour, minute).unwrap();
        WindowQuota { window: Window { weekdays: vec![], from: minute(from), to: minute(to) }, coupons }
    }

    fn evening() -> Quota {
        Quota {
            per_day: Some(100),
            per_window: vec![window((10, 0), (12, 0), 30), window((20, 0), (2, 0), 50)],
        }
    }

    #[test]
    fn without_a_quota_there_is_one_period_for_ever() {
        let quota = Quota::default();
        let period = quota.period_at(at("2026-01-02T19:59:59+08:00")).unwrap();
        assert_eq!((period.day, period.window), (None, None));
        assert_eq!(quota.next_period(period.from), None);
    }

    #[test]
    fn a_day_begins_at_shanghais_midnight() {
        let quota = Quota { per_day: Some(7), per_window: vec![] };
        let midnight = at("2026-01-02T00:00:00+08:00");
        let before = quota.period_at(midnight.plus_ms(-1)).unwrap();
        let period = quota.period_at(midnight).unwrap();
        assert_eq!((before.until, period.from), (midnight, midnight));
        assert_eq!(period.day, Some(Share { from: midnight, coupons: 7 }));
        assert_eq!(quota.next_period(before.from), Some(period));
    }

    #[test]
    fn a_window_past_midnight_is_one_share_in_two_days() {
        let (friday, saturday) = (at("2026-01-02T23:59:59+08:00"), at("2026-01-03T00:00:00+08:00"));
        let (late, early) = (evening().period_at(friday).unwrap(), evening().period_at(saturday).unwrap());
        let opening = at("2026-01-02T20:00:00+08:00");
        assert_eq!((late.window, early.window), (Some(Share { from: opening, coupons: 50 }), late.window));
        assert_eq!((late.from, late.until, early.from), (opening, saturday, saturday));
        assert_eq!(early.until, at("2026-01-03T02:00:00+08:00"));
        assert_ne!(late.day, early.day);
    }

    #[test]
    fn between_two_windows_nothing_is_issued_and_the_next_is_known() {
        let noon = at("2026-01-02T12:00:00+08:00");
        assert_eq!(evening().period_at(noon), None);
        assert!(evening().period_at(noon.plus_ms(-1)).is_some());
        let next = evening().next_period(noon).unwrap();
        assert_eq!(next.from, at("2026-01-02T20:00:00+08:00"));
        assert_eq!(evening().next_period(next.from).unwrap().from, at("2026-01-03T00:00:00+08:00"));
    }

    #[test]
    fn quotas_that_cannot_be_counted_are_refused() {
        assert_eq!(evening().check(), Ok(()));
        let one = |per_window| Quota { per_day: None, per_window }.check();
        assert_eq!(one(vec![window((10, 0), (12, 0), 0)]), Err(QuotaError::Empty));
        assert_eq!(
            one(vec![window((10, 0), (12, 0), 1), window((11, 59), (13, 0), 1)]),
            Err(QuotaError::Overlap)
        );
        assert_eq!(
            one(vec![window((20, 0), (2, 0), 1), window((1, 0), (3, 0), 1)]),
            Err(QuotaError::Overlap)
        );
        assert_eq!(one(vec![window((10, 0), (12, 0), 1), window((12, 0), (13, 0), 1)]), Ok(()));
        assert_eq!(one(vec![window((0, 0), (0, 1), 1); 25]), Err(QuotaError::TooMany));
        assert_eq!(Quota { per_day: Some(0), per_window: vec![] }.check(), Err(QuotaError::Empty));
    }

    proptest! {
        #[test]
        fn every_instant_of_a_period_belongs_to_it_and_no_other(ms in 0..2_000_000_000_i64) {
            let at = at("2026-01-02T00:00:00+08:00").plus_ms(ms);
            if let Some(period) = evening().period_at(at) {
                prop_assert!(period.from <= at && at < period.until);
                prop_assert_eq!(evening().period_at(period.from), Some(period));
                prop_assert_eq!(evening().period_at(period.until.plus_ms(-1)), Some(period));
                prop_assert_ne!(evening().period_at(period.until), Some(period));
            }
        }
    }
}

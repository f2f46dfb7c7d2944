//! When something is open: weekly windows that may run past midnight.
//!
//! A window belongs to the day it starts on, so Saturday 01:59 belongs to Friday's 20:00–02:00. All
//! windows are half-open: the end is no longer inside.

use crate::time::{MinuteOfDay, ShanghaiDay, UtcMillis};
use serde::{Deserialize, Serialize};

/// How many days ahead the next opening is looked for: every weekday comes round within it.
const LOOK_AHEAD_DAYS: i64 = 8;

/// A weekly window in Shanghai time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Days it starts on, 1 = Monday to 7 = Sunday; empty means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u8>,
    /// First minute inside.
    pub from: MinuteOfDay,
    /// First minute outside; not after `from` means on the next day (equal: 24 hours).
    pub to: MinuteOfDay,
}

impl Window {
    /// The stretch of time the window covers when it starts on `day`; `None` on a day that does not count.
    pub fn on(&self, day: ShanghaiDay) -> Option<(UtcMillis, UtcMillis)> {
        if !self.weekdays.is_empty() && !self.weekdays.contains(&day.weekday()) {
            return None;
        }
        let end_day = if self.to <= self.from { day.plus_days(1) } else { day };
        Some((day.at(self.from), end_day.at(self.to)))
    }

    fn covers(&self, at: UtcMillis) -> bool {
        let today = at.day();
        [today.plus_days(-1), today]
            .into_iter()
            .filter_map(|day| self.on(day))
            .any(|(from, to)| from <= at && at < to)
    }
}

/// True if `at` lies in one of the windows; no window at all means always open.
pub fn is_open(windows: &[Window], at: UtcMillis) -> bool {
    windows.is_empty() || windows.iter().any(|window| window.covers(at))
}

/// The next instant after `at` when a window opens, at most eight days ahead; `None` if `at` is inside one already.
pub fn next_opening(windows: &[Window], at: UtcMillis) -> Option<UtcMillis> {
    if is_open(windows, at) {
        return None;
    }
    (0..=LOOK_AHEAD_DAYS)
        .flat_map(|ahead| windows.iter().filter_map(move |window| window.on(at.day().plus_days(ahead))))
        .map(|(from, _)| from)
        .filter(|from| *from > at)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_rfc3339(text).unwrap()
    }

    fn minute(hour: u8, minute: u8) -> MinuteOfDay {
        MinuteOfDay::new(hour, minute).unwrap()
    }

    fn friday_night() -> Vec<Window> {
        vec![Window { weekdays: vec![5], from: minute(20, 0), to: minute(2, 0) }]
    }

    #[test]
    fn a_night_window_belongs_to_the_day_it_starts_on() {
        // Case X17.
        let cases = [
            ("2026-01-02T19:59:59+08:00", false),
            ("2026-01-02T20:00:00+08:00", true),
            ("2026-01-02T23:59:59+08:00", true),
            ("2026-01-03T00:00:00+08:00", true),
            ("2026-01-03T01:59:59+08:00", true),
            ("2026-01-03T02:00:00+08:00", false),
            ("2026-01-01T21:00:00+08:00", false),
            ("2026-01-02T01:00:00+08:00", false),
        ];
        for (text, open) in cases {
            assert_eq!(is_open(&friday_night(), at(text)), open, "{text}");
        }
    }

    #[test]
    fn no_window_means_always_open() {
        assert!(is_open(&[], at("2026-01-02T03:00:00+08:00")));
        assert_eq!(next_opening(&[], at("2026-01-02T03:00:00+08:00")), None);
    }

    #[test]
    fn equal_times_cover_twenty_four_hours() {
        let window = [Window { weekdays: vec![6], from: minute(10, 0), to: minute(10, 0) }];
        assert!(is_open(&window, at("2026-01-04T09:59:59+08:00")));
        assert!(!is_open(&window, at("2026-01-04T10:00:00+08:00")));
    }

    #[test]
    fn the_next_opening_is_found_across_the_week() {
        let opening = Some(at("2026-01-09T20:00:00+08:00"));
        assert_eq!(next_opening(&friday_night(), at("2026-01-03T02:00:00+08:00")), opening);
        assert_eq!(next_opening(&friday_night(), at("2026-01-09T19:59:59+08:00")), opening);
    }
}

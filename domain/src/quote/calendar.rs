//! When a benefit can be used, by the calendar of Shanghai. A window belongs to the day it begins.

use super::input::{Benefit, Window};
use crate::time::{ShanghaiDay, UtcMillis};

/// True if the benefit is valid at `at` and one of its windows is open, or it has none.
pub(super) fn is_open(benefit: &Benefit, at: UtcMillis) -> bool {
    let has_begun = benefit.valid_from.is_none_or(|from| from.get() <= at);
    let is_over = benefit.valid_to.is_some_and(|to| to.get() <= at);
    let in_window = || benefit.windows.iter().any(|window| covers(window, at));
    has_begun && !is_over && (benefit.windows.is_empty() || in_window())
}

/// The night of yesterday may still be open today.
fn covers(window: &Window, at: UtcMillis) -> bool {
    [at.day(), at.day().plus_days(-1)].into_iter().any(|day| {
        let (opens, closes) = (day.at(window.from.get()), closing(window, day));
        counts(window, day) && opens <= at && at < closes
    })
}

fn closing(window: &Window, day: ShanghaiDay) -> UtcMillis {
    if window.to <= window.from.get() { day.plus_days(1).at(window.to) } else { day.at(window.to) }
}

/// Included days override weekdays only; excluded days beat both.
fn counts(window: &Window, day: ShanghaiDay) -> bool {
    let in_period = window.from_date.is_none_or(|from| from.get() <= day)
        && window.to_date.is_none_or(|to| day <= to.get());
    let on_weekday = window
        .weekdays
        .as_ref()
        .is_none_or(|weekdays| weekdays.iter().any(|weekday| weekday.get() == i64::from(day.weekday())));
    let is_listed = |days: &[super::text::Date]| days.iter().any(|listed| listed.get() == day);
    in_period && (on_weekday || is_listed(&window.include_dates)) && !is_listed(&window.exclude_dates)
}

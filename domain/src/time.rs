//! Instants in UTC and the business calendar of the city.
//!
//! Time is always handed in; nothing here reads a clock. All business days are those of Asia/Shanghai, which has
//! been UTC+8 without summer time since 1991.

use serde::{Deserialize, Serialize};
use std::fmt;
use time::{OffsetDateTime, UtcOffset, Weekday, format_description::well_known::Rfc3339, macros::offset};

const SHANGHAI: UtcOffset = offset!(+8);
const OFFSET_MS: i64 = 8 * 3_600_000;
const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMillis(i64);

impl UtcMillis {
    /// Wraps milliseconds since the epoch.
    pub const fn new(millis: i64) -> UtcMillis {
        UtcMillis(millis)
    }

    /// An instant given in whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> UtcMillis {
        UtcMillis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant `millis` later (earlier when negative); stays at the end of the range rather than wrapping.
    pub const fn plus_ms(self, millis: i64) -> UtcMillis {
        UtcMillis(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant; negative when it lies after.
    pub const fn since(self, earlier: UtcMillis) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The Shanghai day this instant falls on.
    pub const fn day(self) -> ShanghaiDay {
        ShanghaiDay(self.0.saturating_add(OFFSET_MS).div_euclid(DAY_MS))
    }

    /// Minutes since Shanghai midnight, 0 to 1439.
    pub const fn minute_of_day(self) -> MinuteOfDay {
        MinuteOfDay((self.0.saturating_add(OFFSET_MS).rem_euclid(DAY_MS) / MINUTE_MS) as u16)
    }

    /// Reads RFC 3339 with any offset; `None` for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<UtcMillis> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(UtcMillis)
    }

    /// RFC 3339 in UTC, to the millisecond where there is a fraction; `None` outside the years 0 to 9999.
    pub fn to_rfc3339(self) -> Option<String> {
        self.date_time()?.format(&Rfc3339).ok()
    }

    /// Shanghai wall-clock parts for texts a person reads; `None` outside the years 0 to 9999.
    pub fn shanghai(self) -> Option<WallClock> {
        let local = self.date_time()?.to_offset(SHANGHAI);
        Some(WallClock {
            year: local.year(),
            month: u8::from(local.month()),
            day: local.day(),
            weekday: weekday_number(local.weekday()),
            hour: local.hour(),
            minute: local.minute(),
        })
    }

    fn date_time(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).ok()
    }
}

/// Shanghai date and time in the parts a text needs. Weekday 1 is Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of calendar parts say it")]
pub struct WallClock {
    pub year: i32,
    pub month: u8,
    pub day: u8,
    pub weekday: u8,
    pub hour: u8,
    pub minute: u8,
}

/// A day of the business calendar: whole days since 1970-01-01 in Asia/Shanghai.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShanghaiDay(i64);

impl ShanghaiDay {
    /// Wraps a number of days.
    pub const fn new(days: i64) -> ShanghaiDay {
        ShanghaiDay(days)
    }

    /// The number of days since 1970-01-01.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The instant the day begins, 00:00 in Shanghai.
    pub const fn start(self) -> UtcMillis {
        UtcMillis(self.0.saturating_mul(DAY_MS).saturating_sub(OFFSET_MS))
    }

    /// The day `days` later (earlier when negative).
    pub const fn plus_days(self, days: i64) -> ShanghaiDay {
        ShanghaiDay(self.0.saturating_add(days))
    }

    /// 1 for Monday to 7 for Sunday.
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        ((self.0.saturating_add(3)).rem_euclid(7) + 1) as u8
    }

    /// The instant `minute` after the day began; `MinuteOfDay` 1440 is the next midnight.
    pub const fn at(self, minute: MinuteOfDay) -> UtcMillis {
        self.start().plus_ms(minute.0 as i64 * MINUTE_MS)
    }
}

/// A time of day in minutes, 0 (00:00) to 1440 (24:00). As text `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MinuteOfDay(u16);

impl MinuteOfDay {
    /// 00:00.
    pub const START: MinuteOfDay = MinuteOfDay(0);
    /// 24:00, the end of the day.
    pub const END: MinuteOfDay = MinuteOfDay(1440);

    /// The minute `hour`:`minute`; `None` past 24:00.
    pub const fn new(hour: u8, minute: u8) -> Option<MinuteOfDay> {
        let minutes = hour as u16 * 60 + minute as u16;
        if minute < 60 && minutes <= 1440 { Some(MinuteOfDay(minutes)) } else { None }
    }

    /// Minutes since midnight.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for MinuteOfDay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl From<MinuteOfDay> for String {
    fn from(minute: MinuteOfDay) -> String {
        minute.to_string()
    }
}

/// The text is no time of day from `00:00` to `24:00`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a time of day HH:MM")]
pub struct MinuteError;

impl TryFrom<String> for MinuteOfDay {
    type Error = MinuteError;
    fn try_from(text: String) -> Result<MinuteOfDay, MinuteError> {
        let (hour, minute) = text.split_once(':').ok_or(MinuteError)?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !two_digits(hour) || !two_digits(minute) {
            return Err(MinuteError);
        }
        let number = |part: &str| part.parse::<u8>().map_err(|_| MinuteError);
        MinuteOfDay::new(number(hour)?, number(minute)?).ok_or(MinuteError)
    }
}

const fn weekday_number(weekday: Weekday) -> u8 {
    weekday.number_from_monday()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_day_begins_at_shanghai_midnight_not_at_utc_midnight() {
        let before = at("2026-01-02T23:59:59.999+08:00");
        let after = at("2026-01-03T00:00:00+08:00");
        assert_eq!(after.day().get() - before.day().get(), 1);
        assert_eq!(after.day().start(), after);
        assert_eq!(at("2026-01-02T16:00:00Z").day(), after.day());
    }

    #[test]
    fn weekdays_count_from_monday() {
        assert_eq!(at("2026-01-02T12:00:00+08:00").day().weekday(), 5);
        assert_eq!(at("2026-01-04T12:00:00+08:00").day().weekday(), 7);
        assert_eq!(at("1969-12-29T12:00:00+08:00").day().weekday(), 1);
    }

    #[test]
    fn rfc_3339_reads_back() {
        let instant = at("2026-11-22T20:00:00+08:00");
        assert_eq!(instant.to_rfc3339().as_deref(), Some("2026-11-22T12:00:00Z"));
        assert_eq!(UtcMillis::parse_rfc3339("2026-11-22"), None);
    }

    #[test]
    fn only_times_of_a_day_are_times_of_day() {
        let parse = |text: &str| MinuteOfDay::try_from(text.to_owned());
        assert_eq!(parse("24:00"), Ok(MinuteOfDay::END));
        assert_eq!(parse("20:05").unwrap().to_string(), "20:05");
        for wrong in ["24:01", "20:60", "2:00", "+2:00", "20:0", "20", ""] {
            assert_eq!(parse(wrong), Err(MinuteError), "{wrong}");
        }
    }
}

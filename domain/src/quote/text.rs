//! The written forms a case uses: texts, instants, days, times of day, and whole numbers within a range.
//!
//! Each refuses what is not exactly its form while it is read, so that nothing after it has to look again.

use crate::time::{MinuteOfDay, ShanghaiDay, UtcMillis};
use serde::{Deserialize, Deserializer, Serialize};

/// Years a case may name, as written.
const YEARS: std::ops::RangeInclusive<u16> = 1971..=2999;

/// Something in a case is not in its written form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A text that must say something.
    #[error("an empty text")]
    Empty,
    /// Not RFC 3339 with an offset and at most three decimals, a leap second, or out of the years.
    #[error("not an instant")]
    Instant,
    /// Not `YYYY-MM-DD`, or out of the years.
    #[error("not a date")]
    Date,
    /// A number out of its range.
    #[error("{0} is not within {1} to {2}")]
    Range(i64, i64, i64),
}

/// A field that may be left out but not be `null`.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A text of at least one byte; compares as UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub struct Text(String);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Text {
    type Error = FormError;
    fn try_from(text: String) -> Result<Text, FormError> {
        if text.is_empty() { Err(FormError::Empty) } else { Ok(Text(text)) }
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "i64")]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// Zero, or the smallest number above it.
    pub const ZERO: Self = Whole(if MIN > 0 { MIN } else { 0 });
    /// The largest number.
    pub const LARGEST: Self = Whole(MAX);

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> TryFrom<i64> for Whole<MIN, MAX> {
    type Error = FormError;
    fn try_from(number: i64) -> Result<Self, FormError> {
        if (MIN..=MAX).contains(&number) {
            Ok(Whole(number))
        } else {
            Err(FormError::Range(number, MIN, MAX))
        }
    }
}

/// Largest number without a range of its own.
pub const MOST: i64 = 1_000_000_000_000;
/// Any number from 0.
pub type Any = Whole<0, MOST>;
/// Any number from 1.
pub type Positive = Whole<1, MOST>;

/// An instant as a case writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Instant(UtcMillis);

impl Instant {
    /// The instant.
    pub const fn get(self) -> UtcMillis {
        self.0
    }
}

impl TryFrom<String> for Instant {
    type Error = FormError;
    fn try_from(text: String) -> Result<Instant, FormError> {
        let bytes = text.as_bytes();
        let zone_at = bytes.iter().skip(19).position(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'));
        let decimals = zone_at.unwrap_or(0);
        // A point and one to three digits; the parser sees to the rest.
        let is_plain = year_fits(&text) && (decimals == 0 || (2..=4).contains(&decimals));
        let is_leap_second = bytes.get(17..19) == Some(b"60");
        if !is_plain || is_leap_second {
            return Err(FormError::Instant);
        }
        UtcMillis::parse_rfc3339(&text).map(Instant).ok_or(FormError::Instant)
    }
}

/// A day as a case writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Date(ShanghaiDay);

impl Date {
    /// The day.
    pub const fn get(self) -> ShanghaiDay {
        self.0
    }
}

impl TryFrom<String> for Date {
    type Error = FormError;
    fn try_from(text: String) -> Result<Date, FormError> {
        let midnight = UtcMillis::parse_rfc3339(&format!("{text}T00:00:00+08:00"));
        midnight
            .filter(|_| text.len() == 10 && year_fits(&text))
            .map(|at| Date(at.day()))
            .ok_or(FormError::Date)
    }
}

/// When a window opens: `HH:MM`, not `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "MinuteOfDay")]
pub struct Opening(MinuteOfDay);

impl Opening {
    /// Midnight.
    pub const MIDNIGHT: Opening = Opening(MinuteOfDay::START);

    /// The time of day.
    pub const fn get(self) -> MinuteOfDay {
        self.0
    }
}

impl TryFrom<MinuteOfDay> for Opening {
    type Error = FormError;
    fn try_from(minute: MinuteOfDay) -> Result<Opening, FormError> {
        if minute == MinuteOfDay::END { Err(FormError::Instant) } else { Ok(Opening(minute)) }
    }
}

fn year_fits(text: &str) -> bool {
    text.get(..4).and_then(|year| year.parse().ok()).is_some_and(|year: u16| YEARS.contains(&year))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Result<Instant, FormError> {
        Instant::try_from(text.to_owned())
    }

    #[test]
    fn an_instant_has_an_offset_at_most_three_decimals_and_no_leap_second() {
        for good in ["2026-01-05T12:00:00+08:00", "2026-01-05T12:00:00.5Z", "2026-01-05T12:00:00.123-03:30"] {
            assert!(instant(good).is_ok(), "{good}");
        }
        for bad in [
            "2026-01-05T12:00:00",
            "2026-01-05T12:00:00.Z",
            "2026-01-05T12:00:00.1234Z",
            "2016-12-31T23:59:60Z",
            "1970-12-31T23:59:59Z",
            "3000-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-05",
        ] {
            assert_eq!(instant(bad), Err(FormError::Instant), "{bad}");
        }
    }

    #[test]
    fn a_number_is_written_as_a_whole_one() {
        for bad in ["1.0", "1e3", "\"1\"", "null", "-1", "1000000000001"] {
            assert!(serde_json::from_str::<Any>(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<Any>("1000000000000").unwrap().get(), MOST);
    }
}

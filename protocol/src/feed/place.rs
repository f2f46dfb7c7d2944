//! Where a kiosk stands in the feed, as it says with each request.
//!
//! The number alone is not enough: a platform restored from an older backup counts on from there and gives the same
//! numbers to other changes. So a place also carries the mark of everything before it and the view it was read with, and
//! the platform goes on from a place only if both are its own; otherwise it begins a snapshot.

use super::Fingerprint;
use std::fmt::Write as _;

/// Longest [`Place::part`] taken from a page.
pub const PART_BYTES_MAX: usize = 512;

/// A place in the feed: what is asked for next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Number of the last change read; 0 to begin.
    pub since: u64,
    /// The `mark` of the page that led here.
    pub mark: Fingerprint,
    /// The `view` of the page that led here.
    pub view: Fingerprint,
    /// Which part of a snapshot, from [`super::SnapshotPart::to`]; absent outside one.
    pub part: Option<String>,
}

impl Place {
    /// The query of `GET /api/k/v1/feed`, without the question mark.
    pub fn query(&self) -> String {
        let mut query = format!("since={}&mark={}&view={}", self.since, self.mark, self.view);
        if let Some(part) = &self.part {
            // Writing to a string cannot fail.
            let _ = write!(query, "&part={part}");
        }
        query
    }
}

/// True for a part that can stand in a query as it is.
pub fn is_part(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=PART_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_asked_for_as_a_query() {
        let place = Place { since: 12, mark: Fingerprint::from_bytes([0xab; 16]), ..Place::default() };
        let expected = format!("since=12&mark={}&view={}", "ab".repeat(16), "00".repeat(16));
        assert_eq!(place.query(), expected);
        let part = Place { part: Some("Y2l0eQ".into()), ..place };
        assert_eq!(part.query(), format!("{expected}&part=Y2l0eQ"));
    }

    #[test]
    fn a_part_cannot_smuggle_anything_into_a_query() {
        assert!(is_part("Y2l0eQ_-"));
        let long = "a".repeat(PART_BYTES_MAX + 1);
        for wrong in ["", "a&b", "a b", "汉", &long] {
            assert!(!is_part(wrong), "{wrong}");
        }
    }
}

//! What a picture may measure, which widths it is scaled to, and which part of a medium a request asks for. Pure.

use super::model::MediaError;
use std::ops::Range;

/// Bytes of a file that is uploaded: a good photograph of a telephone.
pub const FILE_BYTES_MAX: usize = 8 << 20;
/// Pixels of an edge.
const EDGE_PX: std::ops::RangeInclusive<u32> = 64..=8_192;
/// Pixels in all, 96 MB decoded: two at a time fit beside the database on a small server.
const PIXELS_MAX: u64 = 24_000_000;
/// The longer edge is at most so many times the shorter.
const LENGTH_TO_BREADTH_MAX: u32 = 4;
/// The widths screens have: a small card, a full-HD panel upright, a 4K panel upright.
const WIDTHS: [u32; 3] = [540, 1_080, 2_160];
/// Characters of a picture's name.
const NAME_CHARS_MAX: usize = 40;

/// Accepts what fits a screen and can be decoded in bounded memory; asked before anything is decoded.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), MediaError> {
    let (short, long) = (width.min(height), width.max(height));
    let edges_fit = EDGE_PX.contains(&width) && EDGE_PX.contains(&height);
    let fits = edges_fit
        && u64::from(width) * u64::from(height) <= PIXELS_MAX
        && long <= short.saturating_mul(LENGTH_TO_BREADTH_MAX);
    if fits { Ok(()) } else { Err(MediaError::Size { width, height }) }
}

/// Accepts a name a person can read.
pub(super) fn check_name(name: &str) -> Result<(), MediaError> {
    let length = name.chars().count();
    let readable = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if readable && length <= NAME_CHARS_MAX { Ok(()) } else { Err(MediaError::Field("name")) }
}

/// The widths a picture `width` across is scaled to, widest first; never wider than it is.
pub(super) fn widths(width: u32) -> Vec<u32> {
    let widest = WIDTHS.iter().copied().max().unwrap_or(width);
    let own = width.min(widest);
    let mut widths: Vec<u32> = WIDTHS.iter().copied().filter(|fixed| *fixed < own).chain([own]).collect();
    widths.sort_unstable_by(|one, other| other.cmp(one));
    widths
}

/// The height that keeps the shape.
pub(super) fn height_for(width: u32, (own_width, own_height): (u32, u32)) -> u32 {
    let height = u64::from(own_height) * u64::from(width) / u64::from(own_width.max(1));
    u32::try_from(height).unwrap_or(u32::MAX).max(1)
}

/// Which part of a medium is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it: no range, several, one that cannot be read, or one meant for another version.
    Whole,
    /// These bytes.
    Range(Range<u64>),
    /// A range that begins behind the end.
    Beyond,
}

/// Reads `Range` and `If-Range` (RFC 9110, 14.2 and 13.1.5) for a medium of `bytes` bytes.
pub(super) fn part(range: Option<&str>, if_range: Option<&str>, (etag, bytes): (&str, u64)) -> Part {
    let Some(range) = range else { return Part::Whole };
    // A date never equals a strong tag: then the whole medium is the safe answer.
    if if_range.is_some_and(|condition| condition.trim() != etag) {
        return Part::Whole;
    }
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|spec| spec.split_once('-'))
    else {
        return Part::Whole;
    };
    match (number(first), number(last), last.trim().is_empty()) {
        (Some(first), Some(last), _) if first <= last => within(first, last.saturating_add(1), bytes),
        (Some(first), None, true) => within(first, bytes, bytes),
        (None, Some(0), _) if first.trim().is_empty() => Part::Beyond,
        (None, Some(suffix), _) if first.trim().is_empty() => {
            within(bytes.saturating_sub(suffix), bytes, bytes)
        }
        (Some(_) | None, Some(_) | None, _) => Part::Whole,
    }
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn within(from: u64, to: u64, bytes: u64) -> Part {
    if from >= bytes { Part::Beyond } else { Part::Range(from..to.min(bytes)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_scaled_down_and_never_up() {
        assert_eq!(widths(4_000), [2_160, 1_080, 540]);
        assert_eq!(widths(1_080), [1_080, 540]);
        assert_eq!(widths(800), [800, 540]);
        assert_eq!(widths(300), [300]);
        assert_eq!(height_for(540, (4_000, 2_250)), 303);
    }

    #[test]
    fn a_picture_too_large_too_small_or_too_thin_is_refused() {
        for (width, height) in
            [(63, 100), (100, 8_193), (6_000, 6_000), (401, 100), (0, 0), (u32::MAX, u32::MAX)]
        {
            assert!(check_size(width, height).is_err(), "{width} by {height}");
        }
        assert!(check_size(4_000, 3_000).is_ok());
        assert!(check_size(400, 100).is_ok());
    }

    #[test]
    fn one_range_is_understood_and_everything_else_gives_the_whole() {
        let part = |range| part(Some(range), None, ("\"tag\"", 1_000));
        assert_eq!(part("bytes=0-255"), Part::Range(0..256));
        assert_eq!(part("bytes=990-2000"), Part::Range(990..1_000));
        assert_eq!(part("bytes=990-"), Part::Range(990..1_000));
        assert_eq!(part("bytes=-10"), Part::Range(990..1_000));
        assert_eq!(part("bytes=-5000"), Part::Range(0..1_000));
        for beyond in ["bytes=1000-", "bytes=1000-1001", "bytes=-0"] {
            assert_eq!(part(beyond), Part::Beyond, "{beyond}");
        }
        for whole in ["bytes=5-1", "bytes=0-1,5-6", "items=0-1", "bytes=-", "bytes=a-b", "bytes=+1-2"] {
            assert_eq!(part(whole), Part::Whole, "{whole}");
        }
    }

    #[test]
    fn a_range_of_another_version_gives_the_whole() {
        let part = |condition| part(Some("bytes=0-1"), Some(condition), ("\"tag\"", 1_000));
        assert_eq!(part("\"tag\""), Part::Range(0..2));
        assert_eq!(part("\"other\""), Part::Whole);
        assert_eq!(part("Wed, 21 Oct 2015 07:28:00 GMT"), Part::Whole);
    }
}

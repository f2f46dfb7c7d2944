//! Media: pictures named by what they hold.
//!
//! A medium is a file whose name is the SHA-256 of its bytes, so it never changes and may be kept for ever. The feed only
//! names media; the bytes come in ranges of at most [`RANGE_BYTES_MAX`] and count only when the hash fits.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::{fmt, str::FromStr};

/// Most bytes of a medium asked for in one request: seconds on the slowest link a mall has.
pub const RANGE_BYTES_MAX: u32 = 256 * 1_024;
/// Most bytes of one medium; a picture of 2160 by 8640 pixels is smaller.
pub const MEDIUM_BYTES_MAX: u32 = 16 << 20;
/// Media read of one row; what a platform of tomorrow names beyond that is left out.
pub const VARIANTS_MAX: usize = 8;

/// SHA-256 of a medium's bytes; written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaHash([u8; 32]);

/// The text is no hash of a medium.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("not the hash of a medium")]
pub struct MediaHashError;

impl MediaHash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> MediaHash {
        MediaHash(bytes)
    }

    /// The hash of `medium`.
    pub fn of(medium: &[u8]) -> MediaHash {
        use sha2::{Digest, Sha256};
        MediaHash(Sha256::digest(medium).into())
    }

    /// Its bytes.
    pub const fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for MediaHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for MediaHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "MediaHash({self})")
    }
}

impl FromStr for MediaHash {
    type Err = MediaHashError;
    fn from_str(text: &str) -> Result<MediaHash, MediaHashError> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(MediaHashError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(MediaHash(bytes))
    }
}

/// Lower case only: one medium has one name.
const fn digit(letter: u8) -> Result<u8, MediaHashError> {
    match letter {
        b'0'..=b'9' => Ok(letter - b'0'),
        b'a'..=b'f' => Ok(letter - b'a' + 10),
        _ => Err(MediaHashError),
    }
}

impl TryFrom<String> for MediaHash {
    type Error = MediaHashError;
    fn try_from(text: String) -> Result<MediaHash, MediaHashError> {
        text.parse()
    }
}

impl From<MediaHash> for String {
    fn from(hash: MediaHash) -> String {
        hash.to_string()
    }
}

/// One medium as a feed row names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    /// What it is called and what its bytes must hash to.
    pub sha256: MediaHash,
    /// How many bytes it has, at most [`MEDIUM_BYTES_MAX`].
    pub bytes: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// `image/jpeg` or `image/png`.
    pub mime: String,
}

impl MediaRef {
    /// True for what this build can show: a picture of a kind and size it knows.
    pub fn is_known(&self) -> bool {
        matches!(self.mime.as_str(), "image/jpeg" | "image/png")
            && (1..=MEDIUM_BYTES_MAX).contains(&self.bytes)
            && self.width > 0
            && self.height > 0
    }
}

/// The variant of one picture for a screen `width_px` across: the narrowest that need not be enlarged, else the widest.
pub fn for_width(variants: &[MediaRef], width_px: u32) -> Option<&MediaRef> {
    let known = || variants.iter().filter(|variant| variant.is_known());
    let wide_enough = known().filter(|variant| variant.width >= width_px);
    wide_enough.min_by_key(|variant| variant.width).or_else(|| known().max_by_key(|variant| variant.width))
}

/// Reads the media of a row one by one: what this build does not understand is left out and spoils nothing.
pub(crate) fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<MediaRef>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    let media = values.iter().filter_map(|value| MediaRef::deserialize(value).ok());
    Ok(media.take(VARIANTS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(width: u32, mime: &str) -> MediaRef {
        let hash = MediaHash::of(&width.to_be_bytes());
        MediaRef { sha256: hash, bytes: 1_000, width, height: width, mime: mime.to_owned() }
    }

    #[test]
    fn a_hash_has_one_text() {
        let hash = MediaHash::of(b"picture");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in [hash.to_string().to_uppercase(), hash.to_string()[1..].to_owned(), "../../etc".into()] {
            assert_eq!(wrong.parse::<MediaHash>(), Err(MediaHashError), "{wrong}");
        }
    }

    #[test]
    fn a_screen_gets_the_narrowest_variant_that_need_not_be_enlarged() {
        let variants = [2_160, 540, 1_080].map(|width| variant(width, "image/jpeg"));
        let width = |screen| for_width(&variants, screen).map(|found| found.width);
        assert_eq!((width(400), width(1_080), width(1_081)), (Some(540), Some(1_080), Some(2_160)));
        assert_eq!(width(4_000), Some(2_160), "nothing is wide enough: the widest");
        assert_eq!(for_width(&[variant(540, "image/hologram")], 540), None);
    }
}

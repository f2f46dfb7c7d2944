//! What a picture is.

use crate::foundation::db::{Column, DbError, Value};
use protocol::media::{MediaHash, MediaHashError, MediaRef};
use serde::{Deserialize, Serialize};
use std::{fmt, io, str::FromStr};

/// A picture: the SHA-256 of the file that was uploaded, so the same file is the same picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PictureId(MediaHash);

impl PictureId {
    /// The picture in this file.
    pub fn of(file: &[u8]) -> PictureId {
        PictureId(MediaHash::of(file))
    }
}

impl fmt::Display for PictureId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for PictureId {
    type Err = MediaHashError;
    fn from_str(text: &str) -> Result<PictureId, MediaHashError> {
        text.parse().map(PictureId)
    }
}

impl Column for PictureId {
    fn from_value(value: &Value) -> Option<PictureId> {
        String::from_value(value)?.parse().ok()
    }
}

impl From<PictureId> for Value {
    fn from(id: PictureId) -> Value {
        Value::Text(id.to_string())
    }
}

/// A picture with what it was scaled to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its id.
    pub id: PictureId,
    /// What the operator calls it, 1 to 40 characters.
    pub name: String,
    /// Its variants, narrowest first.
    pub variants: Vec<MediaRef>,
}

/// Why a picture is refused or not found.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// A field breaks its limits.
    #[error("the field {0} breaks its limits")]
    Field(&'static str),
    /// It is no PNG or JPEG.
    #[error("the file is neither PNG nor JPEG")]
    Format,
    /// It cannot be decoded, or decoding it would take more memory than is given.
    #[error("the picture cannot be decoded")]
    Broken(#[source] image::ImageError),
    /// It has too few or too many pixels, or is too long and thin.
    #[error("the picture has {width} by {height} pixels")]
    #[expect(missing_docs, reason = "said above")]
    Size { width: u32, height: u32 },
    /// Scaled and written anew it is still larger than any kiosk takes.
    #[error("the picture is too large to be given out")]
    TooLarge,
    /// No such picture or medium.
    #[error("there is no such picture")]
    Unknown,
    /// The folder failed.
    #[error("the media folder failed")]
    Folder(#[from] io::Error),
    /// Not recorded.
    #[error("not recorded")]
    Database(#[from] DbError),
}

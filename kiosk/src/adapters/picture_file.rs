//! Picture files as grey frames, for stills, recordings and the simulator.

use std::path::Path;
use std::time::Duration;

use image::{DynamicImage, GrayImage, ImageReader, Luma};

use crate::ports::Frame;

/// Why a picture file gives no frame.
#[derive(Debug, thiserror::Error)]
pub enum PictureFileError {
    /// The file cannot be read.
    #[error("picture file not readable")]
    Unreadable(#[from] std::io::Error),
    /// The file holds no PNG or JPEG picture, or a broken one.
    #[error("not a picture that can be decoded")]
    NotAPicture(#[from] image::ImageError),
}

/// Reads a PNG or JPEG file as a frame taken at time zero; what is transparent counts as white.
///
/// # Errors
/// [`PictureFileError`] when the file is absent or holds no whole picture.
pub fn load(path: &Path) -> Result<Frame, PictureFileError> {
    let picture = ImageReader::open(path)?.with_guessed_format()?.decode()?;
    let grey = if picture.color().has_alpha() { over_white(&picture) } else { picture.into_luma8() };
    let (width, height) = grey.dimensions();
    Ok(Frame { luma: grey.into_raw(), width, height, taken_at: Duration::ZERO })
}

fn over_white(picture: &DynamicImage) -> GrayImage {
    let source = picture.to_luma_alpha8();
    GrayImage::from_fn(source.width(), source.height(), |x, y| {
        let [light, alpha] = source.get_pixel(x, y).0.map(u32::from);
        Luma([((light * alpha + 255 * (255 - alpha) + 127) / 255) as u8])
    })
}

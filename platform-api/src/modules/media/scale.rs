//! From an uploaded file to what screens are given: decoded within limits, turned upright, scaled, written anew.
//!
//! Nothing of the file itself passes on: only its pixels do. An opaque picture becomes a JPEG, one with transparency a PNG.

use super::{model::MediaError, rules};
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops::FilterType,
    metadata::Orientation,
};
use protocol::media::{MEDIUM_BYTES_MAX, MediaHash, MediaRef};
use std::io::Cursor;

/// Memory a decoder may take beside the pixels it gives.
const DECODER_BYTES_MAX: u64 = 192 << 20;
/// Quality of a JPEG: above it files grow and nobody at a kiosk sees a difference.
const JPEG_QUALITY: u8 = 85;

/// One variant with its bytes.
#[derive(Debug)]
pub(super) struct Scaled {
    pub(super) media: MediaRef,
    pub(super) bytes: Vec<u8>,
}

/// Scales the picture in `file` to the widths of the screens, narrowest first. Takes up to seconds: not for async threads.
pub(super) fn scale(file: &[u8]) -> Result<Vec<Scaled>, MediaError> {
    let picture = decode(file)?;
    let opaque = is_opaque(&picture);
    let own = (picture.width(), picture.height());
    let mut scaled = Vec::new();
    let mut wider = picture;
    for width in rules::widths(own.0) {
        if width < wider.width() {
            wider = wider.resize_exact(width, rules::height_for(width, own), FilterType::CatmullRom);
        }
        scaled.push(encode(&wider, opaque)?);
    }
    scaled.reverse();
    Ok(scaled)
}

fn decode(file: &[u8]) -> Result<DynamicImage, MediaError> {
    let format = image::guess_format(file).map_err(|_| MediaError::Format)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg) {
        return Err(MediaError::Format);
    }
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(MediaError::Broken)?;
    let (width, height) = decoder.dimensions();
    rules::check_size(width, height)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(MediaError::Broken)?;
    picture.apply_orientation(orientation);
    Ok(if picture.color().has_alpha() { picture.to_rgba8().into() } else { picture.to_rgb8().into() })
}

fn is_opaque(picture: &DynamicImage) -> bool {
    picture.as_rgba8().is_none_or(|rgba| rgba.pixels().all(|pixel| pixel.0[3] == u8::MAX))
}

fn encode(picture: &DynamicImage, opaque: bool) -> Result<Scaled, MediaError> {
    let (mut bytes, failed) = (Vec::new(), |error: ImageError| MediaError::Broken(error));
    if opaque {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        picture.to_rgb8().write_with_encoder(encoder).map_err(failed)?;
    } else {
        picture.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(failed)?;
    }
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= MEDIUM_BYTES_MAX);
    let media = MediaRef {
        sha256: MediaHash::of(&bytes),
        bytes: length.ok_or(MediaError::TooLarge)?,
        width: picture.width(),
        height: picture.height(),
        mime: if opaque { "image/jpeg" } else { "image/png" }.to_owned(),
    };
    Ok(Scaled { media, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn jpeg(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90)).unwrap();
        bytes
    }

    fn png(picture: &RgbaImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_with_encoder(PngEncoder::new(&mut bytes)).unwrap();
        bytes
    }

    /// Puts an EXIF segment (orientation 6, a rotation by 90 degrees, and the word `GPS`) into a JPEG.
    fn with_exif(jpeg: &[u8]) -> Vec<u8> {
        let mut tiff = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        tiff.extend_from_slice(b"GPS 29.8683N 121.5440E");
        let length = u16::try_from(tiff.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &tiff, &jpeg[2..]].concat()
    }

    #[test]
    fn what_is_hidden_in_a_file_does_not_pass_on_and_the_picture_stands_upright() {
        let plain = jpeg(&RgbImage::from_pixel(640, 320, Rgb([200, 30, 30])));
        let scaled = scale(&with_exif(&plain)).unwrap();
        let sizes: Vec<_> = scaled.iter().map(|one| (one.media.width, one.media.height)).collect();
        assert_eq!(sizes, [(320, 640)], "turned as the camera was held");
        for variant in &scaled {
            let holds = |needle: &[u8]| variant.bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!holds(b"GPS") && !holds(b"Exif"));
            assert_eq!(MediaHash::of(&variant.bytes), variant.media.sha256);
        }
    }

    #[test]
    fn a_wide_picture_comes_in_every_width_narrowest_first() {
        let scaled = scale(&jpeg(&RgbImage::from_fn(2_400, 1_200, |x, y| {
            Rgb([u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap(), 90])
        })))
        .unwrap();
        let sizes: Vec<_> = scaled.iter().map(|one| (one.media.width, one.media.height)).collect();
        assert_eq!(sizes, [(540, 270), (1_080, 540), (2_160, 1_080)]);
        for variant in scaled {
            let again = image::load_from_memory(&variant.bytes).unwrap();
            assert_eq!((again.width(), again.height()), (variant.media.width, variant.media.height));
        }
    }

    #[test]
    fn only_transparency_makes_a_png() {
        let mime = |alpha| {
            scale(&png(&RgbaImage::from_pixel(100, 100, Rgba([1, 2, 3, alpha])))).unwrap()[0]
                .media
                .mime
                .clone()
        };
        assert_eq!((mime(255), mime(254)), ("image/jpeg".to_owned(), "image/png".to_owned()));
    }

    #[test]
    fn a_file_that_lies_is_refused() {
        let good = png(&RgbaImage::from_pixel(100, 100, Rgba([1, 2, 3, 255])));
        assert!(matches!(scale(b"<svg onload=alert(1)>"), Err(MediaError::Format)));
        assert!(matches!(scale(&good[..good.len() / 2]), Err(MediaError::Broken(_))));
        assert!(matches!(scale(b"GIF89a\x01\0\x01\0"), Err(MediaError::Format)));
        // A bomb: a header that promises 60,000 by 60,000 pixels is believed enough to be refused, not decoded.
        let mut bomb = good;
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(scale(&bomb).is_err());
    }
}

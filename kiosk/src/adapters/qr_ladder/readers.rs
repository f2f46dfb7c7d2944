//! The readers: each finds codes in its own way; all of them decode what they find with one decoder.
//!
//! One decoder means one answer to what a code's bytes and text are, whoever found it.

use rqrr::BitGrid;
use rxing::common::cpp_essentials::DecoderResult;
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::qrcode::detector::Detector;
use rxing::{Binarizer, DecodeHints, Luma8Source};

use super::budget::Budget;
use super::picture::Picture;
use super::timed_image::TimedImage;

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The bytes as encoded.
    pub bytes: Vec<u8>,
    /// The bytes in the character set the code names, or the likeliest.
    pub text: String,
}

/// The newer of rxing's finders, with a threshold for every 8 x 8 block; reads several codes in one picture.
pub fn read_modern(picture: &Picture<'_>, budget: &Budget<'_>) -> Vec<Found> {
    with_block_thresholds(picture, |matrix| read_matrix(matrix, budget)).unwrap_or_default()
}

/// The older of rxing's finders: it follows bent and broken codes where the newer gives up.
pub fn read_classic(picture: &Picture<'_>, _: &Budget<'_>) -> Vec<Found> {
    with_block_thresholds(picture, find_classic).flatten().into_iter().collect()
}

/// The older finder, with one threshold for the whole picture, where glare misleads the blocks.
pub fn read_classic_one_threshold(picture: &Picture<'_>, _: &Budget<'_>) -> Vec<Found> {
    one_threshold(picture).as_ref().and_then(find_classic).into_iter().collect()
}

/// rqrr's finder; it panics on some pictures, and is thrown out of others when the time is up. The passes catch both.
pub fn read_with_rqrr(picture: &Picture<'_>, budget: &Budget<'_>) -> Vec<Found> {
    let Some(timed) = TimedImage::of(picture, budget) else {
        return Vec::new();
    };
    let mut image = rqrr::PreparedImage::prepare(timed);
    let grids = image.detect_grids();
    grids.iter().filter_map(|found| decode(&bits_of(&found.grid)?)).collect()
}

fn with_block_thresholds<T>(picture: &Picture<'_>, read: impl FnOnce(&BitMatrix) -> T) -> Option<T> {
    let (width, height) = (u32::try_from(picture.width).ok()?, u32::try_from(picture.height).ok()?);
    let source = Luma8Source::new_with_slice(&picture.luma, width, height).ok()?;
    let binarizer = HybridBinarizer::new(source);
    binarizer.get_black_matrix().ok().map(read)
}

fn read_matrix(matrix: &BitMatrix, budget: &Budget<'_>) -> Vec<Found> {
    let mut patterns = FindFinderPatterns(matrix, true, 0);
    let mut used = Vec::new();
    let mut found = Vec::new();
    for set in GenerateFinderPatternSets(&mut patterns) {
        if budget.is_spent() {
            break;
        }
        let corners = [set.bl, set.tl, set.tr];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let Ok(sampled) = SampleQR(matrix, &set) else {
            continue;
        };
        if let Some(read) = decode(sampled.getBits()) {
            used.extend(corners);
            found.push(read);
        }
    }
    found
}

fn find_classic(matrix: &BitMatrix) -> Option<Found> {
    let hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    let found = Detector::new(matrix).detect_with_hints(&hints).ok()?;
    decode(found.getBits())
}

fn decode(modules: &BitMatrix) -> Option<Found> {
    let result = Decode(modules).ok()?;
    result.isValid().then(|| Found { bytes: result.content().bytes().to_vec(), text: text_of(&result) })
}

/// A code that names no character set nearly always means UTF-8 when its bytes can be that.
fn text_of(result: &DecoderResult<bool>) -> String {
    let content = result.content();
    match std::str::from_utf8(content.bytes()) {
        Ok(text) if !content.has_eci => text.to_owned(),
        Ok(_) | Err(_) => result.text(),
    }
}

fn bits_of(grid: &impl BitGrid) -> Option<BitMatrix> {
    let side = grid.size();
    let mut matrix = BitMatrix::with_single_dimension(u32::try_from(side).ok()?).ok()?;
    fill(&mut matrix, side, side, |x, y| grid.bit(y, x));
    Some(matrix)
}

fn one_threshold(picture: &Picture<'_>) -> Option<BitMatrix> {
    let (width, height) = (u32::try_from(picture.width).ok()?, u32::try_from(picture.height).ok()?);
    let threshold = best_threshold(&picture.luma);
    let mut matrix = BitMatrix::new(width, height).ok()?;
    fill(&mut matrix, picture.width, picture.height, |x, y| picture.luma[y * picture.width + x] <= threshold);
    Some(matrix)
}

fn fill(matrix: &mut BitMatrix, width: usize, height: usize, is_dark: impl Fn(usize, usize) -> bool) {
    for (y, row) in (0..height).zip(0_u32..) {
        for (x, column) in (0..width).zip(0_u32..) {
            if is_dark(x, y) {
                matrix.set(column, row);
            }
        }
    }
}

/// Otsu's threshold: the brightness that splits the pixels into the two most distinct groups.
fn best_threshold(luma: &[u8]) -> u8 {
    let mut counts = [0_u64; 256];
    for pixel in luma {
        counts[usize::from(*pixel)] += 1;
    }
    let total: u64 = counts.iter().sum();
    let total_light: u64 = counts.iter().zip(0_u64..).map(|(count, level)| count * level).sum();
    let (mut dark, mut dark_light, mut best, mut threshold) = (0_u64, 0_u64, -1.0_f64, 0_u8);
    for (count, level) in counts.iter().zip(0_u8..=255) {
        dark += count;
        dark_light += count * u64::from(level);
        let bright = total - dark;
        if dark == 0 || bright == 0 {
            continue;
        }
        let gap = dark_light as f64 / dark as f64 - (total_light - dark_light) as f64 / bright as f64;
        let spread = dark as f64 * bright as f64 * gap * gap;
        if spread > best {
            (best, threshold) = (spread, level);
        }
    }
    threshold
}

#[cfg(test)]
mod tests {
    use super::best_threshold;

    #[test]
    fn the_threshold_lies_between_two_groups_of_pixels() {
        let luma = [&[20_u8; 30][..], &[25; 30], &[200; 10], &[210; 10]].concat();
        let threshold = best_threshold(&luma);
        assert!((25..200).contains(&threshold), "{threshold}");
    }
}

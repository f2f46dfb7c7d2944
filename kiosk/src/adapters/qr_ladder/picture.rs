//! A grey picture and what a pass may do to it before reading.

use std::borrow::Cow;

/// Brightness row by row, no padding; both sides are at least one pixel.
pub struct Picture<'a> {
    pub luma: Cow<'a, [u8]>,
    pub width: usize,
    pub height: usize,
}

/// Side of the middle part that is looked at closely.
const MIDDLE_WIDTH_MAX: usize = 640;
const MIDDLE_HEIGHT_MAX: usize = 480;

/// Side of a tile whose darkest and brightest pixel set its contrast.
const TILE_SIDE: usize = 32;
/// A tile with less contrast than this holds no code, only noise; it is not stretched beyond it.
const TILE_RANGE_MIN: i32 = 12;

impl<'a> Picture<'a> {
    /// A picture over `luma`, or none when the sizes do not fit it.
    pub fn borrowed(luma: &'a [u8], width: u32, height: u32) -> Option<Self> {
        let (width, height) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
        let fits = width > 0 && height > 0 && width.checked_mul(height)? == luma.len();
        fits.then_some(Self { luma: Cow::Borrowed(luma), width, height })
    }

    fn owned(luma: Vec<u8>, width: usize, height: usize) -> Picture<'static> {
        Picture { luma: Cow::Owned(luma), width, height }
    }

    /// The same picture, not copied.
    pub fn view(&self) -> Picture<'_> {
        Picture { luma: Cow::Borrowed(&*self.luma), width: self.width, height: self.height }
    }

    /// Whether both have the same sides.
    pub fn same_size(&self, other: &Picture<'_>) -> bool {
        (self.width, self.height) == (other.width, other.height)
    }

    /// This picture, shrunk by the smallest whole number that leaves at most `pixels_max`.
    pub fn fit(&self, pixels_max: usize) -> Picture<'_> {
        let mut by = 1;
        while (self.width / by) * (self.height / by) > pixels_max {
            by += 1;
        }
        if by == 1 { self.view() } else { self.shrunk(by) }
    }

    /// Each `by` x `by` block as its mean; a picture too small for that stays as it is.
    pub fn shrunk(&self, by: usize) -> Picture<'static> {
        let (width, height) = (self.width / by, self.height / by);
        if width == 0 || height == 0 {
            return Self::owned(self.luma.to_vec(), self.width, self.height);
        }
        let area = u32::try_from(by * by).unwrap_or(u32::MAX);
        let mut luma = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for rows in self.luma.chunks_exact(self.width * by).take(height) {
            sums.fill(area / 2);
            for row in rows.chunks_exact(self.width) {
                for (sum, block) in sums.iter_mut().zip(row.chunks_exact(by)) {
                    *sum += block.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            luma.extend(sums.iter().map(|sum| (sum / area) as u8));
        }
        Self::owned(luma, width, height)
    }

    /// Dark for bright.
    pub fn inverted(&self) -> Picture<'static> {
        let luma = self.luma.iter().map(|pixel| 255 - pixel).collect();
        Self::owned(luma, self.width, self.height)
    }

    /// The middle, at most 640 x 480.
    pub fn middle(&self) -> Picture<'static> {
        let (width, height) = (self.width.min(MIDDLE_WIDTH_MAX), self.height.min(MIDDLE_HEIGHT_MAX));
        let (left, top) = ((self.width - width) / 2, (self.height - height) / 2);
        let mut luma = Vec::with_capacity(width * height);
        for row in self.luma.chunks_exact(self.width).skip(top).take(height) {
            luma.extend_from_slice(&row[left..left + width]);
        }
        Self::owned(luma, width, height)
    }

    /// Twice as wide and high, smoothly.
    pub fn doubled(&self) -> Picture<'static> {
        let (width, height) = (2 * self.width, 2 * self.height);
        let mut luma = Vec::with_capacity(width * height);
        for y in 0..height {
            let near = self.row(y / 2);
            let far = self.row(neighbour(y, self.height));
            let mixed: Vec<u16> =
                near.iter().zip(far).map(|(near, far)| 3 * u16::from(*near) + u16::from(*far)).collect();
            for x in 0..width {
                let sum = 3 * mixed[x / 2] + mixed[neighbour(x, self.width)];
                luma.push(((sum + 8) / 16) as u8);
            }
        }
        Self::owned(luma, width, height)
    }

    /// Edges made stronger: three times the picture less twice its blur.
    pub fn sharpened(&self) -> Picture<'static> {
        let blurred = self.blurred().blurred();
        let sharpen =
            |(pixel, blur): (&u8, &u8)| (3 * i32::from(*pixel) - 2 * i32::from(*blur)).clamp(0, 255) as u8;
        let luma = self.luma.iter().zip(blurred.luma.iter()).map(sharpen).collect();
        Self::owned(luma, self.width, self.height)
    }

    /// Each tile's own contrast stretched to the full range, as its neighbourhood allows: a dim screen in a bright
    /// hall reads like a bright one.
    pub fn stretched(&self) -> Picture<'static> {
        let tiles = Tiles::of(self);
        let mut luma = Vec::with_capacity(self.luma.len());
        for (y, row) in self.luma.chunks_exact(self.width).enumerate() {
            for (across, pixels) in row.chunks(TILE_SIDE).enumerate() {
                let (darkest, range) = tiles.around(across, y / TILE_SIDE);
                let stretch = |pixel: &u8| ((i32::from(*pixel) - darkest) * 255 / range).clamp(0, 255) as u8;
                luma.extend(pixels.iter().map(stretch));
            }
        }
        Self::owned(luma, self.width, self.height)
    }

    /// A 3 x 3 blur, weights 1 2 1 each way; the rim is repeated.
    fn blurred(&self) -> Picture<'static> {
        let mut luma = Vec::with_capacity(self.luma.len());
        let mut sums = vec![0_u16; self.width];
        let last = self.width - 1;
        for y in 0..self.height {
            let (above, below) = (self.row(y.saturating_sub(1)), self.row((y + 1).min(self.height - 1)));
            for (sum, ((above, here), below)) in sums.iter_mut().zip(above.iter().zip(self.row(y)).zip(below))
            {
                *sum = u16::from(*above) + 2 * u16::from(*here) + u16::from(*below);
            }
            let mut left = sums[0];
            for x in 0..=last {
                let (here, right) = (sums[x], sums[(x + 1).min(last)]);
                luma.push(((left + 2 * here + right + 8) / 16) as u8);
                left = here;
            }
        }
        Self::owned(luma, self.width, self.height)
    }

    fn row(&self, y: usize) -> &[u8] {
        &self.luma[y * self.width..(y + 1) * self.width]
    }
}

/// The second source pixel for place `at` of a doubled side whose source has `len` pixels.
fn neighbour(at: usize, len: usize) -> usize {
    let near = at / 2;
    if at.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(len - 1) }
}

/// Darkest and brightest pixel of every tile of a picture.
struct Tiles {
    extremes: Vec<(u8, u8)>,
    across: usize,
    down: usize,
}

impl Tiles {
    fn of(picture: &Picture<'_>) -> Self {
        let (across, down) = (picture.width.div_ceil(TILE_SIDE), picture.height.div_ceil(TILE_SIDE));
        let mut extremes = vec![(u8::MAX, u8::MIN); across * down];
        for (y, row) in picture.luma.chunks_exact(picture.width).enumerate() {
            let line = &mut extremes[y / TILE_SIDE * across..][..across];
            for ((darkest, brightest), pixels) in line.iter_mut().zip(row.chunks(TILE_SIDE)) {
                for pixel in pixels {
                    *darkest = (*darkest).min(*pixel);
                    *brightest = (*brightest).max(*pixel);
                }
            }
        }
        Self { extremes, across, down }
    }

    /// Darkest pixel and range of the tile and those that touch it.
    fn around(&self, x: usize, y: usize) -> (i32, i32) {
        let (mut darkest, mut brightest) = (u8::MAX, u8::MIN);
        for ty in y.saturating_sub(1)..(y + 2).min(self.down) {
            for tx in x.saturating_sub(1)..(x + 2).min(self.across) {
                let (dark, bright) = self.extremes[ty * self.across + tx];
                darkest = darkest.min(dark);
                brightest = brightest.max(bright);
            }
        }
        (i32::from(darkest), (i32::from(brightest) - i32::from(darkest)).max(TILE_RANGE_MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;

    fn picture(luma: &[u8], width: u32, height: u32) -> Picture<'_> {
        Picture::borrowed(luma, width, height).expect("sizes fit")
    }

    #[test]
    fn sizes_that_do_not_fit_the_bytes_make_no_picture() {
        assert!(Picture::borrowed(&[0; 6], 2, 2).is_none());
        assert!(Picture::borrowed(&[], 0, 0).is_none());
        assert!(Picture::borrowed(&[0; 4], u32::MAX, u32::MAX).is_none());
    }

    #[test]
    fn shrinking_takes_the_rounded_mean_of_each_block_and_drops_the_rest() {
        let shrunk = picture(&[0, 1, 9, 2, 4, 9], 3, 2).shrunk(2);
        assert_eq!((&*shrunk.luma, shrunk.width, shrunk.height), (&[2_u8][..], 1, 1));
    }

    #[test]
    fn fitting_leaves_no_more_pixels_than_asked() {
        let luma = vec![7; 100 * 50];
        let fitted = picture(&luma, 100, 50);
        let fitted = fitted.fit(1000);
        assert_eq!((fitted.width, fitted.height), (33, 16));
        assert!(fitted.luma.iter().all(|pixel| *pixel == 7));
    }

    #[test]
    fn doubling_keeps_a_flat_picture_flat_and_a_ramp_rising() {
        let doubled = picture(&[0, 100, 200, 0, 100, 200], 3, 2).doubled();
        assert_eq!((doubled.width, doubled.height), (6, 4));
        assert_eq!(doubled.luma[..6], [0, 25, 75, 125, 175, 200]);
    }

    #[test]
    fn stretching_gives_a_dim_tile_the_full_range() {
        let luma: Vec<u8> = (0..32 * 32).map(|at| if at % 2 == 0 { 100 } else { 130 }).collect();
        let stretched = picture(&luma, 32, 32).stretched();
        assert_eq!(stretched.luma[..2], [0, 255]);
    }

    #[test]
    fn sharpening_widens_a_soft_step() {
        let luma = [50, 50, 50, 100, 150, 150, 150];
        let sharpened = picture(&luma, 7, 1).sharpened();
        assert!(sharpened.luma[2] < 50 && sharpened.luma[4] > 150, "{:?}", sharpened.luma);
    }

    #[test]
    fn the_middle_is_the_middle() {
        let luma: Vec<u8> =
            (0..480).flat_map(|_| (0..642).map(|x| if x == 0 || x == 641 { 9 } else { 1 })).collect();
        let whole = picture(&luma, 642, 480);
        let middle = whole.middle();
        assert_eq!((middle.width, middle.height), (640, 480));
        assert!(middle.luma.iter().all(|pixel| *pixel == 1));
    }
}

//! Pictures to aim by: small, and mirrored as people expect of a screen that shows themselves.

use crate::ports::Frame;

const WIDTH_MAX: u32 = 640;
const HEIGHT_MAX: u32 = 480;

/// A grey picture of at most 640 x 480, mirrored left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Brightness, one byte a pixel, row by row with no padding.
    pub luma: Vec<u8>,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Every n-th pixel of every n-th row of `frame`, for the smallest n that fits.
pub fn of(frame: &Frame) -> Preview {
    let step = frame.width.div_ceil(WIDTH_MAX).max(frame.height.div_ceil(HEIGHT_MAX)).max(1);
    let (width, height) = (frame.width / step, frame.height / step);
    let (row_len, step, kept) = (frame.width as usize, step as usize, width as usize);
    let mut luma = Vec::with_capacity(kept * height as usize);
    for row in frame.luma.chunks_exact(row_len.max(1)).step_by(step).take(height as usize) {
        luma.extend(row[..kept * step].iter().rev().step_by(step));
    }
    Preview { luma, width, height }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Frame, of};

    #[test]
    fn a_small_frame_is_only_mirrored() {
        let frame = Frame { luma: vec![1, 2, 3, 4, 5, 6], width: 3, height: 2, taken_at: Duration::ZERO };
        let preview = of(&frame);
        assert_eq!((preview.luma, preview.width, preview.height), (vec![3, 2, 1, 6, 5, 4], 3, 2));
    }

    #[test]
    fn a_camera_frame_fits_the_preview_and_keeps_its_shape() {
        let frame = Frame { luma: vec![9; 1280 * 720], width: 1280, height: 720, taken_at: Duration::ZERO };
        let preview = of(&frame);
        assert_eq!((preview.luma.len(), preview.width, preview.height), (640 * 360, 640, 360));
    }
}

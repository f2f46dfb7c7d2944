//! Frames made by arithmetic with no code in them: an empty scene, and the chance it is made of.

use std::time::Duration;

use kiosk::ports::Frame;

/// Chance that depends on its seed alone (xorshift).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

pub fn frame(luma: Vec<u8>, width: usize, height: usize) -> Frame {
    assert_eq!(luma.len(), width * height, "a frame's bytes match its sides");
    Frame { luma, width: width as u32, height: height as u32, taken_at: Duration::ZERO }
}

/// A 1280 x 720 scene with no code: light falling off, boxes, striped signs and noise.
pub fn idle(seed: u64) -> Frame {
    const WIDTH: usize = 1280;
    const HEIGHT: usize = 720;
    let mut chance = Chance::new(seed);
    let base = 60 + chance.below(60);
    let mut luma: Vec<usize> =
        (0..WIDTH * HEIGHT).map(|at| base + at % WIDTH / 24 + at / WIDTH / 20).collect();
    for _ in 0..50 {
        let (left, top) = (chance.below(WIDTH), chance.below(HEIGHT));
        let (width, height) = (8 + chance.below(300), 8 + chance.below(240));
        let value = 10 + chance.below(230);
        let stroke = if chance.below(3) == 0 { 3 + chance.below(11) } else { WIDTH };
        for y in top..(top + height).min(HEIGHT) {
            for x in left..(left + width).min(WIDTH) {
                if ((x - left) / stroke).is_multiple_of(2) {
                    let pixel = &mut luma[y * WIDTH + x];
                    *pixel = (*pixel + 3 * value) / 4;
                }
            }
        }
    }
    // A lens is never sharper than this: each pixel shares with its neighbours.
    let soft = |at: usize| (luma[at] + luma[(at + 1).min(luma.len() - 1)] + luma[at.saturating_sub(1)]) / 3;
    let noisy = (0..luma.len()).map(|at| (soft(at) + chance.below(17)).saturating_sub(8).min(255) as u8);
    frame(noisy.collect(), WIDTH, HEIGHT)
}

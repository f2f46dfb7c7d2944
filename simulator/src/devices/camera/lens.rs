//! From a flat screen to pixels: perspective, shutter, exposure and noise.

use std::f32::consts::TAU;

use super::dice::Dice;
use super::screen::Screen;
use super::{FRAME_HEIGHT, FRAME_WIDTH};

/// Distance from lens to hand in frame pixels: a smaller number makes a stronger perspective.
const FOCAL_LENGTH: f32 = 1150.0;
/// Spread of the noise in a dark pixel; bright ones have more.
const NOISE_SPREAD: f32 = 3.2;
/// Entries in the table noise is drawn from: a prime, so that rows never line up.
const NOISE_LEN: usize = 65_521;

/// Where and how the screen is held: its middle in the frame, angles in radians, size 1 for the texture's own.
pub struct Pose {
    pub x: f32,
    pub y: f32,
    pub turn: f32,
    pub yaw: f32,
    pub pitch: f32,
    pub scale: f32,
}

/// Maps a frame pixel to a place on the screen: (a x + b y + c) / (g x + h y + i), and so for the other.
struct Inverse([[f32; 3]; 3]);

impl Pose {
    fn forward(&self) -> [[f32; 3]; 3] {
        let ((st, ct), (sy, cy), (sp, cp)) = (self.turn.sin_cos(), self.yaw.sin_cos(), self.pitch.sin_cos());
        // Columns: where one texel to the right and one down lead, after turning, tilting and swinging.
        let right = [cy * ct, cp * st + sp * sy * ct, sp * st - cp * sy * ct];
        let down = [-cy * st, cp * ct - sp * sy * st, sp * ct + cp * sy * st];
        let far = FOCAL_LENGTH / self.scale;
        [
            [FOCAL_LENGTH * right[0], FOCAL_LENGTH * down[0], 0.0],
            [FOCAL_LENGTH * right[1], FOCAL_LENGTH * down[1], 0.0],
            [right[2], down[2], far],
        ]
    }

    /// The frame pixel that shows the place (u, v), counted from the screen's middle.
    fn project(&self, u: f32, v: f32) -> (f32, f32) {
        let m = self.forward();
        let [x, y, z] = std::array::from_fn(|row| m[row][0] * u + m[row][1] * v + m[row][2]);
        (self.x + x / z, self.y + y / z)
    }

    fn inverse(&self) -> Inverse {
        let m = self.forward();
        let cofactor = |row: usize, column: usize| {
            let (r, s) = ((row + 1) % 3, (row + 2) % 3);
            let (c, d) = ((column + 1) % 3, (column + 2) % 3);
            m[r][c] * m[s][d] - m[r][d] * m[s][c]
        };
        // The determinant cancels in the division by the third row.
        Inverse(std::array::from_fn(|row| std::array::from_fn(|column| cofactor(column, row))))
    }
}

impl Inverse {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let [u, v, w] = self.0.map(|row| row[0] * x + row[1] * y + row[2]);
        (u / w, v / w)
    }
}

/// Draws the screen over `luma`, as seen from when the shutter opens to when it shuts.
pub fn draw(luma: &mut [u8], screen: &Screen, opens: &Pose, shuts: &Pose) {
    let (half_width, half_height) = (screen.width as f32 / 2.0, screen.height as f32 / 2.0);
    let corners = [(-half_width, -half_height), (half_width, -half_height), (-half_width, half_height)];
    let corners = corners.into_iter().chain([(half_width, half_height)]).map(|(u, v)| opens.project(u, v));
    let (mut left, mut right, mut top, mut bottom) = (f32::MAX, f32::MIN, f32::MAX, f32::MIN);
    for (x, y) in corners {
        (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
    }
    let (first, last) = (opens.inverse(), shuts.inverse());
    let columns = left.max(0.0) as usize..(right.max(0.0) as usize).min(FRAME_WIDTH);
    for y in top.max(0.0) as usize..(bottom.max(0.0) as usize).min(FRAME_HEIGHT) {
        let row = &mut luma[y * FRAME_WIDTH..][..FRAME_WIDTH];
        for x in columns.clone() {
            let (u, v) = first.place(x as f32 - opens.x, y as f32 - opens.y);
            let (cover, light) = sample(screen, u + half_width, v + half_height);
            let (u, v) = last.place(x as f32 - shuts.x, y as f32 - shuts.y);
            let (cover_last, light_last) = sample(screen, u + half_width, v + half_height);
            let open = 1.0 - (cover + cover_last) / 2.0;
            row[x] = (f32::from(row[x]) * open + (light + light_last) / 2.0) as u8;
        }
    }
}

/// Cover (0 to 1) and covered light at a place of the texture, between its four texels.
fn sample(screen: &Screen, u: f32, v: f32) -> (f32, f32) {
    let (u, v) = (u - 0.5, v - 0.5);
    if u < 0.0 || v < 0.0 || u >= (screen.width - 1) as f32 || v >= (screen.height - 1) as f32 {
        return (0.0, 0.0);
    }
    let (x, y) = (u as usize, v as usize);
    let (right, down) = (u - x as f32, v - y as f32);
    let at = y * screen.width + x;
    let blend = |plane: &[u8]| {
        let [a, b, c, d] =
            [at, at + 1, at + screen.width, at + screen.width + 1].map(|texel| f32::from(plane[texel]));
        (a + (b - a) * right) * (1.0 - down) + (c + (d - c) * right) * down
    };
    // The texture's light is already weighted by its cover: both were softened from nothing at the rim.
    (blend(&screen.cover) / 255.0, blend(&screen.luma))
}

/// Sensor and exposure.
pub struct Lens {
    noise: Vec<i16>,
    dice: Dice,
    flicker: f32,
}

impl Lens {
    pub fn new(dice: &mut Dice) -> Self {
        let noise = (0..NOISE_LEN).map(|_| (dice.bell() * NOISE_SPREAD * 16.0) as i16).collect();
        let seed = dice.below(usize::MAX) as u64;
        Self { noise, dice: Dice::new(seed), flicker: dice.between(0.0, TAU) }
    }

    /// Applies a slowly wandering exposure and fresh noise.
    pub fn expose(&mut self, luma: &mut [u8], seconds: f32) {
        let gain = 0.96 + 0.05 * (seconds * 0.9 + self.flicker).sin() + 0.015 * (seconds * 17.0).sin();
        let table: [(i32, i32); 256] = std::array::from_fn(|level| {
            // Photon noise grows with the root of the light.
            ((level as f32 * gain * 256.0) as i32, (10.0 + (level as f32).sqrt()) as i32)
        });
        for row in luma.chunks_exact_mut(FRAME_WIDTH) {
            let start = self.dice.below(NOISE_LEN - FRAME_WIDTH);
            for (pixel, noise) in row.iter_mut().zip(&self.noise[start..start + FRAME_WIDTH]) {
                let (light, spread) = table[usize::from(*pixel)];
                *pixel = ((light + i32::from(*noise) * spread) >> 8).clamp(0, 255) as u8;
            }
        }
    }
}

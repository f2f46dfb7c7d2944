//! What the camera sees behind the phone: a mall, and people passing.

use super::dice::Dice;
use super::{FRAME_HEIGHT, FRAME_WIDTH};

/// The mall: drawn once, with people drawn over it for each frame.
pub struct Scene {
    backdrop: Vec<u8>,
    walkers: Vec<Walker>,
}

/// Somebody far off who crosses the picture, again and again.
struct Walker {
    start: f32,
    /// Pixels a second; negative to the left.
    speed: f32,
    feet: f32,
    height: f32,
    coat: u8,
}

impl Scene {
    pub fn new(dice: &mut Dice) -> Self {
        let mut canvas = Canvas::graded(dice);
        canvas.shops(dice);
        canvas.lamps(dice);
        let walkers = (0..4).map(|_| Walker::new(dice)).collect();
        Self { backdrop: canvas.softened(), walkers }
    }

    /// The scene `seconds` after the first frame.
    pub fn at(&self, seconds: f32) -> Vec<u8> {
        let mut luma = self.backdrop.clone();
        for walker in &self.walkers {
            walker.draw(&mut luma, seconds);
        }
        luma
    }
}

impl Walker {
    fn new(dice: &mut Dice) -> Self {
        let way = if dice.below(2) == 0 { -1.0 } else { 1.0 };
        Self {
            start: dice.between(0.0, FRAME_WIDTH as f32),
            speed: way * dice.between(40.0, 110.0),
            feet: dice.between(480.0, 640.0),
            height: dice.between(210.0, 330.0),
            coat: dice.between(25.0, 150.0) as u8,
        }
    }

    /// A head and a body with soft edges.
    fn draw(&self, luma: &mut [u8], seconds: f32) {
        let lap = FRAME_WIDTH as f32 + self.height;
        let middle = (self.start + self.speed * seconds).rem_euclid(lap) - self.height / 2.0;
        let top = self.feet - self.height;
        let head =
            Blob { x: middle, y: top + self.height * 0.08, w: self.height * 0.055, h: self.height * 0.08 };
        let body =
            Blob { x: middle, y: top + self.height * 0.6, w: self.height * 0.13, h: self.height * 0.44 };
        body.blend(luma, self.coat);
        head.blend(luma, self.coat / 2 + 60);
    }
}

/// An upright ellipse: middle and half sides.
struct Blob {
    x: f32,
    y: f32,
    w: f32,
    h: f32,
}

impl Blob {
    fn blend(&self, luma: &mut [u8], value: u8) {
        let (left, right) = span(self.x, self.w, FRAME_WIDTH);
        let (top, bottom) = span(self.y, self.h, FRAME_HEIGHT);
        for y in top..bottom {
            let down = (y as f32 - self.y) / self.h;
            for x in left..right {
                let across = (x as f32 - self.x) / self.w;
                let inside = (1.0 - across * across - down * down) * 3.0;
                if inside > 0.0 {
                    let pixel = &mut luma[y * FRAME_WIDTH + x];
                    *pixel = mix(*pixel, value, inside.min(0.92));
                }
            }
        }
    }
}

fn span(middle: f32, half: f32, end: usize) -> (usize, usize) {
    let clamp = |place: f32| place.clamp(0.0, end as f32) as usize;
    (clamp(middle - half), clamp(middle + half))
}

fn mix(below: u8, above: u8, share: f32) -> u8 {
    (f32::from(below) + (f32::from(above) - f32::from(below)) * share) as u8
}

struct Canvas(Vec<f32>);

impl Canvas {
    /// Walls above, a brighter floor below.
    fn graded(dice: &mut Dice) -> Self {
        let (wall, floor) = (dice.between(60.0, 120.0), dice.between(100.0, 170.0));
        let slope = dice.between(-40.0, 40.0);
        let horizon = FRAME_HEIGHT as f32 * 0.62;
        let shade = |at: usize| {
            let (x, y) = ((at % FRAME_WIDTH) as f32, (at / FRAME_WIDTH) as f32);
            let base = if y < horizon { wall - 25.0 * y / horizon } else { floor + (y - horizon) * 0.12 };
            base + slope * (x / FRAME_WIDTH as f32 - 0.5)
        };
        Self((0..FRAME_WIDTH * FRAME_HEIGHT).map(shade).collect())
    }

    /// Shop fronts, signs with strokes like writing, posters and tiles.
    fn shops(&mut self, dice: &mut Dice) {
        for _ in 0..(30 + dice.below(25)) {
            let (width, height) = (10 + dice.below(260), 10 + dice.below(200));
            let (left, top) = (dice.below(FRAME_WIDTH), dice.below(FRAME_HEIGHT * 4 / 5));
            let value = dice.between(15.0, 235.0);
            let share = dice.between(0.3, 0.9);
            let stroke = if dice.below(3) == 0 { 3 + dice.below(11) } else { usize::MAX };
            for y in top..(top + height).min(FRAME_HEIGHT) {
                let row = &mut self.0[y * FRAME_WIDTH..][..FRAME_WIDTH];
                for (at, pixel) in row[left..(left + width).min(FRAME_WIDTH)].iter_mut().enumerate() {
                    if (at / stroke).is_multiple_of(2) {
                        *pixel += (value - *pixel) * share;
                    }
                }
            }
        }
    }

    /// Lamps that bloom.
    fn lamps(&mut self, dice: &mut Dice) {
        for _ in 0..(2 + dice.below(4)) {
            let (x, y) = (dice.between(0.0, FRAME_WIDTH as f32), dice.between(0.0, 260.0));
            let size = dice.between(14.0, 55.0);
            let (left, right) = span(x, 2.5 * size, FRAME_WIDTH);
            let (top, bottom) = span(y, 2.5 * size, FRAME_HEIGHT);
            for row in top..bottom {
                for column in left..right {
                    let far = ((column as f32 - x).powi(2) + (row as f32 - y).powi(2)) / (size * size);
                    self.0[row * FRAME_WIDTH + column] += 190.0 * (-far).exp();
                }
            }
        }
    }

    /// Out of focus, because the camera looks at the hand: two passes of a mean over nine pixels, each way.
    fn softened(self) -> Vec<u8> {
        const REACH: usize = 4;
        let mut canvas = self.0;
        for _ in 0..2 {
            for row in canvas.chunks_exact_mut(FRAME_WIDTH) {
                let line: Vec<f32> = row.to_vec();
                for (x, pixel) in row.iter_mut().enumerate() {
                    let near = &line[x.saturating_sub(REACH)..(x + REACH + 1).min(FRAME_WIDTH)];
                    *pixel = near.iter().sum::<f32>() / near.len() as f32;
                }
            }
            let whole = canvas.clone();
            for (at, pixel) in canvas.iter_mut().enumerate() {
                let (x, y) = (at % FRAME_WIDTH, at / FRAME_WIDTH);
                let near = y.saturating_sub(REACH)..(y + REACH + 1).min(FRAME_HEIGHT);
                let rows = near.len() as f32;
                *pixel = near.map(|row| whole[row * FRAME_WIDTH + x]).sum::<f32>() / rows;
            }
        }
        canvas.into_iter().map(|value| value.clamp(0.0, 255.0) as u8).collect()
    }
}

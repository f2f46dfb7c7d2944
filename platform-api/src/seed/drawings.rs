//! The pictures of the demo city, drawn here when it is planted, so that no file of others lies in the repository.
//!
//! The same drawing is the same file, byte for byte: shapes of whole numbers and no chance.

use image::{ExtendedColorType, ImageEncoder, ImageError, codecs::png::PngEncoder};

/// Pixels across: a full-HD panel upright.
const WIDTH: u32 = 1_080;
/// Pixels down.
const HEIGHT: u32 = 608;

type Rgb = [u8; 3];

const CREAM: Rgb = [255, 246, 230];
const INK: Rgb = [52, 40, 52];

/// One drawing.
#[derive(Clone, Copy)]
pub(super) struct Drawing {
    /// What the plan calls it.
    pub(super) key: &'static str,
    /// What operators call it.
    pub(super) name: &'static str,
    draw: fn(&mut Canvas),
}

/// Every drawing there is.
pub(super) const ALL: &[Drawing] = &[
    Drawing { key: "skewers", name: "夜市烧烤", draw: skewers },
    Drawing { key: "noodles", name: "一碗热汤面", draw: noodles },
    Drawing { key: "tea", name: "新茶上市", draw: tea },
    Drawing { key: "film", name: "夜场电影", draw: film },
    Drawing { key: "coffee", name: "一杯咖啡", draw: coffee },
    Drawing { key: "book", name: "学生购书", draw: book },
];

impl Drawing {
    /// The drawing as a PNG file.
    ///
    /// # Errors
    /// When the encoder fails, which for a picture in memory it does not.
    pub(super) fn file(&self) -> Result<Vec<u8>, ImageError> {
        let mut canvas = Canvas { pixels: vec![0; 3 * WIDTH as usize * HEIGHT as usize] };
        (self.draw)(&mut canvas);
        let mut file = Vec::new();
        PngEncoder::new(&mut file).write_image(&canvas.pixels, WIDTH, HEIGHT, ExtendedColorType::Rgb8)?;
        Ok(file)
    }
}

fn skewers(canvas: &mut Canvas) {
    canvas.ground([38, 28, 74], [122, 44, 88]);
    for (x, y, r) in [(150, 120, 46), (400, 84, 34), (700, 96, 40), (940, 140, 52)] {
        canvas.line((x, 0), (x, y), 3, [250, 214, 150]);
        canvas.disc((x, y), r, [224, 62, 52]);
        canvas.disc((x, y), r * 11 / 20, [255, 176, 84]);
    }
    for row in 0..3_u8 {
        let y = 300 + 92 * i64::from(row);
        canvas.line((150, y + 30), (950, y - 30), 9, [206, 160, 104]);
        for piece in 0..6_u8 {
            let along = i64::from(piece);
            let centre = (290 + 104 * along, y + 19 - 8 * along);
            let colour = [[178, 84, 42], [240, 172, 60], [104, 150, 66]][usize::from((piece + row) % 3)];
            canvas.slab(centre, (42, 30), 18, colour);
        }
    }
}

fn noodles(canvas: &mut Canvas) {
    canvas.ground([255, 222, 176], [246, 166, 106]);
    steam(canvas, 540, 190);
    canvas.slab((540, 560), (430, 26), 26, [150, 78, 52]);
    canvas.bowl((540, 300), 250, [196, 48, 44]);
    canvas.slab((540, 306), (276, 26), 26, CREAM);
    for strand in 0..7_u8 {
        let x = 340 + 56 * i64::from(strand);
        canvas.line((x, 302), (x + 54, 290), 9, [250, 206, 96]);
    }
    canvas.disc((440, 292), 34, CREAM);
    canvas.disc((440, 292), 17, [246, 176, 50]);
    for (x, y) in [(560, 286), (610, 300), (660, 284)] {
        canvas.disc((x, y), 12, [92, 152, 62]);
    }
    canvas.line((560, 280), (860, 90), 12, INK);
    canvas.line((596, 286), (900, 120), 12, INK);
}

fn tea(canvas: &mut Canvas) {
    canvas.ground([222, 238, 206], [134, 182, 128]);
    for (x, y, r) in [(170, 520, 260), (520, 600, 300), (930, 540, 280)] {
        canvas.disc((x, y), r, [92, 146, 92]);
    }
    steam(canvas, 540, 120);
    canvas.slab((540, 380), (150, 150), 60, CREAM);
    canvas.ring((720, 370), 62, 22, CREAM);
    canvas.slab((540, 250), (128, 16), 16, [180, 148, 70]);
    canvas.line((540, 440), (540, 350), 9, [74, 120, 66]);
    canvas.leaf((540, 392), (470, 350), [98, 158, 80]);
    canvas.leaf((540, 372), (612, 326), [98, 158, 80]);
}

fn film(canvas: &mut Canvas) {
    canvas.ground([18, 24, 58], [60, 42, 110]);
    for star in 0..16_u8 {
        let along = i64::from(star);
        canvas.disc((40 + 66 * along, 50 + 40 * (along % 3)), 3 + along % 2, CREAM);
    }
    canvas.ring((360, 350), 170, 30, [232, 190, 88]);
    canvas.disc((360, 350), 150, [70, 60, 86]);
    for (x, y) in [(360, 266), (360, 434), (276, 350), (444, 350)] {
        canvas.disc((x, y), 44, [18, 24, 58]);
    }
    canvas.disc((360, 350), 22, [232, 190, 88]);
    canvas.slab((760, 390), (170, 120), 18, CREAM);
    canvas.slab((760, 276), (170, 34), 8, INK);
    for stripe in 0..4_u8 {
        let x = 620 + 84 * i64::from(stripe);
        canvas.line((x, 300), (x + 30, 254), 22, CREAM);
    }
    canvas.leaf((720, 390), (830, 390), [224, 62, 52]);
}

fn coffee(canvas: &mut Canvas) {
    canvas.ground([240, 220, 198], [190, 142, 106]);
    steam(canvas, 500, 130);
    canvas.slab((520, 540), (310, 20), 20, CREAM);
    canvas.ring((740, 360), 78, 30, CREAM);
    canvas.slab((520, 390), (210, 140), 70, CREAM);
    canvas.slab((520, 268), (190, 24), 24, [92, 56, 38]);
    for (x, y) in [(180, 470), (250, 520), (900, 500), (850, 452)] {
        canvas.disc((x, y), 34, [92, 56, 38]);
        canvas.line((x - 22, y - 14), (x + 22, y + 14), 6, [190, 142, 106]);
    }
}

fn book(canvas: &mut Canvas) {
    canvas.ground([208, 230, 246], [118, 166, 214]);
    canvas.disc((880, 130), 70, [255, 214, 106]);
    for (y, colour) in [(500, [196, 72, 60]), (436, [64, 112, 160]), (372, [226, 166, 62])] {
        canvas.slab((520, y), (300, 30), 10, colour);
        canvas.slab((790, y), (30, 22), 4, CREAM);
    }
    canvas.slab((390, 250), (140, 88), 10, CREAM);
    canvas.slab((670, 250), (140, 88), 10, CREAM);
    canvas.line((530, 168), (530, 336), 7, [118, 166, 214]);
    for line in 0..4_u8 {
        let y = 198 + 34 * i64::from(line);
        canvas.line((290, y), (486, y), 7, [150, 160, 178]);
        canvas.line((574, y), (770, y), 7, [150, 160, 178]);
    }
}

fn steam(canvas: &mut Canvas, x: i64, top: i64) {
    for wisp in 0..3_u8 {
        let x = x - 90 + 90 * i64::from(wisp);
        for part in 0..4_u8 {
            let (y, bend) = (top - 80 + 34 * i64::from(part), if part % 2 == 0 { 14 } else { -14 });
            canvas.line((x + bend, y), (x - bend, y + 34), 12, [255, 252, 246]);
        }
    }
}

/// Steps of a pixel in which shapes are measured, so that their edges are soft.
const STEPS: i64 = 16;

/// Three bytes a pixel, row by row.
struct Canvas {
    pixels: Vec<u8>,
}

/// Places and lengths are in pixels; what a shape's distance sees is in [`STEPS`].
impl Canvas {
    /// Fills everything, from one colour above to another below.
    fn ground(&mut self, above: Rgb, below: Rgb) {
        for (y, row) in (0..HEIGHT).zip(self.pixels.chunks_exact_mut(3 * WIDTH as usize)) {
            let colour = mix(above, below, (i64::from(y), i64::from(HEIGHT)));
            row.chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&colour));
        }
    }

    fn disc(&mut self, centre: Point, radius: i64, colour: Rgb) {
        self.fill(centre, (radius, radius), colour, |x, y| length(x, y) - radius * STEPS);
    }

    /// The lower half of a disc.
    fn bowl(&mut self, centre: Point, radius: i64, colour: Rgb) {
        self.fill(centre, (radius, radius), colour, |x, y| (length(x, y) - radius * STEPS).max(-y));
    }

    fn ring(&mut self, centre: Point, radius: i64, thickness: i64, colour: Rgb) {
        let reach = radius + thickness;
        self.fill(centre, (reach, reach), colour, |x, y| {
            (length(x, y) - radius * STEPS).abs() - thickness * STEPS / 2
        });
    }

    /// A box with round corners; `half` is half its width and height.
    fn slab(&mut self, centre: Point, half: Point, corner: i64, colour: Rgb) {
        self.fill(centre, half, colour, |x, y| {
            let over = (x.abs() - (half.0 - corner) * STEPS, y.abs() - (half.1 - corner) * STEPS);
            length(over.0.max(0), over.1.max(0)) + over.0.max(over.1).min(0) - corner * STEPS
        });
    }

    fn line(&mut self, from: Point, to: Point, thickness: i64, colour: Rgb) {
        let along = ((to.0 - from.0) * STEPS / 2, (to.1 - from.1) * STEPS / 2);
        let half = (along.0.abs() / STEPS + thickness, along.1.abs() / STEPS + thickness);
        let square = (along.0 * along.0 + along.1 * along.1).max(1);
        self.fill(middle(from, to), half, colour, |x, y| {
            let place = (x * along.0 + y * along.1).clamp(-square, square);
            length(x - along.0 * place / square, y - along.1 * place / square) - thickness * STEPS / 2
        });
    }

    /// A pointed leaf from stem to tip.
    fn leaf(&mut self, stem: Point, tip: Point, colour: Rgb) {
        let along = ((tip.0 - stem.0) * STEPS / 2, (tip.1 - stem.1) * STEPS / 2);
        let half = length(along.0, along.1).max(1);
        self.fill(middle(stem, tip), (half / STEPS, half / STEPS), colour, |x, y| {
            let (forward, aside) = ((x * along.0 + y * along.1) / half, (y * along.0 - x * along.1) / half);
            length(forward, aside.abs() + half * 3 / 4) - half * 5 / 4
        });
    }

    /// Paints where `distance` from the shape's edge, around `centre`, is negative; its edge is soft by a pixel.
    fn fill(&mut self, centre: Point, half: Point, colour: Rgb, distance: impl Fn(i64, i64) -> i64) {
        for y in span(centre.1, half.1, HEIGHT) {
            for x in span(centre.0, half.0, WIDTH) {
                let inside = STEPS / 2 - distance((x - centre.0) * STEPS, (y - centre.1) * STEPS);
                let at = usize::try_from(3 * (y * i64::from(WIDTH) + x)).unwrap_or(usize::MAX);
                if inside > 0
                    && let Some(pixel) = self.pixels.get_mut(at..at.saturating_add(3))
                {
                    let under = [pixel[0], pixel[1], pixel[2]];
                    pixel.copy_from_slice(&mix(under, colour, (inside.min(STEPS), STEPS)));
                }
            }
        }
    }
}

type Point = (i64, i64);

const fn middle(from: Point, to: Point) -> Point {
    ((from.0 + to.0) / 2, (from.1 + to.1) / 2)
}

const fn length(x: i64, y: i64) -> i64 {
    (x * x + y * y).isqrt()
}

/// The pixels a shape may reach.
fn span(centre: i64, half: i64, end: u32) -> std::ops::Range<i64> {
    (centre - half - 1).max(0)..(centre + half + 2).min(i64::from(end))
}

/// `part` of `whole` of the way from one colour to another.
fn mix(under: Rgb, over: Rgb, (part, whole): (i64, i64)) -> Rgb {
    let channel = |from: u8, to: u8| {
        let (from, to) = (i64::from(from), i64::from(to));
        u8::try_from(from + (to - from) * part / whole).unwrap_or(u8::MAX)
    };
    [channel(under[0], over[0]), channel(under[1], over[1]), channel(under[2], over[2])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_drawing_is_a_picture_of_its_own() {
        let files: std::collections::BTreeSet<Vec<u8>> = ALL.iter().map(|one| one.file().unwrap()).collect();
        assert_eq!(files.len(), ALL.len());
        for (file, one) in ALL.iter().map(|one| (one.file().unwrap(), one)) {
            assert!(files.contains(&file), "{} is not the same twice", one.key);
            if let Some(folder) = std::env::var_os("DRAWINGS_FOLDER") {
                std::fs::write(std::path::Path::new(&folder).join(format!("{}.png", one.key)), file).unwrap();
            }
        }
    }
}

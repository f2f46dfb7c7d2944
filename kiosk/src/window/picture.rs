//! Pictures of the attract loop: a ticket on evening or festive paper, drawn pixel by pixel.

use std::cell::RefCell;
use std::collections::BTreeMap;

use slint::{Image, Rgba8Pixel, SharedPixelBuffer};

/// The size the attract screen shows them at.
const WIDTH: i32 = 984;
const HEIGHT: i32 = 820;
const RADIUS: i32 = 20;

/// The ticket on it, and its notches.
const LEFT: i32 = 132;
const TOP: i32 = 220;
const RIGHT: i32 = WIDTH - LEFT;
const BOTTOM: i32 = HEIGHT - TOP;
const STUB: i32 = LEFT + 250;
const NOTCH: i32 = 34;
const TICKET_RADIUS: i32 = 24;
const DASH: i32 = 12;

type Colour = [i32; 3];

const CARD: Colour = [0xff, 0xff, 0xff];
const LINE: Colour = [0xd8, 0xc8, 0xb8];
const GOLD: Colour = [0xf2, 0xc6, 0x6d];
/// Upper left and lower right of the paper, one pair a slide in turn.
const PAPERS: [(Colour, Colour); 4] = [
    ([0xd2, 0x3a, 0x1f], [0xf0, 0x7a, 0x4a]),
    ([0x1e, 0x7a, 0x55], [0x6f, 0xc2, 0x9a]),
    ([0x2b, 0x27, 0x50], [0x7a, 0x4a, 0x86]),
    ([0x9a, 0x5b, 0x00], [0xe8, 0xb0, 0x50]),
];

thread_local! {
    /// Drawn once each: the attract screen comes back after every shopper.
    static DRAWN: RefCell<BTreeMap<(usize, bool), Image>> = const { RefCell::new(BTreeMap::new()) };
}

/// The picture of the slide at `place`; public money gives the ticket a golden stub.
pub fn ticket(place: usize, government_funded: bool) -> Image {
    let paper = place % PAPERS.len();
    let drawn = DRAWN.with_borrow(|drawn| drawn.get(&(paper, government_funded)).cloned());
    drawn.unwrap_or_else(|| {
        let picture = draw(PAPERS[paper], government_funded);
        DRAWN.with_borrow_mut(|drawn| drawn.insert((paper, government_funded), picture.clone()));
        picture
    })
}

fn draw((from, to): (Colour, Colour), government_funded: bool) -> Image {
    let stub = if government_funded { GOLD } else { mix(to, CARD, 1, 2) };
    let mut pixels = SharedPixelBuffer::<Rgba8Pixel>::new(WIDTH.unsigned_abs(), HEIGHT.unsigned_abs());
    let columns = WIDTH.unsigned_abs() as usize;
    for (y, row) in (0..).zip(pixels.make_mut_slice().chunks_exact_mut(columns)) {
        for (x, pixel) in (0..).zip(row) {
            let paper = mix(from, to, x + y, WIDTH + HEIGHT);
            let alpha = if in_rounded(x, y, (0, 0, WIDTH, HEIGHT), RADIUS) { 255 } else { 0 };
            *pixel = rgba(over(x, y, stub).unwrap_or(paper), alpha);
        }
    }
    Image::from_rgba8(pixels)
}

/// The ticket's colour here; none beside it.
fn over(x: i32, y: i32, stub: Colour) -> Option<Colour> {
    let in_notch = |notch_y: i32| (x - STUB).pow(2) + (y - notch_y).pow(2) < NOTCH.pow(2);
    if !in_rounded(x, y, (LEFT, TOP, RIGHT, BOTTOM), TICKET_RADIUS) || in_notch(TOP) || in_notch(BOTTOM) {
        return None;
    }
    let on_perforation = (x - STUB).abs() <= 1 && (y / DASH) % 2 == 0;
    Some(if on_perforation {
        LINE
    } else if x < STUB {
        stub
    } else {
        CARD
    })
}

fn in_rounded(x: i32, y: i32, (left, top, right, bottom): (i32, i32, i32, i32), radius: i32) -> bool {
    let beyond = |at: i32, low: i32, high: i32| (low + radius - at).max(at - (high - 1 - radius)).max(0);
    beyond(x, left, right).pow(2) + beyond(y, top, bottom).pow(2) <= radius * radius
}

/// `part` of `whole` of the way from `from` to `to`.
fn mix(from: Colour, to: Colour, part: i32, whole: i32) -> Colour {
    [0, 1, 2].map(|channel| from[channel] + (to[channel] - from[channel]) * part / whole.max(1))
}

fn rgba(colour: Colour, a: u8) -> Rgba8Pixel {
    let [r, g, b] = colour.map(|channel| u8::try_from(channel.clamp(0, 255)).unwrap_or(u8::MAX));
    Rgba8Pixel { r, g, b, a }
}

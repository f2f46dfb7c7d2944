//! The thing held up: a phone with a page on its screen, or any lit screen with a picture.

use kiosk::ports::Frame;
use qrcode::{Color, QrCode};

/// Modules of white round a code.
const QUIET_ZONE: usize = 4;
/// Widest a code is drawn, in frame pixels before perspective: a phone held as near as it fits the frame.
const CODE_SIDE_MAX: f32 = 620.0;
/// Width a code is drawn at when its modules stay large enough.
const CODE_SIDE_USUAL: f32 = 300.0;
/// Frame pixels a module should have.
const MODULE_SIDE_WANTED: f32 = 4.2;
/// Largest sides of a picture that is shown.
const PICTURE_WIDTH_MAX: f32 = 1060.0;
const PICTURE_HEIGHT_MAX: f32 = 640.0;

const PAGE: u8 = 226;
const WHITE: u8 = 240;
const INK: u8 = 26;
const BEZEL: u8 = 14;
const FINGER: u8 = 142;

/// A flat texture at about the frame's resolution; what is not covered lets the scene through.
pub struct Screen {
    pub width: usize,
    pub height: usize,
    /// Brightness of each texel.
    pub luma: Vec<u8>,
    /// How much of each texel is covered, 0 to 255.
    pub cover: Vec<u8>,
}

impl Screen {
    /// A phone with the pass page: a header, the code on a white panel, lines of text and a button.
    pub fn with_code(code: &QrCode) -> Self {
        let modules = code.width() + 2 * QUIET_ZONE;
        let side = (modules as f32 * MODULE_SIDE_WANTED).clamp(CODE_SIDE_USUAL, CODE_SIDE_MAX) as usize;
        let (width, height) = (side * 118 / 100, side * 228 / 100);
        let mut page = Page::new(width, height);
        let left = (width - side) / 2;
        let top = (height - side) * 42 / 100;
        page.writing(left, height / 14, side / 2, side / 16);
        page.writing(left, height / 14 + side / 9, side * 3 / 4, side / 28);
        page.code(code, left, top, side);
        page.writing(left + side / 6, top + side + side / 12, side * 2 / 3, side / 22);
        page.writing(left + side / 4, top + side + side / 6, side / 2, side / 26);
        page.fill((left, height - height / 9), (side, side / 7), 92);
        // The middle of the code is where the phone is aimed.
        Self::framed(page, true, top + side / 2)
    }

    /// A screen of the picture's own shape; none when its sides and bytes disagree.
    pub fn with_picture(picture: &Frame) -> Option<Self> {
        let (width, height) = (picture.width as usize, picture.height as usize);
        if width == 0 || height == 0 || picture.luma.len() != width.checked_mul(height)? {
            return None;
        }
        let scale = (PICTURE_WIDTH_MAX / width as f32).min(PICTURE_HEIGHT_MAX / height as f32);
        let shown_width = ((width as f32 * scale) as usize).max(1);
        let shown_height = ((height as f32 * scale) as usize).max(1);
        let source = image::GrayImage::from_raw(picture.width, picture.height, picture.luma.clone())?;
        let fitted = image::imageops::resize(
            &source,
            shown_width as u32,
            shown_height as u32,
            image::imageops::FilterType::Triangle,
        );
        let page = Page { luma: fitted.into_raw(), width: shown_width, height: shown_height };
        Some(Self::framed(page, false, shown_height / 2))
    }

    /// Puts a bezel and, for a phone, a hand round a page, so that row `aim` lies in the texture's middle; then
    /// softens it all as a lens that is nearly in focus does.
    fn framed(page: Page, hand: bool, aim: usize) -> Self {
        let bezel = page.width / 22 + 4;
        let margin = page.width / 7 + 6;
        let width = page.width + 2 * margin;
        let reach = aim.max(page.height - aim) + margin;
        let height = 2 * reach;
        let (left, top) = (margin, reach - aim);
        let mut screen =
            Self { width, height, luma: vec![0; width * height], cover: vec![0; width * height] };
        if hand {
            screen.finger(left, top + page.height * 5 / 8, margin);
            screen.finger(left + page.width, top + page.height * 9 / 16, margin);
            screen.finger(left + page.width, top + page.height * 11 / 16, margin);
        }
        let body = (left - bezel, top - bezel, page.width + 2 * bezel, page.height + 2 * bezel);
        screen.rounded(body, bezel * 2, BEZEL);
        for (y, row) in page.luma.chunks_exact(page.width).enumerate() {
            screen.luma[(top + y) * width + left..][..page.width].copy_from_slice(row);
        }
        screen.soften();
        screen
    }

    fn rounded(
        &mut self,
        (left, top, width, height): (usize, usize, usize, usize),
        radius: usize,
        value: u8,
    ) {
        for y in 0..height {
            for x in 0..width {
                let across = radius.saturating_sub(x.min(width - 1 - x));
                let down = radius.saturating_sub(y.min(height - 1 - y));
                if across * across + down * down <= radius * radius {
                    self.set(left + x, top + y, value);
                }
            }
        }
    }

    /// A fingertip seen round the edge of the phone.
    fn finger(&mut self, x: usize, y: usize, reach: usize) {
        let (wide, high) = (reach * 4 / 5, reach / 2);
        for down in 0..2 * high {
            for across in 0..2 * wide {
                let (dx, dy) = (across as f32 / wide as f32 - 1.0, down as f32 / high as f32 - 1.0);
                let inside = 1.0 - dx * dx - dy * dy;
                if inside > 0.0 && x + across >= wide && y + down >= high {
                    let shade = FINGER - ((1.0 - inside) * 50.0) as u8;
                    self.set(x + across - wide, y + down - high, shade);
                }
            }
        }
    }

    fn set(&mut self, x: usize, y: usize, value: u8) {
        if x < self.width && y < self.height {
            self.luma[y * self.width + x] = value;
            self.cover[y * self.width + x] = 255;
        }
    }

    fn soften(&mut self) {
        for plane in [&mut self.luma, &mut self.cover] {
            if let Some(picture) =
                image::GrayImage::from_raw(self.width as u32, self.height as u32, std::mem::take(plane))
            {
                *plane = image::imageops::blur(&picture, 0.8).into_raw();
            }
        }
    }
}

/// What the screen shows, without its frame.
struct Page {
    luma: Vec<u8>,
    width: usize,
    height: usize,
}

impl Page {
    fn new(width: usize, height: usize) -> Self {
        Self { luma: vec![PAGE; width * height], width, height }
    }

    fn fill(&mut self, (left, top): (usize, usize), (width, height): (usize, usize), value: u8) {
        for row in self.luma.chunks_exact_mut(self.width).skip(top).take(height.min(self.height)) {
            row[left..(left + width).min(self.width)].fill(value);
        }
    }

    /// Strokes the size of characters.
    fn writing(&mut self, left: usize, top: usize, width: usize, size: usize) {
        let size = size.max(3);
        let stroke = (size / 4).max(1);
        for character in 0..width / (size + size / 3 + 1) {
            let x = left + character * (size + size / 3 + 1);
            self.fill((x, top), (size, stroke), INK + 40);
            self.fill((x, top + size / 2), (size, stroke), INK + 40);
            self.fill((x + size / 3, top), (stroke, size), INK + 40);
        }
    }

    /// The code with its quiet zone, each texel as much ink as modules cover it.
    fn code(&mut self, code: &QrCode, left: usize, top: usize, side: usize) {
        const SUB: usize = 3;
        let colors = code.to_colors();
        let modules = code.width() + 2 * QUIET_ZONE;
        let module_at = |sub: usize| (sub * modules / (side * SUB)).checked_sub(QUIET_ZONE);
        let is_dark = |x: usize, y: usize| match (module_at(x), module_at(y)) {
            (Some(x), Some(y)) if x < code.width() && y < code.width() => {
                colors[y * code.width() + x] == Color::Dark
            }
            _ => false,
        };
        for y in 0..side {
            for x in 0..side {
                let subs = (0..SUB * SUB).filter(|sub| is_dark(x * SUB + sub % SUB, y * SUB + sub / SUB));
                let ink = subs.count() * usize::from(WHITE - INK) / (SUB * SUB);
                self.luma[(top + y) * self.width + left + x] = WHITE - ink as u8;
            }
        }
    }
}

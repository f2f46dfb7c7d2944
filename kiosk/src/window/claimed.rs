//! The claimed door. The voucher's picture exists only while the screen shows it.

use qrcode::{Color, QrCode};
use slint::{ComponentHandle, Image, Rgb8Pixel, SharedPixelBuffer};
use ui::{Claimed, KioskWindow};

use super::{Send, lines, number, tap, text};
use crate::app::Tap;
use crate::app::view::ClaimedView;

const INK: Rgb8Pixel = Rgb8Pixel { r: 0x22, g: 0x1a, b: 0x14 };
const PAPER: Rgb8Pixel = Rgb8Pixel { r: 0xff, g: 0xff, b: 0xff };

pub fn connect(window: &KioskWindow, send: &Send) {
    let door = window.global::<Claimed>();
    door.on_done(tap(send, Tap::End));
    door.on_more(tap(send, Tap::More));
}

pub fn show(window: &KioskWindow, view: Option<&ClaimedView>) {
    let door = window.global::<Claimed>();
    let or_empty = |read: fn(&ClaimedView) -> &str| text(view.map_or("", read));
    door.set_title(or_empty(|view| &view.title));
    door.set_coupon(or_empty(|view| &view.coupon));
    door.set_instruction(or_empty(|view| &view.instruction));
    door.set_state_note(or_empty(|view| &view.state_note));
    door.set_lines(lines(view.map_or(&[], |view| &view.lines)));
    door.set_voucher(code(view.map_or("", |view| &view.voucher)));
    door.set_seconds_left(number(view.map_or(0, |view| view.seconds_left)));
}

/// A QR code, one pixel a module and no quiet zone, as the panel wants it; nothing for no text.
fn code(text: &str) -> Image {
    if text.is_empty() {
        return Image::default();
    }
    let code = match QrCode::new(text) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!(%error, "a voucher does not fit a QR code");
            return Image::default();
        }
    };
    let side = u32::try_from(code.width()).unwrap_or_default();
    let mut pixels = SharedPixelBuffer::<Rgb8Pixel>::new(side, side);
    for (pixel, module) in pixels.make_mut_slice().iter_mut().zip(code.to_colors()) {
        *pixel = if module == Color::Dark { INK } else { PAPER };
    }
    Image::from_rgb8(pixels)
}

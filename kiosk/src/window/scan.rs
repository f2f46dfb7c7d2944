//! The scan door: the hint, and the camera's picture while somebody aims.

use slint::{ComponentHandle, Image, Rgb8Pixel, SharedPixelBuffer};
use ui::{KioskWindow, Scan, Tone};

use super::{Send, tap, text};
use crate::app::Tap;
use crate::app::view::ScanView;
use crate::scanner::Preview;

pub fn connect(window: &KioskWindow, send: &Send) {
    let door = window.global::<Scan>();
    door.on_back(tap(send, Tap::Back));
    door.on_browse(tap(send, Tap::Browse));
}

pub fn show(window: &KioskWindow, view: Option<&ScanView>) {
    let door = window.global::<Scan>();
    door.set_hint(text(view.map_or("", |view| &view.hint)));
    let is_warning = view.is_some_and(|view| view.is_warning);
    door.set_hint_tone(if is_warning { Tone::Warning } else { Tone::Info });
    if view.is_none() {
        door.set_picture(Image::default());
    }
}

/// Shows a picture to aim by in place of the last one.
pub fn aim(window: &KioskWindow, preview: &Preview) {
    let mut pixels = SharedPixelBuffer::<Rgb8Pixel>::new(preview.width, preview.height);
    for (pixel, luma) in pixels.make_mut_slice().iter_mut().zip(&preview.luma) {
        *pixel = Rgb8Pixel { r: *luma, g: *luma, b: *luma };
    }
    window.global::<Scan>().set_picture(Image::from_rgb8(pixels));
}

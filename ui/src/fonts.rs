//! The two fonts of the kiosk travel inside the binary.
//!
//! `theme.slint` imports both weights, so Slint registers them when the window is made and every text names their
//! family: no installed font, environment variable or order of start-up decides what a shopper reads, and pictures
//! taken in tests are the same on every machine. Bold lacks the rare characters of GB2312 level 2; those few fall back
//! to Regular of the same family.
//!
//! One thing is left to the system: Slint's font library panics at start when fontconfig finds *no font at all*. Every
//! desktop has one; a device image installs this crate's `fonts/*.otf` and starts the kiosk with
//! `FONTCONFIG_FILE` naming its copy of `fonts/fonts.conf`.

use crate::KioskWindow;

/// The family both weights carry.
pub const FAMILY: &str = "City Kiosk Sans";

/// Chinese text would be drawn as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FontMissing;

impl std::fmt::Display for FontMissing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "no font draws Chinese: the width of 券 is zero")
    }
}

impl std::error::Error for FontMissing {}

/// Measures one Chinese character in `window`, as it would be drawn; run once at boot, before the window shows.
///
/// Slint draws text without a font as nothing and says nothing, so this is the only way to notice.
///
/// # Errors
/// [`FontMissing`] when the character has no width.
pub fn self_test(window: &KioskWindow) -> Result<(), FontMissing> {
    if window.get_font_probe_width() > 0.0 { Ok(()) } else { Err(FontMissing) }
}

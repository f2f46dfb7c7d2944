//! A QR code as an SVG picture: one path, sharp at any size.

use qrcode::{Color, EcLevel, QrCode, types::QrError};
use std::fmt::Write as _;

/// White modules around the code; readers rely on four.
const QUIET: usize = 4;

/// The picture of `text` with error correction M, scaled by whoever shows it.
pub(crate) fn svg(text: &str, label: &str) -> Result<String, QrError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let width = code.width();
    let side = width + 2 * QUIET;
    let path = outline(&code.to_colors(), width);
    Ok(format!(
        "<svg viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" shape-rendering=\"crispEdges\">\
         <path fill=\"currentColor\" d=\"{path}\"/></svg>"
    ))
}

/// One rectangle per run of dark modules.
fn outline(modules: &[Color], width: usize) -> String {
    let mut path = String::new();
    for (row, line) in modules.chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = line[column..].iter().take_while(|module| **module == Color::Dark).count();
            if run > 0 {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
            }
            column += run.max(1);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_every_dark_module_once_and_a_quiet_zone() {
        let text = "CX1:".to_owned() + &"A7%B".repeat(53);
        let code = QrCode::with_error_correction_level(&text, EcLevel::M).unwrap();
        let dark = code.to_colors().iter().filter(|module| **module == Color::Dark).count();
        let picture = svg(&text, "码").unwrap();
        assert!(picture.starts_with(&format!("<svg viewBox=\"0 0 {0} {0}\"", code.width() + 8)));
        let drawn: usize = picture
            .split("v1h-")
            .skip(1)
            .map(|part| part.split('z').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(drawn, dark);
        assert!(picture.contains("M4 4h7v1h-7z"));
    }
}

//! What a shopper sees and touches, through the element tree and the software renderer.

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use slint::{ComponentHandle, platform::PointerEventButton};
use std::path::{Path, PathBuf};
use ui::{KioskWindow, Nav, Screen};

/// Why a screen could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// No enabled button has this label.
    #[error("no button `{label}`; there are: {there}")]
    NoButton {
        /// The label asked for.
        label: String,
        /// The labels there are.
        there: String,
    },
    /// The renderer gave no picture.
    #[error("the screen could not be drawn")]
    NotDrawn(#[from] slint::PlatformError),
    /// The renderer gave a picture of another size than it says.
    #[error("the picture is broken")]
    Broken,
    /// The picture could not be written.
    #[error("{} could not be written", file.display())]
    NotWritten {
        /// Where to.
        file: PathBuf,
        /// Why not.
        source: image::ImageError,
    },
}

/// The name of the screen that is shown.
pub fn name(window: &KioskWindow) -> &'static str {
    match window.global::<Nav>().get_screen() {
        Screen::Attract => "attract",
        Screen::Scan => "scan",
        Screen::Offers => "offers",
        Screen::OfferDetail => "offer_detail",
        Screen::Claimed => "claimed",
        Screen::Refused => "refused",
        Screen::StillThere => "still_there",
        Screen::Maintenance => "maintenance",
    }
}

/// Every text of the screen, top to bottom; what a control says comes as its label and its description.
pub fn texts(window: &KioskWindow) -> Vec<String> {
    let mut found: Vec<(i32, i32, String)> = Vec::new();
    for element in ElementQuery::from_root(window).match_descendants().find_all() {
        let place = element.absolute_position();
        let said = [element.accessible_label(), element.accessible_value(), element.accessible_description()];
        for text in said.into_iter().flatten().filter(|text| !text.trim().is_empty()) {
            found.push((place.y as i32, place.x as i32, text.into()));
        }
    }
    // Stable, so that a label stays before its description.
    found.sort_by_key(|(y, x, _)| (*y, *x));
    // The query gives some elements several times.
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|line| seen.insert(line.clone()));
    found.into_iter().map(|(_, _, text)| text).collect()
}

/// The labels of the buttons that can be used.
pub fn buttons(window: &KioskWindow) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for button in enabled_buttons(window) {
        let label = String::from(button.accessible_label().unwrap_or_default());
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// Taps the button with this label, a countdown in it aside, in its middle, with a finger that stays for a moment.
pub async fn tap(window: &KioskWindow, label: &str) -> Result<(), ScreenError> {
    let named = |button: &ElementHandle| {
        button.accessible_label().is_some_and(|found| found == label || without_countdown(&found) == label)
    };
    match enabled_buttons(window).into_iter().find(named) {
        Some(button) => {
            button.single_click(PointerEventButton::Left).await;
            Ok(())
        }
        None => Err(ScreenError::NoButton { label: label.to_owned(), there: buttons(window).join("、") }),
    }
}

/// Draws the screen into a PNG file.
pub fn picture(window: &KioskWindow, file: &Path) -> Result<(), ScreenError> {
    let pixels = window.window().take_snapshot()?;
    let (width, height) = (pixels.width(), pixels.height());
    let drawn =
        image::RgbaImage::from_raw(width, height, pixels.as_bytes().to_vec()).ok_or(ScreenError::Broken)?;
    // A screen has no transparency, and three bytes a pixel are enough for a file.
    let opaque = image::DynamicImage::ImageRgba8(drawn).into_rgb8();
    opaque.save(file).map_err(|source| ScreenError::NotWritten { file: file.to_owned(), source })
}

/// True when nothing on the screen moves any more; draws it to find out.
pub fn is_settled(window: &KioskWindow) -> Result<bool, ScreenError> {
    window.window().take_snapshot()?;
    Ok(!window.window().has_active_animations())
}

fn enabled_buttons(window: &KioskWindow) -> Vec<ElementHandle> {
    let query = ElementQuery::from_root(window).match_descendants();
    let mut buttons = query.match_accessible_role(AccessibleRole::Button).find_all();
    buttons.retain(|button| button.accessible_enabled().unwrap_or(true));
    buttons
}

/// 完成（15） is 完成, however much time is left.
fn without_countdown(label: &str) -> &str {
    let counted = label.strip_suffix('）').and_then(|text| text.rsplit_once('（'));
    match counted {
        Some((words, seconds)) if seconds.bytes().all(|letter| letter.is_ascii_digit()) => words,
        Some(_) | None => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_is_no_part_of_a_name() {
        for (label, name) in [("完成（15）", "完成"), ("完成", "完成"), ("咖啡（大杯）", "咖啡（大杯）")]
        {
            assert_eq!(without_countdown(label), name);
        }
    }
}

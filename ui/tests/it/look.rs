//! The theme alone decides the look, its colours can be read by day and night, and its motion ends.

use slint::{Color, ComponentHandle};
use ui::{Nav, Screen, Theme};

use super::scenes;
use super::stage::Stage;

/// Luminance contrast of two colours as WCAG 2.2 defines it, 1 to 21.
fn contrast(one: Color, two: Color) -> f64 {
    let channel = |value: u8| {
        let share = f64::from(value) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    let light = |color: Color| {
        0.2126 * channel(color.red()) + 0.7152 * channel(color.green()) + 0.0722 * channel(color.blue())
    };
    let (bright, dark) = (light(one).max(light(two)), light(one).min(light(two)));
    (bright + 0.05) / (dark + 0.05)
}

#[test]
fn every_text_colour_reads_on_its_ground_by_day_and_night() {
    let stage = Stage::new();
    let theme = stage.window.global::<Theme>();
    for night in [false, true] {
        theme.set_night(night);
        let pairs = [
            ("ink on paper", theme.get_ink(), theme.get_paper(), 4.5),
            ("ink on card", theme.get_ink(), theme.get_card(), 4.5),
            ("ink on line", theme.get_ink(), theme.get_line(), 4.5),
            ("soft ink on paper", theme.get_ink_soft(), theme.get_paper(), 4.5),
            ("soft ink on card", theme.get_ink_soft(), theme.get_card(), 4.5),
            ("soft ink on stub", theme.get_ink_soft(), theme.get_festive_soft(), 4.5),
            ("soft ink, sunk", theme.get_ink_soft(), theme.get_sunk(), 4.5),
            ("soft ink on a resting button", theme.get_ink_soft(), theme.get_line(), 4.5),
            ("label of the primary button", theme.get_on_festive(), theme.get_festive(), 4.5),
            ("gold badge", theme.get_gold(), theme.get_gold_soft(), 4.5),
            ("jade chip", theme.get_jade(), theme.get_jade_soft(), 4.5),
            ("jade on card", theme.get_jade(), theme.get_card(), 4.5),
            ("amber note", theme.get_amber(), theme.get_amber_soft(), 4.5),
            ("alert note", theme.get_alert(), theme.get_alert_soft(), 4.5),
            ("alert on card", theme.get_alert(), theme.get_card(), 4.5),
            ("text over the camera", theme.get_on_lens_soft(), theme.get_lens(), 4.5),
            // Large figures need three to one.
            ("amount", theme.get_festive(), theme.get_festive_soft(), 3.0),
        ];
        for (name, ink, ground, least) in pairs {
            let found = contrast(ink, ground);
            assert!(found >= least, "{name}, night {night}: {found:.2} to 1");
        }
    }
}

#[test]
fn a_page_arrives_within_its_time_and_rests() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    stage.open(Screen::Scan);
    stage.window.global::<Nav>().set_screen(Screen::Refused);
    stage.wait(100);
    let arriving = stage.shot("refused_arriving");
    stage.wait(200);
    let rested = stage.shot("refused_day");
    assert!(arriving != rested, "the page did not move");
    stage.wait(5_000);
    assert!(rested == stage.shot("refused_day"), "something still moves");
}

#[test]
fn no_screen_and_no_widget_names_a_colour_or_a_size() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for folder in ["slint/screens", "slint/widgets"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let markup = std::fs::read_to_string(&path).unwrap();
            files += 1;
            for (index, line) in markup.lines().enumerate() {
                let place = format!("{}:{}: {line}", path.display(), index + 1);
                assert!(!line.contains('#'), "a colour: {place}");
                // 0 and 1 are arithmetic (nothing, one unit), anything else is a size of its own.
                for number in line.split("px").filter(|_| line.contains("px")).map(trailing_number) {
                    assert!(matches!(number, "" | "0" | "1"), "a size: {place}");
                }
            }
        }
    }
    assert!(files > 15, "only {files} files were read");
}

/// The digits and points a text ends with.
fn trailing_number(text: &str) -> &str {
    let start = text.rfind(|char: char| !char.is_ascii_digit() && char != '.').map_or(0, |at| at + 1);
    text.get(start..).unwrap_or_default()
}

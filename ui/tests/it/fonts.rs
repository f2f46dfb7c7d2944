//! The embedded fonts draw Chinese, and carry every character our own texts use.

use std::collections::BTreeSet;
use std::path::Path;

use skrifa::{FontRef, MetadataProvider};
use ui::Screen;

use super::stage::Stage;

const REGULAR: &[u8] = include_bytes!("../../fonts/CityKioskSans-Regular.otf");
const BOLD: &[u8] = include_bytes!("../../fonts/CityKioskSans-Bold.otf");

/// Every character in the files below `folder` that a screen could show.
fn characters(folder: &Path, found: &mut BTreeSet<char>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            characters(&path, found);
        } else {
            found.extend(std::fs::read_to_string(&path).unwrap().chars().filter(|char| !char.is_control()));
        }
    }
}

#[test]
fn the_boot_self_test_passes_with_the_embedded_fonts() {
    let stage = Stage::new();
    assert_eq!(ui::fonts::self_test(&stage.window), Ok(()));
}

#[test]
fn both_weights_carry_every_character_of_our_own_texts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wanted = BTreeSet::new();
    characters(&root.join("slint"), &mut wanted);
    characters(&root.join("translations"), &mut wanted);
    assert!(wanted.contains(&'券'), "the texts were read");
    for (weight, bytes) in [("Regular", REGULAR), ("Bold", BOLD)] {
        let font = FontRef::new(bytes).unwrap();
        let missing: String = wanted.iter().filter(|char| font.charmap().map(**char).is_none()).collect();
        assert_eq!(missing, "", "{weight}: run fonts/subset.py");
    }
}

#[test]
fn regular_carries_the_rare_names_of_shops() {
    let font = FontRef::new(REGULAR).unwrap();
    for char in "饕餮鑫淼".chars() {
        assert!(font.charmap().map(char).is_some(), "{char}");
    }
}

/// Bold has no 饕餮; the same family's Regular steps in, so the title is as wide as its characters.
#[test]
fn a_rare_character_in_bold_is_still_drawn() {
    let width_of = |text: &str| {
        let stage = Stage::new();
        let refused = slint::ComponentHandle::global::<ui::Refused>(&stage.window);
        refused.set_title(text.into());
        refused.set_body("".into());
        refused.set_help("".into());
        stage.open(Screen::Refused);
        ink_columns(&stage.shot("refused_rare"))
    };
    let (common, rare) = std::thread::scope(|scope| {
        let common = scope.spawn(|| width_of("同庆楼宴会")).join().unwrap();
        let rare = scope.spawn(|| width_of("同庆楼饕餮")).join().unwrap();
        (common, rare)
    });
    assert!(rare * 10 > common * 9, "{rare} columns of ink against {common}");
}

/// How many columns of the title's band hold ink.
fn ink_columns(picture: &image::RgbaImage) -> usize {
    let band = picture.height() * 54 / 100..picture.height() * 57 / 100;
    let dark = |x: u32| band.clone().any(|y| picture.get_pixel(x, y).0[0] < 0x60);
    (0..picture.width()).filter(|x| dark(*x)).count()
}

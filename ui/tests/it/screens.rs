//! Each screen, by day and night, ordinary and with the longest texts, has no fault a reviewer would refuse.

use slint::{ComponentHandle, ModelRc};
use ui::{Card, Claimed, Notice, Offers, RefusalKind, Refused, Scan, Screen, Theme, Tone};

use super::scenes;
use super::stage::Stage;

const SCREENS: [(Screen, &str); 8] = [
    (Screen::Attract, "attract"),
    (Screen::Scan, "scan"),
    (Screen::Offers, "offers"),
    (Screen::OfferDetail, "offer_detail"),
    (Screen::Claimed, "claimed"),
    (Screen::Refused, "refused"),
    (Screen::StillThere, "still_there"),
    (Screen::Maintenance, "maintenance"),
];

/// Opens every screen, writes its picture and gathers what is wrong with each.
fn review(stage: &Stage, suffix: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (screen, name) in SCREENS {
        stage.open(screen);
        stage.shot(&format!("{name}_{suffix}"));
        assert!(!stage.buttons().is_empty(), "{name} offers no way on");
        faults.extend(stage.faults().into_iter().map(|fault| format!("{name}: {fault}")));
    }
    faults
}

#[test]
fn every_screen_is_whole_by_day() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    assert_eq!(review(&stage, "day"), Vec::<String>::new());
}

#[test]
fn every_screen_is_whole_by_night() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    stage.window.global::<Theme>().set_night(true);
    assert_eq!(review(&stage, "night"), Vec::<String>::new());
    let corner = *stage.shot("maintenance_night").get_pixel(2, 2);
    assert_eq!(corner, image::Rgba([0x14, 0x16, 0x2b, 0xff]), "the night paper");
}

#[test]
fn the_longest_texts_fit_on_the_smallest_panel() {
    let stage = Stage::new();
    scenes::fill_long(&stage.window);
    stage.window.global::<Theme>().set_mm_per_px(0.248);
    assert_eq!(review(&stage, "long"), Vec::<String>::new());
}

#[test]
fn english_fits_too() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    ui::Language::English.select().unwrap();
    assert_eq!(review(&stage, "english"), Vec::<String>::new());
}

#[test]
fn every_text_of_the_markup_has_its_english() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let english = std::fs::read_to_string(root.join("translations/en/LC_MESSAGES/ui.po")).unwrap();
    let mut texts = 0;
    for folder in ["slint", "slint/screens", "slint/widgets"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let markup = if path.is_file() { std::fs::read_to_string(&path).unwrap() } else { String::new() };
            for text in markup.split("@tr(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                texts += 1;
                assert!(english.contains(&format!("msgid \"{text}\"\n")), "{text} in {}", path.display());
            }
        }
    }
    assert!(texts > 30, "only {texts} texts were found");
    assert!(!english.contains("msgstr \"\"\n\n"), "an empty translation");
}

#[test]
fn a_text_that_does_not_fit_is_found() {
    let stage = Stage::new();
    let offers = stage.window.global::<Offers>();
    let mut card = scenes::evening().remove(0);
    card.place = "很长的店名".repeat(20).into();
    offers.set_cards(scenes::cards(vec![card]));
    stage.open(Screen::Offers);
    assert!(stage.faults().iter().any(|fault| fault.starts_with("text is cut")), "{:?}", stage.faults());
}

#[test]
fn no_offers_is_a_sentence_and_a_way_on() {
    let stage = Stage::new();
    stage.window.global::<Offers>().set_cards(ModelRc::<Card>::default());
    stage.window.global::<Offers>().set_pages(1);
    stage.window.global::<Offers>().set_subline("可以先看看大家都能领的".into());
    stage.open(Screen::Offers);
    stage.shot("offers_empty");
    assert_eq!(stage.faults(), Vec::<String>::new());
    let labels: Vec<_> = stage.buttons().iter().filter_map(|button| button.accessible_label()).collect();
    assert!(labels.iter().any(|label| label == "看公共优惠"), "{labels:?}");
}

#[test]
fn every_refusal_has_the_same_look() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    let refused = stage.window.global::<Refused>();
    for (kind, name) in
        [(RefusalKind::Info, "info"), (RefusalKind::Warning, "warning"), (RefusalKind::Alert, "alert")]
    {
        refused.set_kind(kind);
        stage.open(Screen::Refused);
        stage.shot(&format!("refused_{name}"));
        assert_eq!(stage.faults(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_camera_without_a_picture_says_so() {
    let stage = Stage::new();
    stage.window.global::<Scan>().set_picture(slint::Image::default());
    stage.open(Screen::Scan);
    stage.shot("scan_no_camera");
    assert_eq!(stage.faults(), Vec::<String>::new());
}

#[test]
fn a_claim_is_celebrated_once_and_then_rests() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    stage.window.global::<Claimed>().set_seconds_left(15);
    stage.window.global::<ui::Nav>().set_screen(Screen::Claimed);
    stage.wait(350);
    let flying = stage.shot("claimed_confetti");
    stage.wait(1_000);
    let rested = stage.shot("claimed_day");
    assert!(flying != rested, "no confetti flew");
    stage.wait(3_000);
    assert!(rested == stage.shot("claimed_day"), "something still moves");
}

#[test]
fn reduced_motion_shows_no_confetti() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    stage.window.global::<Theme>().set_reduced_motion(true);
    stage.window.global::<ui::Nav>().set_screen(Screen::Claimed);
    stage.wait(50);
    let first = stage.shot("claimed_still");
    stage.wait(400);
    assert!(first == stage.shot("claimed_still"), "something moved");
}

#[test]
fn a_notice_covers_no_control() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    let notice = stage.window.global::<Notice>();
    notice.set_text("网络已恢复，刚才领取的券已确认".into());
    notice.set_tone(Tone::Good);
    stage.open(Screen::Offers);
    stage.shot("offers_notice");
    assert_eq!(stage.faults(), Vec::<String>::new());
}

#[test]
fn a_phone_can_read_the_voucher_off_the_screen() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    for (night, name) in [(false, "claimed_day"), (true, "claimed_night")] {
        stage.window.global::<Theme>().set_night(night);
        stage.open(Screen::Claimed);
        let grey = image::DynamicImage::ImageRgba8(stage.shot(name)).to_luma8();
        let (width, height) = (grey.width() as usize, grey.height() as usize);
        let light = |x: usize, y: usize| grey.get_pixel(x as u32, y as u32).0[0];
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, light);
        let codes = picture.detect_grids();
        assert_eq!(codes.len(), 1, "{name}");
        assert_eq!(codes[0].decode().unwrap().1, scenes::VOUCHER, "{name}");
    }
}

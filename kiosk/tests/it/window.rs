//! The whole kiosk, from camera frames to pixels: real store, real scanner, a platform in memory.

use domain::voucher;
use kiosk::app::view::ScreenName;
use kiosk::ports::Cue;
use slint::{ComponentHandle, Model};
use ui::{Claimed, OfferDetail, Offers, Refused, Scan};

use crate::desk::{Desk, city, read};
use crate::mall::{self, young_single};

const EVENING: &str = "2026-11-22T20:05:00+08:00";

#[test]
fn a_shopper_claims_offline_and_the_claim_survives_until_the_network_is_back() {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at(EVENING));
    let platform = city(now);
    let desk = Desk::new(folder.path(), platform.clone(), now);
    assert_eq!(desk.screen(), ScreenName::Maintenance);
    desk.pair();
    desk.until_screen(ScreenName::Attract);
    desk.shot("attract");

    desk.show(&young_single(1, now));
    desk.until_screen(ScreenName::Offers);
    desk.camera.hold(None);
    desk.shot("offers");
    platform.cut(true);
    desk.tap("夜市小吃满减券");
    desk.shot("offer_detail");
    desk.tap("领取");
    desk.until_screen(ScreenName::Claimed);
    let shown = read(&desk.shot("claimed"));
    let text = shown.iter().find(|text| text.starts_with("CV1:")).expect("a voucher a phone can read");
    assert!(voucher::read(text.as_bytes()).is_ok());
    assert_eq!(desk.sounds.heard(), [Cue::Accepted, Cue::Claimed]);
    let waiting = |desk: &Desk| desk.kiosk.store().ask(|store| store.pending(10).unwrap()).unwrap();
    assert_eq!(waiting(&desk)[0].voucher, *text);

    // The process ends here; another one finds the claim and delivers it.
    drop(desk);
    platform.cut(false);
    let desk = Desk::again(folder.path(), platform.clone(), now);
    desk.until("the report", |desk| waiting(desk).is_empty());
    assert_eq!(platform.coupons().len(), 1);
}

#[test]
fn what_a_person_saw_leaves_every_door_with_the_stay() {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at(EVENING));
    let desk = Desk::new(folder.path(), city(now), now);
    desk.pair();
    desk.show(&young_single(1, now));
    desk.until_screen(ScreenName::Offers);
    desk.camera.hold(None);
    desk.tap("夜市小吃满减券");
    desk.tap("领取");
    desk.until_screen(ScreenName::Claimed);
    let window = desk.kiosk.window().component();
    assert!(window.global::<Claimed>().get_voucher().size().width > 0);
    desk.tap("完成（15）");
    desk.until_screen(ScreenName::Attract);
    let (claimed, offers) = (window.global::<Claimed>(), window.global::<Offers>());
    assert_eq!(claimed.get_voucher().size().width, 0);
    assert_eq!((claimed.get_coupon().as_str(), claimed.get_lines().row_count()), ("", 0));
    assert_eq!((offers.get_greeting().as_str(), offers.get_cards().row_count()), ("", 0));
    assert_eq!(window.global::<OfferDetail>().get_card(), ui::Card::default());
}

#[test]
fn a_payment_code_before_the_camera_is_refused_in_words_and_written_nowhere() {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at(EVENING));
    let desk = Desk::new(folder.path(), city(now), now);
    desk.pair();
    desk.tap("触摸开始");
    assert_eq!(desk.screen(), ScreenName::Scan);
    let payment = "134567890123456789";
    desk.show(payment);
    desk.until("the picture to aim by", |desk| {
        let picture = desk.kiosk.window().component().global::<Scan>().get_picture();
        picture.size().width > 0 || desk.screen() == ScreenName::Refused
    });
    desk.until_screen(ScreenName::Refused);
    desk.shot("refused");
    let window = desk.kiosk.window().component();
    assert_eq!(window.global::<Refused>().get_title(), "请勿展示付款码");
    assert_eq!(window.global::<Scan>().get_picture().size().width, 0, "no camera picture stays behind");
    drop(desk);
    let mut looked_at = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = match std::fs::read(entry.unwrap().path()) {
            Ok(bytes) => bytes,
            // The store closes on its own thread; its write-ahead logs go while we look.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => panic!("{error}"),
        };
        assert!(!bytes.windows(payment.len()).any(|part| part == payment.as_bytes()));
        looked_at += 1;
    }
    assert!(looked_at >= 2, "both databases stand there");
}

#[test]
fn a_quiet_stay_ends_by_the_windows_own_timer() {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at(EVENING));
    let desk = Desk::new(folder.path(), city(now), now);
    desk.pair();
    desk.until_screen(ScreenName::Attract);
    desk.tap("触摸开始");
    desk.tap("先逛逛");
    assert_eq!(desk.screen(), ScreenName::Offers);
    desk.pass_ms(20_200);
    assert_eq!(desk.screen(), ScreenName::StillThere);
    desk.shot("still_there");
    desk.tap("继续");
    assert_eq!(desk.screen(), ScreenName::Offers);
    desk.pass_ms(41_000);
    assert_eq!(desk.screen(), ScreenName::Attract);
}

#[test]
fn the_third_shopper_meets_an_empty_lease_and_is_told_where_to_go() {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at(EVENING));
    let platform = city(now);
    platform.set_stock(mall::night().id, 1);
    let desk = Desk::new(folder.path(), platform.clone(), now);
    desk.pair();
    platform.cut(true);
    for person in [1_u8, 2] {
        let head = cloud_sync::testing::code_head(person, 1, now);
        desk.show(&mall::code(head, &[mall::YOUNG, mall::SINGLE]));
        desk.until("the next shopper", |desk| {
            let shopper = desk.kiosk.with_state(|state| state.shopper().map(|shopper| shopper.pseudonym));
            shopper.is_some_and(|shopper| shopper.to_bytes() == [person; 16])
        });
        desk.camera.hold(None);
        desk.tap("夜市小吃满减券");
        desk.tap(if person == 1 { "领取" } else { "本机已领完，看看其他办法" });
        desk.until_screen(if person == 1 { ScreenName::Claimed } else { ScreenName::Refused });
    }
    desk.shot("lease_empty");
    assert_eq!(desk.kiosk.window().component().global::<Refused>().get_title(), "这张券本机已领完");
}

//! How a stay begins, lasts and ends, and what is left of it: nothing.

use cloud_sync::core::PairingNeeded;
use kiosk::app::view::ScreenName;
use kiosk::app::{Event, Tap, watching};
use kiosk::scanner::Watching;

use super::Play;
use super::play::VOUCHER;
use crate::mall::{ONLY_HERS, night, traveller, young_single};

const EVENING: &str = "2026-11-22T20:30:00+08:00";

fn with_claim() -> Play {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    play.tap(Tap::Open(night().id));
    play.tap(Tap::Claim);
    assert_eq!(play.screen(), ScreenName::Claimed);
    play
}

/// What of the young single can be read in all that the kiosk holds and shows.
fn traces(play: &Play) -> Vec<String> {
    let held = format!("{:?} {:?}", play.state, play.view());
    let names = [VOUCHER.to_owned(), ONLY_HERS.get().to_string(), "Pseudonym".to_owned()];
    names.into_iter().filter(|name| held.contains(name.as_str())).collect()
}

#[test]
fn the_end_of_a_stay_leaves_no_trace_of_the_person() {
    let mut play = with_claim();
    assert_eq!(traces(&play).len(), 3, "the search finds a person who is there");
    play.tap(Tap::End);
    assert_eq!(traces(&play), Vec::<String>::new());
    play.pass_s(3);
    assert_eq!(play.state.in_view, [], "the phone is gone, and so is its mark");
    let model = play.view();
    assert!(model.offers.is_none() && model.claimed.is_none() && model.offer_detail.is_none());
}

#[test]
fn only_the_screen_that_shows_holds_data() {
    let play = with_claim();
    let model = play.view();
    assert!(model.claimed.is_some());
    assert!(model.offers.is_none() && model.offer_detail.is_none() && model.attract.is_none());
}

#[test]
fn the_claimed_screen_ends_the_stay_after_its_time() {
    let mut play = with_claim();
    assert_eq!(play.view().claimed.unwrap().seconds_left, 15);
    play.pass_s(14);
    assert_eq!(play.view().claimed.unwrap().seconds_left, 1);
    play.pass_s(1);
    assert_eq!(play.screen(), ScreenName::Attract);
    assert!(play.state.session.is_none());
}

#[test]
fn a_quiet_stay_is_asked_about_and_then_ended() {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    play.pass_s(9);
    assert_eq!(play.view().offers.unwrap().countdown_text, "");
    play.pass_s(1);
    assert_eq!(play.view().offers.unwrap().countdown_text, "10 秒后询问");
    play.pass_s(10);
    assert_eq!(play.screen(), ScreenName::StillThere);
    assert_eq!(play.view().still_there.unwrap().seconds_left, 20);
    play.pass_s(20);
    assert_eq!(play.screen(), ScreenName::Attract);
    assert_eq!(traces(&play), Vec::<String>::new());
}

#[test]
fn a_stay_can_be_extended_more_than_ten_times_and_returns_to_where_it_was() {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    play.tap(Tap::Open(night().id));
    for _ in 0..12 {
        play.pass_s(20);
        assert_eq!(play.screen(), ScreenName::StillThere);
        play.tap(Tap::Stay);
        assert_eq!(play.screen(), ScreenName::OfferDetail);
    }
}

#[test]
fn touches_anywhere_keep_a_stay_but_a_phone_left_in_view_does_not() {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    for _ in 0..3 {
        play.pass_s(15);
        play.tell(Event::Touched);
    }
    assert_eq!(play.screen(), ScreenName::Offers);
    for _ in 0..20 {
        play.scan(&young_single(1, play.wall()));
        play.pass_s(1);
    }
    assert_eq!(play.screen(), ScreenName::StillThere);
}

#[test]
fn the_next_shopper_ends_the_stay_of_the_one_before() {
    let mut play = with_claim();
    play.scan(&traveller(1, play.wall()));
    assert_eq!(play.screen(), ScreenName::Offers);
    assert_eq!(play.titles()[0], "差旅早餐券");
    let held = format!("{:?} {:?}", play.state, play.view());
    assert!(!held.contains(&ONLY_HERS.get().to_string()) && !held.contains(VOUCHER));
}

#[test]
fn nobody_at_the_camera_is_helped_and_then_let_go() {
    let mut play = Play::at(EVENING);
    play.tap(Tap::Start);
    assert!(!play.view().scan.unwrap().is_warning);
    play.pass_s(6);
    assert!(play.view().scan.unwrap().is_warning);
    play.pass_s(24);
    assert_eq!(play.screen(), ScreenName::Attract);
}

#[test]
fn a_kiosk_without_a_platform_serves_nobody_and_looks_at_nothing() {
    let mut play = with_claim();
    play.tell(Event::Enrolled(Err(PairingNeeded::New)));
    assert_eq!(play.view().maintenance.unwrap().title, "本机尚未配对");
    assert_eq!(watching(&play.state), Watching::Nothing);
    assert_eq!(traces(&play), Vec::<String>::new());
    play.scan(&traveller(1, play.wall()));
    assert_eq!(play.screen(), ScreenName::Maintenance);
    play.tell(Event::Enrolled(Ok(())));
    assert_eq!(play.screen(), ScreenName::Attract);
}

#[test]
fn a_technician_reads_why_pairing_failed_until_it_succeeds() {
    let mut play = Play::at(EVENING);
    let last_pairing = |play: &Play| {
        let facts = play.view().maintenance.unwrap().facts;
        facts.into_iter().find(|fact| fact.label == "上次配对").map(|fact| fact.value)
    };
    play.tell(Event::Enrolled(Err(PairingNeeded::New)));
    play.tell(Event::PairingFailed { code: "WRONG_HOST".to_owned() });
    let told = last_pairing(&play).unwrap();
    assert!(told.contains("请核对平台地址") && told.contains("WRONG_HOST"), "{told}");
    play.tell(Event::PairingFailed { code: "SOMETHING_NEW".to_owned() });
    assert_eq!(last_pairing(&play).unwrap(), "SOMETHING_NEW");
    play.tell(Event::Enrolled(Ok(())));
    play.tell(Event::Enrolled(Err(PairingNeeded::EpochEnded)));
    assert_eq!(last_pairing(&play), None, "said of a pairing long past");
}

#[test]
fn the_store_failing_at_the_door_is_said_and_opens_nothing() {
    let mut play = Play::at(EVENING);
    let code = young_single(1, play.wall());
    let effects = play.effects(Event::CodeSeen(kiosk::app::ScannedBytes(code.into_bytes())));
    let [kiosk::app::Effect::OpenSession { token, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    play.tell(Event::SessionOpened { token: *token, outcome: Err(kiosk::app::OpeningFailed::Store) });
    assert_eq!(play.view().refused.unwrap().title, "本机暂时打不开您的券");
    assert!(play.state.session.is_none());
}

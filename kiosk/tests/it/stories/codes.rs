//! Codes before the camera.

use kiosk::app::view::{ScreenName, Weight};
use kiosk::app::{Event, Tap};

use super::Play;
use crate::mall::{self, traveller, unfit_codes, young_single};

const EVENING: &str = "2026-11-22T20:30:00+08:00";

#[test]
fn every_unfit_code_is_refused_in_its_own_words_and_nothing_of_it_is_kept() {
    let mut titles = Vec::new();
    for (name, text) in unfit_codes(mall::at(EVENING)) {
        let mut play = Play::at(EVENING);
        play.scan(&text);
        let refused = play.view().refused.unwrap_or_else(|| panic!("{name} is not refused"));
        assert!(!refused.body.is_empty() && refused.help.contains("服务台"), "{name}");
        assert!(!titles.contains(&refused.title), "{name}: {} is said twice", refused.title);
        let trace = format!("{:?} {:?}", play.state, play.view());
        assert!(!trace.contains(&text), "{name} is kept");
        assert!(play.state.session.is_none() && play.state.opening.is_none(), "{name} opens a session");
        titles.push(refused.title);
    }
}

#[test]
fn a_payment_code_is_warned_of_clearly() {
    let mut play = Play::at(EVENING);
    play.scan("281234567890123456");
    let refused = play.view().refused.unwrap();
    assert_eq!((refused.title.as_str(), refused.weight), ("请勿展示付款码", Weight::Alert));
}

#[test]
fn a_code_opens_one_session_ever() {
    let mut play = Play::at(EVENING);
    let code = young_single(1, play.wall());
    play.scan(&code);
    assert_eq!(play.screen(), ScreenName::Offers);
    play.tap(Tap::End);
    play.pass_s(10);
    play.scan(&code);
    assert_eq!(play.view().refused.unwrap().title, "这个消费码已经用过");
}

#[test]
fn a_phone_without_a_network_opens_a_session_and_its_screenshot_does_not() {
    let mut play = Play::at(EVENING);
    let starts_at = play.wall();
    play.pass_s(300);
    play.scan(&mall::offline_phone(10, starts_at));
    assert_eq!(play.screen(), ScreenName::Offers);
    play.tap(Tap::End);
    play.pass_s(10);
    play.scan(&mall::offline_phone(10, starts_at));
    assert_eq!(play.view().refused.unwrap().title, "这个消费码已经用过");
    play.pass_s(50);
    play.scan(&mall::offline_phone(10, starts_at));
    assert_eq!(play.view().refused.unwrap().title, "消费码已过期");
    play.pass_s(10);
    play.scan(&mall::offline_phone(12, starts_at));
    assert_eq!(play.screen(), ScreenName::Offers, "the phone itself has gone on");
}

#[test]
fn a_code_held_still_or_renewed_is_one_scan() {
    let mut play = Play::at(EVENING);
    for nonce in 1..=3 {
        play.scan(&young_single(nonce, play.wall()));
        play.scan(&young_single(nonce, play.wall()));
        play.pass_s(1);
    }
    assert_eq!((play.screen(), play.cues.len()), (ScreenName::Offers, 1));
}

#[test]
fn a_refused_code_held_still_is_refused_once() {
    let mut play = Play::at(EVENING);
    for _ in 0..30 {
        play.scan("RAWGARBAGE#31");
        play.pass_s(1);
    }
    assert_eq!((play.screen(), play.cues.len()), (ScreenName::Attract, 1));
}

#[test]
fn two_posters_side_by_side_are_refused_once_each_and_then_left_alone() {
    let mut play = Play::at(EVENING);
    for _ in 0..30 {
        play.scan("https://example.cn/poster");
        play.scan("134567890123456789");
        play.pass_s(1);
    }
    assert_eq!((play.screen(), play.cues.len()), (ScreenName::Attract, 2));
}

#[test]
fn the_phone_of_the_one_before_does_not_end_the_stay_of_the_next() {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    for _ in 0..3 {
        play.scan(&traveller(1, play.wall()));
        play.scan(&young_single(1, play.wall()));
        play.pass_s(1);
    }
    assert_eq!((play.titles()[0].as_str(), play.cues.len()), ("差旅早餐券", 2));
}

#[test]
fn a_phone_that_stays_after_the_end_does_not_begin_anew_at_once() {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    play.tap(Tap::End);
    play.scan(&young_single(2, play.wall()));
    assert_eq!(play.screen(), ScreenName::Attract);
    play.tap(Tap::Start);
    play.scan(&young_single(2, play.wall()));
    assert_eq!(play.screen(), ScreenName::Offers);
}

#[test]
fn without_keys_and_without_time_nobody_is_identified_and_each_says_so() {
    let mut titles = Vec::new();
    for spoil in [no_keys as fn(&mut Play), no_time] {
        let mut play = Play::at(EVENING);
        spoil(&mut play);
        play.scan(&young_single(1, play.wall()));
        titles.push(play.view().refused.unwrap().title);
        play.pass_s(5);
        play.scan("134567890123456789");
        assert_eq!(play.view().refused.unwrap().title, "请勿展示付款码");
    }
    assert_eq!(titles, ["本机还在准备中", "本机正在校准时间"]);
}

fn no_keys(play: &mut Play) {
    let mut catalogue = (*mall::catalogue()).clone();
    catalogue.ring = None;
    play.tell(Event::CatalogueChanged(catalogue.into()));
}

fn no_time(play: &mut Play) {
    play.tell_time(false);
}

#[test]
fn when_the_time_is_lost_only_public_offers_stay_and_nothing_is_issued() {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    no_time(&mut play);
    assert_eq!(play.titles(), [mall::public().title]);
    play.tap(Tap::Open(mall::public().id));
    play.tap(Tap::Claim);
    assert_eq!((play.view().refused.unwrap().title.as_str(), play.claims_made), ("暂时不能发券", 0));
}

#[test]
fn something_in_the_background_does_not_disturb_a_stay() {
    let mut play = Play::at(EVENING);
    play.scan(&traveller(1, play.wall()));
    play.scan("https://example.cn/poster");
    assert_eq!(play.screen(), ScreenName::Offers);
}

#[test]
fn somebody_blocked_is_sent_to_the_service_desk_and_opens_nothing() {
    let mut play = Play::at(EVENING);
    let at = play.wall();
    play.tell(Event::CatalogueChanged(mall::catalogue_with(at, (&[0xa7], &[]), &[])));
    play.scan(&young_single(1, at));
    let refused = play.view().refused.unwrap();
    assert_eq!(refused.title, "这个消费码暂时不能在本机使用");
    assert!(refused.body.contains("服务台"));
    assert!(play.state.session.is_none() && play.state.opening.is_none());
    play.pass_s(30);
    play.scan(&traveller(1, play.wall()));
    assert_eq!(play.screen(), ScreenName::Offers, "somebody else is served");
}

#[test]
fn a_phone_offline_with_a_pass_that_was_taken_back_is_told_to_go_online() {
    let mut play = Play::at(EVENING);
    let starts_at = play.wall();
    let anchors = [mall::offline_anchor(starts_at)];
    play.tell(Event::CatalogueChanged(mall::catalogue_with(starts_at, (&[], &[]), &anchors)));
    play.scan(&mall::offline_phone(0, starts_at));
    let refused = play.view().refused.unwrap();
    assert_eq!(refused.title, "这个离线消费码已停用");
    assert!(refused.body.contains("联网"));
    assert!(play.state.session.is_none() && play.state.opening.is_none());
    play.pass_s(30);
    play.scan(&young_single(1, play.wall()));
    assert_eq!(play.screen(), ScreenName::Offers, "the same person with the renewed code is served");
}

#[test]
fn somebody_held_out_of_a_campaign_sees_nothing_of_it_and_is_told_nothing() {
    let mut play = Play::at(EVENING);
    let at = play.wall();
    play.tell(Event::CatalogueChanged(mall::catalogue_with(at, (&[], &[0xa7]), &[])));
    play.scan(&young_single(1, at));
    assert_eq!(play.screen(), ScreenName::Offers);
    let shown = format!("{:?}", play.view());
    for row in [mall::night(), mall::business(), mall::public()] {
        assert!(!shown.contains(&row.title), "{} is shown", row.title);
    }
    play.tap(Tap::Open(mall::night().id));
    assert_eq!(play.screen(), ScreenName::Offers, "nor does it open");
    play.tap(Tap::End);
    play.pass_s(30);
    play.scan(&traveller(1, play.wall()));
    assert!(format!("{:?}", play.view()).contains(&mall::business().title), "others see it");
}

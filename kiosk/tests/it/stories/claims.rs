//! Offers and claims.

use cloud_sync::Verdict;
use cloud_sync::core::Link;
use cloud_sync::store::{ClaimRefused, Settled};
use domain::batch::Validity;
use domain::ids::EventId;
use kiosk::app::view::ScreenName;
use kiosk::app::{ClaimFailed, Effect, Event, Tap};
use kiosk::ports::Cue;

use super::Play;
use crate::mall::{self, business, night, public, traveller, young_single};

const EVENING: &str = "2026-11-22T20:00:00+08:00";

/// A young single before the night offer.
fn at_the_night_offer(time: &str) -> Play {
    let mut play = Play::at(time);
    play.scan(&young_single(1, mall::at(time)));
    play.tap(Tap::Open(night().id));
    play
}

#[test]
fn at_19_59_the_night_offer_says_when_it_opens_and_cannot_be_claimed() {
    let mut play = Play::at("2026-11-22T19:59:00+08:00");
    play.scan(&young_single(1, play.wall()));
    assert_eq!(play.chip("夜市小吃满减券"), "20:00 起");
    play.tap(Tap::Open(night().id));
    let detail = play.view().offer_detail.unwrap();
    assert_eq!((detail.action.as_str(), detail.action_enabled), ("20:00 起可领", false));
    play.tap(Tap::Claim);
    assert_eq!((play.screen(), play.claims_made), (ScreenName::OfferDetail, 0));
}

#[test]
fn at_20_00_it_can_be_had_in_three_touches() {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    assert_eq!(play.chip("夜市小吃满减券"), "可领");
    play.tap(Tap::Open(night().id));
    play.tap(Tap::Claim);
    let claimed = play.view().claimed.unwrap();
    assert_eq!(claimed.title, "领取成功");
    assert_eq!(claimed.coupon, "夜市小吃满减券 ¥30");
    assert_eq!(claimed.lines, ["老张夜宵·B1-01", "明天 24:00 前有效", "满100可用"]);
    assert!(claimed.instruction.contains("明天 20:00 前"), "{}", claimed.instruction);
    assert_eq!(play.cues, [Cue::Accepted, Cue::Claimed]);
}

#[test]
fn the_date_for_the_till_never_lies_past_the_end_of_the_coupon() {
    let mut play = at_the_night_offer(EVENING);
    let mut catalogue = (*mall::catalogue()).clone();
    catalogue.batches.get_mut(&night().id).unwrap().terms.validity = Validity::Days(1);
    play.tell(Event::CatalogueChanged(catalogue.into()));
    play.tap(Tap::Claim);
    let claimed = play.view().claimed.unwrap();
    assert_eq!(claimed.lines[1], "今天 24:00 前有效");
    assert!(claimed.instruction.contains("今天 24:00 前"), "{}", claimed.instruction);
}

#[test]
fn the_door_opens_by_itself_while_somebody_looks_at_it() {
    let mut play = at_the_night_offer("2026-11-22T19:59:50+08:00");
    play.pass_s(10);
    assert_eq!(play.view().offer_detail.unwrap().action, "领取");
}

#[test]
fn each_crowd_sees_its_own_offers_first_and_never_those_of_others() {
    let mut play = Play::at(EVENING);
    play.scan(&young_single(1, play.wall()));
    assert_eq!(play.titles(), [night().title, public().title]);
    play.scan(&traveller(1, play.wall()));
    assert_eq!(play.titles(), [business().title, public().title]);
}

#[test]
fn without_a_code_everybody_sees_what_is_public_and_nothing_else() {
    let mut play = Play::at(EVENING);
    play.tap(Tap::Start);
    play.tap(Tap::Browse);
    assert_eq!(play.titles(), [public().title]);
    play.tap(Tap::Open(public().id));
    assert_eq!(play.view().offer_detail.unwrap().action, "亮码领取");
    play.tap(Tap::Claim);
    assert_eq!((play.screen(), play.claims_made), (ScreenName::Scan, 0));
}

#[test]
fn a_double_tap_claims_once() {
    let mut play = at_the_night_offer(EVENING);
    let first = play.effects(Event::Tapped(Tap::Claim));
    let second = play.effects(Event::Tapped(Tap::Claim));
    assert!(matches!(first.as_slice(), [Effect::Claim { .. }]), "{first:?}");
    assert_eq!(second, []);
}

#[test]
fn a_claim_waits_for_no_network_and_says_that_it_will_be_confirmed() {
    let mut play = at_the_night_offer(EVENING);
    play.tell(Event::LinkChanged(Link::Offline { since: play.wall() }));
    play.tap(Tap::Claim);
    assert_eq!(play.view().claimed.unwrap().state_note, "已领取，待网络恢复后确认");
    play.tap(Tap::More);
    assert_eq!(play.chip("夜市小吃满减券"), "待确认");
    let verdict = Verdict::Issued { ends_at: play.wall().plus_ms(3_600_000) };
    play.tell(Event::ClaimSettled(Settled {
        event: EventId::from_bytes([1; 16]),
        batch: night().id,
        verdict,
    }));
    assert_eq!(play.chip("夜市小吃满减券"), "已领");
}

#[test]
fn a_verdict_on_somebody_elses_claim_changes_nothing_here() {
    let mut play = at_the_night_offer(EVENING);
    play.tap(Tap::Claim);
    let verdict = Verdict::Rejected { code: "USER_LIMIT".to_owned() };
    let other = EventId::from_bytes([99; 16]);
    play.tell(Event::ClaimSettled(Settled { event: other, batch: night().id, verdict: verdict.clone() }));
    assert_eq!(play.view().claimed.unwrap().title, "领取成功");
    let mine = EventId::from_bytes([1; 16]);
    play.tell(Event::ClaimSettled(Settled { event: mine, batch: night().id, verdict }));
    let claimed = play.view().claimed.unwrap();
    assert_eq!((claimed.title.as_str(), claimed.voucher.as_str()), ("这张券没有领成", ""));
}

#[test]
fn whoever_comes_after_the_last_slot_is_told_what_else_there_is() {
    let mut play = at_the_night_offer(EVENING);
    play.slots.insert(night().id, 0);
    play.tap(Tap::Claim);
    let refused = play.view().refused.unwrap();
    assert_eq!(refused.title, "这张券本机已领完");
    assert!(refused.body.contains("「全场通用满减券」") && refused.body.contains("手机"), "{}", refused.body);
    assert!(
        refused.help.contains("一层服务台") && refused.help.contains("0574-87000000"),
        "{}",
        refused.help
    );
    assert_eq!(play.claims_made, 0);
    play.tap(Tap::RefusedPrimary);
    assert_eq!(play.screen(), ScreenName::Offers);
}

#[test]
fn an_empty_lease_shows_on_the_card_before_anybody_tries() {
    let mut play = Play::at(EVENING);
    play.slots.insert(night().id, 0);
    play.scan(&young_single(1, play.wall()));
    assert_eq!(play.chip("夜市小吃满减券"), "本机已领完");
    play.tap(Tap::Open(night().id));
    let detail = play.view().offer_detail.unwrap();
    assert!(detail.action_enabled && detail.card.stock.is_empty());
    play.tap(Tap::Claim);
    assert_eq!((play.screen(), play.claims_made), (ScreenName::Refused, 0));
}

#[test]
fn one_a_day_means_one_a_day_also_in_the_next_session() {
    let mut play = at_the_night_offer(EVENING);
    play.tap(Tap::Claim);
    play.tap(Tap::End);
    play.pass_s(10);
    play.scan(&young_single(2, play.wall()));
    assert_eq!(play.chip("夜市小吃满减券"), "已领");
    play.tap(Tap::Open(night().id));
    let detail = play.view().offer_detail.unwrap();
    assert_eq!((detail.action.as_str(), detail.action_enabled), ("今天已领过", false));
    play.tap(Tap::Claim);
    assert_eq!(play.claims_made, 1);
}

#[test]
fn every_reason_not_to_give_a_coupon_has_its_own_words() {
    let reasons = [
        ClaimFailed::Refused(ClaimRefused::NotEnrolled),
        ClaimFailed::Refused(ClaimRefused::NotActive),
        ClaimFailed::Refused(ClaimRefused::TimeUnknown),
        ClaimFailed::Refused(ClaimRefused::UserLimit),
        ClaimFailed::Refused(ClaimRefused::LeaseExhausted),
        ClaimFailed::Refused(ClaimRefused::LeaseExpired),
        ClaimFailed::Store,
    ];
    let mut titles = Vec::new();
    for reason in reasons {
        let mut play = at_the_night_offer(EVENING);
        play.claim_fails = Some(reason);
        play.tap(Tap::Claim);
        let refused = play.view().refused.unwrap();
        assert!(!refused.body.is_empty() && !refused.help.is_empty());
        assert_eq!(play.cues.last(), Some(&Cue::Refused));
        assert!(!titles.contains(&refused.title), "{} is said twice", refused.title);
        titles.push(refused.title);
    }
}

#[test]
fn an_answer_that_comes_after_the_stay_is_shown_to_nobody() {
    let mut play = at_the_night_offer(EVENING);
    let effects = play.effects(Event::Tapped(Tap::Claim));
    let [Effect::Claim { token, batch, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    play.tap(Tap::End);
    let late = Event::ClaimAnswered { token: *token, batch: *batch, outcome: Err(ClaimFailed::Store) };
    play.tell(late);
    assert_eq!(play.screen(), ScreenName::Attract);
}

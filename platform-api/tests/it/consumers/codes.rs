//! Consumer codes: what they say, how long, and that each is used once.

use super::{ALL, keys, seed, sign_in};
use crate::harness::{Platform, START};
use domain::{
    consumer_code::{self, CODE_RENEW_MS, CODE_VALID_MS, CodeError},
    ids::{ConsumerId, CouponId, StaffId},
    rotating_code::{self, STEP_MS, STEPS_MAX},
    time::ShanghaiDay,
};
use platform_api::{
    foundation::act::{Actor, Role, Staff},
    modules::consumers::{self, CodeShown, Purpose, ScanError},
};
use serde_json::json;

const PHONE: &str = "13800000001";

fn cashier(number: u8) -> Actor {
    Actor::Staff(Staff { id: StaffId::from_bytes([number; 16]), role: Role::MerchantCashier, merchant: None })
}

fn identify(platform: &Platform, id: ConsumerId) -> CodeShown {
    let (keys, act) = (keys(platform), platform.act(Actor::Consumer(id)));
    platform.db().write(move |tx| consumers::current_identify_code(tx, &act, &keys, id)).unwrap()
}

fn redeem(platform: &Platform, id: ConsumerId) -> CodeShown {
    let (keys, act) = (keys(platform), platform.act(Actor::Consumer(id)));
    let coupon = CouponId::from_bytes([9; 16]);
    platform.db().write(move |tx| consumers::issue_redeem_code(tx, &act, &keys, (id, coupon))).unwrap()
}

fn use_redeem(platform: &Platform, actor: Actor, text: &str) -> Result<CouponId, ScanError> {
    let (act, text) = (platform.act(actor), text.to_owned());
    platform.db().write(move |tx| consumers::verify_redeem(tx, &act, &text)).map(|code| code.coupon)
}

fn resolve(platform: &Platform, day: ShanghaiDay, text: &str) -> Option<ConsumerId> {
    let act = platform.act(Actor::System("test"));
    let ring = platform.db().read(move |tx| consumers::key_ring(tx, &act)).unwrap().unwrap();
    let code = consumer_code::verify_identify(text.as_bytes(), &ring, START).unwrap();
    platform.db().read(move |tx| consumers::resolve(tx, day, code.head.pseudonym)).unwrap()
}

#[test]
fn a_kiosk_with_the_published_ring_believes_a_code_until_two_minutes_and_the_skew_are_over() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    let shown = identify(&platform, id);
    assert_eq!(shown.renew_at.since(START), CODE_RENEW_MS);
    assert_eq!(shown.expires_at.since(START), CODE_VALID_MS);
    let act = platform.act(Actor::System("test"));
    let ring = platform.db().read(move |tx| consumers::key_ring(tx, &act)).unwrap().unwrap();
    let read =
        |after_ms| consumer_code::verify_identify(shown.text.as_bytes(), &ring, START.plus_ms(after_ms));
    assert_eq!(read(0).unwrap().tags.len(), 2);
    assert!(read(240_000).is_ok());
    assert_eq!(read(241_000).unwrap_err(), CodeError::Expired);
}

#[test]
fn without_the_consent_to_personalised_offers_a_code_carries_no_tag() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, &[Purpose::CrowdCode]);
    let (act, text) = (platform.act(cashier(1)), identify(&platform, id).text);
    let code = platform.db().read(move |tx| consumers::check_identify(tx, &act, &text)).unwrap();
    assert_eq!(code.tags, []);
}

#[test]
fn a_pseudonym_leads_to_the_person_on_its_day_and_across_midnight_and_is_another_the_next_day() {
    let platform = Platform::new();
    let (id, other) = (seed(&platform, PHONE, ALL), seed(&platform, "13800000002", ALL));
    let text = identify(&platform, id).text;
    let today = START.day();
    assert_eq!(resolve(&platform, today, &text), Some(id));
    assert_eq!(
        resolve(&platform, today.plus_days(1), &text),
        Some(id),
        "shown before midnight, claimed after it"
    );
    assert_eq!(resolve(&platform, today.plus_days(2), &text), None);
    assert_eq!(resolve(&platform, today, &identify(&platform, other).text), Some(other));
    assert_eq!(platform.count("SELECT count(*) AS n FROM pseudonym"), 2);
    platform.clock.advance_ms(86_400_000);
    identify(&platform, id);
    assert_eq!(platform.count("SELECT count(DISTINCT pseudonym) AS n FROM pseudonym"), 3);
}

#[test]
fn a_code_serves_the_first_cashier_through_preview_and_confirmation_and_nobody_else() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    let text = redeem(&platform, id).text;
    assert_eq!(use_redeem(&platform, cashier(1), &text).unwrap(), CouponId::from_bytes([9; 16]));
    assert!(use_redeem(&platform, cashier(1), &text).is_ok());
    assert!(matches!(use_redeem(&platform, cashier(2), &text), Err(ScanError::Replayed)));
    let next = redeem(&platform, id).text;
    assert!(use_redeem(&platform, cashier(2), &next).is_ok());
}

#[test]
fn a_code_for_one_purpose_fails_for_the_other() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    let wrong = use_redeem(&platform, cashier(1), &identify(&platform, id).text);
    assert!(matches!(wrong, Err(ScanError::Code(CodeError::WrongPurpose))));
    let (act, text) = (platform.act(cashier(1)), redeem(&platform, id).text);
    let wrong = platform.db().write(move |tx| consumers::verify_identify(tx, &act, &text));
    assert!(matches!(wrong, Err(ScanError::Code(CodeError::WrongPurpose))));
}

#[test]
fn a_payment_code_is_refused_and_leaves_no_trace() {
    let platform = Platform::new();
    let refused = use_redeem(&platform, cashier(1), "134567890123456789");
    assert!(matches!(refused, Err(ScanError::Code(CodeError::PaymentCode))));
    assert_eq!(platform.count("SELECT count(*) AS n FROM burned_code"), 0);
}

#[tokio::test]
async fn the_api_gives_a_code_with_its_times_and_never_a_tag_name() {
    let platform = Platform::new();
    seed(&platform, PHONE, ALL);
    let token = sign_in(&platform, PHONE).await;
    let answer = platform.get("/api/c/v1/crowd-code", Some(&token)).await;
    assert!(!answer.text.contains("young_single") && !answer.text.contains("resident"), "{}", answer.text);
    let body = answer.expect(200);
    assert!(body["text"].as_str().unwrap().starts_with("CX1:"));
    assert_eq!((&body["renew_in_ms"], &body["expires_in_ms"]), (&json!(30_000), &json!(120_000)));
    assert_eq!(body["expires_at"], "2026-01-01T12:02:00Z");
}

fn pass(platform: &Platform, id: ConsumerId) -> consumers::PassShown {
    let (keys, act) = (keys(platform), platform.act(Actor::Consumer(id)));
    platform.db().write(move |tx| consumers::issue_pass(tx, &act, &keys, id)).unwrap()
}

/// The text a phone shows at `step`.
fn shown_at(pass: &consumers::PassShown, step: u16) -> String {
    let link = rotating_code::link_at(pass.pseudonym, pass.secret, (step, STEPS_MAX)).unwrap();
    rotating_code::show(&pass.sealed, step, link)
}

fn use_identify(platform: &Platform, actor: Actor, text: &str) -> Result<usize, ScanError> {
    let (act, text) = (platform.act(actor), text.to_owned());
    platform.db().write(move |tx| consumers::verify_identify(tx, &act, &text)).map(|code| code.tags.len())
}

#[test]
fn a_code_of_a_pass_says_what_a_renewed_one_says_and_is_used_once_a_step() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    let pass = pass(&platform, id);
    assert_eq!(pass.ends_at.since(pass.starts_at), 24 * 3_600_000);
    platform.clock.set(START.plus_ms(100 * STEP_MS));
    let text = shown_at(&pass, 100);
    assert_eq!(use_identify(&platform, cashier(1), &text).unwrap(), 2);
    assert!(matches!(use_identify(&platform, cashier(2), &text), Err(ScanError::Replayed)));
    assert_eq!(use_identify(&platform, cashier(2), &shown_at(&pass, 101)).unwrap(), 2);
    assert_eq!(resolve_pseudonym(&platform, pass.pseudonym), Some(id));
}

#[test]
fn taking_back_a_consent_ends_every_pass_at_once_and_the_next_one_says_less() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    let before = pass(&platform, id);
    let act = platform.act(Actor::Consumer(id));
    platform.db().write(move |tx| consumers::withdraw_consent(tx, &act, id, Purpose::Personalised)).unwrap();
    let refused = use_identify(&platform, cashier(1), &shown_at(&before, 0));
    assert!(matches!(refused, Err(ScanError::PassRevoked)));
    let revoked = |at| platform.db().read(move |tx| consumers::revoked_passes(tx, at, 10)).unwrap();
    assert_eq!(revoked(START).len(), 1, "kiosks are told");
    assert_eq!(revoked(before.ends_at).len(), 0, "until it is over anyway");
    assert_eq!(use_identify(&platform, cashier(1), &shown_at(&pass(&platform, id), 0)).unwrap(), 0);
}

#[test]
fn a_person_has_a_limited_number_of_passes_and_ended_ones_are_forgotten() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    for _ in 0..24 {
        pass(&platform, id);
    }
    let (keys, act) = (keys(&platform), platform.act(Actor::Consumer(id)));
    let one_more = platform.db().write(move |tx| consumers::issue_pass(tx, &act, &keys, id));
    assert!(matches!(one_more, Err(consumers::ConsumersError::TooManyPasses)));
    platform.clock.set(START.plus_ms(25 * 3_600_000));
    let act = platform.act(Actor::System("test"));
    platform.db().write(move |tx| consumers::forget_expired(tx, &act)).unwrap();
    assert_eq!(platform.count("SELECT count(*) AS n FROM rotating_pass"), 0);
}

fn resolve_pseudonym(platform: &Platform, pseudonym: consumer_code::Pseudonym) -> Option<ConsumerId> {
    platform.db().read(move |tx| consumers::resolve(tx, START.day(), pseudonym)).unwrap()
}

//! Pairing codes and epochs.

use crate::{
    auth::token_of,
    harness::Platform,
    kiosk::{Kiosk, MALL, pairing_code, try_enrol, try_enrol_from},
};
use platform_api::{
    foundation::act::{Actor, Role},
    modules::fleet::{self, FleetError},
};
use protocol::{device::HeartbeatAnswer, signed::Purpose};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};

#[tokio::test]
async fn a_pairing_code_works_once() {
    let platform = Platform::new();
    let code = pairing_code(&platform, None);
    let first = Kiosk::from_answer(&try_enrol(&platform, &code, 1).await, 1);
    assert_eq!(first.epoch, 1);
    try_enrol(&platform, &code, 2).await.expect_problem(403, "PAIRING_REFUSED");
}

#[tokio::test]
async fn a_kiosk_that_never_heard_the_answer_is_paired_with_the_same_key_and_the_next_epoch() {
    let platform = Platform::new();
    let unheard = Kiosk::enrol(&platform, 1).await;
    let code = pairing_code(&platform, None);
    let heard = Kiosk::from_answer(&try_enrol(&platform, &code, 1).await, 1);
    assert_eq!((heard.id, heard.epoch), (unheard.id, 2));
    heard.get(&platform, "/api/k/v1/feed").await.expect(200);
}

#[tokio::test]
async fn a_kiosk_that_has_spoken_needs_two_people_whatever_code_it_shows() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let at = platform.app.clock.now();
    let body = json!({"epoch": 1, "build": "0.2.0", "config_version": 0, "feed_cursor": 0, "outbox_rows": 0,
        "lease_slots": 0, "camera": true, "at": at.get()});
    kiosk.post(&platform, "/api/k/v1/heartbeat", body).await.expect(200);
    let code = pairing_code(&platform, None);
    try_enrol(&platform, &code, 1).await.expect_problem(403, "PAIRING_REFUSED");
    kiosk.get(&platform, "/api/k/v1/feed").await.expect(200);
}

#[tokio::test]
async fn a_pairing_code_ends_after_ten_minutes() {
    let platform = Platform::new();
    let code = pairing_code(&platform, None);
    platform.clock.advance_ms(600_000);
    try_enrol(&platform, &code, 1).await.expect_problem(403, "PAIRING_REFUSED");
}

#[tokio::test]
async fn after_five_wrong_codes_an_address_is_locked_out_for_a_while_and_no_other() {
    let platform = Platform::new();
    let code = pairing_code(&platform, None);
    let (clumsy, other) = (address(1), address(2));
    for guess in ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC", "DDDDDDDD", "EEEEEEEE"] {
        try_enrol_from(&platform, clumsy, guess, 1).await.expect_problem(403, "PAIRING_REFUSED");
    }
    let locked = try_enrol_from(&platform, clumsy, &code, 1).await;
    locked.expect_problem(429, "RATE_LIMITED");
    assert_eq!(locked.json["retry_after_s"], 600);
    try_enrol_from(&platform, other, &code, 1).await.expect(200);
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a00_0000 + number).into()
}

#[tokio::test]
async fn a_hundred_thousand_guesses_find_nothing_and_lock_nobody_else_out() {
    const SOURCES: u32 = 2_000;
    let platform = Platform::with(|config| config.limits.requests_per_minute = u32::MAX);
    let code = pairing_code(&platform, None);
    let (mut refused, mut locked) = (0, 0);
    for guess in 0..100_000_u32 {
        let answer = try_enrol_from(&platform, address(guess % SOURCES), &format!("{guess:012}"), 9).await;
        match answer.status.as_u16() {
            403 => refused += 1,
            429 => locked += 1,
            other => panic!("{other}: {}", answer.text),
        }
    }
    assert_eq!((refused, locked), (5 * SOURCES, 100_000 - 5 * SOURCES));
    try_enrol_from(&platform, address(SOURCES), &code, 1).await.expect(200);
}

#[tokio::test]
async fn a_known_kiosk_is_paired_again_by_two_people() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let (maker, checker) = (token_of(&platform, Role::OpFleet), token_of(&platform, Role::OpSuper));
    let path = format!("/api/o/v1/kiosks/{}/pairing", kiosk.id);
    let (decision, yes) = (format!("{path}/decision"), json!({"approve": true}));
    platform.post(&decision, Some(&checker), yes.clone()).await.expect_problem(409, "CONFLICT");
    let place = json!({"mall": MALL.to_string(), "place": "二层扶梯口"});
    platform.post(&path, Some(&maker), place.clone()).await.expect(201);
    platform.post(&decision, Some(&maker), yes.clone()).await.expect_problem(403, "SELF_APPROVAL");
    assert_eq!(platform.get(&path, Some(&checker)).await.expect(200)["place"], "二层扶梯口");
    let decided = platform.post(&decision, Some(&checker), yes.clone()).await.expect(200);
    let code = decided["pairing"]["code"].as_str().unwrap();
    platform.post(&decision, Some(&checker), yes).await.expect_problem(409, "CONFLICT");
    let again = Kiosk::from_answer(&try_enrol(&platform, code, 2).await, 2);
    assert_eq!((again.id, again.epoch), (kiosk.id, 2));

    platform.post(&path, Some(&maker), place.clone()).await.expect(201);
    let refused = platform.post(&decision, Some(&checker), json!({"approve": false})).await;
    assert!(refused.expect(200)["pairing"].is_null());
    platform.post(&path, Some(&maker), place).await.expect(201);
    platform.clock.advance_ms(24 * 3_600_000);
    let (act, id) = (platform.act(Actor::System("checker")), kiosk.id);
    let late = platform.db().write(move |tx| fleet::decide_pairing(tx, &act, id, true));
    assert!(matches!(late, Err(FleetError::NotAsked)), "{late:?}");
}

#[tokio::test]
async fn a_code_for_a_new_kiosk_names_no_known_one() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let fleet = token_of(&platform, Role::OpFleet);
    let body = json!({"mall": MALL.to_string(), "place": "一层", "device": kiosk.id.to_string()});
    let answer = platform.post("/api/o/v1/kiosks/pairing-codes", Some(&fleet), body).await;
    assert!(answer.status.is_client_error(), "{}", answer.text);
}

#[tokio::test]
async fn enrolling_again_counts_the_epoch_and_ends_the_old_key() {
    let platform = Platform::new();
    let first = Kiosk::enrol(&platform, 1).await;
    let code = pairing_code(&platform, Some(first.id));
    let second = Kiosk::from_answer(&try_enrol(&platform, &code, 2).await, 2);
    assert_eq!((second.id, second.epoch), (first.id, 2));
    first.get(&platform, "/api/k/v1/feed").await.expect_problem(401, "DEVICE_REFUSED");
    second.get(&platform, "/api/k/v1/feed").await.expect(200);
}

#[tokio::test]
async fn a_heartbeat_tells_how_the_kiosk_is_and_brings_the_time() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let at = platform.app.clock.now().plus_ms(1_500);
    let body = json!({"epoch": 1, "build": "0.2.0", "config_version": 3, "feed_cursor": 9, "outbox_rows": 2,
        "lease_slots": 17, "camera": true, "at": at.get()});
    let answer = kiosk.post(&platform, "/api/k/v1/heartbeat", body.clone()).await;
    let answer: HeartbeatAnswer = kiosk.believe(answer, Purpose::Heartbeat);
    assert_eq!(answer.now, platform.app.clock.now());
    let known = platform.db().read(|tx| {
        let row = tx.query_one("SELECT build, outbox_rows, clock_ahead_ms FROM kiosk", &[])?;
        Ok::<_, platform_api::foundation::db::DbError>((
            row.get::<String>("build")?,
            row.get::<i64>("outbox_rows")?,
            row.get::<i64>("clock_ahead_ms")?,
        ))
    });
    assert_eq!(known.unwrap(), ("0.2.0".to_owned(), 2, 1_500));
    let mut elsewhere = body;
    elsewhere["epoch"] = json!(2);
    kiosk.post(&platform, "/api/k/v1/heartbeat", elsewhere).await.expect_problem(409, "EPOCH_ENDED");
}

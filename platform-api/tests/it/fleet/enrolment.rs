//! Pairing codes and epochs.

use crate::{
    harness::Platform,
    kiosk::{Kiosk, pairing_code, try_enrol},
};
use protocol::{device::HeartbeatAnswer, signed::Purpose};
use serde_json::json;

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
async fn a_pairing_code_ends_after_ten_minutes() {
    let platform = Platform::new();
    let code = pairing_code(&platform, None);
    platform.clock.advance_ms(600_000);
    try_enrol(&platform, &code, 1).await.expect_problem(403, "PAIRING_REFUSED");
}

#[tokio::test]
async fn after_five_wrong_codes_even_the_right_one_is_locked_out_for_a_while() {
    let platform = Platform::new();
    let code = pairing_code(&platform, None);
    for guess in ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC", "DDDDDDDD", "EEEEEEEE"] {
        try_enrol(&platform, guess, 1).await.expect_problem(403, "PAIRING_REFUSED");
    }
    let locked = try_enrol(&platform, &code, 1).await;
    locked.expect_problem(429, "RATE_LIMITED");
    assert_eq!(locked.json["retry_after_s"], 600);
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

//! A kiosk whose disk is older than what it once said is found out, confesses, and is fenced.

use crate::{
    auth::token_of,
    harness::{Answer, Platform},
    kiosk::{Kiosk, pairing_code, try_enrol},
    town::Town,
};
use axum::http::Method;
use platform_api::foundation::{act::Role, audit};
use protocol::{
    device::{
        Behind, CONFESS_PATH, Challenge, ConfessionAnswer, HeartbeatAnswer, HighWater, REQUEST_SKEW_MS,
    },
    signed::{Bound, Purpose, Signed},
};
use serde_json::{Value, json};

const HEARTBEAT: &str = "/api/k/v1/heartbeat";

fn heartbeat(platform: &Platform, kiosk: &Kiosk, high_water: HighWater) -> Value {
    json!({"epoch": kiosk.epoch, "build": "0.2.0", "config_version": 3, "feed_cursor": 9, "outbox_rows": 2,
        "lease_slots": 17, "camera": true, "at": platform.app.clock.now().get(), "high_water": high_water})
}

async fn beat(platform: &Platform, kiosk: &Kiosk, counter: u64) -> Answer {
    let now = platform.app.clock.now();
    let body = heartbeat(platform, kiosk, HighWater::default());
    platform.send(kiosk.numbered(Some(counter), (Method::POST, HEARTBEAT), &body, now)).await
}

/// The challenge of a refusal, checked as a kiosk checks it.
fn challenge(kiosk: &Kiosk, answer: &Answer) -> (Signed, Challenge) {
    answer.expect_problem(409, "COUNTER_BEHIND");
    let signed: Signed = serde_json::from_value(answer.json["challenge"].clone()).unwrap();
    let challenge: Challenge = signed.open(Purpose::Challenge, &kiosk.platform_key).unwrap();
    assert_eq!((challenge.device, challenge.epoch), (kiosk.id, kiosk.epoch));
    (signed, challenge)
}

async fn confess(platform: &Platform, kiosk: &Kiosk, challenge: &Signed) -> Answer {
    kiosk.post(platform, CONFESS_PATH, json!({"challenge": challenge})).await
}

#[tokio::test]
async fn a_greater_number_is_served_a_smaller_one_or_another_request_of_the_same_is_not() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    for counter in [1, 2, 40] {
        beat(&platform, &kiosk, counter).await.expect(200);
    }
    let (_, smaller) = challenge(&kiosk, &beat(&platform, &kiosk, 39).await);
    assert_eq!((smaller.counter, smaller.behind), (39, Behind::Counter { heard: 40 }));
    platform.clock.advance_ms(1);
    let (_, same) = challenge(&kiosk, &beat(&platform, &kiosk, 40).await);
    assert_eq!((same.counter, same.behind), (40, Behind::Counter { heard: 40 }));
    assert_ne!(same.nonce, smaller.nonce, "each challenge is fresh");
    beat(&platform, &kiosk, 41).await.expect(200);
}

#[tokio::test]
async fn the_very_same_request_is_served_again_and_signed_for_itself() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    for _ in 0..3 {
        let answer = beat(&platform, &kiosk, 7).await;
        let bound: Bound<HeartbeatAnswer> = kiosk.open(answer, Purpose::Heartbeat);
        assert_eq!((bound.device, bound.epoch, bound.counter), (kiosk.id, 1, 7));
    }
}

#[tokio::test]
async fn a_post_without_a_number_is_not_served_and_what_only_reads_needs_none() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let now = platform.app.clock.now();
    for path in [HEARTBEAT, "/api/k/v1/claims:batch", "/api/k/v1/leases", "/api/k/v1/leases:close"] {
        let request = kiosk.numbered(None, (Method::POST, path), &json!({}), now);
        platform.send(request).await.expect_problem(400, "MALFORMED");
    }
    kiosk.get(&platform, "/api/k/v1/feed").await.expect(200);
}

#[tokio::test]
async fn a_refused_request_counts_too() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let now = platform.app.clock.now();
    let batch = domain::ids::BatchId::from_bytes([9; 16]);
    let lease = json!({"epoch": 1, "request_no": 1, "batch": batch, "want": 5});
    let request = kiosk.numbered(Some(5), (Method::POST, "/api/k/v1/leases"), &lease, now);
    platform.send(request).await.expect_problem(409, "BATCH_NOT_ACTIVE");
    challenge(&kiosk, &beat(&platform, &kiosk, 5).await);
}

#[tokio::test]
async fn a_ledger_that_has_lost_counts_is_challenged_and_nothing_of_its_heartbeat_is_kept() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let high_water = |request_no, vouchers| HighWater { request_no, vouchers };
    let heard = high_water(4, 30);
    kiosk.post(&platform, HEARTBEAT, heartbeat(&platform, &kiosk, heard)).await.expect(200);
    for said in [high_water(3, 30), high_water(9, 29)] {
        let answer = kiosk.post(&platform, HEARTBEAT, heartbeat(&platform, &kiosk, said)).await;
        let (_, challenge) = challenge(&kiosk, &answer);
        assert_eq!(challenge.behind, Behind::HighWater { said, heard });
    }
    kiosk.post(&platform, HEARTBEAT, heartbeat(&platform, &kiosk, high_water(4, 31))).await.expect(200);
}

#[tokio::test]
async fn a_confession_ends_the_epoch_and_only_a_new_enrolment_begins_the_next() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    beat(&platform, &kiosk, 8).await.expect(200);
    let (signed, noticed) = challenge(&kiosk, &beat(&platform, &kiosk, 3).await);
    beat(&platform, &kiosk, 9).await.expect(200);
    let answer = confess(&platform, &kiosk, &signed).await;
    let bound: Bound<ConfessionAnswer> = kiosk.open(answer, Purpose::Confession);
    assert_eq!((bound.counter, bound.answer.fenced_at), (3, platform.app.clock.now()));
    // Nothing of that life is served any more, the confession itself included.
    beat(&platform, &kiosk, 10).await.expect_problem(403, "DEVICE_FENCED");
    kiosk.get(&platform, "/api/k/v1/feed").await.expect_problem(403, "DEVICE_FENCED");
    confess(&platform, &kiosk, &signed).await.expect_problem(403, "DEVICE_FENCED");

    let fleet = token_of(&platform, Role::OpFleet);
    let list = platform.get("/api/o/v1/kiosks/fencings", Some(&fleet)).await.expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["device"], kiosk.id.to_string());
    assert_eq!((&list[0]["epoch"], &list[0]["counter"]), (&json!(1), &json!(3)));
    assert_eq!(list[0]["noticed"], json!({"behind": "counter", "heard": 8}));
    assert_eq!(list[0]["challenged_at"], noticed.at.to_rfc3339().unwrap());
    let audited = "SELECT count(*) AS n FROM audit_entry WHERE action = 'kiosk.fence'";
    assert_eq!(platform.count(audited), 1);
    let today = format!("O/{}", platform.app.clock.now().day().get());
    platform.db().read(move |tx| audit::verify(tx, &today)).unwrap();

    let code = pairing_code(&platform, Some(kiosk.id));
    let again = Kiosk::from_answer(&try_enrol(&platform, &code, 2).await, 2);
    assert_eq!((again.id, again.epoch), (kiosk.id, 2));
    beat(&platform, &again, 1).await.expect(200);
    confess(&platform, &again, &signed).await.expect_problem(422, "INVALID");
}

#[tokio::test]
async fn only_a_fresh_challenge_of_ours_to_this_very_device_can_be_confessed() {
    let platform = Platform::new();
    let (kiosk, other) = (Kiosk::enrol(&platform, 1).await, Kiosk::enrol(&platform, 2).await);
    beat(&platform, &kiosk, 8).await.expect(200);
    let (signed, noticed) = challenge(&kiosk, &beat(&platform, &kiosk, 3).await);
    let invented = Signed::seal(&noticed, Purpose::Challenge, &kiosk.key).unwrap();
    confess(&platform, &kiosk, &invented).await.expect_problem(422, "INVALID");
    confess(&platform, &other, &signed).await.expect_problem(422, "INVALID");
    platform.clock.advance_ms(REQUEST_SKEW_MS + 1);
    confess(&platform, &kiosk, &signed).await.expect_problem(422, "INVALID");
    beat(&platform, &kiosk, 9).await.expect(200);
    assert_eq!(platform.count("SELECT count(*) AS n FROM fencing"), 0);
}

#[tokio::test]
async fn a_fencing_is_never_changed_or_removed() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    beat(&platform, &kiosk, 8).await.expect(200);
    let (signed, _) = challenge(&kiosk, &beat(&platform, &kiosk, 3).await);
    confess(&platform, &kiosk, &signed).await.expect(200);
    for sql in ["UPDATE fencing SET epoch = 9", "DELETE FROM fencing"] {
        let touched = platform.db().write(move |tx| tx.execute(sql, &[]));
        assert!(touched.is_err(), "{sql}");
    }
}

/// Whether a heartbeat with these counts is served; if not, what the platform has heard.
async fn heard(town: &Town, kiosk: &Kiosk, (request_no, vouchers): (u64, u64)) -> Result<(), HighWater> {
    let said = HighWater { request_no, vouchers };
    let answer = kiosk.post(&town.platform, HEARTBEAT, heartbeat(&town.platform, kiosk, said)).await;
    if answer.status.is_success() {
        return Ok(());
    }
    match challenge(kiosk, &answer).1.behind {
        Behind::HighWater { said: repeated, heard } => {
            assert_eq!(repeated, said);
            Err(heard)
        }
        Behind::Counter { heard } => panic!("the number itself is behind {heard}"),
    }
}

#[tokio::test]
async fn a_ledger_must_know_of_the_grants_and_reports_of_its_present_life() {
    let town = Town::new().await;
    let [one, other, third] = ["13800000001", "13800000002", "13800000003"].map(|phone| town.person(phone));
    let grant = town.lease(town.batch(|_| {}), 4).await;
    let last = grant.request_no;
    let granted = HighWater { request_no: last, vouchers: 0 };
    assert_eq!(heard(&town, &town.kiosk, (last - 1, 0)).await, Err(granted), "set back before the request");
    heard(&town, &town.kiosk, (last, 0)).await.unwrap();

    let vouchers = [town.voucher(&grant, 0, &one), town.voucher(&grant, 1, &other)];
    for _ in 0..2 {
        town.report(&vouchers).await;
    }
    let reported = HighWater { request_no: last, vouchers: 2 };
    assert_eq!(heard(&town, &town.kiosk, (last, 1)).await, Err(reported), "set back before a claim");
    heard(&town, &town.kiosk, (last, 2)).await.unwrap();
    heard(&town, &town.kiosk, (last, 5)).await.unwrap();
    town.report(&[town.voucher(&grant, 2, &third)]).await;
    heard(&town, &town.kiosk, (last, 5)).await.unwrap();
}

#[tokio::test]
async fn what_a_till_has_seen_fences_no_kiosk_and_neither_does_an_earlier_life() {
    let town = Town::new().await;
    let [one, other] = ["13800000001", "13800000002"].map(|phone| town.person(phone));
    let grant = town.lease(town.batch(|_| {}), 2).await;
    let shown = json!({"code": town.voucher(&grant, 0, &one), "holder_code": town.identify_code(&one),
        "store": town.noodle_store, "bill_fen": 12_000});
    town.confirm(&town.cashier, shown).await.expect(201);
    heard(&town, &town.kiosk, (grant.request_no, 0)).await.unwrap();

    let late = town.reports(&[town.voucher(&grant, 1, &other)]);
    let code = pairing_code(&town.platform, Some(town.kiosk.id));
    let again = Kiosk::from_answer(&try_enrol(&town.platform, &code, 77).await, 77);
    again.post(&town.platform, "/api/k/v1/claims:batch", late).await.expect(200);
    heard(&town, &again, (0, 0)).await.unwrap();
}

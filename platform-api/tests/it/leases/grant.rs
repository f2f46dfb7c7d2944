//! What a kiosk is lent.

use crate::{
    kiosk::{Kiosk, pairing_code_in, try_enrol},
    town::Town,
};
use domain::ids::BatchId;
use platform_api::modules::campaigns::BatchMove;
use protocol::{
    lease::{Grant, LEASE_SLOTS_MAX, LeaseRequest},
    signed::Purpose,
};
use serde_json::{Value, json};

const LEASES: &str = "/api/k/v1/leases";

fn request(epoch: u32, request_no: u64, batch: BatchId, want: u32) -> Value {
    serde_json::to_value(LeaseRequest { epoch, request_no, batch, want, at: None }).unwrap()
}

#[tokio::test]
async fn the_same_request_gets_the_same_bytes_and_lends_nothing_twice() {
    let town = Town::new().await;
    let batch = town.batch(|new| new.stock_total = 100);
    let body = request(1, 7, batch, 5);
    let first = town.kiosk.post(&town.platform, LEASES, body.clone()).await;
    town.platform.clock.advance_ms(5_000);
    let again = town.kiosk.post(&town.platform, LEASES, body).await;
    assert_eq!(first.text, again.text);
    assert_eq!(town.batch_row(batch).stock.leased, 5);
    let grant: Grant = town.kiosk.open(first, Purpose::Grant);
    assert_eq!((grant.device, grant.epoch, grant.request_no, grant.slots), (town.kiosk.id, 1, 7, 5));
    assert_eq!(grant.reclaim_at.since(grant.expires_at), 24 * 3_600_000);
}

#[tokio::test]
async fn a_lease_is_never_larger_than_what_is_left_the_batch_allows_or_the_protocol_knows() {
    let town = Town::new().await;
    let small = town.batch(|new| (new.stock_total, new.lease_slots) = (3, 20));
    assert_eq!(town.lease(small, 20).await.slots, 3);
    let body = request(1, 99, small, 1);
    town.kiosk.post(&town.platform, LEASES, body).await.expect_problem(409, "BATCH_EXHAUSTED");
    let modest = town.batch(|new| (new.stock_total, new.lease_slots) = (100, 4));
    assert_eq!(town.lease(modest, 20).await.slots, 4);
    let large = town.batch(|new| (new.stock_total, new.lease_slots) = (200, LEASE_SLOTS_MAX));
    assert_eq!(town.lease(large, 1_000).await.slots, LEASE_SLOTS_MAX);
}

#[tokio::test]
async fn a_paused_batch_is_not_lent() {
    let town = Town::new().await;
    let batch = town.batch(|_| {});
    let token = Some(town.approver.token.as_str());
    let moves = format!("/api/o/v1/batches/{batch}/moves");
    let pause = json!({ "move": BatchMove::Pause.name(), "reason": "盘点" });
    town.platform.post(&moves, token, pause).await.expect(200);
    let body = request(1, 1, batch, 1);
    town.kiosk.post(&town.platform, LEASES, body).await.expect_problem(409, "BATCH_NOT_ACTIVE");
}

#[tokio::test]
async fn an_epoch_that_has_ended_is_lent_nothing_and_its_request_numbers_mean_nothing_to_the_next() {
    let town = Town::new().await;
    let batch = town.batch(|new| new.stock_total = 100);
    let old = town.lease(batch, 5).await;
    let code = pairing_code_in(&town.platform, town.mall, Some(town.kiosk.id));
    let renewed = Kiosk::from_answer(&try_enrol(&town.platform, &code, 77).await, 77);
    let stale = renewed.post(&town.platform, LEASES, request(1, 50, batch, 5)).await;
    stale.expect_problem(409, "EPOCH_ENDED");
    let fresh = renewed.post(&town.platform, LEASES, request(2, old.request_no, batch, 5)).await;
    let fresh: Grant = renewed.open(fresh, Purpose::Grant);
    assert_ne!(fresh.lease, old.lease, "an old lease is never handed out again");
    assert_eq!(town.batch_row(batch).stock.leased, 10, "the old slots wait for their R");
}

#[tokio::test]
async fn a_kiosk_that_was_silent_for_three_days_is_heard_first() {
    let town = Town::new().await;
    let batch = town.batch(|new| new.stock_total = 100);
    town.platform.clock.advance_ms(72 * 3_600_000 + 1);
    let body = request(1, 1, batch, 1);
    town.kiosk.post(&town.platform, LEASES, body.clone()).await.expect_problem(409, "CONFLICT");
    let at = town.platform.app.clock.now().get();
    let heartbeat = json!({"epoch": 1, "build": "0.1.0", "config_version": 0, "feed_cursor": 0, "outbox_rows": 0,
        "lease_slots": 0, "camera": true, "at": at});
    town.kiosk.post(&town.platform, "/api/k/v1/heartbeat", heartbeat).await.expect(200);
    town.kiosk.post(&town.platform, LEASES, body).await.expect(200);
}

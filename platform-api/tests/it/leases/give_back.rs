//! How stock comes back: by a close, or at R.

use crate::{
    kiosk::{Kiosk, pairing_code, try_enrol},
    town::{SEED, Town},
};
use domain::ids::LeaseId;
use platform_api::modules::leases;
use protocol::{
    lease::{CloseAnswer, CloseRequest},
    outbox::Verdict,
};

async fn close(town: &Town, lease: LeaseId, used: u32) -> u32 {
    let body = serde_json::to_value(CloseRequest { epoch: town.kiosk.epoch, lease, used }).unwrap();
    let answer = town.kiosk.post(&town.platform, "/api/k/v1/leases:close", body).await;
    town.kiosk.believe::<CloseAnswer>(answer, protocol::signed::Purpose::Close).returned
}

#[tokio::test]
async fn a_close_gives_back_once_what_was_not_used() {
    let town = Town::new().await;
    let batch = town.batch(|new| (new.stock_total, new.lease_slots) = (100, 20));
    let grant = town.lease(batch, 10).await;
    assert_eq!(close(&town, grant.lease, 3).await, 7);
    assert_eq!(close(&town, grant.lease, 3).await, 7, "closing twice is closing once");
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.free, stock.leased), (97, 3));
}

#[tokio::test]
async fn a_slot_given_back_is_dead_even_for_a_voucher_of_the_kiosk() {
    let town = Town::new().await;
    let batch = town.batch(|new| (new.stock_total, new.lease_slots) = (100, 20));
    let person = town.person("13800000001");
    let grant = town.lease(batch, 2).await;
    close(&town, grant.lease, 1).await;
    let verdicts = town.report(&[town.voucher(&grant, 1, &person), town.voucher(&grant, 0, &person)]).await;
    assert!(matches!(&verdicts[0], Verdict::Rejected { .. }), "{verdicts:?}");
    assert!(matches!(&verdicts[1], Verdict::Issued { .. }), "{verdicts:?}");
}

#[tokio::test]
async fn a_kiosk_that_lost_count_gives_nothing_back_before_r() {
    let town = Town::new().await;
    let batch = town.batch(|new| (new.stock_total, new.lease_slots) = (100, 20));
    let person = town.person("13800000002");
    let grant = town.lease(batch, 4).await;
    town.report(&[town.voucher(&grant, 2, &person)]).await;
    assert_eq!(close(&town, grant.lease, 1).await, 0);
    assert_eq!(town.batch_row(batch).stock.leased, 3);
}

#[tokio::test]
async fn nobody_closes_the_lease_of_another_kiosk() {
    let town = Town::new().await;
    let batch = town.batch(|_| {});
    let grant = town.lease(batch, 1).await;
    let stranger = Kiosk::enrol(&town.platform, 55).await;
    let body = serde_json::to_value(CloseRequest { epoch: 1, lease: grant.lease, used: 0 }).unwrap();
    stranger.post(&town.platform, "/api/k/v1/leases:close", body).await.expect_problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_new_life_of_a_kiosk_gives_nothing_back_that_its_old_life_may_have_promised() {
    let town = Town::new().await;
    let batch = town.batch(|_| {});
    let grant = town.lease(batch, 2).await;
    let code = pairing_code(&town.platform, Some(town.kiosk.id));
    let again = Kiosk::from_answer(&try_enrol(&town.platform, &code, 77).await, 77);
    assert_eq!((again.id, again.epoch), (town.kiosk.id, town.kiosk.epoch + 1));
    let request = CloseRequest { epoch: again.epoch, lease: grant.lease, used: 0 };
    let body = serde_json::to_value(request).unwrap();
    again.post(&town.platform, "/api/k/v1/leases:close", body).await.expect_problem(404, "NOT_FOUND");
    assert_eq!(town.batch_row(batch).stock.leased, 2);
}

#[tokio::test]
async fn slots_come_back_at_r_by_the_platforms_clock_and_not_a_millisecond_before() {
    let town = Town::new().await;
    let batch = town.batch(|new| (new.stock_total, new.lease_slots) = (100, 20));
    let person = town.person("13800000003");
    let grant = town.lease(batch, 5).await;
    town.report(&[town.voucher(&grant, 0, &person)]).await;
    town.platform.clock.set(grant.reclaim_at.plus_ms(-1));
    assert_eq!(town.write(SEED, leases::reclaim_due), 0);
    assert_eq!(town.batch_row(batch).stock.leased, 4);
    town.platform.clock.set(grant.reclaim_at);
    assert_eq!(town.write(SEED, leases::reclaim_due), 1);
    assert_eq!(town.write(SEED, leases::reclaim_due), 0, "once");
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.free, stock.leased, stock.issued), (99, 0, 1));
    assert_eq!(close(&town, grant.lease, 1).await, 0, "a close after R finds nothing to give back");
    assert_eq!(town.batch_row(batch).stock, stock);
}

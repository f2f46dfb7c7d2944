//! Quotas: what is lent and issued in a day or a window never exceeds what it may give (I02).

use crate::{
    kiosk::Kiosk,
    town::{SEED, Town},
};
use domain::{
    ids::BatchId,
    quota::{Quota, WindowQuota},
    time::{MinuteOfDay, UtcMillis},
    window::Window,
};
use platform_api::modules::leases;
use protocol::{
    lease::{CloseRequest, Grant, LEASE_LEAD_MS, LeaseRequest},
    outbox::Verdict,
    signed::Purpose,
};
use serde_json::Value;

const LEASES: &str = "/api/k/v1/leases";
const HOUR_MS: i64 = 3_600_000;

fn window(from: u8, to: u8, coupons: u32) -> WindowQuota {
    let minute = |hour| MinuteOfDay::new(hour, 0).unwrap();
    WindowQuota { window: Window { weekdays: vec![], from: minute(from), to: minute(to) }, coupons }
}

fn request(kiosk: &Kiosk, request_no: u64, batch: BatchId, (want, at): (u32, Option<UtcMillis>)) -> Value {
    let request = LeaseRequest { epoch: kiosk.epoch, request_no, batch, want, at };
    serde_json::to_value(request).unwrap()
}

/// A grant for the period `at` lies in, as the only kiosk asks for it.
async fn ahead(town: &Town, request_no: u64, batch: BatchId, at: UtcMillis) -> Grant {
    let body = request(&town.kiosk, request_no, batch, (50, Some(at)));
    town.kiosk.open(town.kiosk.post(&town.platform, LEASES, body).await, Purpose::Grant)
}

async fn refused(town: &Town, request_no: u64, batch: BatchId, at: Option<UtcMillis>) -> String {
    let answer =
        town.kiosk.post(&town.platform, LEASES, request(&town.kiosk, request_no, batch, (50, at))).await;
    answer.json["code"].as_str().unwrap_or("granted").to_owned()
}

fn midnight(town: &Town) -> UtcMillis {
    town.platform.app.clock.now().day().plus_days(1).start()
}

#[tokio::test]
async fn a_day_lends_its_quota_and_no_more_until_shanghais_midnight() {
    let town = Town::new().await;
    let batch = town.batch(|new| {
        (new.stock_total, new.lease_slots) = (100, 50);
        new.content.terms.quota = Quota { per_day: Some(7), per_window: vec![] };
    });
    let midnight = midnight(&town);
    town.platform.clock.set(midnight.plus_ms(-HOUR_MS / 2));
    let today = town.lease(batch, 50).await;
    assert_eq!((today.slots, today.expires_at), (7, midnight), "no lease outlives its day");
    assert_eq!(refused(&town, 90, batch, None).await, "QUOTA_SLOT_FULL");
    let tomorrow = ahead(&town, 91, batch, midnight).await;
    assert_eq!((tomorrow.slots, tomorrow.valid_from), (7, midnight));
    assert_eq!(refused(&town, 92, batch, Some(midnight)).await, "QUOTA_SLOT_FULL");
    assert_eq!(town.batch_row(batch).stock.leased, 14);
}

#[tokio::test]
async fn what_comes_back_of_a_period_can_be_lent_again_in_that_period_only() {
    let town = Town::new().await;
    let batch = town.batch(|new| {
        (new.stock_total, new.lease_slots) = (100, 50);
        new.content.terms.quota = Quota { per_day: Some(7), per_window: vec![] };
    });
    let person = town.person("13800000001");
    let grant = town.lease(batch, 50).await;
    assert!(matches!(town.report(&[town.voucher(&grant, 0, &person)]).await[..], [Verdict::Issued { .. }]));
    let close = CloseRequest { epoch: town.kiosk.epoch, lease: grant.lease, used: 1 };
    let body = serde_json::to_value(close).unwrap();
    town.kiosk.post(&town.platform, "/api/k/v1/leases:close", body).await.expect(200);
    assert_eq!(town.lease(batch, 50).await.slots, 6, "one of seven is issued");
    town.platform.clock.set(midnight(&town).plus_ms(30 * HOUR_MS));
    town.write(SEED, leases::reclaim_due);
    assert_eq!(town.lease(batch, 50).await.slots, 7, "another day, its own quota");
    let held = "SELECT SUM(leased) AS n FROM batch_quota";
    assert_eq!(town.platform.count(held), 7, "of the day before nothing is lent any more");
}

#[tokio::test]
async fn a_window_and_its_day_both_bind_and_between_windows_nothing_is_lent() {
    let town = Town::new().await;
    let day = midnight(&town);
    let batch = town.batch(|new| {
        (new.stock_total, new.lease_slots) = (100, 50);
        new.content.terms.quota =
            Quota { per_day: Some(10), per_window: vec![window(10, 12, 8), window(20, 22, 8)] };
    });
    town.platform.clock.set(day.plus_ms(9 * HOUR_MS));
    assert_eq!(refused(&town, 90, batch, None).await, "OUT_OF_WINDOW");
    let morning = ahead(&town, 91, batch, day.plus_ms(10 * HOUR_MS)).await;
    assert_eq!((morning.slots, morning.valid_from), (8, day.plus_ms(10 * HOUR_MS)));
    assert_eq!(morning.expires_at, day.plus_ms(12 * HOUR_MS), "no lease outlives its window");
    let too_early = Some(day.plus_ms(20 * HOUR_MS));
    assert_eq!(refused(&town, 92, batch, too_early).await, "OUT_OF_WINDOW", "eleven hours ahead");
    town.platform.clock.set(day.plus_ms(20 * HOUR_MS - LEASE_LEAD_MS));
    assert_eq!(
        ahead(&town, 93, batch, day.plus_ms(20 * HOUR_MS)).await.slots,
        2,
        "the day gave eight of ten"
    );
}

#[tokio::test]
async fn a_quota_cut_below_what_is_out_lends_nothing_more_and_keeps_every_promise() {
    let town = Town::new().await;
    let batch = town.batch(|new| {
        (new.stock_total, new.lease_slots) = (100, 5);
        new.content.terms.quota = Quota { per_day: Some(50), per_window: vec![] };
    });
    let person = town.person("13800000001");
    let grant = town.lease(batch, 5).await;
    town.next_version(batch, |content| content.terms.quota = Quota { per_day: Some(3), per_window: vec![] });
    assert_eq!(refused(&town, 90, batch, None).await, "QUOTA_SLOT_FULL");
    let verdicts = town.report(&[town.voucher(&grant, 4, &person)]).await;
    assert!(matches!(verdicts[..], [Verdict::Issued { .. }]), "I3: {verdicts:?}");
    town.check_books();
}

#[tokio::test]
async fn the_last_of_the_stock_is_shared_among_the_kiosks_of_the_mall() {
    let town = Town::new().await;
    let mut others = Vec::new();
    for seed in 10..14 {
        others.push(Kiosk::enrol_in(&town.platform, town.mall, seed).await);
    }
    Kiosk::enrol(&town.platform, 15).await;
    let batch = town.batch(|new| (new.stock_total, new.lease_slots) = (50, 50));
    let mut slots = vec![town.lease(batch, 50).await.slots];
    for kiosk in &others {
        let answer = kiosk.post(&town.platform, LEASES, request(kiosk, 1, batch, (50, None))).await;
        let grant: Grant = kiosk.open(answer, Purpose::Grant);
        slots.push(grant.slots);
    }
    assert_eq!(slots[0], 10, "fifty among five; the kiosk of another mall does not count");
    assert!(slots.iter().all(|slots| *slots > 0), "{slots:?}");
    assert_eq!(town.lease(batch, 50).await.slots, 1, "who has its part gets one at a time");
}

#[tokio::test]
async fn a_kiosk_is_lent_nothing_of_another_malls_batch() {
    let town = Town::new().await;
    let batch = town.batch(|_| {});
    let elsewhere = Kiosk::enrol(&town.platform, 55).await;
    let answer = elsewhere.post(&town.platform, LEASES, request(&elsewhere, 1, batch, (5, None))).await;
    answer.expect_problem(409, "BATCH_NOT_ACTIVE");
    assert_eq!(town.batch_row(batch).stock.leased, 0);
}

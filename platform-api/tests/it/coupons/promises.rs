//! The offline promises on the real services: I2 the limit per person, I3 what was printed is honoured, I5 nothing is
//! mixed up after a lost disk.

use crate::{
    kiosk::{Kiosk, pairing_code_in, try_enrol},
    town::{Person, SEED, Town},
};
use domain::{batch::PersonLimit, money::Fen, pricing::Benefit};
use platform_api::{
    foundation::act::Actor,
    modules::{
        campaigns::{self, BatchMove},
        leases,
    },
};
use protocol::outbox::Verdict;
use serde_json::{Value, json};

fn rejected(code: &str) -> Verdict {
    Verdict::Rejected { code: code.to_owned() }
}

fn presented(town: &Town, voucher: &str, holder: &Person) -> Value {
    let holder_code = town.identify_code(holder);
    json!({ "code": voucher, "holder_code": holder_code, "store": town.noodle_store, "bill_fen": 12_000 })
}

fn one_a_person() -> PersonLimit {
    PersonLimit { total: 1, day: 1 }
}

#[tokio::test]
async fn i2_of_two_kiosks_that_were_offline_the_first_to_report_is_honoured_and_the_other_slot_returns_at_r()
{
    let mut town = Town::new().await;
    let batch = town.batch(|new| new.content.terms.per_person = one_a_person());
    let person = town.person("13800000001");
    let first_grant = town.lease(batch, 2).await;
    let first = town.voucher(&first_grant, 0, &person);
    let other = Kiosk::enrol_in(&town.platform, town.mall, 2).await;
    let kiosk = std::mem::replace(&mut town.kiosk, other);
    let second_grant = town.lease(batch, 2).await;
    let second = town.voucher(&second_grant, 0, &person);
    assert!(
        matches!(town.report(&[second]).await[..], [Verdict::Issued { .. }]),
        "platform order, not claim order"
    );
    town.kiosk = kiosk;
    assert_eq!(town.report(std::slice::from_ref(&first)).await, [rejected("USER_LIMIT")]);
    let till = town.confirm(&town.cashier, presented(&town, &first, &person)).await;
    till.expect_problem(409, "USER_LIMIT");
    town.platform.clock.set(second_grant.reclaim_at.max(first_grant.reclaim_at));
    town.write(SEED, leases::reclaim_due);
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.free, stock.leased, stock.issued), (9, 0, 1));
    town.check_books();
}

#[tokio::test]
async fn i2_a_new_pseudonym_the_next_day_is_the_same_person() {
    let town = Town::new().await;
    let batch = town.batch(|new| new.content.terms.per_person = one_a_person());
    let person = town.person("13800000001");
    let evening = town.lease(batch, 1).await;
    let yesterday = town.voucher(&evening, 0, &person);
    let midnight = town.platform.app.clock.now().day().plus_days(1).start();
    town.platform.clock.set(midnight);
    let night = town.lease(batch, 1).await;
    let today = town.voucher(&night, 0, &person);
    let verdicts = town.report(&[yesterday, today]).await;
    assert!(matches!(verdicts[0], Verdict::Issued { .. }), "{verdicts:?}");
    assert_eq!(verdicts[1], rejected("USER_LIMIT"));
}

#[tokio::test]
async fn i2_a_voucher_redeemed_before_any_report_counts_and_the_excess_one_is_refused_at_report_and_till() {
    let town = Town::new().await;
    let batch = town.batch(|new| new.content.terms.per_person = one_a_person());
    let person = town.person("13800000001");
    let grant = town.lease(batch, 3).await;
    let vouchers = [0, 1, 2].map(|slot| town.voucher(&grant, slot, &person));
    town.confirm(&town.cashier, presented(&town, &vouchers[1], &person)).await.expect(201);
    let till = town.confirm(&town.cashier, presented(&town, &vouchers[2], &person)).await;
    till.expect_problem(409, "USER_LIMIT");
    let verdicts = town.report(&vouchers).await;
    assert_eq!(verdicts[0], rejected("USER_LIMIT"));
    assert!(matches!(verdicts[1], Verdict::Issued { .. }), "{verdicts:?}");
    assert_eq!(verdicts[2], rejected("USER_LIMIT"));
    town.check_books();
}

#[tokio::test]
async fn i3_a_new_version_takes_nothing_from_what_is_printed_reported_or_not() {
    let town = Town::new().await;
    let (batch, one, other) = (town.batch(|_| {}), town.person("13800000001"), town.person("13800000002"));
    let grant = town.lease(batch, 3).await;
    let (reported, silent) = (town.voucher(&grant, 0, &one), town.voucher(&grant, 1, &other));
    let worse = Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(500) };
    let number = town.next_version(batch, |content| content.terms.benefit = worse);
    assert!(matches!(town.report(std::slice::from_ref(&reported)).await[..], [Verdict::Issued { .. }]));
    for (voucher, person) in [(&reported, &one), (&silent, &other)] {
        let redeemed = town.confirm(&town.cashier, presented(&town, voucher, person)).await.expect(201);
        assert_eq!(redeemed["discount_fen"], 2_000, "as printed");
    }
    assert_eq!((grant.version, town.lease(batch, 1).await.version), (1, number));
    town.check_books();
}

#[tokio::test]
async fn i3_what_was_issued_before_a_pause_reached_the_kiosk_is_honoured_and_nothing_more_is_lent() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 3).await;
    let approver = Actor::Staff(town.approver.staff);
    town.write(approver, move |tx, act| campaigns::move_batch(tx, act, batch, (BatchMove::Pause, "盘点")));
    let body = json!({"epoch": 1, "request_no": 900, "batch": batch.to_string(), "want": 1});
    let lease = town.kiosk.post(&town.platform, "/api/k/v1/leases", body).await;
    lease.expect_problem(409, "BATCH_NOT_ACTIVE");
    town.platform.clock.set(grant.expires_at.plus_ms(-1_000));
    let voucher = town.voucher(&grant, 0, &person);
    town.platform.clock.set(grant.reclaim_at.plus_ms(-1));
    assert!(matches!(town.report(&[voucher]).await[..], [Verdict::Issued { .. }]));
}

#[tokio::test]
async fn i5_the_same_slot_number_after_a_lost_disk_is_a_claim_of_its_own() {
    let mut town = Town::new().await;
    let (batch, one, other) = (town.batch(|_| {}), town.person("13800000001"), town.person("13800000002"));
    let grant = town.lease(batch, 2).await;
    let before = town.voucher(&grant, 0, &one);
    assert!(matches!(town.report(&[before]).await[..], [Verdict::Issued { .. }]));
    let code = pairing_code_in(&town.platform, town.mall, Some(town.kiosk.id));
    town.kiosk = Kiosk::from_answer(&try_enrol(&town.platform, &code, 77).await, 77);
    let renewed = town.lease(batch, 2).await;
    let after = town.voucher(&renewed, 0, &other);
    assert!(matches!(town.report(&[after]).await[..], [Verdict::Issued { .. }]));
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM coupon"), 2);
}

#[tokio::test]
async fn i37_a_claim_dated_outside_its_lease_is_suspect_and_kept() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 2).await;
    town.platform.clock.set(grant.expires_at.plus_ms(121_000));
    let late = town.voucher(&grant, 0, &person);
    assert_eq!(town.report(&[late]).await, [Verdict::Suspect { code: "CLOCK_SKEW".to_owned() }]);
    let wallet = town.platform.get("/api/c/v1/wallet", Some(&person.token)).await.expect(200);
    assert_eq!(wallet[0]["state"], "issued");
}

//! A kiosk's reports: applied once, in the platform's order, never dropped.

use crate::town::{SEED, Town};
use axum::http::Method;
use platform_api::modules::leases;
use protocol::{
    outbox::{ClaimsAnswer, Verdict},
    signed::Purpose,
};

fn rejected(code: &str) -> Verdict {
    Verdict::Rejected { code: code.to_owned() }
}

#[tokio::test]
async fn a_report_that_arrives_ten_times_is_one_coupon_with_one_answer() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 5).await;
    let voucher = town.voucher(&grant, 3, &person);
    let first = town.report(std::slice::from_ref(&voucher)).await;
    assert!(matches!(first[..], [Verdict::Issued { .. }]));
    for _ in 0..9 {
        town.platform.clock.advance_ms(3_600_000);
        assert_eq!(town.report(std::slice::from_ref(&voucher)).await, first);
    }
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM coupon"), 1);
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.free, stock.leased, stock.issued), (5, 4, 1));
    town.check_books();
}

#[tokio::test]
async fn a_coupon_lives_as_its_terms_say_from_the_claim_on_not_from_the_report() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 1).await;
    let voucher = town.voucher(&grant, 0, &person);
    let claimed_on = town.platform.app.clock.now().day();
    town.platform.clock.advance_ms(20 * 3_600_000);
    let ends_at = claimed_on.plus_days(3).start();
    assert_eq!(town.report(&[voucher]).await, [Verdict::Issued { ends_at }]);
}

#[tokio::test]
async fn the_first_of_a_person_are_honoured_and_the_rest_is_refused_for_good() {
    let town = Town::new().await;
    let batch =
        town.batch(|new| new.content.terms.per_person = domain::batch::PersonLimit { total: 2, day: 1 });
    let person = town.person("13800000001");
    let grant = town.lease(batch, 5).await;
    let evening = [town.voucher(&grant, 0, &person), town.voucher(&grant, 1, &person)];
    let verdicts = town.report(&evening).await;
    assert!(matches!(verdicts[0], Verdict::Issued { .. }));
    assert_eq!(verdicts[1], rejected("USER_LIMIT"));
    town.platform.clock.advance_ms(5 * 3_600_000);
    let next = town.lease(batch, 5).await;
    let next_day = [town.voucher(&next, 2, &person), town.voucher(&next, 3, &person)];
    let verdicts = town.report(&next_day).await;
    assert!(matches!(verdicts[0], Verdict::Issued { .. }));
    assert_eq!(verdicts[1], rejected("USER_LIMIT"));
    assert_eq!(town.report(&evening[1..]).await, [rejected("USER_LIMIT")], "the same claim, the same word");
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.issued, stock.leased), (2, 8), "a refused slot waits for R");
    town.check_books();
}

#[tokio::test]
async fn at_r_a_claim_is_too_late_whether_or_not_the_slot_was_reclaimed_yet() {
    let town = Town::new().await;
    let (batch, one, other) = (town.batch(|_| {}), town.person("13800000001"), town.person("13800000002"));
    let grant = town.lease(batch, 5).await;
    let vouchers = [town.voucher(&grant, 0, &one), town.voucher(&grant, 1, &other)];
    town.platform.clock.set(grant.reclaim_at.plus_ms(-1));
    assert!(matches!(town.report(&vouchers[..1]).await[..], [Verdict::Issued { .. }]), "just before R");
    town.platform.clock.set(grant.reclaim_at);
    assert_eq!(town.report(&vouchers[1..]).await, [rejected("LEASE_RECLAIMED")]);
    town.write(SEED, leases::reclaim_due);
    assert_eq!(town.report(&vouchers[1..]).await, [rejected("LEASE_RECLAIMED")]);
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.free, stock.leased, stock.issued), (9, 0, 1));
    town.check_books();
}

#[tokio::test]
async fn a_kiosk_whose_clock_is_off_is_suspect_and_its_people_keep_their_coupons() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 1).await;
    let body = town.reports(&[town.voucher(&grant, 0, &person)]);
    let ahead = town.platform.app.clock.now().plus_ms(121_000);
    let request = town.kiosk.request(Method::POST, "/api/k/v1/claims:batch", &body, ahead);
    let answer = town.platform.send(request).await;
    let answer: ClaimsAnswer = town.kiosk.believe(answer, Purpose::Claims);
    assert_eq!(answer.outcomes[0].verdict, Verdict::Suspect { code: "CLOCK_SKEW".to_owned() });
    let wallet = town.platform.get("/api/c/v1/wallet", Some(&person.token)).await.expect(200);
    assert_eq!(wallet[0]["state"], "issued");
}

#[tokio::test]
async fn one_slot_in_two_kiosks_is_one_coupon() {
    let town = Town::new().await;
    let (batch, one, other) = (town.batch(|_| {}), town.person("13800000001"), town.person("13800000002"));
    let grant = town.lease(batch, 1).await;
    let copies = [town.voucher(&grant, 0, &one), town.voucher(&grant, 0, &other)];
    let verdicts = town.report(&copies).await;
    assert!(matches!(verdicts[0], Verdict::Issued { .. }));
    assert_eq!(verdicts[1], rejected("SLOT_TAKEN"));
    town.check_books();
}

#[tokio::test]
async fn a_voucher_of_another_key_a_slot_outside_the_lease_and_a_stranger_are_no_coupons() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 2).await;
    let outside = town.voucher(&grant, 2, &person);
    assert_eq!(town.report(&[outside]).await, [rejected("VOUCHER_REFUSED")]);
    let good = town.voucher(&grant, 0, &person);
    let known =
        domain::voucher::read(good.as_bytes()).unwrap().verify(&town.kiosk.key.verifying_key()).unwrap();
    let stranger = domain::voucher::Voucher {
        pseudonym: domain::consumer_code::Pseudonym::from_bytes([0; 16]),
        ..known
    };
    let stranger = domain::voucher::issue(&stranger, &town.kiosk.key);
    assert_eq!(town.report(&[stranger]).await, [rejected("UNKNOWN_PERSON")]);
    let mut body = town.reports(&[good]);
    let forged = domain::voucher::issue(&known, &ed25519_dalek::SigningKey::from_bytes(&[66; 32]));
    body["claims"][0]["voucher"] = forged.into();
    let answer = town.kiosk.post(&town.platform, "/api/k/v1/claims:batch", body).await;
    let answer: ClaimsAnswer = town.kiosk.believe(answer, Purpose::Claims);
    assert_eq!(answer.outcomes[0].verdict, rejected("VOUCHER_REFUSED"));
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM coupon"), 0);
}

#[tokio::test]
async fn only_a_kiosk_reports() {
    let town = Town::new().await;
    let body = serde_json::json!({ "epoch": 1, "claims": [] });
    let path = "/api/k/v1/claims:batch";
    let anonymous = town.platform.post(path, None, body.clone()).await;
    assert_eq!(anonymous.status.as_u16(), 401, "{}", anonymous.text);
    let cashier = town.platform.post(path, Some(&town.cashier.token), body).await;
    assert!([401, 403].contains(&cashier.status.as_u16()), "{}", cashier.text);
}

#[tokio::test]
async fn a_full_report_of_two_hundred_claims_fits_one_request() {
    let town = Town::new().await;
    let batch = town.batch(|new| (new.stock_total, new.lease_slots) = (200, 50));
    let person = town.person("13800000001");
    let mut vouchers = Vec::new();
    for _ in 0..4 {
        let grant = town.lease(batch, 50).await;
        vouchers.extend((0..50).map(|slot| town.voucher(&grant, slot, &person)));
    }
    let verdicts = town.report(&vouchers).await;
    assert_eq!(verdicts.len(), protocol::outbox::CLAIMS_MAX);
    let issued = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Issued { .. })).count();
    assert_eq!(issued, 2, "the limit of the person");
    town.check_books();
}

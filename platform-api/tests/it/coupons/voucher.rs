//! Vouchers at the till: before, after and without their report.

use crate::town::{Person, Town};
use protocol::outbox::Verdict;
use serde_json::{Value, json};

fn presented(town: &Town, voucher: &str, holder: Option<&Person>) -> Value {
    let holder_code = holder.map(|person| town.identify_code(person));
    json!({ "code": voucher, "holder_code": holder_code, "store": town.noodle_store, "bill_fen": 12_000 })
}

#[tokio::test]
async fn an_unreported_voucher_is_redeemed_with_its_holders_code_and_its_report_then_changes_nothing() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 2).await;
    let voucher = town.voucher(&grant, 0, &person);
    let body = presented(&town, &voucher, Some(&person));
    let preview = town.preview(&town.cashier, body.clone()).await.expect(200);
    assert_eq!(preview["discount_fen"], 2_000);
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM coupon"), 0, "a preview changes nothing");
    town.confirm(&town.cashier, body).await.expect(201);
    town.check_books();
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.leased, stock.issued), (1, 1));
    assert!(matches!(town.report(std::slice::from_ref(&voucher)).await[..], [Verdict::Issued { .. }]));
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM coupon WHERE state = 'redeemed'"), 1);
    assert_eq!(town.batch_row(batch).stock, stock);
    let again = town.confirm(&town.cashier, presented(&town, &voucher, Some(&person))).await;
    again.expect_problem(409, "ALREADY_REDEEMED");
}

#[tokio::test]
async fn a_photograph_of_a_voucher_is_worth_nothing_to_another_person() {
    let town = Town::new().await;
    let (batch, person, thief) = (town.batch(|_| {}), town.person("13800000001"), town.person("13800000002"));
    let grant = town.lease(batch, 1).await;
    let voucher = town.voucher(&grant, 0, &person);
    let alone = town.confirm(&town.cashier, presented(&town, &voucher, None)).await;
    alone.expect_problem(422, "HOLDER_CODE_REQUIRED");
    let stolen = town.confirm(&town.cashier, presented(&town, &voucher, Some(&thief))).await;
    stolen.expect_problem(409, "OTHER_HOLDER");
    town.report(std::slice::from_ref(&voucher)).await;
    let reported = town.confirm(&town.cashier, presented(&town, &voucher, Some(&thief))).await;
    reported.expect_problem(409, "OTHER_HOLDER");
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM redemption"), 0);
}

#[tokio::test]
async fn a_voucher_of_yesterday_evening_is_redeemed_with_todays_code_of_the_same_person() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 1).await;
    let voucher = town.voucher(&grant, 0, &person);
    let day = town.platform.app.clock.now().day();
    town.platform.clock.advance_ms(15 * 3_600_000);
    assert_ne!(town.platform.app.clock.now().day(), day);
    town.confirm(&town.cashier, presented(&town, &voucher, Some(&person))).await.expect(201);
    town.check_books();
}

#[tokio::test]
async fn a_reported_voucher_still_counts_after_r_and_an_unreported_one_does_not() {
    let town = Town::new().await;
    let (batch, one, other) = (town.batch(|_| {}), town.person("13800000001"), town.person("13800000002"));
    let grant = town.lease(batch, 2).await;
    let (reported, silent) = (town.voucher(&grant, 0, &one), town.voucher(&grant, 1, &other));
    town.report(std::slice::from_ref(&reported)).await;
    town.platform.clock.set(grant.reclaim_at);
    town.confirm(&town.cashier, presented(&town, &reported, Some(&one))).await.expect(201);
    let dead = town.confirm(&town.cashier, presented(&town, &silent, Some(&other))).await;
    dead.expect_problem(409, "VOUCHER_ENDED");
    town.check_books();
}

#[tokio::test]
async fn the_limit_per_person_holds_at_the_till_too() {
    let town = Town::new().await;
    let batch =
        town.batch(|new| new.content.terms.per_person = domain::batch::PersonLimit { total: 1, day: 1 });
    let person = town.person("13800000001");
    let grant = town.lease(batch, 2).await;
    let vouchers = [town.voucher(&grant, 0, &person), town.voucher(&grant, 1, &person)];
    town.confirm(&town.cashier, presented(&town, &vouchers[0], Some(&person))).await.expect(201);
    let excess = town.confirm(&town.cashier, presented(&town, &vouchers[1], Some(&person))).await;
    excess.expect_problem(409, "USER_LIMIT");
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.leased, stock.issued), (1, 1), "the slot waits for R");
    town.check_books();
}

#[tokio::test]
async fn one_showing_of_a_persons_code_serves_one_cashier_only() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 2).await;
    let holder_code = town.identify_code(&person);
    let bring = |slot, store| {
        let voucher = town.voucher(&grant, slot, &person);
        json!({ "code": voucher, "holder_code": holder_code, "store": store, "bill_fen": 12_000 })
    };
    let (first, second) = (bring(0, town.noodle_store), bring(1, town.noodle_branch));
    town.confirm(&town.cashier, first).await.expect(201);
    town.confirm(&town.colleague, second).await.expect_problem(409, "CODE_REPLAYED");
    town.confirm(&town.cashier, bring(1, town.noodle_store)).await.expect(201);
}

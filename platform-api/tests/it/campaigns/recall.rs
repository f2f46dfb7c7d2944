//! Recall and cut of a batch (F31): what is taken back, what stays promised, and how everybody is told.

use crate::town::{Person, SEED, Town, code, try_write};
use domain::{ids::BatchId, money::Fen};
use platform_api::{
    foundation::act::Actor,
    modules::{
        campaigns::{self, BatchState, Decision},
        coupons, leases,
    },
};
use protocol::{lease::CloseRequest, outbox::Verdict};
use serde_json::{Value, json};

const REASON: &str = "商户停业，活动取消";

async fn recall(town: &Town, batch: BatchId) {
    let (ask, decide) =
        (format!("/api/o/v1/batches/{batch}/recall"), format!("/api/o/v1/batches/{batch}/recall/decision"));
    let (editor, approver) = (Some(town.editor.token.as_str()), Some(town.approver.token.as_str()));
    town.platform.post(&ask, editor, json!({ "reason": REASON })).await.expect(201);
    town.platform.post(&decide, approver, json!({ "approve": true, "reason": "属实" })).await.expect(200);
}

async fn cut(town: &Town, batch: BatchId, total: u32) -> crate::harness::Answer {
    let body = json!({ "stock_total": total, "reason": "商户备货不足" });
    let path = format!("/api/o/v1/batches/{batch}/stock");
    town.platform.post(&path, Some(&town.approver.token), body).await
}

fn presented(town: &Town, voucher: &str, holder: &Person) -> Value {
    let holder_code = town.identify_code(holder);
    json!({ "code": voucher, "holder_code": holder_code, "store": town.noodle_store, "bill_fen": 12_000 })
}

fn void_all(town: &Town) {
    while town.write(SEED, coupons::void_recalled) {}
}

#[tokio::test]
async fn two_people_recall_a_batch_and_its_money_is_free_at_once() {
    let town = Town::new().await;
    let batch = town.batch(|_| {});
    assert!(town.batch_row(batch).committed_fen > Fen::ZERO);
    let approver = Actor::Staff(town.approver.staff);
    town.write(approver, move |tx, act| campaigns::ask_recall(tx, act, batch, REASON));
    let own = try_write(&town.platform, approver, move |tx, act| {
        campaigns::decide_recall(tx, act, batch, (Decision::Approve, ""))
    });
    assert_eq!(code(own), "SELF_APPROVAL");
    assert_eq!(town.batch_row(batch).state, BatchState::Active, "asking changes nothing");
    let editor = Actor::Staff(town.editor.staff);
    town.write(editor, move |tx, act| campaigns::decide_recall(tx, act, batch, (Decision::Approve, "")));
    let row = town.batch_row(batch);
    assert_eq!((row.state, row.recalled.as_deref()), (BatchState::Ended, Some(REASON)));
    assert_eq!(row.committed_fen, row.spent_fen);
    let again =
        try_write(&town.platform, editor, move |tx, act| campaigns::ask_recall(tx, act, batch, REASON));
    assert_eq!(code(again), "CONFLICT");
    town.check_books();
}

#[tokio::test]
async fn a_recall_that_was_refused_changes_nothing_and_can_be_asked_for_again() {
    let town = Town::new().await;
    let batch = town.batch(|_| {});
    let (editor, approver) = (Actor::Staff(town.editor.staff), Actor::Staff(town.approver.staff));
    town.write(editor, move |tx, act| campaigns::ask_recall(tx, act, batch, REASON));
    town.write(approver, move |tx, act| {
        campaigns::decide_recall(tx, act, batch, (Decision::Reject, "不属实"))
    });
    let row = town.batch_row(batch);
    assert_eq!((row.state, row.recalled), (BatchState::Active, None));
    town.write(editor, move |tx, act| campaigns::ask_recall(tx, act, batch, REASON));
}

#[tokio::test]
async fn a_recalled_coupon_is_dead_in_the_wallet_and_at_the_till_before_and_after_the_job() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let coupon = town.coupon(batch, &person).await;
    let shown = town.shown(coupon, &person).await;
    recall(&town, batch).await;
    for voided in [0, 1] {
        let path = format!("/api/c/v1/coupons/{coupon}");
        let body = town.platform.get(&path, Some(&person.token)).await.expect(200);
        assert_eq!((&body["state"], &body["recalled"]), (&json!("voided"), &json!(REASON)));
        let refused = town.confirm(&town.cashier, town.presented(&shown["pin"], 12_000)).await;
        refused.expect_problem(409, "BATCH_RECALLED");
        assert_eq!(refused.json["reason"], REASON);
        assert_eq!(town.platform.count("SELECT count(*) AS n FROM coupon WHERE state = 'voided'"), voided);
        void_all(&town);
    }
    let events = "SELECT count(*) AS n FROM outbox_event WHERE topic = 'coupon.voided'";
    assert_eq!(town.platform.count(events), 1);
    let page = town.platform.get(&format!("/wallet/{coupon}"), Some(&person.token)).await;
    assert!(page.status.as_u16() != 200 || page.text.contains(REASON), "{}", page.text);
    town.check_books();
}

#[tokio::test]
async fn what_was_redeemed_before_a_recall_stays_redeemed() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let coupon = town.coupon(batch, &person).await;
    let shown = town.shown(coupon, &person).await;
    town.confirm(&town.cashier, town.presented(&shown["pin"], 12_000)).await.expect(201);
    recall(&town, batch).await;
    void_all(&town);
    let state = format!("/api/c/v1/coupons/{coupon}");
    assert_eq!(town.platform.get(&state, Some(&person.token)).await.expect(200)["state"], "redeemed");
    assert_eq!(town.batch_row(batch).committed_fen, town.batch_row(batch).spent_fen);
    town.check_books();
}

#[tokio::test]
async fn a_voucher_of_a_recalled_batch_is_refused_at_report_and_redeem_and_its_slot_comes_back_at_r() {
    let town = Town::new().await;
    let (batch, one, other) = (town.batch(|_| {}), town.person("13800000001"), town.person("13800000002"));
    let grant = town.lease(batch, 5).await;
    let (reported, silent) = (town.voucher(&grant, 0, &one), town.voucher(&grant, 1, &other));
    recall(&town, batch).await;
    let rejected = Verdict::Rejected { code: "BATCH_RECALLED".to_owned() };
    for _ in 0..2 {
        let verdicts = town.report(std::slice::from_ref(&reported)).await;
        assert_eq!(verdicts, std::slice::from_ref(&rejected), "the same claim, the same word");
    }
    let refused = town.confirm(&town.cashier, presented(&town, &silent, &other)).await;
    refused.expect_problem(409, "BATCH_RECALLED");
    assert_eq!(refused.json["reason"], REASON);
    town.platform.clock.set(grant.reclaim_at);
    town.write(SEED, leases::reclaim_due);
    assert_eq!(town.batch_row(batch).stock.leased, 0);
    void_all(&town);
    let approver = Actor::Staff(town.approver.staff);
    town.write(approver, move |tx, act| {
        campaigns::move_batch(tx, act, batch, (campaigns::BatchMove::Close, ""))
    });
    town.check_books();
}

#[tokio::test]
async fn a_stock_cut_below_what_is_lent_breaks_no_promise_and_comes_true_as_slots_come_back() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|new| new.stock_total = 10), town.person("13800000001"));
    let grant = town.lease(batch, 8).await;
    let before = town.batch_row(batch);
    cut(&town, batch, 3).await.expect(200);
    let row = town.batch_row(batch);
    assert_eq!((row.stock.total, row.stock.free, row.stock.leased, row.cut_due), (8, 0, 8, 5));
    assert_eq!(row.committed_fen.get() * 10, before.committed_fen.get() * 8);
    let voucher = town.voucher(&grant, 7, &person);
    assert!(matches!(town.report(&[voucher]).await[..], [Verdict::Issued { .. }]), "I3");
    town.platform.clock.set(grant.reclaim_at);
    town.write(SEED, leases::reclaim_due);
    let row = town.batch_row(batch);
    assert_eq!((row.stock.total, row.stock.free, row.stock.issued, row.cut_due), (3, 2, 1, 0), "I1");
    town.check_books();
}

#[tokio::test]
async fn a_close_after_a_cut_gives_back_only_what_the_stock_still_has() {
    let town = Town::new().await;
    let batch = town.batch(|new| new.stock_total = 10);
    let grant = town.lease(batch, 8).await;
    cut(&town, batch, 5).await.expect(200);
    let close = CloseRequest { epoch: town.kiosk.epoch, lease: grant.lease, used: 2 };
    let body = serde_json::to_value(close).unwrap();
    town.kiosk.post(&town.platform, "/api/k/v1/leases:close", body).await.expect(200);
    let stock = town.batch_row(batch).stock;
    assert_eq!((stock.total, stock.free, stock.leased), (5, 3, 2));
    cut(&town, batch, 5).await.expect_problem(422, "INVALID");
    cut(&town, batch, 0).await.expect_problem(422, "INVALID");
}

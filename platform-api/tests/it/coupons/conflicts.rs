//! A kiosk whose disk was set back issues a slot twice: the first is honoured, the second refused, the conflict shown.

use crate::{
    auth::token_of,
    town::{Person, Town},
};
use domain::ids::BatchId;
use platform_api::foundation::{act::Role, audit};
use protocol::{lease::Grant, outbox::Verdict};
use serde_json::{Value, json};

const TAKEN: &str = "SLOT_TAKEN";

fn is_taken(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Rejected { code } if code == TAKEN)
}

/// A slot issued to two people: the second by the disk as it was before the first.
async fn issued_twice(town: &Town) -> (BatchId, Grant, [(String, Person); 2]) {
    let (batch, one, other) = (town.batch(|_| {}), town.person("13800000001"), town.person("13800000002"));
    let grant = town.lease(batch, 2).await;
    let first = town.voucher(&grant, 0, &one);
    town.platform.clock.advance_ms(60_000);
    let second = town.voucher(&grant, 0, &other);
    (batch, grant, [(first, one), (second, other)])
}

async fn conflicts(town: &Town, fleet: &str) -> Vec<Value> {
    let list = town.platform.get("/api/o/v1/kiosks/conflicts", Some(fleet)).await.expect(200);
    list.as_array().unwrap().clone()
}

fn presented(town: &Town, (voucher, holder): &(String, Person)) -> Value {
    let holder_code = town.identify_code(holder);
    json!({ "code": voucher, "holder_code": holder_code, "store": town.noodle_store, "bill_fen": 12_000 })
}

#[tokio::test]
async fn the_first_report_is_honoured_the_second_refused_and_one_conflict_is_listed_however_often_they_come()
{
    let town = Town::new().await;
    let fleet = token_of(&town.platform, Role::OpFleet);
    let (_, grant, [first, second]) = issued_twice(&town).await;
    for _ in 0..3 {
        let honoured = town.report(std::slice::from_ref(&first.0)).await;
        assert!(matches!(honoured[..], [Verdict::Issued { .. }]), "{honoured:?}");
    }
    assert_eq!(conflicts(&town, &fleet).await, Vec::<Value>::new(), "a replay is no conflict");
    let seen_first = town.platform.app.clock.now();
    town.platform.clock.advance_ms(1_000);
    for _ in 0..3 {
        assert!(is_taken(&town.report(std::slice::from_ref(&second.0)).await[0]));
    }
    let listed = conflicts(&town, &fleet).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let place = format!("kiosk:{}", town.kiosk.id);
    let seen = |voucher: &str, at: domain::time::UtcMillis| json!({"voucher": voucher, "seen_at": at.to_rfc3339().unwrap(), "place": place});
    let expected = json!({"device": town.kiosk.id, "lease": grant.lease, "slot": 0,
        "first": seen(&first.0, seen_first), "other": seen(&second.0, seen_first.plus_ms(1_000))});
    assert_eq!(listed[0], expected);
    assert_eq!(
        town.platform.count("SELECT count(*) AS n FROM audit_entry WHERE action = 'kiosk.conflict'"),
        1
    );
    let today = format!("O/{}", town.platform.app.clock.now().day().get());
    town.platform.db().read(move |tx| audit::verify(tx, &today)).unwrap();
    town.check_books();
}

#[tokio::test]
async fn a_second_voucher_refused_at_a_till_is_noted_although_the_refusal_is_rolled_back() {
    let town = Town::new().await;
    let fleet = token_of(&town.platform, Role::OpFleet);
    let (_, _, [first, second]) = issued_twice(&town).await;
    town.confirm(&town.cashier, presented(&town, &first)).await.expect(201);
    for _ in 0..2 {
        town.preview(&town.cashier, presented(&town, &second)).await.expect_problem(409, "CONFLICT");
        town.confirm(&town.cashier, presented(&town, &second)).await.expect_problem(409, "CONFLICT");
    }
    let listed = conflicts(&town, &fleet).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let place = json!(format!("store:{}", town.noodle_store));
    assert_eq!((&listed[0]["first"]["place"], &listed[0]["other"]["place"]), (&place, &place));
    assert_eq!(
        (&listed[0]["first"]["voucher"], &listed[0]["other"]["voucher"]),
        (&json!(first.0), &json!(second.0))
    );
    town.check_books();
}

#[tokio::test]
async fn what_was_redeemed_first_is_first_and_a_refusal_for_another_reason_is_no_conflict() {
    let town = Town::new().await;
    let fleet = token_of(&town.platform, Role::OpFleet);
    let (_, _, [first, second]) = issued_twice(&town).await;
    let mut small = presented(&town, &first);
    small["bill_fen"] = json!(9_000);
    town.confirm(&town.cashier, small).await.expect_problem(409, "THRESHOLD_NOT_MET");
    town.confirm(&town.cashier, presented(&town, &second)).await.expect(201);
    assert_eq!(conflicts(&town, &fleet).await, Vec::<Value>::new());
    assert!(is_taken(&town.report(std::slice::from_ref(&first.0)).await[0]), "platform order decides");
    let listed = conflicts(&town, &fleet).await;
    assert_eq!((listed.len(), &listed[0]["first"]["voucher"]), (1, &json!(second.0)));
}

#[tokio::test]
async fn two_texts_of_one_slot_for_one_person_are_a_conflict_and_one_coupon() {
    let town = Town::new().await;
    let fleet = token_of(&town.platform, Role::OpFleet);
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let grant = town.lease(batch, 1).await;
    let first = town.voucher(&grant, 0, &person);
    town.platform.clock.advance_ms(60_000);
    let again = town.voucher(&grant, 0, &person);
    let verdicts = town.report(&[first, again]).await;
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Issued { .. })), "{verdicts:?}");
    assert_eq!(conflicts(&town, &fleet).await.len(), 1);
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM coupon"), 1);
}

#[tokio::test]
async fn what_was_seen_is_never_changed_or_removed_and_not_shown_to_everybody() {
    let town = Town::new().await;
    let (_, _, [first, _]) = issued_twice(&town).await;
    town.report(std::slice::from_ref(&first.0)).await;
    for sql in ["UPDATE voucher_seen SET place = 9", "DELETE FROM voucher_seen"] {
        let touched = town.platform.db().write(move |tx| tx.execute(sql, &[]));
        assert!(touched.is_err(), "{sql}");
    }
    let editor = token_of(&town.platform, Role::OpCampaignEditor);
    let list = town.platform.get("/api/o/v1/kiosks/conflicts", Some(&editor)).await;
    list.expect_problem(403, "FORBIDDEN");
}

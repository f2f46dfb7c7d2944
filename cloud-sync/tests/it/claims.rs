//! Claims: commit, then show.

use super::desk::{BATCH, Desk, person_of};
use cloud_sync::{
    owner::StoreHandle,
    store::{ClaimOrder, ClaimRefused, Usage},
};
use domain::{ids::EventId, voucher};
use protocol::feed::Row;
use std::collections::BTreeSet;

#[test]
fn what_is_shown_is_on_disk_before_it_is_shown() {
    let mut desk = Desk::in_stock();
    let shown = desk.claim(1).unwrap();
    // The process ends without a word between the claim and everything after it.
    desk.restart();
    let pending = desk.store().pending(10).unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!((pending[0].event, &pending[0].voucher), (shown.event, &shown.text));
    let day = desk.now().day();
    let usage = desk.store().usage(person_of(1), day).unwrap();
    assert_eq!(usage[&BATCH], Usage { total: 1, today: 1 });
}

#[test]
fn a_voucher_is_signed_by_the_device_and_prints_the_reclaim_date() {
    let mut desk = Desk::in_stock();
    let shown = desk.claim(1).unwrap();
    let device_key = desk.store().signing_key().verifying_key();
    let promise = voucher::read(shown.text.as_bytes()).unwrap().verify(&device_key).unwrap();
    let grant = desk.platform.granted()[0];
    assert_eq!((promise.lease, promise.slot, promise.batch), (grant.lease, 0, BATCH));
    assert_eq!((promise.pseudonym, promise.claimed_at), (person_of(1), desk.now()));
    assert_eq!((promise.redeem_before, shown.redeem_before), (grant.reclaim_at, grant.reclaim_at));
}

#[test]
fn the_same_claim_made_again_gives_the_same_voucher() {
    let mut desk = Desk::in_stock();
    let order = desk.order(1);
    let now = desk.now();
    let first = desk.store().claim(&order, now).unwrap();
    desk.restart();
    let again = desk.store().claim(&order, now.plus_ms(5_000)).unwrap();
    assert_eq!(first, again);
    assert_eq!(desk.store().pending(10).unwrap().len(), 1);
}

#[test]
fn a_slot_is_never_issued_twice_however_many_claim_at_once() {
    let mut desk = Desk::in_stock();
    let now = desk.now();
    let granted = desk.platform.granted()[0].slots;
    let (handle, thread) = StoreHandle::start(desk.store.take().unwrap()).unwrap();
    let claim_four = |thread: u8| {
        let handle = handle.clone();
        move || {
            let claims = (0..4_u8).map(|claim| {
                let number = thread * 4 + claim;
                let order = ClaimOrder {
                    batch: BATCH,
                    pseudonym: person_of(number),
                    event: EventId::from_bytes([number; 16]),
                };
                handle.ask(move |store| store.claim(&order, now)).unwrap()
            });
            claims.filter_map(Result::ok).map(|shown| (shown.lease, shown.slot)).collect::<Vec<_>>()
        }
    };
    let slots: Vec<_> = std::thread::scope(|scope| {
        let claimers: Vec<_> = (0..8).map(|thread| scope.spawn(claim_four(thread))).collect();
        claimers.into_iter().flat_map(|claimer| claimer.join().unwrap()).collect()
    });
    assert_eq!(slots.len(), granted as usize, "32 tried, as many as there are slots succeeded");
    assert_eq!(slots.iter().collect::<BTreeSet<_>>().len(), slots.len());
    drop(handle);
    thread.join().unwrap();
}

#[test]
fn an_empty_lease_refuses() {
    let mut desk = Desk::new();
    desk.platform.set_stock(BATCH, 2);
    desk.enrol("AAAA2222");
    desk.settle();
    desk.platform.cut(true);
    desk.claim(1).unwrap();
    desk.claim(2).unwrap();
    assert_eq!(desk.refusal(3), ClaimRefused::LeaseExhausted);
    let now = desk.now();
    assert!(desk.store().stock(now).unwrap().is_empty());
    assert_eq!(desk.store().pending(10).unwrap().len(), 2, "a refused claim leaves nothing behind");
}

#[test]
fn from_its_expiry_on_a_lease_issues_nothing() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    let expiry = desk.platform.granted()[0].expires_at;
    let order = desk.order(1);
    desk.store().claim(&order, expiry.plus_ms(-1)).unwrap();
    desk.sleep_until(expiry);
    assert_eq!(desk.refusal(2), ClaimRefused::LeaseExpired);
}

#[test]
fn a_person_gets_no_more_than_the_limit_here() {
    let mut desk = Desk::in_stock();
    desk.claim(1).unwrap();
    desk.claim(1).unwrap();
    assert_eq!(desk.refusal(1), ClaimRefused::UserLimit);
    desk.claim(2).unwrap();
}

#[test]
fn a_kiosk_without_enrolment_or_catalogue_or_with_a_paused_batch_issues_nothing() {
    let mut desk = Desk::new();
    assert_eq!(desk.refusal(1), ClaimRefused::NotEnrolled);
    desk.enrol("AAAA2222");
    desk.settle();
    let unknown = ClaimOrder { batch: domain::ids::BatchId::from_bytes([8; 16]), ..desk.order(1) };
    let now = desk.now();
    assert_eq!(desk.store().claim(&unknown, now).unwrap_err().to_string(), "claim refused");
    let paused = protocol::feed::BatchRow { active: false, ..cloud_sync::testing::batch_row(7) };
    desk.platform.publish("7", &Row::Batch(Box::new(paused))).unwrap();
    desk.pass_s(120);
    assert_eq!(desk.refusal(1), ClaimRefused::NotActive);
}

/// The columns of every table that knows a person by pseudonym. A new one must be no name, phone number or tag.
const KNOWN_OF_PERSONS: &str = "replay: pseudonym nonce accepted_until_ms
voucher: lease slot batch pseudonym day claimed_at_ms text event redeem_before_ms verdict";

#[test]
fn of_a_person_the_ledger_knows_a_daily_pseudonym_and_what_was_promised() {
    let desk = Desk::in_stock();
    let ledger = rusqlite::Connection::open(desk.folder().join("ledger.db")).unwrap();
    let sql = "SELECT t.name || ': ' || group_concat(c.name, ' ' ORDER BY c.cid)
               FROM pragma_table_list t JOIN pragma_table_info(t.name) c
               GROUP BY t.name HAVING sum(c.name = 'pseudonym') > 0 ORDER BY t.name";
    let mut query = ledger.prepare(sql).unwrap();
    let tables: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(tables.join("\n"), KNOWN_OF_PERSONS);
}

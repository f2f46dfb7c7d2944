//! Quotas on the kiosk: stock for the next period in time, and never a slot outside its period (I02).

use super::desk::{BATCH, Desk};
use cloud_sync::{
    core::{Effect, Save},
    store::ClaimRefused,
    testing::{DAWN, batch_row},
};
use domain::{
    quota::{Quota, WindowQuota},
    time::{MinuteOfDay, UtcMillis},
    window::Window,
};
use protocol::feed::{BatchRow, Row};

const HOUR_S: u32 = 3_600;

fn window(from: u8, to: u8) -> WindowQuota {
    let minute = |hour| MinuteOfDay::new(hour, 0).unwrap();
    WindowQuota { window: Window { weekdays: vec![], from: minute(from), to: minute(to) }, coupons: 30 }
}

/// The batch with windows from 6 to 8 and from 8 to 10; the desk begins at 4.
fn with_windows() -> BatchRow {
    let mut row = batch_row(7);
    row.terms.quota = Quota { per_day: None, per_window: vec![window(6, 8), window(8, 10)] };
    row
}

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.platform.publish("7", &Row::Batch(Box::new(with_windows()))).unwrap();
    desk.enrol("AAAA2222");
    desk.settle();
    desk
}

fn at_hour(hour: i64) -> UtcMillis {
    DAWN.plus_ms((hour - 4) * 3_600_000)
}

#[test]
fn stock_of_a_window_comes_an_hour_before_it_opens_and_is_issued_from_its_first_instant_on() {
    let mut desk = desk();
    desk.pass_s(HOUR_S - 120);
    assert_eq!(desk.platform.granted(), [], "too early to hold other kiosks' stock");
    desk.pass_s(600);
    let grant = desk.platform.granted()[0];
    assert_eq!((grant.valid_from, grant.expires_at), (at_hour(6), at_hour(8)));
    desk.platform.cut(true);
    assert_eq!(desk.refusal(1), ClaimRefused::LeaseExhausted, "before the window");
    let order = desk.order(1);
    let early = at_hour(6).plus_ms(-1);
    assert!(desk.store().claim(&order, early).is_err());
    assert!(desk.store().stock(early).unwrap().is_empty());
    let shown = desk.store().claim(&order, at_hour(6)).unwrap();
    assert_eq!(shown.redeem_before, grant.reclaim_at);
}

#[test]
fn a_kiosk_cut_off_before_the_next_window_opens_has_stock_for_it() {
    let mut desk = desk();
    desk.pass_s(3 * HOUR_S + 600);
    desk.platform.cut(true);
    desk.pass_s(HOUR_S);
    assert!(desk.now() >= at_hour(8));
    let shown = desk.claim(1).unwrap();
    let of = desk.platform.granted().into_iter().find(|grant| grant.lease == shown.lease).unwrap();
    assert_eq!((of.valid_from, of.expires_at), (at_hour(8), at_hour(10)));
}

#[test]
fn a_slot_of_a_window_that_has_closed_is_never_issued() {
    let mut desk = desk();
    desk.pass_s(2 * HOUR_S + 600);
    desk.platform.cut(true);
    let order = desk.order(1);
    assert!(desk.store().claim(&order, at_hour(8).plus_ms(-1)).is_ok());
    let order = desk.order(2);
    assert!(desk.store().claim(&order, at_hour(8)).is_err());
}

#[test]
fn one_lease_is_enough_while_it_lasts_to_the_end_of_its_window() {
    let mut desk = desk();
    desk.pass_s(4 * HOUR_S - 300);
    let of_first = desk.platform.granted().iter().filter(|grant| grant.valid_from == at_hour(6)).count();
    assert_eq!(of_first, 1, "a successor would end no later");
}

#[test]
fn a_rush_makes_the_next_lease_larger_within_what_the_batch_allows() {
    let mut desk = Desk::new();
    let row = BatchRow { lease_slots: 45, ..batch_row(7) };
    desk.platform.publish("7", &Row::Batch(Box::new(row))).unwrap();
    desk.enrol("AAAA2222");
    desk.settle();
    for person in 0..14 {
        desk.claim(person).unwrap();
    }
    desk.event(cloud_sync::core::Event::Nudged);
    let want = |effect: &Effect| {
        let Effect::Save(Save::RecordRequest { batch: BATCH, want, .. }) = effect else { return None };
        Some(*want)
    };
    let wants: Vec<u32> = desk.done.iter().filter_map(want).collect();
    assert_eq!(wants, [20, 45], "fourteen in half an hour are 56 in two hours");
}

#[test]
fn a_slot_is_issued_only_under_the_terms_it_was_lent_under() {
    let mut desk = Desk::in_stock();
    let promised = desk.claim(1).unwrap();
    let mut newer = BatchRow { version: 2, ..batch_row(7) };
    newer.title = "夜宵满100减10".to_owned();
    desk.platform.publish("7", &Row::Batch(Box::new(newer))).unwrap();
    desk.pass_s(120);
    let shown = desk.claim(2).unwrap();
    let lent =
        |lease| desk.platform.granted().into_iter().find(|grant| grant.lease == lease).unwrap().version;
    assert_eq!((lent(promised.lease), lent(shown.lease)), (1, 2));
    assert_eq!(desk.sends("leases:close"), 1, "the rest of the old lease was given back");
}

#[test]
fn a_lease_of_newer_terms_waits_for_the_feed_that_brings_them() {
    let mut desk = Desk::in_stock();
    for person in 0..20 {
        desk.claim(person).unwrap();
    }
    let request = desk.store().record_request(BATCH, 20, None).unwrap();
    let newer = protocol::lease::Grant {
        lease: domain::ids::LeaseId::from_bytes([42; 16]),
        request_no: request.request_no,
        version: 2,
        ..desk.platform.granted()[0]
    };
    let now = desk.now();
    assert_eq!(desk.store().accept_grant(&newer, now).unwrap(), Ok(()));
    assert_eq!(desk.refusal(30), ClaimRefused::LeaseExhausted);
    desk.platform.publish("7", &Row::Batch(Box::new(BatchRow { version: 2, ..batch_row(7) }))).unwrap();
    desk.pass_s(120);
    desk.claim(31).unwrap();
}

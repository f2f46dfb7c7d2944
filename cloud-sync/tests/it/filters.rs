//! Filters of the feed: who is turned away, whose tags are not used, and to whom a campaign is not shown.

use super::desk::{BATCH, Desk};
use cloud_sync::{
    store::{Admission, ClaimRefused},
    testing::{DAWN, batch_row, code_head},
};
use domain::{
    consumer_code::{IdentifyCode, Pseudonym},
    person_filter::{PersonFilter, Use},
    time::UtcMillis,
};
use protocol::feed::{DenyRow, HoldOutRow, Row};

fn filter(people: &[u8], purpose: Use) -> PersonFilter {
    let people: Vec<_> = people.iter().map(|&person| Pseudonym::from_bytes([person; 16])).collect();
    PersonFilter::of(&people, [1; 16], purpose).unwrap()
}

fn deny(desk: &Desk, blocked: &[u8], withdrawn: &[u8]) {
    deny_passes(desk, (blocked, withdrawn), &[]);
}

fn deny_passes(desk: &Desk, (blocked, withdrawn): (&[u8], &[u8]), passes: &[u8]) {
    let [blocked, withdrawn, passes] = [blocked, withdrawn, passes].map(|set| filter(set, Use::Deny));
    let row = DenyRow { day: DAWN.day(), blocked, withdrawn, passes };
    desk.platform.publish(&DenyRow::row_id(DAWN.day()), &Row::Deny(row)).unwrap();
}

/// A code of this person, perhaps made from the pass with this anchor.
fn shown(person: u8, issued_at: UtcMillis, pass: Option<u8>) -> IdentifyCode {
    let pass = pass.map(|anchor| [anchor; 16]);
    IdentifyCode { head: code_head(person, 1, issued_at), tags: Vec::new(), pass }
}

fn hold_out(desk: &Desk, people: &[u8]) {
    let (campaign, day) = (batch_row(7).campaign, DAWN.day());
    let row = HoldOutRow { campaign, day, held_out: filter(people, Use::HoldOut) };
    desk.platform.publish(&HoldOutRow::row_id(campaign, day), &Row::HoldOut(row)).unwrap();
}

#[test]
fn a_blocked_person_is_denied_and_one_who_withdrew_is_served_without_tags() {
    let mut desk = Desk::in_stock();
    deny(&desk, &[5], &[6]);
    desk.pass_s(120);
    let catalogue = desk.store().catalogue();
    let received = |person| catalogue.admission(&shown(person, DAWN, None));
    assert_eq!(received(5), Admission::Denied);
    assert_eq!(received(6), Admission::WithoutTags);
    assert_eq!(received(7), Admission::Welcome);
}

#[test]
fn a_filter_is_about_the_codes_of_its_day_and_is_gone_when_it_is_taken_back() {
    let mut desk = Desk::in_stock();
    deny(&desk, &[5], &[]);
    desk.pass_s(120);
    let tomorrow = shown(5, DAWN.plus_ms(86_400_000), None);
    assert_eq!(
        desk.store().catalogue().admission(&tomorrow),
        Admission::Welcome,
        "another day, another pseudonym"
    );
    deny(&desk, &[], &[]);
    desk.pass_s(120);
    assert_eq!(desk.store().catalogue().admission(&shown(5, DAWN, None)), Admission::Welcome);
}

#[test]
fn codes_of_a_pass_that_was_taken_back_are_refused_and_newer_ones_are_not() {
    let mut desk = Desk::in_stock();
    deny_passes(&desk, (&[], &[6]), &[0xa1]);
    desk.pass_s(120);
    let catalogue = desk.store().catalogue();
    let received = |pass| catalogue.admission(&shown(6, DAWN, pass));
    assert_eq!(received(Some(0xa1)), Admission::PassRevoked);
    assert_eq!(received(Some(0xa2)), Admission::WithoutTags);
    assert_eq!(received(None), Admission::WithoutTags);
}

#[test]
fn a_pass_outlives_midnight_and_so_does_what_is_known_of_its_person() {
    let mut desk = Desk::in_stock();
    deny_passes(&desk, (&[5], &[6]), &[0xa1]);
    desk.pass_s(120);
    let (catalogue, next_day) = (desk.store().catalogue(), DAWN.plus_ms(86_400_000));
    let received = |person, pass| catalogue.admission(&shown(person, next_day, Some(pass)));
    assert_eq!(received(5, 0xa2), Admission::Denied);
    assert_eq!(received(6, 0xa2), Admission::WithoutTags);
    assert_eq!(received(7, 0xa1), Admission::PassRevoked);
    assert_eq!(received(7, 0xa2), Admission::Welcome);
}

#[test]
fn a_person_held_out_gets_no_coupon_of_that_campaign_and_others_do() {
    let mut desk = Desk::in_stock();
    hold_out(&desk, &[1, 2]);
    desk.pass_s(120);
    let (catalogue, now) = (desk.store().catalogue(), desk.now());
    let held_out = |person: u8| catalogue.holds_out(&batch_row(7), Pseudonym::from_bytes([person; 16]), now);
    assert!(held_out(1) && held_out(2) && !held_out(3));
    assert_eq!(desk.refusal(1), ClaimRefused::UnknownBatch, "nothing tells it from a batch that is gone");
    assert!(desk.claim(3).is_ok());
    assert!(desk.store().catalogue().batches.contains_key(&BATCH));
}

#[test]
fn a_person_held_out_yesterday_is_so_in_a_session_over_midnight() {
    let mut desk = Desk::in_stock();
    hold_out(&desk, &[1]);
    desk.pass_s(120);
    let (catalogue, person) = (desk.store().catalogue(), Pseudonym::from_bytes([1; 16]));
    let midnight = DAWN.day().plus_days(1).start();
    assert!(catalogue.holds_out(&batch_row(7), person, midnight.plus_ms(30_000)));
    assert!(!catalogue.holds_out(&batch_row(7), person, midnight.plus_ms(90_000_000)));
}

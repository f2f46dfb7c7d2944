//! The outbox: at least once, and gone only after an answer.

use super::desk::{Desk, person_of};
use cloud_sync::{
    core::{Event, News},
    testing::Fault,
};
use protocol::outbox::Verdict;

fn settled(desk: &Desk) -> Vec<&Verdict> {
    desk.news
        .iter()
        .filter_map(|news| match news {
            News::ClaimSettled(settled) => Some(&settled.verdict),
            News::Enrolled
            | News::NotEnrolled(_)
            | News::EnrolFailed { .. }
            | News::Link(_)
            | News::Time { .. }
            | News::CatalogueChanged
            | News::MediaChanged
            | News::Storage(_)
            | News::StockChanged => None,
        })
        .collect()
}

#[test]
fn a_claim_made_without_network_arrives_once_when_it_is_back() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    desk.claim(1).unwrap();
    desk.pass_s(3_600);
    desk.restart();
    desk.pass_s(60);
    assert_eq!(desk.platform.coupons().len(), 0);
    desk.platform.cut(false);
    desk.pass_s(60);
    assert_eq!(desk.platform.coupons().len(), 1);
    assert_eq!(settled(&desk).len(), 1);
    assert!(desk.store().pending(10).unwrap().is_empty());
}

#[test]
fn a_lost_answer_is_asked_for_again_and_applied_once() {
    let mut desk = Desk::in_stock();
    let shown = desk.claim(1).unwrap();
    desk.platform.fault(Fault::LoseAnswer);
    desk.event(Event::Nudged);
    assert_eq!(desk.platform.coupons().len(), 1, "the platform has it");
    assert_eq!(desk.store().pending(10).unwrap().len(), 1, "the kiosk does not know");
    assert!(settled(&desk).is_empty());
    desk.pass_s(60);
    assert_eq!(desk.sends("claims:batch"), 2);
    assert_eq!(desk.platform.coupons().len(), 1);
    assert!(desk.store().pending(10).unwrap().is_empty());
    assert_eq!(settled(&desk).len(), 1);
    let outcome = protocol::outbox::ClaimOutcome { event: shown.event, verdict: Verdict::Unknown };
    assert!(desk.store().acknowledge(&[outcome]).unwrap().is_empty(), "answered twice is answered once");
}

#[test]
fn a_refused_claim_is_remembered_for_the_person() {
    let mut desk = Desk::in_stock();
    let first = desk.claim(1).unwrap();
    let other = desk.claim(2).unwrap();
    let rejected = Verdict::Rejected { code: "USER_LIMIT".to_owned() };
    let ends_at = desk.now();
    let outcomes = [(first.event, rejected.clone()), (other.event, Verdict::Issued { ends_at })]
        .map(|(event, verdict)| protocol::outbox::ClaimOutcome { event, verdict });
    desk.store().acknowledge(&outcomes).unwrap();
    desk.restart();
    let refused = desk.store().rejected(person_of(1)).unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].event, &refused[0].verdict), (first.event, &rejected));
    assert!(desk.store().rejected(person_of(2)).unwrap().is_empty());
}

#[test]
fn one_row_the_platform_cannot_take_holds_up_no_other_and_is_never_dropped() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    for person in 0..8 {
        desk.claim(person).unwrap();
    }
    desk.platform.poison_slot(3, 422);
    desk.platform.cut(false);
    desk.pass_s(300);
    assert_eq!(desk.platform.coupons().len(), 7);
    let left = desk.store().pending(10).unwrap();
    assert_eq!(left.iter().map(|claim| claim.slot).collect::<Vec<_>>(), [3]);
    desk.platform.heal();
    desk.pass_s(60);
    assert_eq!(desk.platform.coupons().len(), 8);
    assert!(desk.store().pending(10).unwrap().is_empty());
}

#[test]
fn an_answer_that_names_no_row_of_ours_leaves_every_row() {
    let mut desk = Desk::in_stock();
    desk.claim(1).unwrap();
    let empty = cloud_sync::transport::WireAnswer {
        status: 200,
        body: br#"{"outcomes":[]}"#.to_vec(),
        ..Default::default()
    };
    desk.platform.fault(Fault::Instead(empty));
    desk.event(Event::Nudged);
    assert_eq!(desk.store().pending(10).unwrap().len(), 1);
    desk.pass_s(60);
    assert!(desk.store().pending(10).unwrap().is_empty());
}

#[test]
fn a_settled_voucher_is_forgotten_after_its_end_and_its_day() {
    let mut desk = Desk::in_stock();
    desk.claim(1).unwrap();
    desk.event(Event::Nudged);
    desk.platform.cut(true);
    let still_open = desk.claim(2).unwrap();
    let end = desk.now().plus_ms(40 * 86_400_000);
    desk.store().prune(end).unwrap();
    let ledger = rusqlite::Connection::open(desk.folder().join("ledger.db")).unwrap();
    let mut query = ledger.prepare("SELECT event FROM voucher").unwrap();
    let left: Vec<[u8; 16]> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(left, [still_open.event.to_bytes()], "what is not answered is kept however old");
}

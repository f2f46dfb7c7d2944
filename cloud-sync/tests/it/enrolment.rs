//! Enrolment: who the kiosk is, and when it is nobody any more.

use super::desk::{BATCH, Desk, ORIGIN};
use cloud_sync::{
    core::{News, PairingNeeded},
    store::{ClaimRefused, Standing},
    testing::{CITY, Fault},
};
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_new_kiosk_says_that_it_must_be_paired_and_asks_nobody() {
    let mut desk = Desk::new();
    desk.pass_s(600);
    assert_eq!(desk.news[0], News::NotEnrolled(PairingNeeded::New));
    assert!(desk.platform.requests().is_empty());
}

#[test]
fn a_pairing_code_makes_it_a_device_and_a_restart_does_not_change_that() {
    let mut desk = Desk::new();
    desk.enrol("AAAA2222");
    desk.settle();
    assert!(desk.news.contains(&News::Enrolled));
    let identity = desk.identity();
    assert_eq!((identity.epoch, identity.city, identity.origin.as_str()), (1, CITY, ORIGIN));
    assert_eq!(identity.platform_key, desk.platform.key().verifying_key().to_bytes());
    let key = desk.store().signing_key();
    desk.restart();
    assert_eq!(desk.identity(), identity);
    assert_eq!(desk.store().signing_key().to_bytes(), key.to_bytes());
}

#[test]
fn the_device_key_is_readable_by_its_owner_only() {
    let desk = Desk::new();
    let mode = std::fs::metadata(desk.folder().join("device.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_wrong_code_or_a_dead_network_is_said_and_not_tried_again() {
    let mut desk = Desk::new();
    desk.ask_to_enrol("WRONG222");
    desk.platform.cut(true);
    desk.enrol("AAAA2222");
    desk.pass_s(300);
    let failed = |code: &str| News::EnrolFailed { code: code.to_owned() };
    assert!(desk.news.contains(&failed("PAIRING_REFUSED")));
    assert!(desk.news.contains(&failed("UNREACHABLE")));
    assert_eq!(desk.sends("enrol"), 1);
    assert_eq!(desk.store().identity().unwrap(), None);
    desk.platform.cut(false);
    desk.ask_to_enrol("AAAA2222");
    assert_eq!(desk.identity().epoch, 1);
}

#[test]
fn a_second_enrolment_has_a_new_key_and_epoch_and_old_leases_are_not_issued_from() {
    let mut desk = Desk::in_stock();
    let (device, old_key) = (desk.identity().device, desk.store().signing_key().verifying_key());
    desk.claim(1).unwrap();
    desk.platform.set_stock(BATCH, 0);
    desk.platform.pair("CCCC4444", Some(device));
    desk.ask_to_enrol("CCCC4444");
    desk.settle();
    let again = desk.identity();
    assert_eq!((again.device, again.epoch), (device, 2));
    assert_ne!(desk.store().signing_key().verifying_key(), old_key);
    assert_eq!(desk.refusal(2), ClaimRefused::LeaseExhausted, "nineteen slots of epoch 1 are out of reach");
    assert_eq!(desk.platform.coupons().len(), 1, "what was promised before is still reported");
    assert!(!desk.folder().join("device-next.key").exists());
}

#[test]
fn a_kiosk_paired_as_another_device_does_not_issue_from_the_leases_of_the_first() {
    let mut desk = Desk::in_stock();
    let device = desk.identity().device;
    desk.platform.set_stock(BATCH, 0);
    desk.platform.pair("CCCC4444", None);
    desk.ask_to_enrol("CCCC4444");
    desk.settle();
    let other = desk.identity();
    assert_ne!(other.device, device);
    assert_eq!(other.epoch, 1, "the same number as before");
    assert_eq!(desk.refusal(1), ClaimRefused::LeaseExhausted);
}

#[test]
fn a_grant_of_an_earlier_epoch_is_not_taken() {
    let mut desk = Desk::in_stock();
    let device = desk.identity().device;
    let request = desk.store().record_request(BATCH, 20, None).unwrap();
    let old = protocol::lease::Grant {
        lease: domain::ids::LeaseId::from_bytes([42; 16]),
        request_no: request.request_no,
        ..desk.platform.granted()[0]
    };
    desk.platform.pair("CCCC4444", Some(device));
    desk.ask_to_enrol("CCCC4444");
    let now = desk.now();
    let refused = desk.store().accept_grant(&old, now).unwrap();
    assert_eq!(refused, Err(cloud_sync::store::GrantRefused::OtherEpoch));
}

#[test]
fn when_the_answer_of_an_enrolment_is_lost_the_key_is_kept_for_the_next_try() {
    let mut desk = Desk::in_stock();
    let device = desk.identity().device;
    desk.platform.pair("CCCC4444", Some(device));
    desk.platform.fault(Fault::LoseAnswer);
    desk.ask_to_enrol("CCCC4444");
    // The platform pinned the new key, the kiosk signs with the old one: it is told to pair again.
    desk.pass_s(120);
    assert!(desk.news.contains(&News::NotEnrolled(PairingNeeded::DeviceRefused)));
    let next = std::fs::read(desk.folder().join("device-next.key")).unwrap();
    desk.restart();
    desk.platform.pair("DDDD5555", Some(device));
    desk.ask_to_enrol("DDDD5555");
    assert_eq!(desk.identity().epoch, 3);
    assert_eq!(desk.store().signing_key().to_bytes().to_vec(), next);
}

#[test]
fn a_refused_device_issues_nothing_until_the_platform_takes_it_back() {
    let mut desk = Desk::in_stock();
    let device = desk.identity().device;
    desk.platform.revoke(device, true);
    desk.pass_s(120);
    assert_eq!(desk.news.last(), Some(&News::NotEnrolled(PairingNeeded::DeviceRefused)));
    assert_eq!(desk.refusal(1), ClaimRefused::NotEnrolled);
    desk.restart();
    assert_eq!(desk.identity().standing, Standing::DeviceRefused);
    assert_eq!(desk.refusal(1), ClaimRefused::NotEnrolled, "also after a restart");
    let before = desk.platform.requests().len();
    desk.pass_s(3_600);
    let asked = desk.platform.requests().len() - before;
    assert!((3..=10).contains(&asked), "asked {asked} times in an hour");
    desk.platform.revoke(device, false);
    desk.pass_s(1_200);
    assert_eq!(desk.news.last(), Some(&News::Enrolled));
    desk.claim(1).unwrap();
}

#[test]
fn an_ended_epoch_asks_for_pairing() {
    let mut desk = Desk::in_stock();
    let problem = protocol::problem::Problem::new(409, "EPOCH_ENDED", "已在别处重新配对");
    let answer = cloud_sync::transport::WireAnswer {
        status: 409,
        body: serde_json::to_vec(&problem).unwrap(),
        ..Default::default()
    };
    desk.platform.fault(Fault::Instead(answer));
    desk.pass_s(80);
    assert!(desk.news.contains(&News::NotEnrolled(PairingNeeded::EpochEnded)));
    assert_eq!(desk.refusal(1), ClaimRefused::NotEnrolled);
}

#[test]
fn a_kiosk_whose_key_is_gone_is_nobody() {
    let mut desk = Desk::in_stock();
    std::fs::remove_file(desk.folder().join("device.key")).unwrap();
    desk.restart();
    assert_eq!(desk.store().identity().unwrap(), None);
    assert_eq!(desk.refusal(1), ClaimRefused::NotEnrolled);
}

//! A disk that is older than what the kiosk once said, or that lives in two kiosks, is found out and stops for good.

use super::desk::Desk;
use cloud_sync::{
    core::{Effect, News, PairingNeeded, Save},
    store::{ClaimRefused, Standing},
    testing::Fault,
    transport::WireAnswer,
};
use protocol::{
    device::{Behind, Challenge},
    problem::Problem,
    signed::{Purpose, Signed},
};
use std::{fs, path::Path};
use tempfile::TempDir;

/// What is on the disk now, as an image of it.
fn image(desk: &mut Desk) -> TempDir {
    desk.restart();
    let image = tempfile::tempdir().unwrap();
    copy(desk.folder(), image.path());
    image
}

/// Puts an image in place of what is on the disk, and starts.
fn put_back(desk: &mut Desk, image: &Path) {
    desk.store = None;
    for file in fs::read_dir(desk.folder()).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    copy(image, desk.folder());
    desk.restart();
}

fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn is_fenced(desk: &Desk) -> bool {
    desk.news.last() == Some(&News::NotEnrolled(PairingNeeded::Fenced))
}

#[test]
fn a_disk_that_was_rolled_back_is_fenced_at_its_first_word_and_only_pairing_helps() {
    let mut desk = Desk::in_stock();
    let device = desk.identity().device;
    let yesterday = image(&mut desk);
    desk.claim(1).unwrap();
    desk.pass_s(120);
    put_back(&mut desk, yesterday.path());
    desk.settle();
    assert!(is_fenced(&desk), "{:?}", desk.news.last());
    assert!(desk.platform.is_fenced(device), "it has confessed");
    assert_eq!(desk.refusal(2), ClaimRefused::NotEnrolled);
    desk.restart();
    desk.pass_s(7_200);
    assert_eq!(desk.identity().standing, Standing::Fenced, "also after a restart, and for hours");
    assert_eq!(desk.refusal(2), ClaimRefused::NotEnrolled);
    desk.platform.pair("CCCC4444", Some(device));
    desk.ask_to_enrol("CCCC4444");
    desk.settle();
    assert_eq!((desk.identity().epoch, desk.identity().standing), (2, Standing::Good));
    desk.claim(2).unwrap();
    desk.pass_s(120);
    assert_eq!(desk.identity().standing, Standing::Good, "the counts of the new life begin anew");
}

#[test]
fn of_two_copies_the_one_that_is_behind_confesses_and_both_must_be_paired_again() {
    let mut desk = Desk::in_stock();
    let copy = image(&mut desk);
    desk.pass_s(120);
    let original = image(&mut desk);
    put_back(&mut desk, copy.path());
    desk.settle();
    assert!(is_fenced(&desk), "the copy");
    put_back(&mut desk, original.path());
    desk.pass_s(120);
    assert!(is_fenced(&desk), "the original is told");
    assert_eq!(desk.refusal(1), ClaimRefused::NotEnrolled);
}

#[test]
fn requests_that_never_arrived_do_not_hide_a_rollback() {
    let mut desk = Desk::in_stock();
    let yesterday = image(&mut desk);
    for person in 1..=3 {
        desk.claim(person).unwrap();
    }
    desk.pass_s(70);
    put_back(&mut desk, yesterday.path());
    desk.platform.cut(true);
    // Each try takes a number, so the counter overtakes what the platform has heard.
    desk.pass_s(7_200);
    desk.platform.cut(false);
    desk.pass_s(120);
    assert!(is_fenced(&desk), "three vouchers were heard of, and the disk knows none");
}

#[test]
fn the_same_packet_twice_and_a_late_one_fence_nobody() {
    let mut desk = Desk::in_stock();
    let mut late = None;
    for _ in 0..20 {
        // Longer than two heartbeats are ever apart.
        desk.pass_s(90);
        let last = desk.platform.last_post().unwrap();
        let first = desk.platform.answer(&last).unwrap();
        assert_eq!(first.status, 200, "the same packet is served again");
        if let Some(late) = late.replace(last.clone())
            && late != last
        {
            let told = desk.platform.answer(&late).unwrap();
            let problem: Problem = serde_json::from_slice(&told.body).unwrap();
            assert_eq!(problem.code, "COUNTER_BEHIND", "nobody reads this");
        }
    }
    assert_eq!(desk.identity().standing, Standing::Good);
    desk.claim(1).unwrap();
}

/// A refusal as the platform would sign it.
fn refusal(desk: &Desk, challenge: &Challenge, purpose: Purpose) -> WireAnswer {
    let signed = Signed::seal(challenge, purpose, &desk.platform.key()).unwrap();
    let problem = Problem::new(409, "COUNTER_BEHIND", "请求比已处理的旧");
    let problem = problem.with("challenge", serde_json::to_value(signed).unwrap());
    WireAnswer { status: 409, body: serde_json::to_vec(&problem).unwrap(), ..WireAnswer::default() }
}

#[test]
fn a_challenge_for_another_request_device_or_epoch_or_of_another_hand_fences_nobody() {
    let mut desk = Desk::in_stock();
    let (device, now) = (desk.identity().device, desk.now());
    let number = |effect: &Effect| if let Effect::Send { counter, .. } = effect { *counter } else { None };
    let counter = desk.done.iter().rev().find_map(number);
    let behind = Behind::Counter { heard: 99 };
    let next = counter.unwrap() + 1;
    let fitting = Challenge { device, epoch: 1, counter: next, behind, at: now, nonce: [1; 16] };
    let strange = [
        refusal(&desk, &Challenge { counter: next - 1, ..fitting }, Purpose::Challenge),
        refusal(&desk, &Challenge { epoch: 2, ..fitting }, Purpose::Challenge),
        refusal(
            &desk,
            &Challenge { device: domain::ids::DeviceId::from_bytes([9; 16]), ..fitting },
            Purpose::Challenge,
        ),
        refusal(&desk, &fitting, Purpose::Grant),
        WireAnswer {
            status: 409,
            body: serde_json::to_vec(&Problem::new(409, "COUNTER_BEHIND", "旧")).unwrap(),
            ..WireAnswer::default()
        },
    ];
    for answer in strange {
        desk.platform.fault(Fault::Instead(answer));
        let before = desk.sends("heartbeat");
        let mut waited_s = 0;
        while desk.sends("heartbeat") == before && waited_s < 300 {
            desk.pass_s(10);
            waited_s += 10;
        }
        assert_eq!(desk.identity().standing, Standing::Good);
    }
}

#[test]
fn a_number_is_on_disk_before_the_request_leaves_and_is_never_used_twice() {
    let mut desk = Desk::in_stock();
    desk.claim(1).unwrap();
    desk.pass_s(60);
    desk.restart();
    desk.pass_s(120);
    let mut numbers = Vec::new();
    for pair in desk.done.windows(2) {
        let Effect::Send { call, counter, .. } = &pair[1] else { continue };
        assert_eq!(counter.is_some(), call.is_counted());
        if let Some(counter) = counter {
            assert_eq!(pair[0], Effect::Save(Save::CountRequest));
            numbers.push(*counter);
        }
    }
    assert!(numbers.len() > 4 && numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

#[test]
fn pruning_makes_no_count_smaller() {
    let mut desk = Desk::in_stock();
    desk.claim(1).unwrap();
    desk.claim(2).unwrap();
    desk.pass_s(30);
    let end = desk.now().plus_ms(40 * 86_400_000);
    let now = desk.now();
    let before = desk.store().facts(now).unwrap().high_water;
    assert_eq!(before.vouchers, 2);
    assert!(before.request_no >= 1);
    desk.store().prune(end).unwrap();
    let facts = desk.store().facts(now).unwrap();
    assert_eq!(facts.high_water, before);
    desk.pass_s(120);
    let device = desk.identity().device;
    assert_eq!(desk.platform.heartbeat(device).unwrap().high_water.vouchers, 2);
}

#[test]
fn a_fence_is_not_lifted_by_anything_the_platform_says() {
    let mut desk = Desk::in_stock();
    let signed = Signed { body: "{}".to_owned(), signature: [0; 64] };
    desk.store().fence(&signed).unwrap();
    let now = desk.now();
    desk.store().heard(now).unwrap();
    desk.store().set_standing(Standing::DeviceRefused).unwrap();
    desk.store().heard(now).unwrap();
    assert_eq!(desk.identity().standing, Standing::Fenced);
    assert_eq!(desk.store().facts(now).unwrap().to_confess, Some(signed));
    desk.store().confessed().unwrap();
    assert_eq!(desk.store().facts(now).unwrap().to_confess, None);
    assert_eq!(desk.identity().standing, Standing::Fenced);
}

#[test]
fn a_confession_that_was_lost_on_the_way_is_made_again() {
    let mut desk = Desk::in_stock();
    let device = desk.identity().device;
    let yesterday = image(&mut desk);
    desk.pass_s(120);
    put_back(&mut desk, yesterday.path());
    desk.platform.lose_path("confess", 3);
    desk.settle();
    assert_eq!(desk.identity().standing, Standing::Fenced, "the kiosk itself does not wait for it");
    assert!(!desk.platform.is_fenced(device));
    desk.restart();
    desk.pass_s(120);
    assert!(desk.platform.is_fenced(device));
}

#[test]
fn a_ledger_of_before_the_counter_keeps_its_identity() {
    let folder = tempfile::tempdir().unwrap();
    let old = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    old.execute_batch(include_str!("../../migrations/ledger/0001_ledger.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO identity (one, device, epoch, origin, city, mall, platform_key, public_key, standing)
         VALUES (1, zeroblob(16), 3, 'https://a', 1, zeroblob(16), zeroblob(32), zeroblob(32), 'epoch_ended');",
    )
    .unwrap();
    old.execute_batch(include_str!("../../migrations/ledger/0003_fencing.sql")).unwrap();
    let row: (u32, String) = old
        .query_row("SELECT epoch, standing FROM identity", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(row, (3, "epoch_ended".to_owned()));
}

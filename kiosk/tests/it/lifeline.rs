//! What a kiosk cannot live without: its folder for itself, and its two threads that work.

use std::process::Command;
use std::sync::Arc;

use cloud_sync::disk::FolderDisk;
use cloud_sync::store::Store;
use cloud_sync::testing::{FakePlatform, SeededChance};
use cloud_sync::transport::{Opening, Sending, Transport, WireRequest, origin::Origin};
use kiosk::shell::{Part, RunError};

use crate::desk::{Desk, city};
use crate::mall;

const EVENING: &str = "2026-11-22T20:05:00+08:00";

#[test]
fn a_second_process_on_the_folder_is_turned_away_and_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let held = Store::open(Arc::new(FolderDisk::new(folder.path())), &mut SeededChance::new(1)).unwrap();
    let pair = || {
        Command::new(env!("CARGO_BIN_EXE_kiosk"))
            .args(["pair", "--platform", "https://127.0.0.1:1", "--code", "K7QF2M9D"])
            .env("KIOSK_DATA", folder.path())
            .output()
            .unwrap()
    };
    let refused = pair();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("in use by another process: stop the kiosk"), "{said}");
    drop(held);
    let said = String::from_utf8_lossy(&pair().stderr).into_owned();
    assert!(said.contains("UNREACHABLE"), "the folder was given back: {said}");
}

#[test]
fn pairing_in_plain_http_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_kiosk"))
        .args(["pair", "--platform", "http://pass.example.cn", "--code", "K7QF2M9D"])
        .env("KIOSK_DATA", folder.path().join("new"))
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("must begin with https"));
    assert!(!folder.path().join("new").exists());
}

#[test]
fn a_kiosk_whose_store_has_died_stops() {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at(EVENING));
    let desk = Desk::new(folder.path(), city(now), now);
    assert!(desk.kiosk.check().is_ok());
    desk.kiosk.store().post(|_| panic!("the store dies here")).unwrap();
    desk.until("the end", |desk| desk.kiosk.check().is_err());
}

/// A transport with a fault nobody thought of.
struct Faulty(Arc<FakePlatform>);

impl Transport for Faulty {
    fn send(&self, _: WireRequest) -> Sending<'_> {
        panic!("the engine dies here")
    }

    fn open(&self, request: WireRequest) -> Opening<'_> {
        self.0.open(request)
    }
}

#[test]
fn a_kiosk_whose_talk_with_the_platform_has_died_stops() {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at(EVENING));
    let desk = Desk::behind(folder.path(), Arc::new(Faulty(city(now))), now);
    assert!(desk.kiosk.check().is_ok());
    desk.kiosk.pair(&Origin::parse("https://platform.test").unwrap(), "K7QF2M9D");
    desk.until("the end", |desk| desk.kiosk.check().is_err());
    assert!(matches!(desk.kiosk.check(), Err(RunError::Ended(Part::Sync))));
}

#[test]
fn a_kiosk_that_was_closed_gives_its_folder_back_at_once() {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at(EVENING));
    drop(Desk::new(folder.path(), city(now), now));
    drop(Desk::again(folder.path(), city(now), now));
}

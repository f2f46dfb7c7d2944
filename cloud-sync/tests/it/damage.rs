//! Damage: moved aside and said, never repaired.

use super::desk::{BATCH, Desk};
use cloud_sync::{
    core::{News, PairingNeeded},
    disk::FolderDisk,
    store::{ClaimRefused, Damage, Store, StoreError},
    testing::SeededChance,
};
use std::{fs, path::Path, sync::Arc};

/// Writes over a file as a failing disk would: the header stays, a page in the middle is noise.
fn damage(path: &Path) {
    let wal = format!("{}-wal", path.display());
    // What is still in the journal goes into the file first, as on a clean shutdown.
    let database = rusqlite::Connection::open(path).unwrap();
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(database);
    assert!(!Path::new(&wal).exists());
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[4_096..middle.max(8_192)].fill(0xa5);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_ledger_is_moved_aside_and_the_kiosk_must_be_paired_again_with_a_new_key() {
    let mut desk = Desk::in_stock();
    let (device, old_key) = (desk.identity().device, desk.store().signing_key());
    desk.claim(1).unwrap();
    desk.store = None;
    damage(&desk.folder().join("ledger.db"));
    let found = desk.restart();
    let aside = desk.folder().join("ledger.db.damaged-1");
    assert_eq!(found, [Damage::Ledger { moved_to: aside.clone() }]);
    assert!(aside.exists(), "kept for whoever looks into it");
    assert_eq!(desk.refusal(1), ClaimRefused::NotEnrolled);
    assert_ne!(desk.store().signing_key().to_bytes(), old_key.to_bytes());
    assert_eq!(desk.store().catalogue().batches.len(), 1, "public offers are still shown");
    desk.settle();
    assert!(matches!(desk.news.last(), Some(News::Time { trusted: false, .. })));
    assert!(desk.news.contains(&News::NotEnrolled(PairingNeeded::New)));
    desk.platform.pair("CCCC4444", Some(device));
    desk.ask_to_enrol("CCCC4444");
    desk.settle();
    assert_eq!(desk.identity().epoch, 2);
    desk.claim(1).unwrap();
}

#[test]
fn a_damaged_content_database_costs_a_fetch_and_no_promise() {
    let mut desk = Desk::in_stock();
    let shown = desk.claim(1).unwrap();
    desk.store = None;
    damage(&desk.folder().join("content.db"));
    let found = desk.restart();
    assert_eq!(found, [Damage::Content { moved_to: desk.folder().join("content.db.damaged-1") }]);
    assert!(desk.store().catalogue().batches.is_empty());
    assert_eq!(desk.store().pending(10).unwrap()[0].event, shown.event);
    let now = desk.now();
    assert_eq!(desk.store().stock(now).unwrap()[&BATCH], 19, "leases are not given back for want of a page");
    desk.settle();
    assert_eq!(desk.store().catalogue().batches.len(), 1);
    desk.claim(2).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_moved_aside_and_a_second_one_does_not_overwrite_it() {
    let mut desk = Desk::in_stock();
    for number in 1..=2 {
        desk.store = None;
        fs::write(desk.folder().join("content.db"), vec![b'x'; 10_000]).unwrap();
        for journal in ["content.db-wal", "content.db-shm"] {
            let _ = fs::remove_file(desk.folder().join(journal));
        }
        let aside = desk.folder().join(format!("content.db.damaged-{number}"));
        assert_eq!(desk.restart(), [Damage::Content { moved_to: aside }]);
    }
}

#[test]
fn a_lost_ledger_is_a_new_kiosk_with_a_new_key() {
    let mut desk = Desk::in_stock();
    let old_key = desk.store().signing_key();
    desk.store = None;
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let _ = fs::remove_file(desk.folder().join(name));
    }
    assert_eq!(desk.restart(), []);
    assert_eq!(desk.store().identity().unwrap(), None);
    assert_ne!(desk.store().signing_key().to_bytes(), old_key.to_bytes());
}

#[test]
fn the_ledger_of_a_newer_build_is_left_alone() {
    let mut desk = Desk::in_stock();
    desk.store = None;
    let path = desk.folder().join("ledger.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 9").unwrap();
    let opened = Store::open(Arc::new(FolderDisk::new(desk.folder())), &mut SeededChance::new(3));
    assert!(matches!(opened.err(), Some(StoreError::NewerSchema { found: 9, .. })));
    assert!(path.exists());
}

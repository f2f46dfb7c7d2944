//! The simulated disk: what survives a power cut, and what does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use cloud_sync::disk::{Disk, write_durably};
use rusqlite::{Connection, OpenFlags};
use simulator::disk::{Ailments, Sectors, Style, VirtualDisk};
use std::{collections::BTreeSet, io::ErrorKind};

/// A database with the settings of `ledger.db`, or with a commit that does not wait.
fn database(disk: &VirtualDisk, synchronous: &str) -> rusqlite::Result<Connection> {
    disk.prepare().unwrap();
    let path = disk.path("a.db");
    let database = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), disk.vfs().unwrap())?;
    let mode: String = database.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    assert_eq!(mode, "wal", "shared memory works");
    database.pragma_update(None, "synchronous", synchronous)?;
    database.execute_batch("CREATE TABLE IF NOT EXISTS a (x INTEGER)")?;
    Ok(database)
}

fn rows(database: &Connection) -> i64 {
    database.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap()
}

fn insert(database: &Connection, times: usize) {
    for _ in 0..times {
        database.execute("INSERT INTO a VALUES (1)", []).unwrap();
    }
}

#[test]
fn a_full_sync_survives_every_cut_and_a_lazy_one_does_not() {
    let survivors = |synchronous: &str| -> BTreeSet<i64> {
        (0..40)
            .map(|seed| {
                let disk = VirtualDisk::new();
                let open = database(&disk, synchronous).unwrap();
                insert(&open, 9);
                disk.cut_power();
                assert!(open.execute("INSERT INTO a VALUES (1)", []).is_err(), "no power, no commit");
                drop(open);
                disk.restore_power(seed);
                rows(&database(&disk, synchronous).unwrap())
            })
            .collect()
    };
    assert_eq!(survivors("FULL"), [9].into());
    assert!(survivors("NORMAL").len() > 3, "something is lost, not always the same");
}

#[test]
fn a_file_is_durable_only_after_its_own_sync_and_its_name_after_the_folders() {
    let outcomes = |job: fn(&VirtualDisk)| -> BTreeSet<Option<Vec<u8>>> {
        (0..60)
            .map(|seed| {
                let disk = VirtualDisk::new();
                write_durably(&disk, "key", b"old").unwrap();
                job(&disk);
                disk.cut_power();
                disk.restore_power(seed);
                disk.read("key", 9).unwrap()
            })
            .collect()
    };
    let (old, new) = (Some(b"old".to_vec()), Some(b"fresh".to_vec()));
    assert_eq!(outcomes(|disk| write_durably(disk, "key", b"fresh").unwrap()), [new.clone()].into());
    let without_folder = outcomes(|disk| {
        disk.create("draft", b"fresh").unwrap();
        disk.sync("draft").unwrap();
        disk.rename("draft", "key").unwrap();
    });
    assert_eq!(without_folder, [old, new].into());
    let without_sync = outcomes(|disk| {
        disk.create("draft", b"fresh").unwrap();
        disk.rename("draft", "key").unwrap();
        disk.sync_folder().unwrap();
    });
    assert!(without_sync.contains(&Some(Vec::new())), "a name with nothing in it: {without_sync:?}");
    assert!(without_sync.iter().flatten().any(|bytes| bytes.len() < 5 && !bytes.is_empty()), "torn");
}

#[test]
fn sectors_are_kept_lost_and_torn_in_every_style_and_the_same_way_for_the_same_seed() {
    let leave = |seed: u64| {
        let disk = VirtualDisk::new();
        disk.create("a", &[1; 5_000]).unwrap();
        disk.create("b", &[2; 5_000]).unwrap();
        disk.sync_folder().unwrap();
        (disk.restore_power(seed), disk.read("a", 9_000).unwrap(), disk.read("b", 9_000).unwrap())
    };
    let cuts: Vec<_> = (0..100).map(|seed| leave(seed).0).collect();
    for style in [Style::Nothing, Style::Everything, Style::Subset, Style::Prefix, Style::Tail] {
        assert!(cuts.iter().any(|cut| cut.style == style), "{style:?}");
    }
    let mixed = |sectors: &Sectors| sectors.kept > 0 && sectors.lost > 0 && sectors.torn > 0;
    assert!(cuts.iter().any(|cut| cut.sectors.values().any(mixed)));
    assert_eq!(leave(7), leave(7));
}

#[test]
fn a_cut_is_put_at_one_change_and_nothing_after_it_happens() {
    let disk = VirtualDisk::new();
    disk.cut_after(3);
    disk.create("a", b"whole").unwrap();
    assert!(disk.sync("a").is_err(), "the third change is under way when the power goes");
    assert!(disk.is_off());
    assert!(disk.sync_folder().is_err());
    assert_eq!(disk.restore_power(1).inside.as_deref(), Some("a"));
    assert!(!disk.is_off());
}

#[test]
fn a_full_disk_says_so_and_goes_on_when_there_is_room() {
    let disk = VirtualDisk::new();
    let open = database(&disk, "FULL").unwrap();
    insert(&open, 1);
    disk.ail(Ailments { bytes_max: Some(disk.bytes_used() + 1_000), ..Ailments::default() });
    let refused = open.execute("INSERT INTO a VALUES (1)", []).unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull));
    assert_eq!(disk.create("b", &[0; 2_000]).unwrap_err().kind(), ErrorKind::StorageFull);
    assert!(disk.troubles() >= 2);
    disk.ail(Ailments::default());
    insert(&open, 1);
    assert_eq!(rows(&open), 2);
}

#[test]
fn a_disk_that_cannot_be_written_can_still_be_read() {
    let disk = VirtualDisk::new();
    let open = database(&disk, "FULL").unwrap();
    insert(&open, 2);
    disk.ail(Ailments { read_only: true, ..Ailments::default() });
    assert!(open.execute("INSERT INTO a VALUES (1)", []).is_err());
    assert_eq!(rows(&open), 2);
    assert_eq!(disk.create("b", b"b").unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
}

#[test]
fn one_failure_is_one_error_and_the_next_attempt_works() {
    let disk = VirtualDisk::new();
    disk.fail_after(2);
    disk.create("a", b"a").unwrap_err();
    disk.create("a", b"a").unwrap();
}

#[test]
fn a_lying_sync_loses_what_it_said_was_durable() {
    let lost = (0..20).any(|seed| {
        let disk = VirtualDisk::new();
        let open = database(&disk, "FULL").unwrap();
        disk.ail(Ailments { lying_sync: true, ..Ailments::default() });
        insert(&open, 3);
        disk.cut_power();
        drop(open);
        disk.restore_power(seed);
        disk.ail(Ailments::default());
        rows(&database(&disk, "FULL").unwrap()) < 3
    });
    assert!(lost);
}

#[test]
fn a_killed_program_loses_no_write_and_its_open_files_change_nothing_any_more() {
    let disk = VirtualDisk::new();
    let open = database(&disk, "NORMAL").unwrap();
    insert(&open, 5);
    disk.kill();
    assert!(open.execute("INSERT INTO a VALUES (1)", []).is_err());
    drop(open);
    assert_eq!(rows(&database(&disk, "NORMAL").unwrap()), 5);
}

#[test]
fn an_image_is_put_back_a_copy_goes_its_own_way_and_a_lost_disk_is_empty() {
    let disk = VirtualDisk::new();
    let open = database(&disk, "FULL").unwrap();
    insert(&open, 2);
    let image = disk.snapshot();
    insert(&open, 2);
    let copy = disk.copy();
    insert(&database(&copy, "FULL").unwrap(), 1);
    assert_eq!(rows(&open), 4);
    assert_eq!(rows(&database(&copy, "FULL").unwrap()), 5);
    disk.restore(&image);
    drop(open);
    assert_eq!(rows(&database(&disk, "FULL").unwrap()), 2);
    disk.lose();
    assert!(!disk.exists("a.db").unwrap());
}

#[test]
fn two_connections_keep_out_of_each_others_way() {
    let disk = VirtualDisk::new();
    let (first, second) = (database(&disk, "FULL").unwrap(), database(&disk, "FULL").unwrap());
    second.busy_timeout(std::time::Duration::ZERO).unwrap();
    first.execute_batch("BEGIN IMMEDIATE; INSERT INTO a VALUES (1)").unwrap();
    let refused = second.execute("INSERT INTO a VALUES (2)", []).unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy));
    assert_eq!(rows(&second), 0, "a reader sees what was committed");
    first.execute_batch("COMMIT").unwrap();
    assert_eq!(rows(&second), 1);
    insert(&second, 1);
    assert_eq!(rows(&first), 2);
}

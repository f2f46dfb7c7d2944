//! No reader of the change log ever misses a change, however many processes and writers there are; and a cursor over
//! numbers drawn before the commit does miss, so this test is known to see.

use crate::harness::START;
use platform_api::foundation::{
    act::{Act, Actor},
    change_log::{self, Change},
    db::{Db, DbError, Tx},
    migrate::{self, HISTORY},
};
use std::{
    collections::BTreeSet,
    path::Path,
    process::{Child, Command},
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
};

/// Tells the second process which database to write to.
const CHILD_DATABASE: &str = "COMMIT_ORDER_DATABASE";
const WRITERS: usize = 4;
const CHANGES: usize = 40;
const READERS: usize = 3;
/// Small, so that a reader is often in the middle.
const PAGE: u32 = 7;

fn write(db: &Db, id: &str) {
    let act = Act::new(START, Actor::System("test"), "test".to_owned(), [7; 32]);
    let id = id.to_owned();
    let written = db.write(move |tx| {
        let body = Some("{}".to_owned());
        change_log::append(tx, &act, &Change { kind: "store", id: &id, scope: "city", body })
    });
    written.unwrap();
}

fn write_all(db: &Db, process: &str) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || (0..CHANGES).for_each(|n| write(db, &format!("{process}-{writer}-{n}"))));
        }
    });
}

type Read = fn(&mut Tx<'_>, i64) -> Result<(Vec<String>, i64), DbError>;

/// As the feed reads: a page, then on from its last row, or from the head when there is no more.
fn read_log(tx: &mut Tx<'_>, cursor: i64) -> Result<(Vec<String>, i64), DbError> {
    let head = change_log::newest_seq(tx)?;
    let page = change_log::read_since(tx, "city", cursor, PAGE)?;
    let is_full = page.len() == usize::try_from(PAGE).unwrap();
    let next = page.last().filter(|_| is_full).map_or(head, |change| change.seq);
    Ok((page.into_iter().map(|change| change.id).collect(), next))
}

/// The cursor people write first: everything above the greatest id seen.
fn read_bare(tx: &mut Tx<'_>, cursor: i64) -> Result<(Vec<String>, i64), DbError> {
    let sql = "SELECT id, name FROM bare WHERE id > $1 ORDER BY id LIMIT $2";
    let rows = tx.query(sql, &[cursor.into(), PAGE.into()])?;
    let next = rows.last().map_or(Ok(cursor), |row| row.get("id"))?;
    Ok((rows.iter().map(|row| row.get("name")).collect::<Result<_, _>>()?, next))
}

/// Polls until the writers are done and nothing is left; gives what was read. `reached` follows the cursor.
fn poll(db: &Db, read: Read, done: &AtomicBool, reached: &AtomicI64) -> BTreeSet<String> {
    let (mut cursor, mut seen) = (0, BTreeSet::new());
    loop {
        let was_done = done.load(Ordering::SeqCst);
        let (page, next) = db.read(move |tx| read(tx, cursor)).unwrap();
        let is_empty = page.is_empty();
        seen.extend(page);
        cursor = next;
        reached.fetch_max(cursor, Ordering::SeqCst);
        if was_done && is_empty {
            return seen;
        }
    }
}

/// Runs `work` while readers on both handles poll; gives what each of them read.
fn while_polling(dbs: [&Db; 2], read: Read, work: impl FnOnce(&AtomicI64)) -> Vec<BTreeSet<String>> {
    let (done, reached) = (AtomicBool::new(false), AtomicI64::new(0));
    std::thread::scope(|scope| {
        let (done, reached) = (&done, &reached);
        let readers: Vec<_> =
            (0..READERS * 2).map(|n| scope.spawn(move || poll(dbs[n % 2], read, done, reached))).collect();
        work(reached);
        done.store(true, Ordering::SeqCst);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    })
}

fn database(path: &Path) -> [Db; 2] {
    let db = Db::open_sqlite(path).unwrap();
    migrate::run(&db, HISTORY, START).unwrap();
    [db, Db::open_sqlite(path).unwrap()]
}

fn second_process(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "foundation::commit_order::the_second_process_writes", "--nocapture"])
        .env(CHILD_DATABASE, path)
        .spawn()
        .unwrap()
}

/// Does nothing unless the test below starts it as a process of its own.
#[test]
fn the_second_process_writes() {
    if let Some(path) = std::env::var_os(CHILD_DATABASE) {
        write_all(&Db::open_sqlite(Path::new(&path)).unwrap(), "child");
    }
}

#[test]
fn no_reader_misses_a_change_of_two_processes_with_eight_writers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let [first, second] = database(&path);
    let read = while_polling([&first, &second], read_log, |_| {
        let mut child = second_process(&path);
        write_all(&first, "parent");
        assert!(child.wait().unwrap().success());
    });
    let all: BTreeSet<String> = ["parent", "child"]
        .iter()
        .flat_map(|process| {
            (0..WRITERS * CHANGES).map(move |n| format!("{process}-{}-{}", n / CHANGES, n % CHANGES))
        })
        .collect();
    for seen in &read {
        assert_eq!(seen.len(), all.len(), "missed {:?}", all.difference(seen).collect::<Vec<_>>());
    }
    let head = first.read(change_log::newest_seq).unwrap();
    assert_eq!(head, i64::try_from(all.len()).unwrap(), "no number was given twice, none was left out");
}

#[test]
fn a_bare_greatest_id_misses_what_commits_late() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = database(&folder.path().join("test.db"));
    let create = "CREATE TABLE bare (id BIGINT PRIMARY KEY, name TEXT NOT NULL)";
    first.write(move |tx| tx.execute(create, &[])).unwrap();
    // What a database sequence does: numbers are handed out at once, outside of any transaction.
    let sequence = AtomicI64::new(1);
    let insert = |db: &Db, id: i64, name: String| {
        let sql = "INSERT INTO bare (id, name) VALUES ($1, $2)";
        db.write(move |tx| tx.execute(sql, &[id.into(), (&name).into()])).unwrap();
    };
    let read = while_polling([&first, &second], read_bare, |reached| {
        let late = sequence.fetch_add(1, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS * 2 {
                let (db, sequence) = (if writer % 2 == 0 { &first } else { &second }, &sequence);
                scope.spawn(move || {
                    (0..CHANGES).for_each(|n| {
                        let id = sequence.fetch_add(1, Ordering::SeqCst);
                        insert(db, id, format!("{writer}-{n}"));
                    });
                });
            }
        });
        // A slow transaction: it drew its number first and commits when a reader has gone past it.
        while reached.load(Ordering::SeqCst) <= late {
            std::thread::yield_now();
        }
        insert(&first, late, "late".to_owned());
    });
    let missed = read.iter().filter(|seen| !seen.contains("late")).count();
    assert!(missed >= 1, "the bare cursor was expected to miss the change that committed late");
}

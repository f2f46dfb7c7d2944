//! Transactions keep all or nothing, parameters mean what they say, and the writer survives its jobs.

use platform_api::foundation::db::{Db, DbError, Tx};
use std::{
    future::{Future, poll_fn},
    sync::{Arc, Barrier},
    task::Poll,
};
use tempfile::TempDir;

fn database() -> (Db, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open_sqlite(&folder.path().join("test.db")).unwrap();
    db.write(|tx| {
        tx.execute(
            "CREATE TABLE thing (id BIGINT PRIMARY KEY CHECK (id < 1000), name TEXT NOT NULL, data BYTEA)",
            &[],
        )
    })
    .unwrap();
    (db, folder)
}

fn insert(tx: &mut Tx<'_>, id: i64) -> Result<(), DbError> {
    tx.execute("INSERT INTO thing (id, name) VALUES ($1, $2)", &[id.into(), "name".into()]).map(drop)
}

fn count(db: &Db) -> i64 {
    db.read(|tx| tx.query_one("SELECT count(*) AS n FROM thing", &[])?.get("n"))
        .map_err(|error: DbError| error)
        .unwrap()
}

#[test]
fn parameters_mean_the_same_in_any_order_and_as_often_as_they_are_named() {
    let (db, _folder) = database();
    let row: Result<(String, i64, String, String), DbError> = db.read(|tx| {
        let row = tx.query_one(
            "SELECT $3 AS third, $2 AS second, $3 AS again, $1 AS first, '$1' AS quoted",
            &["one".into(), 2.into(), "three".into()],
        )?;
        assert_eq!(row.get::<String>("quoted")?, "$1");
        Ok((row.get("third")?, row.get("second")?, row.get("again")?, row.get("first")?))
    });
    assert_eq!(row.unwrap(), ("three".to_owned(), 2, "three".to_owned(), "one".to_owned()));
}

#[test]
fn a_missing_or_surplus_parameter_is_refused_and_names_the_statement() {
    let (db, _folder) = database();
    let refused = db.read(|tx| tx.query("SELECT $1 AS a, $2 AS b", &[1.into()])).unwrap_err();
    assert!(matches!(refused, DbError::Failed { query: "SELECT $1 AS a, $2 AS b", .. }));
    assert!(refused.to_string().contains("SELECT $1 AS a"));
}

#[test]
fn bytes_and_nulls_come_back_as_they_went_in() {
    let (db, _folder) = database();
    let read: Result<_, DbError> = db.write(|tx| {
        tx.execute("INSERT INTO thing (id, name, data) VALUES (1, 'a', $1)", &[vec![0, 159, 255].into()])?;
        insert(tx, 2)?;
        let rows = tx.query("SELECT data FROM thing ORDER BY id", &[])?;
        Ok((rows[0].get::<[u8; 3]>("data")?, rows[1].get::<Option<Vec<u8>>>("data")?))
    });
    assert_eq!(read.unwrap(), ([0, 159, 255], None));
}

#[test]
fn an_error_rolls_its_own_work_back_and_nothing_else() {
    let (db, _folder) = database();
    db.write(|tx| insert(tx, 1)).unwrap();
    let failed: Result<(), DbError> = db.write(|tx| {
        insert(tx, 2)?;
        Err(DbError::Closed)
    });
    assert!(failed.is_err());
    assert_eq!(count(&db), 1);
}

#[test]
fn constraints_are_told_apart() {
    let (db, _folder) = database();
    db.write(|tx| insert(tx, 1)).unwrap();
    let twice = db.write(|tx| insert(tx, 1)).unwrap_err();
    assert!(twice.is_unique_on("thing.id") && !twice.is_unique_on("thing.name"), "{twice:?}");
    let check = db.write(|tx| insert(tx, 1000)).unwrap_err();
    assert!(check.is_check("id < 1000"), "{check:?}");
    let null =
        db.write(|tx| tx.execute("INSERT INTO thing (id, name) VALUES (2, $1)", &[None::<i64>.into()]));
    assert!(matches!(null.unwrap_err(), DbError::Reference { .. }));
}

#[test]
fn reading_work_cannot_write() {
    let (db, _folder) = database();
    assert!(db.read(|tx| insert(tx, 1)).is_err());
    assert_eq!(count(&db), 0);
}

/// The writer is held inside its first job until all others wait, so they are certain to share groups.
fn with_a_waiting_group<T: Send + 'static>(
    db: &Db,
    jobs: i64,
    work: impl Fn(&mut Tx<'_>, i64) -> Result<T, DbError> + Send + Sync + 'static,
) -> Vec<Result<T, DbError>> {
    let gate = Arc::new((Barrier::new(2), Barrier::new(2)));
    let holder = {
        let (db, gate) = (db.clone(), Arc::clone(&gate));
        std::thread::spawn(move || {
            db.write(move |_| {
                gate.0.wait();
                gate.1.wait();
                Ok::<_, DbError>(())
            })
        })
    };
    gate.0.wait();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let work = Arc::new(work);
    let answers = runtime.block_on(async {
        let mut writes: Vec<_> = (0..jobs)
            .map(|index| {
                let (db, work) = (db.clone(), Arc::clone(&work));
                Box::pin(async move { db.write_async(move |tx| work(tx, index)).await })
            })
            .collect();
        // The first poll of a write puts it into the queue, or answers at once.
        let mut answers: Vec<_> = poll_fn(|context| {
            Poll::Ready(writes.iter_mut().map(|write| write.as_mut().poll(context)).collect())
        })
        .await;
        gate.1.wait();
        for (answer, write) in answers.iter_mut().zip(writes) {
            if answer.is_pending() {
                *answer = Poll::Ready(write.await);
            }
        }
        answers
            .into_iter()
            .filter_map(|answer| match answer {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            })
            .collect::<Vec<_>>()
    });
    // The holder belongs to the group and may share its fate.
    drop(holder.join().unwrap());
    answers
}

#[test]
fn in_a_group_one_failure_and_one_panic_leave_the_others_alone() {
    let (db, _folder) = database();
    let answers = with_a_waiting_group(&db, 40, |tx, index| {
        insert(tx, index)?;
        assert!(index != 11, "this one panics on purpose");
        if index == 7 { Err(DbError::Conflict) } else { Ok(index) }
    });
    for (index, answer) in answers.iter().enumerate() {
        match index {
            7 => assert!(matches!(answer, Err(DbError::Conflict))),
            11 => assert!(matches!(answer, Err(DbError::Panicked))),
            _ => assert_eq!(answer.as_ref().ok(), Some(&i64::try_from(index).unwrap())),
        }
    }
    assert_eq!(count(&db), 38);
    db.write(|tx| insert(tx, 500)).expect("the writer lives on");
}

#[test]
fn a_group_is_committed_once_and_answered_after_the_commit() {
    let (db, folder) = database();
    let path = folder.path().join("test.db");
    let answers = with_a_waiting_group(&db, 60, move |tx, index| {
        insert(tx, index)?;
        // Another connection sees none of the group while it is being written.
        let other = Db::open_sqlite(&path)?;
        Ok(count(&other))
    });
    let seen: Vec<i64> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(seen, vec![0; 60], "a member of the group was visible before the group's commit");
    assert_eq!(count(&db), 60);
}

#[test]
fn when_the_engine_loses_the_transaction_every_member_is_told() {
    let (db, _folder) = database();
    let answers = with_a_waiting_group(&db, 3, |tx, index| {
        insert(tx, index)?;
        // `ROLLBACK` inside a job stands for what a full disk makes SQLite do by itself.
        if index == 1 {
            tx.execute("ROLLBACK", &[])?;
        }
        Ok(())
    });
    assert!(answers.iter().all(|answer| matches!(answer, Err(DbError::NotCommitted { .. }))), "{answers:?}");
    assert_eq!(count(&db), 0);
    db.write(|tx| insert(tx, 1)).expect("the writer lives on");
}

#[test]
fn a_full_queue_refuses_at_once_and_serves_those_who_wait() {
    let (db, _folder) = database();
    let answers = with_a_waiting_group(&db, 5000, |_, index| Ok(index));
    let refused = answers.iter().filter(|answer| matches!(answer, Err(DbError::Overloaded))).count();
    assert_eq!(refused, 5000 - 4096);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4096);
}

#[test]
fn closing_finishes_what_is_queued() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let db = Db::open_sqlite(&path).unwrap();
    db.write(|tx| tx.execute("CREATE TABLE thing (id BIGINT)", &[])).unwrap();
    let threads: Vec<_> = (0..8_i64)
        .map(|index| {
            let db = db.clone();
            std::thread::spawn(move || {
                db.write(move |tx| tx.execute("INSERT INTO thing VALUES ($1)", &[index.into()]))
            })
        })
        .collect();
    drop(db);
    for thread in threads {
        assert_eq!(thread.join().unwrap().unwrap(), 1);
    }
    let reopened = Db::open_sqlite(&path).unwrap();
    assert_eq!(count(&reopened), 8);
    drop(reopened);
    assert!(!path.with_extension("db-wal").exists(), "the log was not folded into the file");
}

#[test]
fn an_inline_database_works_on_the_thread_that_asks_and_needs_no_runtime() {
    let db = Db::open_inline(None).unwrap();
    let here = std::thread::current().id();
    let work = move |tx: &mut Tx<'_>| {
        assert_eq!(std::thread::current().id(), here);
        tx.execute("CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT NOT NULL)", &[])
    };
    db.write(work).unwrap();
    let refused: Result<(), DbError> = db.write(|tx| {
        insert(tx, 1)?;
        Err(DbError::Closed)
    });
    assert!(refused.is_err());
    let panicked: Result<(), DbError> = db.write(|tx| {
        insert(tx, 2)?;
        panic!("a panic rolls back")
    });
    assert!(matches!(panicked, Err(DbError::Panicked)));
    db.write(|tx| insert(tx, 3)).unwrap();
    let mut counting =
        Box::pin(db.read_async(|tx| tx.query_one("SELECT count(*) AS n FROM thing", &[])?.get("n")));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let counted: Poll<Result<i64, DbError>> = counting.as_mut().poll(&mut context);
    assert!(matches!(counted, Poll::Ready(Ok(1))), "ready at once");
}

//! The inline adapter: one SQLite connection, and every job on the thread that asks.
//!
//! Jobs run one after another, each a group of its own, so a run repeats itself exactly. There is no wait for the disk:
//! who asks for durability opens the other adapter.

use super::{
    DbError,
    job::{Engine, Job},
    sqlite::{SqliteConnection, read_once, write_group},
};
use rusqlite::OpenFlags;
use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// SQLite's name for a database that lives in memory.
const IN_MEMORY: &str = ":memory:";

/// The engine behind [`super::Db`] for a platform that runs step by step.
pub(super) struct Inline {
    connection: Mutex<SqliteConnection>,
}

impl Inline {
    /// Opens the file, or a database in memory.
    pub(super) fn open(path: Option<&Path>) -> Result<Inline, DbError> {
        let connection = SqliteConnection::open(path.unwrap_or(Path::new(IN_MEMORY)), OpenFlags::default())?;
        connection.pragmas(
            "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536;",
        )?;
        Ok(Inline { connection: Mutex::new(connection) })
    }

    fn lock(&self) -> MutexGuard<'_, SqliteConnection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Inline {
    fn read(&self, mut job: Box<dyn Job>) {
        let outcome = read_once(&mut self.lock(), job.as_mut());
        job.finish(outcome);
    }

    fn write(&self, job: Box<dyn Job>) {
        write_group(&mut self.lock(), std::iter::once(job));
    }

    fn is_inline(&self) -> bool {
        true
    }
}

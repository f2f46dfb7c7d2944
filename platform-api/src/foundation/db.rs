//! The database as services see it: one transaction, shared SQL, four kinds of value.
//!
//! A piece of work is a closure over [`Tx`]. It commits when it returns `Ok` and leaves no trace when it returns `Err`
//! or panics. It may be run more than once (PostgreSQL retries after a serialization failure), so it is an `Fn` and
//! does nothing besides reading and writing through its [`Tx`].
//!
//! SQL is `&'static str`, so nothing a person typed can become a statement. Parameters are `$1`, `$2`, … in any order
//! and as often as needed. Column types are `BIGINT`, `TEXT` and `BYTEA`; every statement must mean the same on SQLite
//! and PostgreSQL. Where the dialects differ, the migration differs, not the service.
//!
//! What an adapter provides is the private trait `Engine` (run a job for reading, run a job for writing) and the trait
//! [`Connection`] (query, execute, batch). SQLite is one; PostgreSQL becomes the second without touching a service. The
//! same SQLite connection also runs inline, on the thread that asks: so the simulator sees the platform step by step.

mod error;
mod inline;
mod job;
mod sqlite;
mod value;

pub use error::DbError;
pub use value::{Column, Row, Value};

use job::{Engine, TypedJob};
use std::{
    path::Path,
    sync::{Arc, mpsc},
};
use tokio::sync::oneshot;

/// A handle to the database; cloning it is cheap and all clones share one writer.
#[derive(Clone)]
pub struct Db {
    engine: Arc<dyn Engine>,
}

impl Db {
    /// Opens (and creates, when missing) the SQLite database in the file `path`.
    pub fn open_sqlite(path: &Path) -> Result<Db, DbError> {
        Ok(Db { engine: Arc::new(sqlite::Sqlite::open(path)?) })
    }

    /// Opens the SQLite database in the file `path` (in memory without one) so that every piece of work runs, one after
    /// another, on the thread that asks for it. For the simulator: nothing waits for the disk, so a power cut of the real
    /// machine may lose what was committed.
    pub fn open_inline(path: Option<&Path>) -> Result<Db, DbError> {
        Ok(Db { engine: Arc::new(inline::Inline::open(path)?) })
    }

    /// Runs `work` in a transaction that only reads and sees one moment of the database. Blocks: not for handlers.
    pub fn read<T, E, W>(&self, work: W) -> Result<T, E>
    where
        W: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (sender, answer) = mpsc::sync_channel(1);
        self.engine.read(Box::new(TypedJob::new(work, move |result| drop(sender.send(result)))));
        answer.recv().unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }

    /// Runs `work` in a transaction that may write; returns once it is on disk. Blocks: not for handlers.
    pub fn write<T, E, W>(&self, work: W) -> Result<T, E>
    where
        W: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (sender, answer) = mpsc::sync_channel(1);
        self.engine.write(Box::new(TypedJob::new(work, move |result| drop(sender.send(result)))));
        answer.recv().unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }

    /// [`Db::read`] for async code.
    pub async fn read_async<T, E, W>(&self, work: W) -> Result<T, E>
    where
        W: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let job = TypedJob::new(work, move |result| drop(sender.send(result)));
        if self.engine.is_inline() {
            self.engine.read(Box::new(job));
        } else {
            let engine = Arc::clone(&self.engine);
            tokio::task::spawn_blocking(move || engine.read(Box::new(job)));
        }
        answer.await.unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }

    /// [`Db::write`] for async code. A full queue answers [`DbError::Overloaded`] at once.
    pub async fn write_async<T, E, W>(&self, work: W) -> Result<T, E>
    where
        W: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        // The caller may go away meanwhile (a cancelled request); what is committed stays committed.
        let (sender, answer) = oneshot::channel();
        self.engine.write(Box::new(TypedJob::new(work, move |result| drop(sender.send(result)))));
        answer.await.unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }
}

/// One transaction. All SQL of a service goes through it.
pub struct Tx<'a> {
    connection: &'a mut dyn Connection,
}

impl<'a> Tx<'a> {
    fn new(connection: &'a mut dyn Connection) -> Tx<'a> {
        Tx { connection }
    }

    /// All rows of a query, in its order. The caller names a `LIMIT` for anything that can grow.
    pub fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.connection.query(sql, params)
    }

    /// Exactly one row; [`DbError::NotOneRow`] otherwise.
    pub fn query_one(&mut self, sql: &'static str, params: &[Value]) -> Result<Row, DbError> {
        self.query_opt(sql, params)?.ok_or(DbError::NotOneRow { query: sql, found: 0 })
    }

    /// One row or none; [`DbError::NotOneRow`] for more.
    pub fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, DbError> {
        let mut rows = self.connection.query(sql, params)?;
        if rows.len() > 1 {
            return Err(DbError::NotOneRow { query: sql, found: rows.len() });
        }
        Ok(rows.pop())
    }

    /// Asks the database for nothing, to see that it answers.
    pub fn probe(&mut self) -> Result<(), DbError> {
        self.query_one("SELECT 1 AS one", &[]).map(|_| ())
    }

    /// Runs one statement and gives the number of rows it changed.
    pub fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, DbError> {
        self.connection.execute(sql, params)
    }

    /// Runs the statements of one migration; nothing else may use it.
    pub(super) fn batch(&mut self, sql: &'static str) -> Result<(), DbError> {
        self.connection.batch(sql)
    }
}

/// What an adapter does inside a transaction.
pub trait Connection {
    /// Runs a statement and gives its rows.
    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError>;
    /// Runs a statement and gives the number of rows it changed.
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, DbError>;
    /// Runs several statements without parameters.
    fn batch(&mut self, sql: &'static str) -> Result<(), DbError>;
}

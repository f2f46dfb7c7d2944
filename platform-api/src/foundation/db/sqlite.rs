//! The SQLite adapter: one writer thread with group commit, and connections that only read.
//!
//! Writes queue up. The writer takes what is waiting, runs each in a savepoint of its own, commits the group once
//! (WAL, `synchronous=FULL`: one wait for the disk) and only then sends the answers. An error or a panic rolls back its
//! own savepoint; the rest of the group is untouched. If the commit itself fails, every member of the group is told so,
//! refusals included, because a refusal may rest on a neighbour's write that never happened.

use super::{
    Connection, DbError, Row, Tx, Value,
    job::{Engine, Job, Verdict},
};
use rusqlite::{OpenFlags, config::DbConfig, ffi, types::ValueRef};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

/// Writes that may wait. At 256 a group this is half a second of work on a slow disk; more waiting helps nobody.
const QUEUE_MAX: usize = 4096;
/// Writes that share one commit: past this the wait for the disk is already spread thin.
const GROUP_MAX: usize = 256;
/// Read-only connections. Reads are short; more would only queue on the processor.
const READERS_MAX: usize = 8;
/// Prepared statements kept per connection: all the SQL of the platform fits.
const STATEMENTS_MAX: usize = 512;
/// How long SQLite itself waits for a lock, which only another process could hold.
const BUSY_MS_MAX: u64 = 5_000;

/// The engine behind [`super::Db`] for an embedded database.
pub(super) struct Sqlite {
    queue: Option<SyncSender<Box<dyn Job>>>,
    writer: Option<JoinHandle<()>>,
    readers: Readers,
}

impl Sqlite {
    /// Opens the file and starts its writer.
    pub(super) fn open(path: &Path) -> Result<Sqlite, DbError> {
        let writer = SqliteConnection::open(path, OpenFlags::default())?;
        writer.pragmas("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")?;
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || write_loop(writer, &jobs))
            .map_err(|error| failed("open writer thread", error))?;
        Ok(Sqlite { queue: Some(queue), writer: Some(thread), readers: Readers::new(path) })
    }
}

impl Engine for Sqlite {
    fn read(&self, mut job: Box<dyn Job>) {
        let outcome = self.readers.take().and_then(|mut reader| {
            let outcome = read_once(&mut reader, job.as_mut());
            self.readers.give_back(reader);
            outcome
        });
        job.finish(outcome);
    }

    fn write(&self, job: Box<dyn Job>) {
        let Some(queue) = &self.queue else {
            return job.finish(Err(DbError::Closed));
        };
        match queue.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => job.finish(Err(DbError::Overloaded)),
            Err(TrySendError::Disconnected(job)) => job.finish(Err(DbError::Closed)),
        }
    }
}

impl Drop for Sqlite {
    /// Lets what is queued finish, then closes the file. The writer closes last: only it can fold the log into the file.
    fn drop(&mut self) {
        self.readers.lock().idle.clear();
        drop(self.queue.take());
        if let Some(writer) = self.writer.take()
            && writer.thread().id() != std::thread::current().id()
        {
            drop(writer.join());
        }
    }
}

fn write_loop(mut connection: SqliteConnection, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let waiting = std::iter::once(first).chain(std::iter::from_fn(|| jobs.try_recv().ok()));
        write_group(&mut connection, waiting.take(GROUP_MAX));
    }
}

/// Runs one group in one transaction and answers every member.
pub(super) fn write_group(connection: &mut SqliteConnection, jobs: impl Iterator<Item = Box<dyn Job>>) {
    let mut done: Vec<Box<dyn Job>> = Vec::new();
    let mut failure = connection.control("BEGIN IMMEDIATE").err().map(|error| error.to_string());
    for mut job in jobs {
        if failure.is_none() {
            failure = write_one(connection, job.as_mut()).err().map(|error| error.to_string());
        }
        done.push(job);
    }
    if failure.is_none() {
        failure = connection.control("COMMIT").err().map(|error| error.to_string());
    }
    if let Some(reason) = &failure {
        tracing::error!(reason, writes = done.len(), "a group of writes was not committed");
        connection.abandon();
    }
    for job in done {
        job.finish(failure.clone().map_or(Ok(()), |reason| Err(DbError::NotCommitted { reason })));
    }
}

/// Runs one job in its savepoint. An error here means that the whole transaction is lost.
fn write_one(connection: &mut SqliteConnection, job: &mut dyn Job) -> Result<(), DbError> {
    connection.control("SAVEPOINT job")?;
    let verdict = job.attempt(&mut Tx::new(connection));
    // A full disk or a failed write makes SQLite end the transaction by itself, and the neighbours with it.
    if connection.inner.is_autocommit() {
        return Err(DbError::NotCommitted { reason: "the engine ended the transaction".to_owned() });
    }
    if verdict == Verdict::RollBack {
        connection.control("ROLLBACK TO job")?;
    }
    connection.control("RELEASE job")
}

pub(super) fn read_once(connection: &mut SqliteConnection, job: &mut dyn Job) -> Result<(), DbError> {
    connection.control("BEGIN DEFERRED")?;
    job.attempt(&mut Tx::new(connection));
    connection.control("ROLLBACK").inspect_err(|_| connection.abandon())
}

/// Connections that only read, opened when first needed and kept.
struct Readers {
    path: PathBuf,
    state: Mutex<ReadersState>,
    freed: Condvar,
}

#[derive(Default)]
struct ReadersState {
    idle: Vec<SqliteConnection>,
    open: usize,
}

impl Readers {
    fn new(path: &Path) -> Readers {
        Readers { path: path.to_owned(), state: Mutex::default(), freed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, ReadersState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection, a new one, or the next one that is given back.
    fn take(&self) -> Result<SqliteConnection, DbError> {
        let mut state = self
            .freed
            .wait_while(self.lock(), |state| state.idle.is_empty() && state.open >= READERS_MAX)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = state.idle.pop() {
            return Ok(reader);
        }
        state.open += 1;
        drop(state);
        self.open().inspect_err(|_| {
            self.lock().open -= 1;
            self.freed.notify_one();
        })
    }

    fn open(&self) -> Result<SqliteConnection, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        SqliteConnection::open(&self.path, flags)
    }

    fn give_back(&self, reader: SqliteConnection) {
        self.lock().idle.push(reader);
        self.freed.notify_one();
    }
}

/// One SQLite connection and the rewritten form of each statement it has seen.
pub(super) struct SqliteConnection {
    inner: rusqlite::Connection,
    rewritten: HashMap<&'static str, Arc<str>>,
}

impl SqliteConnection {
    pub(super) fn open(path: &Path, flags: OpenFlags) -> Result<SqliteConnection, DbError> {
        let opened = rusqlite::Connection::open_with_flags(path, flags);
        let inner = opened.map_err(|error| failed("open database", error))?;
        inner.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        // A statement keeps its plan, whatever values it is given; otherwise every new instant plans it anew.
        inner
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(|error| failed("fix query plans", error))?;
        inner
            .busy_timeout(std::time::Duration::from_millis(BUSY_MS_MAX))
            .map_err(|error| failed("set busy timeout", error))?;
        Ok(SqliteConnection { inner, rewritten: HashMap::new() })
    }

    pub(super) fn pragmas(&self, sql: &'static str) -> Result<(), DbError> {
        self.inner.execute_batch(sql).map_err(|error| refused(sql, error))
    }

    /// `BEGIN`, `COMMIT` and the like.
    fn control(&self, sql: &'static str) -> Result<(), DbError> {
        let mut statement = self.inner.prepare_cached(sql).map_err(|error| refused(sql, error))?;
        statement.execute([]).map(drop).map_err(|error| refused(sql, error))
    }

    /// Leaves whatever transaction is still open; there may be none.
    pub(super) fn abandon(&self) {
        if !self.inner.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    fn prepare(&mut self, sql: &'static str) -> Result<rusqlite::CachedStatement<'_>, DbError> {
        let text = self.rewritten.entry(sql).or_insert_with(|| number_parameters(sql).into());
        self.inner.prepare_cached(text).map_err(|error| refused(sql, error))
    }
}

impl Connection for SqliteConnection {
    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let mut statement = self.prepare(sql)?;
        let names: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
        bind(sql, &mut statement, params)?;
        let mut rows = statement.raw_query();
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(|error| refused(sql, error))? {
            let values =
                (0..names.len()).map(|index| read_value(sql, row, index)).collect::<Result<_, _>>()?;
            answer.push(Row::new(sql, Arc::clone(&names), values));
        }
        Ok(answer)
    }

    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, DbError> {
        let mut statement = self.prepare(sql)?;
        bind(sql, &mut statement, params)?;
        let changed = statement.raw_execute().map_err(|error| refused(sql, error))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn batch(&mut self, sql: &'static str) -> Result<(), DbError> {
        self.inner.execute_batch(sql).map_err(|error| refused(sql, error))
    }
}

/// `$n` becomes `?n`: SQLite takes `$2` for a *name* and numbers names by first appearance. Texts in quotes stay.
fn number_parameters(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut quote: Option<char> = None;
    let mut chars = sql.chars().peekable();
    while let Some(char) = chars.next() {
        let starts_number = chars.peek().is_some_and(char::is_ascii_digit);
        match (quote, char) {
            (None, '$') if starts_number => out.push('?'),
            (None, '\'' | '"') => {
                quote = Some(char);
                out.push(char);
            }
            (open, _) => {
                if open == Some(char) {
                    quote = None;
                }
                out.push(char);
            }
        }
    }
    out
}

fn bind(sql: &'static str, statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> Result<(), DbError> {
    if statement.parameter_count() != params.len() {
        let message = format!("{} parameters for {}", params.len(), statement.parameter_count());
        return Err(failed(sql, message));
    }
    for (index, value) in params.iter().enumerate() {
        let bound = match value {
            Value::Null => statement.raw_bind_parameter(index + 1, rusqlite::types::Null),
            Value::Int(number) => statement.raw_bind_parameter(index + 1, number),
            Value::Text(text) => statement.raw_bind_parameter(index + 1, text),
            Value::Bytes(bytes) => statement.raw_bind_parameter(index + 1, bytes),
        };
        bound.map_err(|error| refused(sql, error))?;
    }
    Ok(())
}

fn read_value(sql: &'static str, row: &rusqlite::Row<'_>, index: usize) -> Result<Value, DbError> {
    match row.get_ref(index).map_err(|error| refused(sql, error))? {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(text) => {
            String::from_utf8(text.to_vec()).map(Value::Text).map_err(|error| failed(sql, error))
        }
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        ValueRef::Real(_) => Err(failed(sql, "a floating point column")),
    }
}

fn failed(query: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DbError {
    DbError::Failed { query, source: source.into() }
}

/// Sorts an error of SQLite into what services tell apart.
fn refused(query: &'static str, error: rusqlite::Error) -> DbError {
    let rusqlite::Error::SqliteFailure(code, Some(message)) = &error else {
        return failed(query, error);
    };
    // SQLite says "UNIQUE constraint failed: table.column"; a trigger's message stands alone.
    let constraint = || message.rsplit_once("failed: ").map_or(message.as_str(), |(_, name)| name).to_owned();
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            DbError::Unique { query, constraint: constraint() }
        }
        ffi::SQLITE_CONSTRAINT_CHECK | ffi::SQLITE_CONSTRAINT_TRIGGER => {
            DbError::Check { query, constraint: constraint() }
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY | ffi::SQLITE_CONSTRAINT_NOTNULL => DbError::Reference { query },
        ffi::SQLITE_BUSY | ffi::SQLITE_BUSY_SNAPSHOT => DbError::Conflict,
        _ => failed(query, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_keep_their_numbers_and_quoted_text_keeps_its_dollars() {
        assert_eq!(number_parameters("a = $2 AND b = $10"), "a = ?2 AND b = ?10");
        assert_eq!(number_parameters("SELECT '$1', \"$2\", $ $3"), "SELECT '$1', \"$2\", $ ?3");
        assert_eq!(number_parameters("SELECT 'it''s $1', $1"), "SELECT 'it''s $1', ?1");
    }
}

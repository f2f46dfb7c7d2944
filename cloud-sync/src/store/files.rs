//! The two files: opened, checked, moved aside when damaged.

use super::{
    device_key, media,
    migrate::{CONTENT, LEDGER, Step, migrate},
    sql,
};
use crate::disk::{Disk, Flush, FolderLock};
use rusqlite::{Connection, OpenFlags};
use std::{io, path::PathBuf, time::Duration};

const LEDGER_FILE: &str = "ledger.db";
const CONTENT_FILE: &str = "content.db";
/// Holds nothing but room.
const RESERVE_FILE: &str = "reserve";
/// Pages of the ledger's log before it is folded once the disk was full: two claims.
const LOG_PAGES_WHEN_FULL: u32 = 16;
/// Room the ledger needs to grow by some hundred vouchers.
const RESERVE_BYTES: usize = 256 * 1_024;

/// How long SQLite waits for a lock, which only another process could hold.
const BUSY_MS_MAX: u64 = 5_000;
/// Damaged files kept of each database, for whoever looks into it; past it the oldest number is written over.
const ASIDE_MAX: u32 = 8;

/// Why the store did not do what it was asked. Nothing of the operation was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite failed: disk full, read-only, I/O error.
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    /// A file could not be written, read or moved.
    #[error("cannot use {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process has the folder open.
    #[error("{folder} is in use by another process: stop the kiosk that runs on it, then try again")]
    InUse {
        /// The folder of the databases.
        folder: PathBuf,
    },
    /// The file was written by a newer build.
    #[error("the schema has {found} steps, this build knows {known}")]
    NewerSchema {
        /// Steps taken by the file.
        found: usize,
        /// Steps this build knows.
        known: usize,
    },
    /// A migration was edited after it had been taken.
    #[error("migration {name} is not the one that was taken")]
    EditedMigration {
        /// The file.
        name: &'static str,
    },
    /// A number does not fit the database.
    #[error("a number is too large to be stored")]
    TooLarge,
    /// A stored or received value cannot be written as JSON, or not be read back.
    #[error("a stored value is not understood")]
    Json(#[from] serde_json::Error),
    /// The kiosk is not enrolled.
    #[error("the kiosk is not enrolled")]
    NotEnrolled,
}

impl StoreError {
    /// True when the disk has no room: less content makes some.
    pub fn is_full(&self) -> bool {
        match self {
            StoreError::Database(error) => is_full(error),
            StoreError::File { source, .. } => media::is_full(source),
            StoreError::InUse { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::EditedMigration { .. }
            | StoreError::TooLarge
            | StoreError::Json(_)
            | StoreError::NotEnrolled => false,
        }
    }
}

/// A database that was damaged and put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Leases and vouchers not yet reported are lost to this kiosk: enrol again.
    Ledger {
        /// Where the damaged file went.
        moved_to: PathBuf,
    },
    /// Only a copy of what the platform has: it is fetched again.
    Content {
        /// Where the damaged file went.
        moved_to: PathBuf,
    },
}

pub(super) struct OpenFiles {
    pub ledger: Connection,
    pub content: Connection,
    pub damage: Vec<Damage>,
    pub lock: FolderLock,
}

pub(super) fn open(disk: &dyn Disk) -> Result<OpenFiles, StoreError> {
    disk.prepare().map_err(at(disk, LEDGER_FILE))?;
    let lock = disk.lock().map_err(at(disk, ""))?;
    let lock = lock.ok_or_else(|| StoreError::InUse { folder: disk.path("") })?;
    // Names a killed program left are seen from here on, so they are made durable first.
    disk.sync_folder().map_err(at(disk, LEDGER_FILE))?;
    let (ledger, ledger_aside) = open_ledger(disk)?;
    let (content, content_aside) = match open_checked(disk, CONTENT_FILE, Flush::Checkpoint, CONTENT) {
        Err(error) if is_damage(&error) => {
            let aside = move_aside(disk, CONTENT_FILE, &error)?;
            (open_checked(disk, CONTENT_FILE, Flush::Checkpoint, CONTENT)?, Some(aside))
        }
        opened => (opened?, None),
    };
    let damage = ledger_aside
        .map(|moved_to| Damage::Ledger { moved_to })
        .into_iter()
        .chain(content_aside.map(|moved_to| Damage::Content { moved_to }))
        .collect();
    keep_room(disk);
    Ok(OpenFiles { ledger, content, damage, lock })
}

/// A new ledger is begun only after the keys of the old one are gone: a power cut between the two must not leave a new
/// ledger with an old key.
fn open_ledger(disk: &dyn Disk) -> Result<(Connection, Option<PathBuf>), StoreError> {
    if !disk.exists(LEDGER_FILE).map_err(at(disk, LEDGER_FILE))? {
        device_key::forget(disk)?;
    }
    match open_checked(disk, LEDGER_FILE, disk.ledger_flush(), LEDGER) {
        Err(error) if is_damage(&error) => {
            let aside = move_aside(disk, LEDGER_FILE, &error)?;
            device_key::forget(disk)?;
            Ok((open_checked(disk, LEDGER_FILE, disk.ledger_flush(), LEDGER)?, Some(aside)))
        }
        opened => Ok((opened?, None)),
    }
}

/// Turns an I/O error into one that names its file.
pub(super) fn at(disk: &dyn Disk, name: &str) -> impl FnOnce(io::Error) -> StoreError {
    let path = disk.path(name);
    move |source| StoreError::File { path, source }
}

fn open_checked(
    disk: &dyn Disk,
    name: &str,
    flush: Flush,
    history: &[Step],
) -> Result<Connection, StoreError> {
    let mut connection = connect(disk, name)?;
    let synchronous = match flush {
        Flush::EveryCommit => "FULL",
        Flush::Checkpoint => "NORMAL",
    };
    connection.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
    sql::keep_statements(&connection)?;
    connection.execute_batch(&format!(
        "PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
         PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
    ))?;
    let check = || connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    // A page that could not be read for once is told like a damaged one; it reads well the second time.
    if check()? != "ok" {
        let verdict = check()?;
        if verdict != "ok" {
            return Err(damaged(verdict).into());
        }
    }
    migrate(&mut connection, history)?;
    // What a killed program left in the log is seen from here on and acted upon, so it is made durable first. A full disk
    // has at least synced the log by then.
    match fold_log(&connection, "TRUNCATE") {
        Err(error) if !is_full(&error) => Err(error.into()),
        Ok(()) | Err(_) => Ok(connection),
    }
}

/// Moves what the log holds into the database, durably.
fn fold_log(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
}

/// Makes room on a full disk: content gives up its log, and with the room that was kept for this the ledger folds its own
/// and begins to write it anew in the place it already has. From then on it folds it early, so that it does not grow into
/// that room; a claim waits a little longer.
pub(super) fn make_room(disk: &dyn Disk, ledger: &Connection, content: &Connection) {
    if let Err(error) = disk.remove(RESERVE_FILE) {
        tracing::debug!(%error, "the reserve stays");
    }
    for (connection, mode) in [(content, "TRUNCATE"), (ledger, "RESTART")] {
        if let Err(error) = fold_log(connection, mode) {
            tracing::debug!(%error, "no room was made");
        }
    }
    if let Err(error) = ledger.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_WHEN_FULL) {
        tracing::debug!(%error, "the log may grow");
    }
}

/// Keeps room for [`make_room`], if there is any.
fn keep_room(disk: &dyn Disk) {
    if let Ok(false) = disk.exists(RESERVE_FILE)
        && let Err(error) = disk.create(RESERVE_FILE, &[0; RESERVE_BYTES])
    {
        tracing::warn!(%error, "no room is left to keep in reserve");
    }
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

fn connect(disk: &dyn Disk, name: &str) -> rusqlite::Result<Connection> {
    let (path, flags) = (disk.path(name), OpenFlags::default());
    match disk.vfs() {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }
}

fn damaged(verdict: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(verdict))
}

fn is_damage(error: &StoreError) -> bool {
    let StoreError::Database(error) = error else { return false };
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
    )
}

/// Renames the database with its journal files; gives the new path of the database. The database goes first and durably:
/// without its log it could look sound and be old.
fn move_aside(disk: &dyn Disk, name: &str, error: &StoreError) -> Result<PathBuf, StoreError> {
    let aside = free_name(disk, name)?;
    let move_one = |from: &str, to: &str| disk.rename(from, to).and_then(|()| disk.sync_folder());
    move_one(name, &aside).map_err(at(disk, name))?;
    for journal in ["-wal", "-shm"] {
        let from = format!("{name}{journal}");
        if disk.exists(&from).map_err(at(disk, &from))? {
            move_one(&from, &format!("{aside}{journal}")).map_err(at(disk, &from))?;
        }
    }
    tracing::error!(file = name, aside, %error, "a damaged database was put aside");
    Ok(disk.path(&aside))
}

fn free_name(disk: &dyn Disk, name: &str) -> Result<String, StoreError> {
    let numbered = |number: u32| format!("{name}.damaged-{number}");
    for number in 1..ASIDE_MAX {
        if !disk.exists(&numbered(number)).map_err(at(disk, name))? {
            return Ok(numbered(number));
        }
    }
    Ok(numbered(ASIDE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FolderDisk;

    #[test]
    fn the_ledger_waits_for_the_disk_at_every_commit_and_content_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = open(&FolderDisk::new(folder.path())).unwrap();
        let pragma = |connection: &Connection, name: &str| -> String {
            let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        for (connection, synchronous) in [(&files.ledger, "2"), (&files.content, "1")] {
            assert_eq!(pragma(connection, "journal_mode"), "wal");
            assert_eq!(pragma(connection, "synchronous"), synchronous);
            assert_eq!(pragma(connection, "foreign_keys"), "1");
            assert_eq!(pragma(connection, "trusted_schema"), "0");
        }
    }
}

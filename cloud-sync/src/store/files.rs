//! The two files: opened, checked, moved aside when damaged.

use super::migrate::{CONTENT, LEDGER, Step, migrate};
use rusqlite::Connection;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

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
    pub ledger_is_new: bool,
    pub damage: Vec<Damage>,
}

pub(super) fn open(directory: &Path) -> Result<OpenFiles, StoreError> {
    fs::create_dir_all(directory).map_err(at(directory))?;
    let (ledger_path, content_path) = (directory.join("ledger.db"), directory.join("content.db"));
    let was_there = ledger_path.exists();
    let (ledger, ledger_aside) = open_or_replace(&ledger_path, "FULL", LEDGER)?;
    let (content, content_aside) = open_or_replace(&content_path, "NORMAL", CONTENT)?;
    let ledger_is_new = !was_there || ledger_aside.is_some();
    let damage = ledger_aside
        .map(|moved_to| Damage::Ledger { moved_to })
        .into_iter()
        .chain(content_aside.map(|moved_to| Damage::Content { moved_to }))
        .collect();
    Ok(OpenFiles { ledger, content, ledger_is_new, damage })
}

/// Turns an I/O error into one that names its file.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { path, source }
}

fn open_or_replace(
    path: &Path,
    synchronous: &str,
    history: &[Step],
) -> Result<(Connection, Option<PathBuf>), StoreError> {
    match open_checked(path, synchronous, history) {
        Err(StoreError::Database(error)) if is_damage(&error) => {
            let aside = move_aside(path)?;
            tracing::error!(file = %path.display(), aside = %aside.display(), %error, "a damaged database was put aside");
            Ok((open_checked(path, synchronous, history)?, Some(aside)))
        }
        opened => Ok((opened?, None)),
    }
}

fn open_checked(path: &Path, synchronous: &str, history: &[Step]) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
    connection.execute_batch(&format!(
        "PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
         PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
    ))?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(damaged(verdict).into());
    }
    migrate(&mut connection, history)?;
    Ok(connection)
}

fn damaged(verdict: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(verdict))
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
    )
}

/// Renames the database with its journal files; gives the new name of the database.
fn move_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let name = |number: u32| with_suffix(path, &format!(".damaged-{number}"));
    let number = (1..ASIDE_MAX).find(|number| !name(*number).exists()).unwrap_or(ASIDE_MAX);
    let aside = name(number);
    fs::rename(path, &aside).map_err(at(path))?;
    for journal in ["-wal", "-shm"] {
        let (from, to) = (with_suffix(path, journal), with_suffix(&aside, journal));
        if from.exists() {
            fs::rename(&from, to).map_err(at(&from))?;
        }
    }
    Ok(aside)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_waits_for_the_disk_at_every_commit_and_content_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = open(folder.path()).unwrap();
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

//! Every row of a database as text, read past the store, because the checker must not trust what it checks.

use crate::disk::VirtualDisk;
use cloud_sync::disk::Disk;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;

/// The rows of one database, each with its table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dump(Vec<String>);

impl Dump {
    /// The tables of rows that are here and not in `other`, changed ones too: one name a row.
    pub(super) fn missing_in<'a>(&'a self, other: &Dump) -> Vec<&'a str> {
        let there: BTreeSet<&String> = other.0.iter().collect();
        let missing = self.0.iter().filter(|row| !there.contains(row));
        missing.filter_map(|row| row.split('|').next()).collect()
    }

    pub(super) fn count(&self, table: &str) -> usize {
        self.0.iter().filter(|row| row.split('|').next() == Some(table)).count()
    }
}

/// A database of a store that is open.
pub(super) fn connect(disk: &VirtualDisk, name: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    Connection::open_with_flags_and_vfs(disk.path(name), flags, disk.vfs().unwrap_or_default())
}

/// All of its rows.
pub(super) fn read(disk: &VirtualDisk, name: &str) -> rusqlite::Result<Dump> {
    let database = connect(disk, name)?;
    let mut rows = Vec::new();
    for table in tables(&database)? {
        let mut query = database.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = query.column_count();
        let mut found = query.query([])?;
        while let Some(row) = found.next()? {
            let mut text = table.clone();
            for column in 0..columns {
                text.push_str(&format!("|{:?}", row.get_ref(column)?));
            }
            rows.push(text);
        }
    }
    Ok(Dump(rows))
}

fn tables(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut query = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    query.query_map([], |row| row.get(0))?.collect()
}

/// What SQLite itself finds wrong with it; empty when nothing.
pub(super) fn faults(disk: &VirtualDisk, name: &str) -> rusqlite::Result<Vec<String>> {
    let database = connect(disk, name)?;
    let verdicts: Vec<String> = database
        .prepare("PRAGMA integrity_check")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let orphans: Vec<String> = database
        .prepare("PRAGMA foreign_key_check")?
        .query_map([], |row| row.get::<_, String>(0).map(|table| format!("orphan in {table}")))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(verdicts.into_iter().filter(|verdict| verdict != "ok").chain(orphans).collect())
}

/// The public key the ledger pinned; `None` before an enrolment.
pub(super) fn pinned_key(disk: &VirtualDisk) -> rusqlite::Result<Option<[u8; 32]>> {
    let found =
        connect(disk, "ledger.db")?.query_row("SELECT public_key FROM identity", [], |row| row.get(0));
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        found => found.map(Some),
    }
}

//! Brings a database to the newest schema: forward only, each step once, each step's text checked.
//!
//! `user_version` says how many steps were taken; the table `migration` keeps a checksum of each, so that a step
//! edited after it was released is noticed instead of being skipped in silence.

use super::{
    StoreError,
    value::{counted, stored},
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

/// One step of a history.
pub(super) struct Step {
    /// File name, for the message.
    pub name: &'static str,
    /// What is run.
    pub sql: &'static str,
}

/// The history of `ledger.db`.
pub(super) const LEDGER: &[Step] = &[
    Step { name: "ledger/0001_ledger.sql", sql: include_str!("../../migrations/ledger/0001_ledger.sql") },
    Step { name: "ledger/0002_periods.sql", sql: include_str!("../../migrations/ledger/0002_periods.sql") },
    Step { name: "ledger/0003_fencing.sql", sql: include_str!("../../migrations/ledger/0003_fencing.sql") },
];

/// The history of `content.db`.
pub(super) const CONTENT: &[Step] = &[
    Step { name: "content/0001_content.sql", sql: include_str!("../../migrations/content/0001_content.sql") },
    Step {
        name: "content/0002_snapshots.sql",
        sql: include_str!("../../migrations/content/0002_snapshots.sql"),
    },
    Step { name: "content/0003_media.sql", sql: include_str!("../../migrations/content/0003_media.sql") },
];

/// Takes every step not taken yet, all in one transaction.
pub(super) fn migrate(connection: &mut Connection, history: &[Step]) -> Result<(), StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, checksum BLOB NOT NULL) STRICT",
    )?;
    let taken = tx.query_row("PRAGMA user_version", [], |row| counted(row, 0))?;
    let taken = usize::try_from(taken).map_err(|_| StoreError::TooLarge)?;
    if taken > history.len() {
        return Err(StoreError::NewerSchema { found: taken, known: history.len() });
    }
    for (number, step) in history.iter().enumerate() {
        let checksum: [u8; 32] = Sha256::digest(step.sql.as_bytes()).into();
        if number < taken {
            check_taken(&tx, number, step.name, checksum)?;
        } else {
            tx.execute_batch(step.sql)?;
            tx.execute(
                "INSERT INTO migration (number, checksum) VALUES (?1, ?2)",
                params![stored(number)?, checksum],
            )?;
        }
    }
    tx.execute_batch(&format!("PRAGMA user_version = {}", history.len()))?;
    Ok(tx.commit()?)
}

fn check_taken(
    connection: &Connection,
    number: usize,
    name: &'static str,
    checksum: [u8; 32],
) -> Result<(), StoreError> {
    let found: Option<[u8; 32]> = connection
        .query_row("SELECT checksum FROM migration WHERE number = ?1", [stored(number)?], |row| row.get(0))
        .optional()?;
    if found == Some(checksum) { Ok(()) } else { Err(StoreError::EditedMigration { name }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Step = Step { name: "1", sql: "CREATE TABLE a (x INTEGER)" };
    const SECOND: Step = Step { name: "2", sql: "CREATE TABLE b (x INTEGER)" };

    #[test]
    fn each_step_is_taken_once_and_later_ones_are_added() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, &[FIRST]).unwrap();
        migrate(&mut db, &[FIRST]).unwrap();
        migrate(&mut db, &[FIRST, SECOND]).unwrap();
        db.execute_batch("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)").unwrap();
    }

    #[test]
    fn an_edited_step_and_a_newer_file_are_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, &[FIRST, SECOND]).unwrap();
        let edited = Step { name: "1", sql: "CREATE TABLE a (y INTEGER)" };
        assert!(matches!(
            migrate(&mut db, &[edited, SECOND]),
            Err(StoreError::EditedMigration { name: "1" })
        ));
        assert!(matches!(migrate(&mut db, &[FIRST]), Err(StoreError::NewerSchema { found: 2, known: 1 })));
    }
}

//! What has changed for kiosks, in the order it was committed.
//!
//! Each change has the next number of a gap-free sequence, and a thing (kind, id) has exactly one row: its newest state
//! or its tombstone. A reader that asks from its cursor on therefore never misses a change and never reads more than
//! the things that exist. On SQLite the single writer makes number order commit order. PostgreSQL will save rows without
//! a number and let one relay number them after their commit; readers see numbered rows only.

use super::{
    act::Act,
    db::{DbError, Row, Tx},
};
use domain::time::UtcMillis;

/// A new state of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// What kind of thing, for example `offer`.
    pub kind: &'a str,
    /// Which one.
    pub id: &'a str,
    /// Whom it concerns: `city`, `mall:<id>` or `kiosk:<id>`.
    pub scope: &'a str,
    /// Its state as JSON; `None` is a tombstone.
    pub body: Option<String>,
}

/// A change as readers get it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Change`")]
pub struct LoggedChange {
    /// Its number; the cursor of a reader that has seen it.
    pub seq: i64,
    pub kind: String,
    pub id: String,
    pub scope: String,
    pub body: Option<String>,
    /// When it was written.
    pub at: UtcMillis,
}

/// Writes a change and gives its number. The thing's older row is superseded.
pub fn append(tx: &mut Tx<'_>, act: &Act, change: &Change<'_>) -> Result<i64, DbError> {
    let counter = tx.query_one("UPDATE change_counter SET seq = seq + 1 WHERE id = 1 RETURNING seq", &[])?;
    let seq: i64 = counter.get("seq")?;
    tx.execute(
        "INSERT INTO change_log (kind, id, seq, scope, body, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, id) DO UPDATE SET seq = excluded.seq, scope = excluded.scope,
             body = excluded.body, at = excluded.at",
        &[
            change.kind.into(),
            change.id.into(),
            seq.into(),
            change.scope.into(),
            change.body.clone().into(),
            act.now.into(),
        ],
    )?;
    Ok(seq)
}

/// Up to `limit` changes with a number above `cursor`, oldest first.
pub fn read_since(tx: &mut Tx<'_>, cursor: i64, limit: u32) -> Result<Vec<LoggedChange>, DbError> {
    let rows = tx.query(
        "SELECT seq, kind, id, scope, body, at FROM change_log WHERE seq > $1 ORDER BY seq LIMIT $2",
        &[cursor.into(), limit.into()],
    )?;
    rows.iter().map(read_row).collect()
}

/// The newest state of a thing; `None` for one never written or dropped.
pub fn find(tx: &mut Tx<'_>, kind: &str, id: &str) -> Result<Option<String>, DbError> {
    let sql = "SELECT body FROM change_log WHERE kind = $1 AND id = $2";
    let row = tx.query_opt(sql, &[kind.into(), id.into()])?;
    Ok(row.map(|row| row.get::<Option<String>>("body")).transpose()?.flatten())
}

/// The newest number given out; 0 when nothing has changed yet.
pub fn newest_seq(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.query_one("SELECT seq FROM change_counter WHERE id = 1", &[])?.get("seq")
}

fn read_row(row: &Row) -> Result<LoggedChange, DbError> {
    Ok(LoggedChange {
        seq: row.get("seq")?,
        kind: row.get("kind")?,
        id: row.get("id")?,
        scope: row.get("scope")?,
        body: row.get("body")?,
        at: row.get("at")?,
    })
}

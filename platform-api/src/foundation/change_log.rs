//! What has changed for kiosks, in the order it was committed.
//!
//! Each change has the next number of a gap-free sequence, and a thing (kind, id) has one row in each scope it was ever
//! in: its newest state or its tombstone. A reader that asks from its cursor on therefore never misses a change and
//! never reads more than the things that exist.
//!
//! Number order is commit order, with any number of processes: the number comes from a counter *row*, which stays
//! locked until the transaction that raised it has ended (SQLite locks the whole database for writing, PostgreSQL that
//! row). Whoever sees number 7 therefore sees all numbers below it. A database sequence would give numbers before the
//! commit, and a reader would pass over the one that commits late. The price: transactions that change the feed end
//! one after another. Those are edits of operators, not claims; should it ever be too slow, rows can be saved without a
//! number and be numbered by one relay after their commit, and no reader will notice.
//!
//! Every number also has a mark, which stands for all changes up to it. A place is believed only with its mark: a
//! database restored from a backup goes on with the same numbers, but never with the same marks.

use super::{
    act::Act,
    db::{DbError, Row, Tx},
};
use domain::time::UtcMillis;
use protocol::feed::{ContentSum, Fingerprint};
use serde_json::Value;

/// A new state of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// What kind of thing, for example `offer`.
    pub kind: &'a str,
    /// Which one.
    pub id: &'a str,
    /// Whom it concerns: `city`, `mall:<id>`, `group:<name>` or `kiosk:<id>`.
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

/// Writes a change and gives its number. The thing's older row is superseded; if that stood in another scope, it is
/// dropped there first.
pub fn append(tx: &mut Tx<'_>, act: &Act, change: &Change<'_>) -> Result<i64, DbError> {
    let held = tx.query_opt(
        "SELECT scope, body FROM change_log WHERE kind = $1 AND id = $2 AND body IS NOT NULL",
        &[change.kind.into(), change.id.into()],
    )?;
    let Some(held) = held else { return write(tx, act, change, None) };
    let (scope, body): (String, String) = (held.get("scope")?, held.get("body")?);
    if scope == change.scope {
        return write(tx, act, change, Some(&body));
    }
    write(tx, act, &Change { scope: &scope, body: None, ..*change }, Some(&body))?;
    write(tx, act, change, None)
}

/// Writes the row of one scope, where `before` was held so far.
fn write(tx: &mut Tx<'_>, act: &Act, change: &Change<'_>, before: Option<&str>) -> Result<i64, DbError> {
    let mut sum = content_sum(tx, change.scope)?;
    if let Some(before) = before {
        sum.remove(change.kind, change.id, &value_of(before));
    }
    if let Some(body) = &change.body {
        sum.add(change.kind, change.id, &value_of(body));
    }
    tx.execute(
        "INSERT INTO change_sum (scope, content) VALUES ($1, $2)
         ON CONFLICT (scope) DO UPDATE SET content = excluded.content",
        &[change.scope.into(), sum.fingerprint().to_bytes().into()],
    )?;
    let seq = next_seq(tx, act, change)?;
    tx.execute(
        "INSERT INTO change_log (kind, id, scope, seq, body, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, id, scope) DO UPDATE SET seq = excluded.seq, body = excluded.body, at = excluded.at",
        &[
            change.kind.into(),
            change.id.into(),
            change.scope.into(),
            seq.into(),
            change.body.clone().into(),
            act.now.into(),
        ],
    )?;
    Ok(seq)
}

/// The next number, with its mark. A history begins with chance, so that no two are ever taken for one another.
fn next_seq(tx: &mut Tx<'_>, act: &Act, change: &Change<'_>) -> Result<i64, DbError> {
    let counter = tx.query_one("UPDATE change_counter SET seq = seq + 1 WHERE id = 1 RETURNING seq", &[])?;
    let seq: i64 = counter.get("seq")?;
    let before = stored_mark(tx, seq - 1)?.unwrap_or_else(|| Fingerprint::from_bytes(act.chance()));
    let body = change.body.as_deref();
    let facts = (before.to_string(), seq, act.now.get(), change.kind, change.id, change.scope, body);
    // As JSON, so that no two different changes are the same bytes. Texts and numbers always can be written.
    let mark = Fingerprint::of(serde_json::json!(facts).to_string().as_bytes());
    tx.execute(
        "INSERT INTO change_mark (seq, mark, at) VALUES ($1, $2, $3)",
        &[seq.into(), mark.to_bytes().into(), act.now.into()],
    )?;
    Ok(seq)
}

/// A body as the sum counts it. One that is no JSON fails the page that would show it, and counts as nothing here.
fn value_of(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_default()
}

/// Up to `limit` changes of a scope with a number above `cursor`, oldest first.
pub fn read_since(
    tx: &mut Tx<'_>,
    scope: &str,
    cursor: i64,
    limit: u32,
) -> Result<Vec<LoggedChange>, DbError> {
    let rows = tx.query(
        "SELECT seq, kind, id, scope, body, at FROM change_log WHERE scope = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        &[scope.into(), cursor.into(), limit.into()],
    )?;
    rows.iter().map(read_row).collect()
}

/// Up to `limit` things a scope holds after (kind, id), in the order of those two.
pub fn read_held(
    tx: &mut Tx<'_>,
    scope: &str,
    (kind, id): (&str, &str),
    limit: u32,
) -> Result<Vec<LoggedChange>, DbError> {
    let rows = tx.query(
        "SELECT seq, kind, id, scope, body, at FROM change_log
         WHERE scope = $1 AND body IS NOT NULL AND (kind, id) > ($2, $3) ORDER BY kind, id LIMIT $4",
        &[scope.into(), kind.into(), id.into(), limit.into()],
    )?;
    rows.iter().map(read_row).collect()
}

/// Place and scope of up to `limit` changes with a number above `cursor`, oldest first: whom to tell, not what.
pub fn scopes_since(tx: &mut Tx<'_>, cursor: i64, limit: u32) -> Result<Vec<(i64, String)>, DbError> {
    let sql = "SELECT seq, scope FROM change_log WHERE seq > $1 ORDER BY seq LIMIT $2";
    let rows = tx.query(sql, &[cursor.into(), limit.into()])?;
    rows.iter().map(|row| Ok((row.get("seq")?, row.get("scope")?))).collect()
}

/// The newest state of a thing; `None` for one never written or dropped.
pub fn find(tx: &mut Tx<'_>, kind: &str, id: &str) -> Result<Option<String>, DbError> {
    let sql = "SELECT body FROM change_log WHERE kind = $1 AND id = $2 AND body IS NOT NULL";
    let row = tx.query_opt(sql, &[kind.into(), id.into()])?;
    row.map(|row| row.get("body")).transpose()
}

/// The newest number given out; 0 when nothing has changed yet.
pub fn newest_seq(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.query_one("SELECT seq FROM change_counter WHERE id = 1", &[])?.get("seq")
}

/// What all changes up to a number come to; `None` for a number of another history, and for one so old that tombstones
/// after it are forgotten.
pub fn mark_at(tx: &mut Tx<'_>, seq: i64) -> Result<Option<Fingerprint>, DbError> {
    if seq == 0 { Ok(Some(Fingerprint::default())) } else { stored_mark(tx, seq) }
}

fn stored_mark(tx: &mut Tx<'_>, seq: i64) -> Result<Option<Fingerprint>, DbError> {
    let row = tx.query_opt("SELECT mark FROM change_mark WHERE seq = $1", &[seq.into()])?;
    Ok(row.map(|row| row.get("mark")).transpose()?.map(Fingerprint::from_bytes))
}

/// The sum of all things a scope holds.
pub fn content_sum(tx: &mut Tx<'_>, scope: &str) -> Result<ContentSum, DbError> {
    let row = tx.query_opt("SELECT content FROM change_sum WHERE scope = $1", &[scope.into()])?;
    if let Some(row) = row {
        return Ok(ContentSum::from_fingerprint(Fingerprint::from_bytes(row.get("content")?)));
    }
    let rows = tx.query(
        "SELECT kind, id, body FROM change_log WHERE scope = $1 AND body IS NOT NULL",
        &[scope.into()],
    )?;
    let mut sum = ContentSum::default();
    for row in rows {
        let (kind, id, body): (String, String, String) = (row.get("kind")?, row.get("id")?, row.get("body")?);
        sum.add(&kind, &id, &value_of(&body));
    }
    Ok(sum)
}

/// Forgets tombstones written before an instant, and first the marks up to the last of them, so that a reader that could
/// miss one is told to begin anew. At most `limit` of each; gives how many rows went.
pub fn forget_before(tx: &mut Tx<'_>, before: UtcMillis, limit: u32) -> Result<u64, DbError> {
    // The newest mark stays: the chain goes on from it.
    let marks = tx.execute(
        "DELETE FROM change_mark WHERE seq IN (SELECT seq FROM change_mark
         WHERE at < $1 AND seq < (SELECT seq FROM change_counter WHERE id = 1) ORDER BY seq LIMIT $2)",
        &[before.into(), limit.into()],
    )?;
    // Below the oldest mark no reader is answered with changes.
    let dropped = tx.execute(
        "DELETE FROM change_log WHERE seq IN (SELECT seq FROM change_log
         WHERE body IS NULL AND seq <= (SELECT MIN(seq) FROM change_mark) ORDER BY seq LIMIT $1)",
        &[limit.into()],
    )?;
    Ok(marks + dropped)
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

//! The table `feed_filter`: what the filters in the feed were built from.

use crate::foundation::db::{DbError, Tx};

/// What a filter was built from, if there is one.
pub(super) fn people(tx: &mut Tx<'_>, kind: &str, id: &str) -> Result<Option<[u8; 16]>, DbError> {
    let sql = "SELECT people FROM feed_filter WHERE kind = $1 AND id = $2";
    tx.query_opt(sql, &[kind.into(), id.into()])?.map(|row| row.get("people")).transpose()
}

/// Every filter in the feed, as kind and id.
pub(super) fn filters(tx: &mut Tx<'_>) -> Result<Vec<(String, String)>, DbError> {
    let rows = tx.query("SELECT kind, id FROM feed_filter ORDER BY kind, id", &[])?;
    rows.iter().map(|row| Ok((row.get("kind")?, row.get("id")?))).collect()
}

pub(super) fn put(tx: &mut Tx<'_>, (kind, id): (&str, &str), people: [u8; 16]) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO feed_filter (kind, id, people) VALUES ($1, $2, $3)
         ON CONFLICT (kind, id) DO UPDATE SET people = excluded.people",
        &[kind.into(), id.into(), people.into()],
    )?;
    Ok(())
}

pub(super) fn drop(tx: &mut Tx<'_>, (kind, id): (&str, &str)) -> Result<(), DbError> {
    tx.execute("DELETE FROM feed_filter WHERE kind = $1 AND id = $2", &[kind.into(), id.into()])?;
    Ok(())
}

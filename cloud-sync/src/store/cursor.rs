//! The place reached in the feed, the snapshot on its way, and whose feed it is.

use super::{
    StoreError,
    sql::Kept,
    value::{bytes, counted, stored},
};
use protocol::feed::{Fingerprint, Place};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The place of the content in use.
const HELD: i64 = 1;
/// The place a snapshot on its way leads to.
const FETCHED: i64 = 2;

/// The place of the content in use; its number is the cursor.
pub(super) fn held(content: &Connection) -> Result<Place, StoreError> {
    let sql = "SELECT cursor, mark, view, part FROM feed_place WHERE place = ?1";
    Ok(content.one(sql, [HELD], read)?)
}

/// The place a snapshot on its way leads to, with the part to ask for next.
pub(super) fn fetched(content: &Connection) -> Result<Option<Place>, StoreError> {
    let sql = "SELECT cursor, mark, view, part FROM feed_place WHERE place = ?1";
    Ok(content.one(sql, [FETCHED], read).optional()?)
}

/// The place to ask with: the next part of a snapshot on its way, or what follows the content in use.
pub(super) fn asked(content: &Connection) -> Result<Place, StoreError> {
    match fetched(content)? {
        Some(place) => Ok(place),
        None => held(content),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        since: counted(row, 0)?,
        mark: Fingerprint::from_bytes(bytes(row, 1)?),
        view: Fingerprint::from_bytes(bytes(row, 2)?),
        part: row.get(3)?,
    })
}

/// Notes where the content in use stands, or the snapshot on its way when the place has a part; called in the
/// transaction that writes the rows before it.
pub(super) fn save(content: &Connection, place: &Place) -> Result<(), StoreError> {
    let which = if place.part.is_some() { FETCHED } else { HELD };
    content.run(
        "INSERT OR REPLACE INTO feed_place (place, cursor, mark, view, part) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![which, stored(place.since)?, place.mark.to_bytes(), place.view.to_bytes(), place.part],
    )?;
    Ok(())
}

/// The snapshot on its way has arrived, or is given up.
pub(super) fn end_fetch(content: &Connection) -> Result<(), StoreError> {
    content.run("DELETE FROM feed_place WHERE place = ?1", [FETCHED])?;
    content.run("DELETE FROM feed_staged", [])?;
    Ok(())
}

/// Starts from nothing when the content belongs to another enrolment; content without an enrolment is kept, because
/// a screen that lost its ledger still shows public offers.
pub(super) fn align(content: &Connection, scope: Option<Vec<u8>>) -> Result<(), StoreError> {
    let Some(scope) = scope else { return Ok(()) };
    let held: Option<Vec<u8>> = content.one("SELECT scope FROM feed_owner", [], |row| row.get(0))?;
    if held.as_ref() != Some(&scope) {
        content.execute_batch("DELETE FROM feed_row; DELETE FROM feed_kept;")?;
        end_fetch(content)?;
        save(content, &Place::default())?;
        content.run("UPDATE feed_owner SET scope = ?1", [scope])?;
    }
    Ok(())
}

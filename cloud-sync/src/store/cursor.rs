//! The place reached in the feed, and whose feed it is.

use super::{
    StoreError,
    value::{counted, stored},
};
use rusqlite::Connection;

/// The cursor to ask with.
pub(super) fn load(content: &Connection) -> Result<u64, StoreError> {
    Ok(content.query_row("SELECT cursor FROM feed_place", [], |row| counted(row, 0))?)
}

/// Moves the cursor; called in the transaction that writes the rows before it.
pub(super) fn save(content: &Connection, cursor: u64) -> Result<(), StoreError> {
    content.execute("UPDATE feed_place SET cursor = ?1", [stored(cursor)?])?;
    Ok(())
}

/// Starts from nothing when the content belongs to another enrolment; content without an enrolment is kept, because
/// a screen that lost its ledger still shows public offers.
pub(super) fn align(content: &Connection, scope: Option<Vec<u8>>) -> Result<(), StoreError> {
    let Some(scope) = scope else { return Ok(()) };
    let held: Option<Vec<u8>> = content.query_row("SELECT scope FROM feed_place", [], |row| row.get(0))?;
    if held.as_ref() != Some(&scope) {
        content.execute("DELETE FROM feed_row", [])?;
        content.execute("UPDATE feed_place SET cursor = 0, scope = ?1", [scope])?;
    }
    Ok(())
}

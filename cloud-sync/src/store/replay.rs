//! Codes that opened a session: each opens one, on this kiosk, ever.

use super::{StoreError, sql::Kept, value::counted};
use domain::{
    consumer_code::{CodeHead, accepted_until},
    time::UtcMillis,
};
use rusqlite::{Connection, params};

/// What became of an attempt to open a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOpening {
    /// The code is burned; the session is open.
    Opened,
    /// The code opened a session before.
    Replayed,
}

/// Burns a code until no kiosk would accept it any more. Nothing is forgotten here: a wrong clock would forget codes that
/// are still good.
pub(super) fn burn(ledger: &Connection, head: &CodeHead) -> Result<SessionOpening, StoreError> {
    let burned = ledger.run(
        "INSERT INTO replay (pseudonym, nonce, accepted_until_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![head.pseudonym.to_bytes(), head.nonce, accepted_until(head).get()],
    )?;
    Ok(if burned == 1 { SessionOpening::Opened } else { SessionOpening::Replayed })
}

/// Forgets codes whose time is over; at the very instant of their end they are still accepted, so still kept.
pub(super) fn prune(ledger: &Connection, now: UtcMillis) -> Result<(), StoreError> {
    ledger.run("DELETE FROM replay WHERE accepted_until_ms < ?1", [now.get()])?;
    Ok(())
}

/// Codes remembered.
pub(super) fn count(ledger: &Connection) -> Result<u64, StoreError> {
    Ok(ledger.one("SELECT count(*) FROM replay", [], |row| counted(row, 0))?)
}

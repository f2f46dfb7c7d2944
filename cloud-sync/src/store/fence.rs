//! What tells a kiosk from a copy of itself: counts that only grow, and the challenge it must answer once they did not.
//!
//! A number is on disk before the request that carries it leaves. Once a challenge is kept, nothing but a new enrolment
//! takes it away, and with it here nothing is issued.

use super::{StoreError, sql::Kept, value::counted};
use protocol::{device::HighWater, signed::Signed};
use rusqlite::{Connection, OptionalExtension, params};

/// The number of the next signed POST, durable once the caller has committed.
pub(super) fn count_request(ledger: &Connection) -> Result<u64, StoreError> {
    let next = "UPDATE memory SET counter = counter + 1 RETURNING counter";
    Ok(ledger.one(next, [], |row| counted(row, 0))?)
}

/// Counts one more voucher; called in the transaction that issues it.
pub(super) fn count_voucher(ledger: &Connection) -> Result<(), StoreError> {
    ledger.run("UPDATE memory SET vouchers = vouchers + 1", [])?;
    Ok(())
}

/// A new enrolment has issued nothing yet.
pub(super) fn begin_epoch(ledger: &Connection) -> Result<(), StoreError> {
    ledger.run("UPDATE memory SET vouchers = 0", [])?;
    Ok(())
}

/// What the ledger holds.
pub(super) fn high_water(ledger: &Connection) -> Result<HighWater, StoreError> {
    Ok(ledger.one("SELECT request_no, vouchers FROM memory", [], |row| {
        Ok(HighWater { request_no: counted(row, 0)?, vouchers: counted(row, 1)? })
    })?)
}

/// Stops this enrolment for good and keeps what must be confessed.
pub(super) fn raise(ledger: &Connection, challenge: &Signed) -> Result<(), StoreError> {
    let text = serde_json::to_string(challenge)?;
    ledger.run("UPDATE identity SET standing = 'fenced', challenge = ?1, confessed = 0", params![text])?;
    Ok(())
}

/// The platform has taken the confession.
pub(super) fn confessed(ledger: &Connection) -> Result<(), StoreError> {
    ledger.run("UPDATE identity SET confessed = 1 WHERE challenge IS NOT NULL", [])?;
    Ok(())
}

/// The challenge that is still to be answered.
pub(super) fn to_confess(ledger: &Connection) -> Result<Option<Signed>, StoreError> {
    let sql = "SELECT challenge FROM identity WHERE challenge IS NOT NULL AND confessed = 0";
    let text: Option<String> = ledger.one(sql, [], |row| row.get(0)).optional()?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

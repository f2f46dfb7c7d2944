//! The outbox: what the platform has not answered for. A row leaves only after an answer.

use super::{
    StoreError,
    sql::Kept,
    value::{bytes, counted, stored},
};
use domain::ids::{BatchId, EventId, LeaseId};
use protocol::outbox::{CLAIMS_MAX, ClaimOutcome, ClaimReport, Verdict};
use rusqlite::{Connection, OptionalExtension, params};

/// A claim and the platform's final word on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The claim.
    pub event: EventId,
    /// Its batch.
    pub batch: BatchId,
    /// The word.
    pub verdict: Verdict,
}

/// Adds a row; called in the transaction that writes its voucher.
pub(super) fn append(ledger: &Connection, event: EventId) -> Result<(), StoreError> {
    ledger.run("INSERT INTO outbox (event) VALUES (?1)", [event.to_bytes()])?;
    Ok(())
}

/// The rows whose turn it is, at most [`CLAIMS_MAX`]: oldest first, those put off last.
pub(super) fn pending(ledger: &Connection, limit: usize) -> Result<Vec<ClaimReport>, StoreError> {
    let mut query = ledger.prepare_cached(
        "SELECT voucher.event, lease, slot, text FROM outbox JOIN voucher ON voucher.event = outbox.event
         ORDER BY put_off, seq LIMIT ?1",
    )?;
    let rows = query.query_map([stored(limit.min(CLAIMS_MAX))?], |row| {
        Ok(ClaimReport {
            event: EventId::from_bytes(bytes(row, 0)?),
            lease: LeaseId::from_bytes(bytes(row, 1)?),
            slot: row.get(2)?,
            voucher: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes answered rows and notes the verdicts on their vouchers; gives those that were news.
pub(super) fn acknowledge(
    ledger: &Connection,
    outcomes: &[ClaimOutcome],
) -> Result<Vec<Settled>, StoreError> {
    let mut settled = Vec::new();
    for ClaimOutcome { event, verdict } in outcomes {
        if ledger.run("DELETE FROM outbox WHERE event = ?1", [event.to_bytes()])? == 0 {
            continue;
        }
        let text = serde_json::to_string(verdict)?;
        let batch = ledger
            .one(
                "UPDATE voucher SET verdict = ?2 WHERE event = ?1 RETURNING batch",
                params![event.to_bytes(), text],
                |row| bytes(row, 0),
            )
            .optional()?;
        settled.extend(batch.map(|batch| Settled {
            event: *event,
            batch: BatchId::from_bytes(batch),
            verdict: verdict.clone(),
        }));
    }
    Ok(settled)
}

/// Puts rows behind all others.
pub(super) fn put_off(ledger: &Connection, events: &[EventId]) -> Result<(), StoreError> {
    for event in events {
        ledger.run("UPDATE outbox SET put_off = put_off + 1 WHERE event = ?1", [event.to_bytes()])?;
    }
    Ok(())
}

/// Rows that wait.
pub(super) fn count(ledger: &Connection) -> Result<u64, StoreError> {
    Ok(ledger.one("SELECT count(*) FROM outbox", [], |row| counted(row, 0))?)
}

//! Leases: stock lent to this kiosk, slot by slot.
//!
//! A lease is taken only as the answer to a request of this device and epoch, and never twice. It goes from open to
//! closing to closed and never back; only an open one of the current epoch is issued from.

use super::{
    Identity, StoreError,
    sql::Kept,
    value::{bytes, counted, instant, stored},
};
use domain::{
    ids::{BatchId, LeaseId},
    time::UtcMillis,
};
use protocol::lease::{CloseRequest, Grant, LEASE_SLOTS_MAX, LeaseRequest};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// How long a lease is remembered after its slots went back to stock, for whoever looks into a complaint.
const KEPT_AFTER_RECLAIM_MS: i64 = 7 * 86_400_000;

/// Why a grant is not taken.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum GrantRefused {
    /// It was made for another kiosk.
    #[error("the grant is for another device")]
    OtherDevice,
    /// It belongs to another enrolment.
    #[error("the grant is for another epoch")]
    OtherEpoch,
    /// No open request of this kiosk has its number and batch.
    #[error("the grant answers no open request")]
    UnknownRequest,
    /// Its lease was taken before.
    #[error("the lease was seen before")]
    SeenLease,
    /// No slots, too many, an end before its beginning or after the reclaim.
    #[error("the grant makes no sense")]
    Malformed,
}

/// The open request of the batch, made now with the next number when there is none.
pub(super) fn record_request(
    ledger: &Connection,
    epoch: u32,
    batch: BatchId,
    (want, at): (u32, Option<UtcMillis>),
) -> Result<LeaseRequest, StoreError> {
    let open = ledger
        .one(
            "SELECT request_no, want, at_ms FROM lease_request WHERE epoch = ?1 AND batch = ?2",
            params![epoch, batch.to_bytes()],
            |row| Ok((counted(row, 0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?.map(UtcMillis::new))),
        )
        .optional()?;
    if let Some((request_no, want, at)) = open {
        return Ok(LeaseRequest { epoch, request_no, batch, want, at });
    }
    let want = want.clamp(1, LEASE_SLOTS_MAX);
    let request_no =
        ledger.one("UPDATE memory SET request_no = request_no + 1 RETURNING request_no", [], |row| {
            counted(row, 0)
        })?;
    ledger.run(
        "INSERT INTO lease_request (request_no, epoch, batch, want, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![stored(request_no)?, epoch, batch.to_bytes(), want, at.map(UtcMillis::get)],
    )?;
    Ok(LeaseRequest { epoch, request_no, batch, want, at })
}

/// Forgets a request that will get no grant.
pub(super) fn drop_request(ledger: &Connection, request_no: u64) -> Result<(), StoreError> {
    ledger.run("DELETE FROM lease_request WHERE request_no = ?1", [stored(request_no)?])?;
    Ok(())
}

/// Forgets the requests of earlier enrolments: a grant for them would be refused.
pub(super) fn drop_requests_before(ledger: &Connection, epoch: u32) -> Result<(), StoreError> {
    ledger.run("DELETE FROM lease_request WHERE epoch <> ?1", [epoch])?;
    Ok(())
}

/// Ends every lease of the enrolment before, durably: another device may have an epoch of the same number, and a voucher
/// of its key for a slot lent to the old one would be worth nothing.
pub(super) fn end_all(ledger: &Connection) -> Result<(), StoreError> {
    ledger.run("UPDATE lease SET state = 'closed' WHERE state <> 'closed'", [])?;
    Ok(())
}

/// Takes a grant or says why not. A refused one changes nothing.
pub(super) fn accept_grant(
    ledger: &Connection,
    identity: &Identity,
    grant: &Grant,
    now: UtcMillis,
) -> Result<Result<(), GrantRefused>, StoreError> {
    if let Err(refused) = check_grant(ledger, identity, grant)? {
        return Ok(Err(refused));
    }
    ledger.run(
        "INSERT INTO lease (lease, batch, epoch, slots, granted_at_ms, expires_at_ms, reclaim_at_ms, valid_from_ms,
             version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            grant.lease.to_bytes(),
            grant.batch.to_bytes(),
            grant.epoch,
            grant.slots,
            now.get(),
            grant.expires_at.get(),
            grant.reclaim_at.get(),
            grant.valid_from.get(),
            grant.version
        ],
    )?;
    drop_request(ledger, grant.request_no)?;
    Ok(Ok(()))
}

fn check_grant(
    ledger: &Connection,
    identity: &Identity,
    grant: &Grant,
) -> Result<Result<(), GrantRefused>, StoreError> {
    if grant.device != identity.device {
        return Ok(Err(GrantRefused::OtherDevice));
    }
    if grant.epoch != identity.epoch {
        return Ok(Err(GrantRefused::OtherEpoch));
    }
    let in_order = grant.valid_from <= grant.expires_at && grant.expires_at <= grant.reclaim_at;
    if !(1..=LEASE_SLOTS_MAX).contains(&grant.slots) || !in_order {
        return Ok(Err(GrantRefused::Malformed));
    }
    let asked: bool = ledger.one(
        "SELECT EXISTS (SELECT 1 FROM lease_request WHERE request_no = ?1 AND epoch = ?2 AND batch = ?3)",
        params![stored(grant.request_no)?, grant.epoch, grant.batch.to_bytes()],
        |row| row.get(0),
    )?;
    let seen: bool = ledger.one(
        "SELECT EXISTS (SELECT 1 FROM lease WHERE lease = ?1)",
        [grant.lease.to_bytes()],
        |row| row.get(0),
    )?;
    Ok(match (asked, seen) {
        (true, false) => Ok(()),
        (_, true) => Err(GrantRefused::SeenLease),
        (false, false) => Err(GrantRefused::UnknownRequest),
    })
}

/// A slot taken for one voucher.
pub(super) struct TakenSlot {
    pub lease: LeaseId,
    pub slot: u32,
    pub reclaim_at: UtcMillis,
}

/// Takes the next slot of the lease that ends first; `None` when no lease has one. Never of a lease whose period has not
/// begun (`I02`), and only of one that was lent under the version of the terms the screens show: what is printed is what
/// the platform honours.
pub(super) fn take_slot(
    ledger: &Connection,
    epoch: u32,
    (batch, version): (BatchId, u32),
    now: UtcMillis,
) -> Result<Option<TakenSlot>, StoreError> {
    Ok(ledger
        .one(
            "UPDATE lease SET used = used + 1 WHERE lease =
                 (SELECT lease FROM lease
                  WHERE batch = ?1 AND epoch = ?2 AND state = 'open' AND used < slots
                    AND valid_from_ms <= ?3 AND expires_at_ms > ?3 AND version IN (0, ?4)
                  ORDER BY expires_at_ms, lease LIMIT 1)
             RETURNING lease, used - 1, reclaim_at_ms",
            params![batch.to_bytes(), epoch, now.get(), version],
            |row| Ok(TakenSlot { lease: read_lease(row)?, slot: row.get(1)?, reclaim_at: instant(row, 2)? }),
        )
        .optional()?)
}

/// True if slots are left of the batch, but only in leases whose time is over.
pub(super) fn only_expired(
    ledger: &Connection,
    epoch: u32,
    batch: BatchId,
    now: UtcMillis,
) -> Result<bool, StoreError> {
    Ok(ledger.one(
        "SELECT EXISTS (SELECT 1 FROM lease WHERE batch = ?1 AND epoch = ?2 AND used < slots AND expires_at_ms <= ?3)",
        params![batch.to_bytes(), epoch, now.get()],
        |row| row.get(0),
    )?)
}

/// Closes an open lease for good and says what to tell the platform; says it again while it was not told.
pub(super) fn close(
    ledger: &Connection,
    epoch: u32,
    lease: LeaseId,
) -> Result<Option<CloseRequest>, StoreError> {
    ledger.run(
        "UPDATE lease SET state = 'closing' WHERE lease = ?1 AND epoch = ?2 AND state = 'open'",
        params![lease.to_bytes(), epoch],
    )?;
    Ok(ledger
        .one(
            "SELECT used FROM lease WHERE lease = ?1 AND epoch = ?2 AND state = 'closing'",
            params![lease.to_bytes(), epoch],
            |row| Ok(CloseRequest { epoch, lease, used: row.get(0)? }),
        )
        .optional()?)
}

/// The platform has heard of the close.
pub(super) fn close_answered(ledger: &Connection, lease: LeaseId) -> Result<(), StoreError> {
    ledger.run(
        "UPDATE lease SET state = 'closed' WHERE lease = ?1 AND state = 'closing'",
        [lease.to_bytes()],
    )?;
    Ok(())
}

/// Forgets leases whose slots went back to stock long ago and that no voucher names any more.
pub(super) fn prune(ledger: &Connection, now: UtcMillis) -> Result<(), StoreError> {
    ledger.run(
        "DELETE FROM lease WHERE reclaim_at_ms < ?1
           AND NOT EXISTS (SELECT 1 FROM voucher WHERE voucher.lease = lease.lease)",
        [now.plus_ms(-KEPT_AFTER_RECLAIM_MS).get()],
    )?;
    Ok(())
}

fn read_lease(row: &Row<'_>) -> rusqlite::Result<LeaseId> {
    bytes(row, 0).map(LeaseId::from_bytes)
}

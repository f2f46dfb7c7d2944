//! Vouchers: one promise of one coupon, signed by the device, for one slot of one lease.

use super::{
    Identity, Settled, StoreError, fence, identity, lease, outbox,
    sql::Kept,
    value::{bytes, instant},
};
use domain::{
    consumer_code::{CLOCK_SKEW_MS, Pseudonym},
    ids::{BatchId, EventId, LeaseId},
    time::{ShanghaiDay, UtcMillis},
    voucher::{self, Voucher},
};
use ed25519_dalek::SigningKey;
use protocol::{feed::BatchRow, outbox::Verdict};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::{collections::BTreeMap, fmt};

/// Who claims what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimOrder {
    /// The batch.
    pub batch: BatchId,
    /// The person of the open session.
    pub pseudonym: Pseudonym,
    /// Names this claim; the same id gives the same voucher again and never a second one.
    pub event: EventId,
}

/// A promise that is on disk and may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimedVoucher {
    /// What the QR code holds, `CV1:…`.
    pub text: String,
    /// The claim.
    pub event: EventId,
    /// The batch.
    pub batch: BatchId,
    /// The lease.
    pub lease: LeaseId,
    /// The slot of the lease.
    pub slot: u32,
    /// When it was claimed.
    pub claimed_at: UtcMillis,
    /// R: good until this instant even if the platform never hears of it from this kiosk.
    pub redeem_before: UtcMillis,
}

impl fmt::Debug for ClaimedVoucher {
    /// Keeps the voucher itself, and the person in it, out of logs.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let promise = (self.event, self.batch, self.lease, self.slot);
        out.debug_tuple("ClaimedVoucher").field(&promise).finish_non_exhaustive()
    }
}

/// Why no coupon is given.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ClaimRefused {
    /// The kiosk belongs to no platform.
    #[error("the kiosk is not enrolled")]
    NotEnrolled,
    /// The catalogue knows no such batch.
    #[error("the batch is unknown")]
    UnknownBatch,
    /// The batch is paused.
    #[error("the batch is not running")]
    NotActive,
    /// The clock is behind what the platform last said: with unknown time nothing is issued.
    #[error("the time is not known")]
    TimeUnknown,
    /// The person has as many as one person may have.
    #[error("the limit per person is reached")]
    UserLimit,
    /// No slot is left here.
    #[error("no slot is left on this kiosk")]
    LeaseExhausted,
    /// Slots are left, but their time is over.
    #[error("the lease has expired")]
    LeaseExpired,
}

/// Why a claim gave no voucher; nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// A reason the person can be told.
    #[error("claim refused")]
    Refused(#[from] ClaimRefused),
    /// The store failed.
    #[error("claim not recorded")]
    Store(#[from] StoreError),
}

/// Coupons of one batch a person holds from this kiosk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Under this pseudonym at all.
    pub total: u32,
    /// Of those, claimed on the day asked for.
    pub today: u32,
}

/// Issues one voucher; the caller commits, and only then shows it.
pub(super) fn issue(
    ledger: &Connection,
    order: &ClaimOrder,
    batch: &BatchRow,
    (identity, key): (&Identity, &SigningKey),
    now: UtcMillis,
) -> Result<ClaimedVoucher, ClaimError> {
    if let Some(before) = find(ledger, order.event)? {
        return Ok(before);
    }
    check(ledger, order, batch, now)?;
    let Some(taken) = lease::take_slot(ledger, identity.epoch, (order.batch, batch.version), now)? else {
        let expired = lease::only_expired(ledger, identity.epoch, order.batch, now)?;
        return Err(if expired { ClaimRefused::LeaseExpired } else { ClaimRefused::LeaseExhausted }.into());
    };
    let promise = Voucher {
        lease: taken.lease,
        slot: taken.slot,
        batch: order.batch,
        pseudonym: order.pseudonym,
        claimed_at: now,
        redeem_before: taken.reclaim_at,
    };
    let claimed = ClaimedVoucher {
        text: voucher::issue(&promise, key),
        event: order.event,
        batch: order.batch,
        lease: taken.lease,
        slot: taken.slot,
        claimed_at: now,
        redeem_before: taken.reclaim_at,
    };
    save(ledger, &claimed, order.pseudonym)?;
    fence::count_voucher(ledger)?;
    identity::note_time(ledger, now)?;
    outbox::append(ledger, order.event)?;
    Ok(claimed)
}

fn check(
    ledger: &Connection,
    order: &ClaimOrder,
    batch: &BatchRow,
    now: UtcMillis,
) -> Result<(), ClaimError> {
    if !batch.active {
        return Err(ClaimRefused::NotActive.into());
    }
    let platform_at = identity::platform_time(ledger)?;
    if platform_at.is_none_or(|at| now < at.plus_ms(-CLOCK_SKEW_MS)) {
        return Err(ClaimRefused::TimeUnknown.into());
    }
    let held = usage(ledger, order.pseudonym, now.day())?.remove(&order.batch).unwrap_or_default();
    let limit = batch.terms.per_person;
    if held.total >= limit.total || held.today >= limit.day {
        return Err(ClaimRefused::UserLimit.into());
    }
    Ok(())
}

fn save(ledger: &Connection, claimed: &ClaimedVoucher, pseudonym: Pseudonym) -> Result<(), StoreError> {
    ledger.run(
        "INSERT INTO voucher (lease, slot, batch, pseudonym, day, claimed_at_ms, text, event, redeem_before_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            claimed.lease.to_bytes(),
            claimed.slot,
            claimed.batch.to_bytes(),
            pseudonym.to_bytes(),
            claimed.claimed_at.day().get(),
            claimed.claimed_at.get(),
            claimed.text,
            claimed.event.to_bytes(),
            claimed.redeem_before.get()
        ],
    )?;
    Ok(())
}

fn find(ledger: &Connection, event: EventId) -> Result<Option<ClaimedVoucher>, StoreError> {
    Ok(ledger
        .one(
            "SELECT text, event, batch, lease, slot, claimed_at_ms, redeem_before_ms FROM voucher WHERE event = ?1",
            [event.to_bytes()],
            read,
        )
        .optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ClaimedVoucher> {
    Ok(ClaimedVoucher {
        text: row.get(0)?,
        event: EventId::from_bytes(bytes(row, 1)?),
        batch: BatchId::from_bytes(bytes(row, 2)?),
        lease: LeaseId::from_bytes(bytes(row, 3)?),
        slot: row.get(4)?,
        claimed_at: instant(row, 5)?,
        redeem_before: instant(row, 6)?,
    })
}

/// Coupons a person holds from this kiosk, by batch. Those the platform refused count too: it would refuse again.
pub(super) fn usage(
    ledger: &Connection,
    pseudonym: Pseudonym,
    day: ShanghaiDay,
) -> Result<BTreeMap<BatchId, Usage>, StoreError> {
    let mut query = ledger.prepare_cached(
        "SELECT batch, count(*), count(*) FILTER (WHERE day = ?2) FROM voucher WHERE pseudonym = ?1 GROUP BY batch",
    )?;
    let rows = query.query_map(params![pseudonym.to_bytes(), day.get()], |row| {
        Ok((BatchId::from_bytes(bytes(row, 0)?), Usage { total: row.get(1)?, today: row.get(2)? }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Vouchers of the person that the platform refused.
pub(super) fn rejected(ledger: &Connection, pseudonym: Pseudonym) -> Result<Vec<Settled>, StoreError> {
    let mut query = ledger.prepare_cached(
        "SELECT event, batch, verdict FROM voucher WHERE pseudonym = ?1 AND verdict IS NOT NULL ORDER BY event",
    )?;
    let rows = query.query_map([pseudonym.to_bytes()], |row| {
        Ok((
            EventId::from_bytes(bytes(row, 0)?),
            BatchId::from_bytes(bytes(row, 1)?),
            row.get::<_, String>(2)?,
        ))
    })?;
    let mut refused = Vec::new();
    for row in rows {
        let (event, batch, text) = row?;
        let verdict: Verdict = serde_json::from_str(&text)?;
        if matches!(verdict, Verdict::Rejected { .. }) {
            refused.push(Settled { event, batch, verdict });
        }
    }
    Ok(refused)
}

/// Forgets vouchers that are answered, past R and not of today: nothing is decided by them any more.
pub(super) fn prune(ledger: &Connection, now: UtcMillis) -> Result<(), StoreError> {
    ledger.run(
        "DELETE FROM voucher WHERE verdict IS NOT NULL AND redeem_before_ms < ?1 AND day < ?2",
        params![now.get(), now.day().get()],
    )?;
    Ok(())
}

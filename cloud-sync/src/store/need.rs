//! Need of stock: what can be issued, what should be asked for, and what should be given back.
//!
//! Stock is wanted for the period that runs and, within the lead, for the one that comes next, so that a kiosk cut off at
//! the opening of a window has some. How much follows what was claimed here lately, within the limits of batch and
//! protocol.

use super::{
    Catalogue, StoreError,
    sql::Kept,
    value::{bytes, instant},
};
use domain::{
    ids::{BatchId, LeaseId},
    quota::Period,
    time::UtcMillis,
};
use protocol::{
    feed::BatchRow,
    lease::{LEASE_LEAD_MS, LEASE_SLOTS_MAX},
};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// Slots asked for however quiet it is, where the batch allows: a group of friends must not empty a kiosk.
const LEASE_SLOTS_MIN: u32 = 20;
/// A lease is to last for so long at the pace of late.
const SUPPLY_MS: i64 = 2 * 3_600_000;
/// A rush shows in this time, long before it shows in two hours.
const RUSH_MS: i64 = 30 * 60_000;

/// What the sync core decides leases by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseFacts {
    /// Every batch, and period of it, that wants stock on the kiosk, in the order of ids and time.
    pub batches: Vec<BatchStock>,
    /// Leases to give back, oldest end first.
    pub to_close: Vec<ExpiredLease>,
    /// Slots that can be issued now, of all batches.
    pub slots: u64,
}

/// A period of a batch and what is left of it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchStock {
    /// The batch.
    pub batch: BatchId,
    /// When the period begins; absent for the one that runs.
    pub at: Option<UtcMillis>,
    /// How many slots a lease should have.
    pub want: u32,
    /// Slots that can be issued in the period, in leases that need no successor yet.
    pub fresh_slots: u32,
}

/// A lease that has slots to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiredLease {
    /// The lease.
    pub lease: LeaseId,
}

/// An open lease with slots left.
struct Held {
    lease: LeaseId,
    batch: BatchId,
    version: u32,
    left: u32,
    granted_at: UtcMillis,
    valid_from: UtcMillis,
    expires_at: UtcMillis,
    closing: bool,
}

impl Held {
    fn covers(&self, at: UtcMillis) -> bool {
        !self.closing && self.valid_from <= at && at < self.expires_at
    }

    /// Granted under these terms, or by a platform that did not say under which.
    fn is_of(&self, version: u32) -> bool {
        self.version == 0 || self.version == version
    }

    /// No later lease of the period would last longer, or a quarter of its life is still to come: asking early keeps a
    /// kiosk in stock through an outage that begins just before its leases end.
    fn is_fresh(&self, period: &Period, now: UtcMillis) -> bool {
        let (lived_ms, life_ms) = (now.since(self.granted_at), self.expires_at.since(self.granted_at));
        self.expires_at >= period.until || lived_ms.saturating_mul(4) < life_ms.saturating_mul(3)
    }
}

/// Slots that can be issued at `now`, by batch: those [`super::Store::claim`] would take.
pub(super) fn stock(
    ledger: &Connection,
    epoch: u32,
    catalogue: &Catalogue,
    now: UtcMillis,
) -> Result<BTreeMap<BatchId, u32>, StoreError> {
    Ok(stock_of(&held(ledger, epoch)?, catalogue, now))
}

fn stock_of(held: &[Held], catalogue: &Catalogue, now: UtcMillis) -> BTreeMap<BatchId, u32> {
    let mut slots = BTreeMap::new();
    for held in held {
        let version = catalogue.batches.get(&held.batch).map(|batch| batch.version);
        if held.covers(now) && version.is_none_or(|version| held.is_of(version)) {
            *slots.entry(held.batch).or_default() += held.left;
        }
    }
    slots
}

/// What the sync core decides leases by.
pub(super) fn facts(
    ledger: &Connection,
    epoch: u32,
    catalogue: &Catalogue,
    now: UtcMillis,
) -> Result<LeaseFacts, StoreError> {
    let held = held(ledger, epoch)?;
    let mut batches = Vec::new();
    for batch in catalogue.batches.values().filter(|batch| batch.active && batch.lease_slots > 0) {
        let want = want(claimed_lately(ledger, batch.id, now)?, batch.lease_slots);
        for (at, period) in periods(batch, now) {
            let from = at.unwrap_or(now);
            let fresh = held.iter().filter(|held| {
                held.batch == batch.id
                    && (held.version >= batch.version || held.version == 0)
                    && held.covers(from)
                    && held.is_fresh(&period, now)
            });
            let fresh_slots = fresh.map(|held| held.left).sum();
            batches.push(BatchStock { batch: batch.id, at, want, fresh_slots });
        }
    }
    let slots = stock_of(&held, catalogue, now).into_values().map(u64::from).sum();
    Ok(LeaseFacts { batches, to_close: to_close(&held, catalogue, now), slots })
}

/// The periods stock is wanted for: the one that runs (no instant), and the one that comes within the lead.
fn periods(batch: &BatchRow, now: UtcMillis) -> Vec<(Option<UtcMillis>, Period)> {
    let terms = &batch.terms;
    let soon = now.plus_ms(LEASE_LEAD_MS);
    if now >= terms.claim_until || terms.claim_from > soon {
        return Vec::new();
    }
    let opens = now.max(terms.claim_from);
    if terms.quota.is_unlimited() {
        return terms.quota.period_at(now).map(|period| (None, period)).into_iter().collect();
    }
    let first = terms.quota.period_at(opens).map(|period| ((opens > now).then_some(opens), period));
    let next =
        terms.quota.next_period(opens).filter(|next| next.from <= soon && next.from < terms.claim_until);
    first.into_iter().chain(next.map(|next| (Some(next.from), next))).collect()
}

/// Two hours of the pace of late, within 20 to 50, and never more than the batch allows.
fn want(claimed: Claimed, batch_slots: u32) -> u32 {
    let rush = claimed.in_rush.saturating_mul(u32::try_from(SUPPLY_MS / RUSH_MS).unwrap_or(1));
    claimed.in_supply.max(rush).clamp(LEASE_SLOTS_MIN, LEASE_SLOTS_MAX).min(batch_slots)
}

/// Coupons of a batch claimed here lately.
#[derive(Clone, Copy)]
struct Claimed {
    in_supply: u32,
    in_rush: u32,
}

fn claimed_lately(ledger: &Connection, batch: BatchId, now: UtcMillis) -> Result<Claimed, StoreError> {
    Ok(ledger.one(
        "SELECT count(*), count(*) FILTER (WHERE claimed_at_ms > ?3) FROM voucher
         WHERE batch = ?1 AND claimed_at_ms > ?2",
        params![batch.to_bytes(), now.plus_ms(-SUPPLY_MS).get(), now.plus_ms(-RUSH_MS).get()],
        |row| Ok(Claimed { in_supply: row.get(0)?, in_rush: row.get(1)? }),
    )?)
}

/// Leases whose time is over, whose batch has ended, or that were granted under terms no longer in force here.
fn to_close(held: &[Held], catalogue: &Catalogue, now: UtcMillis) -> Vec<ExpiredLease> {
    let is_over = |held: &&Held| {
        let batch = catalogue.batches.get(&held.batch);
        let outdated = |batch: &BatchRow| held.version != 0 && held.version < batch.version;
        let ended = |batch: &BatchRow| batch.terms.claim_until <= now || outdated(batch);
        held.closing || held.expires_at <= now || batch.is_some_and(ended)
    };
    held.iter().filter(is_over).map(|held| ExpiredLease { lease: held.lease }).collect()
}

fn held(ledger: &Connection, epoch: u32) -> Result<Vec<Held>, StoreError> {
    let mut query = ledger.prepare_cached(
        "SELECT lease, batch, version, slots - used, granted_at_ms, valid_from_ms, expires_at_ms, state = 'closing'
         FROM lease WHERE epoch = ?1 AND state <> 'closed' AND used < slots ORDER BY expires_at_ms, lease",
    )?;
    let rows = query.query_map([epoch], |row| {
        Ok(Held {
            lease: LeaseId::from_bytes(bytes(row, 0)?),
            batch: BatchId::from_bytes(bytes(row, 1)?),
            version: row.get(2)?,
            left: row.get(3)?,
            granted_at: instant(row, 4)?,
            valid_from: instant(row, 5)?,
            expires_at: instant(row, 6)?,
            closing: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_two_hours_of_the_pace_of_late_within_its_limits() {
        let of = |in_supply, in_rush| Claimed { in_supply, in_rush };
        assert_eq!(want(of(0, 0), 50), 20);
        assert_eq!(want(of(31, 2), 50), 31);
        assert_eq!(want(of(11, 10), 50), 40, "a rush of half an hour is four in two hours");
        assert_eq!(want(of(400, 400), 50), 50);
        assert_eq!(want(of(31, 0), 12), 12, "the batch's limit is the lowest");
    }
}

//! The tables `lease` and `lease_slot`.

use super::model::Lease;
use crate::{
    foundation::db::{DbError, Row, Tx},
    modules::campaigns::Counted,
};
use domain::{
    ids::{BatchId, DeviceId, LeaseId},
    time::UtcMillis,
};
use protocol::{lease::Grant, signed::Signed};

/// A lease about to be saved.
pub(super) struct NewLease<'a> {
    pub(super) grant: &'a Grant,
    pub(super) device_key: [u8; 32],
    pub(super) granted_at: UtcMillis,
    pub(super) counted: Counted,
    pub(super) answer: &'a Signed,
}

/// The answer given to this request before, if any.
pub(super) fn find_answer(
    tx: &mut Tx<'_>,
    device: DeviceId,
    epoch: u32,
    request_no: u64,
) -> Result<Option<Signed>, DbError> {
    let row = tx.query_opt(
        "SELECT body, signature FROM lease WHERE device = $1 AND epoch = $2 AND request_no = $3",
        &[device.into(), epoch.into(), number(request_no).into()],
    )?;
    row.map(|row| Ok(Signed { body: row.get("body")?, signature: row.get("signature")? })).transpose()
}

pub(super) fn insert(tx: &mut Tx<'_>, new: &NewLease<'_>) -> Result<(), DbError> {
    let grant = new.grant;
    tx.execute(
        "INSERT INTO lease (id, device, epoch, request_no, batch, version, slots, device_key, expires_at, reclaim_at,
             granted_at, body, signature, valid_from, quota_day_from, quota_window_from)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        &[
            grant.lease.into(),
            grant.device.into(),
            grant.epoch.into(),
            number(grant.request_no).into(),
            grant.batch.into(),
            grant.version.into(),
            grant.slots.into(),
            new.device_key.into(),
            grant.expires_at.into(),
            grant.reclaim_at.into(),
            new.granted_at.into(),
            (&new.answer.body).into(),
            new.answer.signature.into(),
            grant.valid_from.into(),
            new.counted.day_from.into(),
            new.counted.window_from.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, id: LeaseId) -> Result<Option<Lease>, DbError> {
    let row = tx.query_opt(
        "SELECT id, device, epoch, batch, version, slots, device_key, granted_at, valid_from, expires_at,
             reclaim_at, quota_day_from, quota_window_from, closed_from, reclaimed_at
         FROM lease WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(read).transpose()
}

/// Leases whose R has passed and that were not reclaimed yet, oldest R first.
pub(super) fn due(tx: &mut Tx<'_>, now: UtcMillis, limit: u32) -> Result<Vec<Lease>, DbError> {
    let rows = tx.query(
        "SELECT id, device, epoch, batch, version, slots, device_key, granted_at, valid_from, expires_at,
             reclaim_at, quota_day_from, quota_window_from, closed_from, reclaimed_at
         FROM lease WHERE reclaimed_at IS NULL AND reclaim_at <= $1 ORDER BY reclaim_at, id LIMIT $2",
        &[now.into(), limit.into()],
    )?;
    rows.iter().map(read).collect()
}

/// `Some(redeemed)` for a slot that was spoken for.
pub(super) fn slot(tx: &mut Tx<'_>, lease: LeaseId, slot: u32) -> Result<Option<bool>, DbError> {
    let row = tx.query_opt(
        "SELECT redeemed FROM lease_slot WHERE lease = $1 AND slot = $2",
        &[lease.into(), slot.into()],
    )?;
    row.map(|row| row.get("redeemed")).transpose()
}

/// Slots of the lease, from `from` on, that were spoken for.
pub(super) fn spoken_for(tx: &mut Tx<'_>, lease: LeaseId, from: u32) -> Result<u32, DbError> {
    let sql = "SELECT COUNT(*) AS slots FROM lease_slot WHERE lease = $1 AND slot >= $2";
    tx.query_one(sql, &[lease.into(), from.into()])?.get("slots")
}

/// Slots a kiosk holds of a batch and its quotas that nobody spoke for: what it may still issue, as far as is known.
pub(super) fn held(
    tx: &mut Tx<'_>,
    (device, batch): (DeviceId, BatchId),
    counted: Counted,
    now: UtcMillis,
) -> Result<u32, DbError> {
    tx.query_one(
        "SELECT CAST(COALESCE(SUM(slots - (SELECT COUNT(*) FROM lease_slot WHERE lease_slot.lease = lease.id)), 0)
             AS BIGINT) AS held
         FROM lease
         WHERE device = $1 AND batch = $2 AND expires_at > $3 AND closed_from IS NULL AND reclaimed_at IS NULL
           AND COALESCE(quota_day_from, -1) = COALESCE($4, -1)
           AND COALESCE(quota_window_from, -1) = COALESCE($5, -1)",
        &[device.into(), batch.into(), now.into(), counted.day_from.into(), counted.window_from.into()],
    )?
    .get("held")
}

/// True if the slot had no row before.
pub(super) fn insert_slot(
    tx: &mut Tx<'_>,
    (lease, slot): (LeaseId, u32),
    redeemed: bool,
    now: UtcMillis,
) -> Result<bool, DbError> {
    let added = tx.execute(
        "INSERT INTO lease_slot (lease, slot, redeemed, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (lease, slot) DO NOTHING",
        &[lease.into(), slot.into(), redeemed.into(), now.into()],
    )?;
    Ok(added == 1)
}

pub(super) fn set_redeemed(tx: &mut Tx<'_>, lease: LeaseId, slot: u32) -> Result<(), DbError> {
    let sql = "UPDATE lease_slot SET redeemed = 1 WHERE lease = $1 AND slot = $2";
    tx.execute(sql, &[lease.into(), slot.into()])?;
    Ok(())
}

pub(super) fn set_closed(tx: &mut Tx<'_>, lease: LeaseId, from: u32) -> Result<(), DbError> {
    tx.execute("UPDATE lease SET closed_from = $2 WHERE id = $1", &[lease.into(), from.into()])?;
    Ok(())
}

pub(super) fn set_reclaimed(tx: &mut Tx<'_>, lease: LeaseId, now: UtcMillis) -> Result<(), DbError> {
    tx.execute("UPDATE lease SET reclaimed_at = $2 WHERE id = $1", &[lease.into(), now.into()])?;
    Ok(())
}

fn read(row: &Row) -> Result<Lease, DbError> {
    Ok(Lease {
        id: row.get("id")?,
        device: row.get("device")?,
        epoch: row.get("epoch")?,
        batch: row.get("batch")?,
        version: row.get("version")?,
        slots: row.get("slots")?,
        device_key: row.get("device_key")?,
        granted_at: row.get("granted_at")?,
        valid_from: row.get("valid_from")?,
        expires_at: row.get("expires_at")?,
        reclaim_at: row.get("reclaim_at")?,
        counted: Counted { day_from: row.get("quota_day_from")?, window_from: row.get("quota_window_from")? },
        closed_from: row.get("closed_from")?,
        reclaimed: row.get::<Option<UtcMillis>>("reclaimed_at")?.is_some(),
    })
}

/// Request numbers count from 1 and never come near the end of 63 bits; one that does matches nothing.
fn number(request_no: u64) -> i64 {
    i64::try_from(request_no).unwrap_or(-1)
}

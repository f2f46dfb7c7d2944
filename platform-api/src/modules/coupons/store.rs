//! The tables of coupons: coupons, rejected claims and codes for typing here, redemptions in their own file.

pub(super) mod redemptions;
pub(super) mod seen;

use super::model::{Coupon, Origin};
use crate::foundation::db::{DbError, Row, Tx};
use domain::{
    coupon::CouponState,
    ids::{BatchId, ConsumerId, CouponId, LeaseId},
    time::{ShanghaiDay, UtcMillis},
};

/// Coupons of one wallet shown at once; far past what the limits per person allow in a season.
const WALLET_MAX: u32 = 500;

pub(super) fn insert(tx: &mut Tx<'_>, coupon: &Coupon, now: UtcMillis) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO coupon (id, owner, batch, version, state, claimed_at, claimed_on, ends_at, device, lease, slot,
             suspect, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            coupon.id.into(),
            coupon.owner.into(),
            coupon.batch.into(),
            coupon.version.into(),
            coupon.state.name().into(),
            coupon.claimed_at.into(),
            coupon.claimed_at.day().into(),
            coupon.ends_at.into(),
            coupon.origin.map(|origin| origin.device).into(),
            coupon.origin.map(|origin| origin.lease).into(),
            coupon.origin.map(|origin| origin.slot).into(),
            coupon.suspect.clone().into(),
            now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, id: CouponId) -> Result<Option<Coupon>, DbError> {
    let row = tx.query_opt(
        "SELECT id, owner, batch, version, state, claimed_at, ends_at, device, lease, slot, suspect
         FROM coupon WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(read).transpose()
}

pub(super) fn find_by_slot(
    tx: &mut Tx<'_>,
    (lease, slot): (LeaseId, u32),
) -> Result<Option<Coupon>, DbError> {
    let row = tx.query_opt(
        "SELECT id, owner, batch, version, state, claimed_at, ends_at, device, lease, slot, suspect
         FROM coupon WHERE lease = $1 AND slot = $2",
        &[lease.into(), slot.into()],
    )?;
    row.as_ref().map(read).transpose()
}

/// The wallet: what ends first stands first.
pub(super) fn of_owner(tx: &mut Tx<'_>, owner: ConsumerId) -> Result<Vec<Coupon>, DbError> {
    let rows = tx.query(
        "SELECT id, owner, batch, version, state, claimed_at, ends_at, device, lease, slot, suspect
         FROM coupon WHERE owner = $1 ORDER BY ends_at, id LIMIT $2",
        &[owner.into(), WALLET_MAX.into()],
    )?;
    rows.iter().map(read).collect()
}

/// How many coupons of the batch the person has in all, and of those claimed on `day`; voided ones do not count.
pub(super) fn held(
    tx: &mut Tx<'_>,
    (owner, batch): (ConsumerId, BatchId),
    day: ShanghaiDay,
) -> Result<(u32, u32), DbError> {
    let row = tx.query_one(
        "SELECT COUNT(*) AS total, COUNT(CASE WHEN claimed_on = $3 THEN 1 END) AS that_day
         FROM coupon WHERE owner = $1 AND batch = $2 AND state <> 'voided'",
        &[owner.into(), batch.into(), day.into()],
    )?;
    Ok((row.get("total")?, row.get("that_day")?))
}

/// True if the coupon was in the state `from`; it is in the state `to` then.
pub(super) fn move_state(
    tx: &mut Tx<'_>,
    id: CouponId,
    (from, to): (CouponState, CouponState),
) -> Result<bool, DbError> {
    let moved = tx.execute(
        "UPDATE coupon SET state = $3 WHERE id = $1 AND state = $2",
        &[id.into(), from.name().into(), to.name().into()],
    )?;
    Ok(moved == 1)
}

/// Issued coupons whose end has passed, oldest end first.
pub(super) fn ended(tx: &mut Tx<'_>, now: UtcMillis, limit: u32) -> Result<Vec<CouponId>, DbError> {
    let rows = tx.query(
        "SELECT id FROM coupon WHERE state = 'issued' AND ends_at <= $1 ORDER BY ends_at, id LIMIT $2",
        &[now.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// Issued coupons of a batch, oldest first.
pub(super) fn unused_of(tx: &mut Tx<'_>, batch: BatchId, limit: u32) -> Result<Vec<CouponId>, DbError> {
    let rows = tx.query(
        "SELECT id FROM coupon WHERE batch = $1 AND state = 'issued' ORDER BY id LIMIT $2",
        &[batch.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.get("id")).collect()
}

pub(super) fn insert_rejected(
    tx: &mut Tx<'_>,
    (lease, slot): (LeaseId, u32),
    (owner, code): (ConsumerId, &str),
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO claim_rejected (lease, slot, owner, code, at) VALUES ($1, $2, $3, $4, $5)",
        &[lease.into(), slot.into(), owner.into(), code.into(), now.into()],
    )?;
    Ok(())
}

pub(super) fn rejected(
    tx: &mut Tx<'_>,
    (lease, slot): (LeaseId, u32),
    owner: ConsumerId,
) -> Result<Option<String>, DbError> {
    let row = tx.query_opt(
        "SELECT code FROM claim_rejected WHERE lease = $1 AND slot = $2 AND owner = $3",
        &[lease.into(), slot.into(), owner.into()],
    )?;
    row.map(|row| row.get("code")).transpose()
}

/// Saves new digits for a coupon; its older ones are gone, and so are all that have ended.
pub(super) fn replace_pin(
    tx: &mut Tx<'_>,
    coupon: CouponId,
    pin: &str,
    (now, expires_at): (UtcMillis, UtcMillis),
) -> Result<(), DbError> {
    tx.execute("DELETE FROM redeem_pin WHERE coupon = $1 OR expires_at <= $2", &[coupon.into(), now.into()])?;
    tx.execute(
        "INSERT INTO redeem_pin (coupon, pin, expires_at) VALUES ($1, $2, $3)",
        &[coupon.into(), pin.into(), expires_at.into()],
    )?;
    Ok(())
}

pub(super) fn coupon_of_pin(tx: &mut Tx<'_>, pin: &str, now: UtcMillis) -> Result<Option<CouponId>, DbError> {
    let row = tx.query_opt(
        "SELECT coupon FROM redeem_pin WHERE pin = $1 AND expires_at > $2",
        &[pin.into(), now.into()],
    )?;
    row.map(|row| row.get("coupon")).transpose()
}

fn read(row: &Row) -> Result<Coupon, DbError> {
    let state: String = row.get("state")?;
    let (device, lease, slot): (Option<_>, Option<_>, Option<u32>) =
        (row.get("device")?, row.get("lease")?, row.get("slot")?);
    let origin = device.zip(lease).zip(slot).map(|((device, lease), slot)| Origin { device, lease, slot });
    Ok(Coupon {
        id: row.get("id")?,
        owner: row.get("owner")?,
        batch: row.get("batch")?,
        version: row.get("version")?,
        state: CouponState::from_name(&state)
            .ok_or_else(|| DbError::Failed { query: "coupon.state", source: "an unknown state".into() })?,
        claimed_at: row.get("claimed_at")?,
        ends_at: row.get("ends_at")?,
        origin,
        suspect: row.get("suspect")?,
    })
}

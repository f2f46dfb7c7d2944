//! The platform's tables as an auditor reads them: figures the services do not give, to compare the services with.

use domain::{
    ids::{BatchId, ConsumerId, LeaseId},
    time::ShanghaiDay,
};
use platform_api::foundation::db::{DbError, Tx};

/// Where the coupons of one batch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stock {
    /// The batch.
    pub batch: BatchId,
    /// All there are.
    pub total: i64,
    /// Not lent.
    pub free: i64,
    /// Lent to kiosks.
    pub leased: i64,
    /// In wallets, or used.
    pub issued: i64,
}

/// The stock of every batch.
pub fn stocks(tx: &mut Tx<'_>) -> Result<Vec<Stock>, DbError> {
    let rows = tx.query(
        "SELECT id, stock_total, stock_free, stock_leased, stock_issued FROM batch ORDER BY id",
        &[],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Stock {
                batch: row.get("id")?,
                total: row.get("stock_total")?,
                free: row.get("stock_free")?,
                leased: row.get("stock_leased")?,
                issued: row.get("stock_issued")?,
            })
        })
        .collect()
}

/// Slots that are lent, by the leases themselves: those neither given back nor spoken for.
pub fn leased(tx: &mut Tx<'_>, batch: BatchId) -> Result<i64, DbError> {
    tx.query_one(
        "SELECT CAST(COALESCE(SUM(COALESCE(closed_from, slots) -
             (SELECT COUNT(*) FROM lease_slot WHERE lease_slot.lease = lease.id)), 0) AS BIGINT) AS slots
         FROM lease WHERE batch = $1 AND reclaimed_at IS NULL",
        &[batch.into()],
    )?
    .get("slots")
}

/// Coupons of a batch, by the coupons themselves.
pub fn coupons(tx: &mut Tx<'_>, batch: BatchId) -> Result<i64, DbError> {
    tx.query_one("SELECT COUNT(*) AS n FROM coupon WHERE batch = $1 AND state <> 'voided'", &[batch.into()])?
        .get("n")
}

/// How many coupons of a batch somebody has, and of those claimed on `day`.
pub fn held(
    tx: &mut Tx<'_>,
    owner: ConsumerId,
    batch: BatchId,
    day: ShanghaiDay,
) -> Result<(i64, i64), DbError> {
    let row = tx.query_one(
        "SELECT COUNT(*) AS total, COUNT(CASE WHEN claimed_on = $3 THEN 1 END) AS that_day
         FROM coupon WHERE owner = $1 AND batch = $2 AND state <> 'voided'",
        &[owner.into(), batch.into(), day.into()],
    )?;
    Ok((row.get("total")?, row.get("that_day")?))
}

/// Lease and slot of every coupon that came from a kiosk.
pub fn slots(tx: &mut Tx<'_>) -> Result<Vec<(LeaseId, u32)>, DbError> {
    let rows =
        tx.query("SELECT lease, slot FROM coupon WHERE lease IS NOT NULL ORDER BY lease, slot", &[])?;
    rows.iter().map(|row| Ok((row.get("lease")?, row.get("slot")?))).collect()
}

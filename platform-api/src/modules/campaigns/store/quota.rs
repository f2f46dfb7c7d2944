//! The table `batch_quota`: what is lent and issued of each day and each opening of a window.
//!
//! Invariant: leased + issued never exceed the coupons of a row; the database itself refuses it (`I02`).

use super::super::model::Counted;
use crate::foundation::db::{DbError, Tx};
use domain::{
    ids::BatchId,
    quota::{Period, Share},
    time::UtcMillis,
};

const DAY: &str = "day";
const WINDOW: &str = "window";

/// What a period may still give beside all that is lent and issued in its day and its window.
pub(in super::super) fn left(tx: &mut Tx<'_>, batch: BatchId, period: &Period) -> Result<u32, DbError> {
    let mut left = u32::MAX;
    for (kind, share) in shares(period) {
        let row = tx.query_opt(
            "SELECT leased + issued AS held FROM batch_quota WHERE batch = $1 AND kind = $2 AND from_at = $3",
            &[batch.into(), kind.into(), share.from.into()],
        )?;
        let held: u32 = row.map(|row| row.get("held")).transpose()?.unwrap_or(0);
        left = left.min(share.coupons.saturating_sub(held));
    }
    Ok(left)
}

/// Counts coupons as lent in the period. A quota that was cut below what is out stands at what is out.
pub(in super::super) fn lend(
    tx: &mut Tx<'_>,
    batch: BatchId,
    period: &Period,
    count: u32,
) -> Result<(), DbError> {
    for (kind, share) in shares(period) {
        tx.execute(
            "INSERT INTO batch_quota (batch, kind, from_at, coupons) VALUES ($1, $2, $3, $4)
             ON CONFLICT (batch, kind, from_at) DO UPDATE SET coupons =
                 CASE WHEN excluded.coupons > leased + issued THEN excluded.coupons ELSE leased + issued END",
            &[batch.into(), kind.into(), share.from.into(), share.coupons.into()],
        )?;
    }
    for (kind, from) in rows(Counted::of(period)) {
        tx.execute(
            "UPDATE batch_quota SET leased = leased + $4 WHERE batch = $1 AND kind = $2 AND from_at = $3",
            &[batch.into(), kind.into(), from.into(), count.into()],
        )?;
    }
    Ok(())
}

/// Lent coupons that came back.
pub(in super::super) fn give_back(
    tx: &mut Tx<'_>,
    batch: BatchId,
    counted: Counted,
    count: u32,
) -> Result<(), DbError> {
    for (kind, from) in rows(counted) {
        tx.execute(
            "UPDATE batch_quota SET leased = leased - $4 WHERE batch = $1 AND kind = $2 AND from_at = $3",
            &[batch.into(), kind.into(), from.into(), count.into()],
        )?;
    }
    Ok(())
}

/// Lent coupons that are issued now.
pub(in super::super) fn confirm(
    tx: &mut Tx<'_>,
    batch: BatchId,
    counted: Counted,
    count: u32,
) -> Result<(), DbError> {
    for (kind, from) in rows(counted) {
        tx.execute(
            "UPDATE batch_quota SET leased = leased - $4, issued = issued + $4
             WHERE batch = $1 AND kind = $2 AND from_at = $3",
            &[batch.into(), kind.into(), from.into(), count.into()],
        )?;
    }
    Ok(())
}

fn shares(period: &Period) -> impl Iterator<Item = (&'static str, Share)> {
    let day = period.day.map(|share| (DAY, share));
    day.into_iter().chain(period.window.map(|share| (WINDOW, share)))
}

fn rows(counted: Counted) -> impl Iterator<Item = (&'static str, UtcMillis)> {
    let day = counted.day_from.map(|from| (DAY, from));
    day.into_iter().chain(counted.window_from.map(|from| (WINDOW, from)))
}

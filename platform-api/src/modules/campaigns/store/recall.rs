//! The table `batch_recall`.

use super::super::model::Recall;
use crate::foundation::db::{DbError, Row, Tx};
use domain::{ids::BatchId, time::UtcMillis};

pub(in super::super) fn find(tx: &mut Tx<'_>, batch: BatchId) -> Result<Option<Recall>, DbError> {
    let row = tx.query_opt(
        "SELECT reason, asked_by, approved, voided_at FROM batch_recall WHERE batch = $1",
        &[batch.into()],
    )?;
    row.as_ref().map(read).transpose()
}

/// Asks for a recall, in place of one that was refused before.
pub(in super::super) fn ask(
    tx: &mut Tx<'_>,
    batch: BatchId,
    (reason, by): (&str, &str),
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO batch_recall (batch, reason, asked_by, asked_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (batch) DO UPDATE SET reason = excluded.reason, asked_by = excluded.asked_by,
             asked_at = excluded.asked_at, decided_by = NULL, decided_at = NULL, approved = NULL
         WHERE batch_recall.approved = 0",
        &[batch.into(), reason.into(), by.into(), now.into()],
    )?;
    Ok(())
}

pub(in super::super) fn decide(
    tx: &mut Tx<'_>,
    batch: BatchId,
    approved: bool,
    (by, now): (&str, UtcMillis),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE batch_recall SET approved = $2, decided_by = $3, decided_at = $4 WHERE batch = $1",
        &[batch.into(), approved.into(), by.into(), now.into()],
    )?;
    Ok(())
}

/// The oldest recalled batch whose unused coupons were not all taken back yet, with the reason.
pub(in super::super) fn unfinished(tx: &mut Tx<'_>) -> Result<Option<(BatchId, String)>, DbError> {
    let row = tx.query_opt(
        "SELECT batch, reason FROM batch_recall WHERE approved = 1 AND voided_at IS NULL
         ORDER BY decided_at, batch LIMIT 1",
        &[],
    )?;
    row.map(|row| Ok((row.get("batch")?, row.get("reason")?))).transpose()
}

pub(in super::super) fn finish(tx: &mut Tx<'_>, batch: BatchId, now: UtcMillis) -> Result<(), DbError> {
    tx.execute("UPDATE batch_recall SET voided_at = $2 WHERE batch = $1", &[batch.into(), now.into()])?;
    Ok(())
}

fn read(row: &Row) -> Result<Recall, DbError> {
    let approved: Option<bool> = row.get("approved")?;
    Ok(Recall {
        reason: row.get("reason")?,
        asked_by: row.get("asked_by")?,
        approved,
        is_done: row.get::<Option<UtcMillis>>("voided_at")?.is_some(),
    })
}

//! The SQL of passes for phones without a network.

use crate::foundation::db::{DbError, Tx};
use domain::{ids::ConsumerId, rotating_code::Link, time::UtcMillis};

pub(in super::super) fn insert(
    tx: &mut Tx<'_>,
    (anchor, consumer): (Link, ConsumerId),
    (issued_at, ends_at): (UtcMillis, UtcMillis),
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO rotating_pass (anchor, consumer, issued_at, ends_at) VALUES ($1, $2, $3, $4)",
        &[anchor.into(), consumer.into(), issued_at.into(), ends_at.into()],
    )?;
    Ok(())
}

/// Passes of a person that have not ended.
pub(in super::super) fn live(tx: &mut Tx<'_>, consumer: ConsumerId, now: UtcMillis) -> Result<u32, DbError> {
    let sql = "SELECT COUNT(*) AS passes FROM rotating_pass WHERE consumer = $1 AND ends_at > $2";
    tx.query_one(sql, &[consumer.into(), now.into()])?.get("passes")
}

/// Takes back every pass of a person; gives how many still lived.
pub(in super::super) fn revoke(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    now: UtcMillis,
) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE rotating_pass SET revoked_at = $2 WHERE consumer = $1 AND ends_at > $2 AND revoked_at IS NULL",
        &[consumer.into(), now.into()],
    )
}

/// True for a pass that was not taken back.
pub(in super::super) fn is_good(tx: &mut Tx<'_>, anchor: Link) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS good FROM rotating_pass WHERE anchor = $1 AND revoked_at IS NULL";
    Ok(tx.query_opt(sql, &[anchor.into()])?.is_some())
}

/// Passes that were taken back and whose codes a kiosk could still believe.
pub(in super::super) fn revoked(tx: &mut Tx<'_>, now: UtcMillis, limit: u32) -> Result<Vec<Link>, DbError> {
    let rows = tx.query(
        "SELECT anchor FROM rotating_pass WHERE revoked_at IS NOT NULL AND ends_at > $1 ORDER BY anchor LIMIT $2",
        &[now.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.get("anchor")).collect()
}

pub(in super::super) fn forget(tx: &mut Tx<'_>, ended_before: UtcMillis) -> Result<u64, DbError> {
    tx.execute("DELETE FROM rotating_pass WHERE ends_at < $1", &[ended_before.into()])
}

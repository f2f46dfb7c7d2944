//! The SQL of who is blocked, and of who took a consent back lately.

use super::super::model::Purpose;
use crate::foundation::db::{DbError, Row, Tx};
use domain::{ids::ConsumerId, time::UtcMillis};
use std::collections::BTreeSet;

/// Blocks a consumer, or no longer; false for an unknown one.
pub(in super::super) fn set_blocked(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    at: Option<UtcMillis>,
) -> Result<bool, DbError> {
    let sql = "UPDATE consumer SET blocked_at = $2 WHERE id = $1";
    Ok(tx.execute(sql, &[consumer.into(), at.into()])? > 0)
}

pub(in super::super) fn is_blocked(tx: &mut Tx<'_>, consumer: ConsumerId) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM consumer WHERE id = $1 AND blocked_at IS NOT NULL";
    Ok(tx.query_opt(sql, &[consumer.into()])?.is_some())
}

/// Everybody who is blocked, by id. A filter of the feed holds all of them. Put in order here: asked for an order, SQLite
/// would read every consumer there is, and this is asked every few seconds.
pub(in super::super) fn blocked(tx: &mut Tx<'_>) -> Result<Vec<ConsumerId>, DbError> {
    in_order(&tx.query("SELECT id FROM consumer WHERE blocked_at IS NOT NULL", &[])?)
}

/// Everybody who took P2 or P3 back since then and has not given it again, by id; put in order here as in [`blocked`].
pub(in super::super) fn withdrawn_since(
    tx: &mut Tx<'_>,
    since: UtcMillis,
) -> Result<Vec<ConsumerId>, DbError> {
    let rows = tx.query(
        "SELECT consumer AS id FROM consent AS past
         WHERE withdrawn_at >= $1 AND purpose <> $2 AND NOT EXISTS (SELECT 1 FROM consent AS live
             WHERE live.consumer = past.consumer AND live.purpose = past.purpose AND live.withdrawn_at IS NULL)",
        &[since.into(), Purpose::Account.as_str().into()],
    )?;
    in_order(&rows)
}

/// Up to `limit` consumers registered before an instant, by id, after `after`.
pub(in super::super) fn registered_before(
    tx: &mut Tx<'_>,
    before: UtcMillis,
    (after, limit): (&str, u32),
) -> Result<Vec<ConsumerId>, DbError> {
    let sql = "SELECT id FROM consumer WHERE created_at < $1 AND id > $2 ORDER BY id LIMIT $3";
    ids(&tx.query(sql, &[before.into(), after.into(), limit.into()])?)
}

/// Each once, by id.
fn in_order(rows: &[Row]) -> Result<Vec<ConsumerId>, DbError> {
    let ids: BTreeSet<ConsumerId> = rows.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
    Ok(ids.into_iter().collect())
}

fn ids(rows: &[Row]) -> Result<Vec<ConsumerId>, DbError> {
    rows.iter().map(|row| row.get("id")).collect()
}

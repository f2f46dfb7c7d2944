//! The tables of campaigns and batches.

pub(super) mod quota;
pub(super) mod recall;

use super::{
    model::{Approval, Batch, BatchContent, BatchState, BatchVersion, Campaign, HoldOut, Stock},
    rules,
};
use crate::foundation::db::{DbError, Row, Tx};
use domain::{
    ids::{BatchId, CampaignId},
    money::Fen,
    time::UtcMillis,
};

pub(super) fn insert_campaign(
    tx: &mut Tx<'_>,
    campaign: &Campaign,
    holdout_salt: [u8; 16],
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO campaign (id, fund, name, purpose, allocated_fen, from_at, until_at, created_at, holdout_bp,
             holdout_salt)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            campaign.id.into(),
            campaign.fund.into(),
            (&campaign.name).into(),
            (&campaign.purpose).into(),
            campaign.allocated_fen.into(),
            campaign.from_at.into(),
            campaign.until_at.into(),
            now.into(),
            campaign.holdout_bp.into(),
            holdout_salt.into(),
        ],
    )?;
    Ok(())
}

/// The hold-outs of campaigns that run or will, by id; a salt is there whenever a part is held out.
pub(super) fn hold_outs(tx: &mut Tx<'_>, now: UtcMillis) -> Result<Vec<HoldOut>, DbError> {
    let rows = tx.query(
        "SELECT id, from_at, until_at, holdout_bp, holdout_salt FROM campaign
         WHERE holdout_bp > 0 AND holdout_salt IS NOT NULL AND closed_at IS NULL AND until_at > $1 ORDER BY id",
        &[now.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(HoldOut {
                campaign: row.get("id")?,
                registered_before: rules::registered_before(row.get("from_at")?),
                until_at: row.get("until_at")?,
                part_bp: row.get("holdout_bp")?,
                salt: row.get("holdout_salt")?,
            })
        })
        .collect()
}

pub(super) fn campaign(tx: &mut Tx<'_>, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    let row = tx.query_opt(
        "SELECT id, fund, name, purpose, allocated_fen, from_at, until_at, closed_at, holdout_bp
         FROM campaign WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(read_campaign).transpose()
}

pub(super) fn campaigns(tx: &mut Tx<'_>, after: &str, limit: u32) -> Result<Vec<Campaign>, DbError> {
    let rows = tx.query(
        "SELECT id, fund, name, purpose, allocated_fen, from_at, until_at, closed_at, holdout_bp
         FROM campaign WHERE id > $1 ORDER BY id LIMIT $2",
        &[after.into(), limit.into()],
    )?;
    rows.iter().map(read_campaign).collect()
}

pub(super) fn set_campaign_closed(tx: &mut Tx<'_>, id: CampaignId, now: UtcMillis) -> Result<(), DbError> {
    tx.execute("UPDATE campaign SET closed_at = $2 WHERE id = $1", &[id.into(), now.into()])?;
    Ok(())
}

pub(super) fn insert_batch(tx: &mut Tx<'_>, batch: &Batch, now: UtcMillis) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO batch (id, campaign, mall, merchant, state, version, lease_slots, stock_total, stock_free, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            batch.id.into(),
            batch.campaign.into(),
            batch.mall.into(),
            batch.merchant.into(),
            batch.state.name().into(),
            batch.version.into(),
            batch.lease_slots.into(),
            batch.stock.total.into(),
            batch.stock.free.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

const BATCH_BY_ID: &str =
    "SELECT id, campaign, mall, merchant, state, version, lease_slots, stock_total, stock_free,
    stock_leased, stock_issued, stock_cut_due, committed_fen, spent_fen,
    (SELECT reason FROM batch_recall WHERE batch_recall.batch = batch.id AND approved = 1) AS recalled
    FROM batch WHERE id = $1";

pub(super) fn batch(tx: &mut Tx<'_>, id: BatchId) -> Result<Option<Batch>, DbError> {
    tx.query_opt(BATCH_BY_ID, &[id.into()])?.as_ref().map(read_batch).transpose()
}

pub(super) fn batches_of(
    tx: &mut Tx<'_>,
    campaign: CampaignId,
    (after, limit): (&str, u32),
) -> Result<Vec<Batch>, DbError> {
    let rows = tx.query(
        "SELECT id, campaign, mall, merchant, state, version, lease_slots, stock_total, stock_free, stock_leased,
             stock_issued, stock_cut_due, committed_fen, spent_fen,
             (SELECT reason FROM batch_recall WHERE batch_recall.batch = batch.id AND approved = 1) AS recalled
         FROM batch WHERE campaign = $1 AND id > $2 ORDER BY id LIMIT $3",
        &[campaign.into(), after.into(), limit.into()],
    )?;
    rows.iter().map(read_batch).collect()
}

/// What the batches of a campaign may still cost the government beyond what they have cost.
pub(super) fn promised(tx: &mut Tx<'_>, campaign: CampaignId) -> Result<Fen, DbError> {
    tx.query_one(
        "SELECT CAST(COALESCE(SUM(committed_fen - spent_fen), 0) AS BIGINT) AS promised_fen
         FROM batch WHERE campaign = $1",
        &[campaign.into()],
    )?
    .get("promised_fen")
}

/// Batches of a campaign that are not closed; drafts that never came into force do not count.
pub(super) fn open_batches(tx: &mut Tx<'_>, campaign: CampaignId) -> Result<u32, DbError> {
    tx.query_one(
        "SELECT COUNT(*) AS batches FROM batch WHERE campaign = $1 AND version IS NOT NULL AND state <> 'closed'",
        &[campaign.into()],
    )?
    .get("batches")
}

pub(super) fn set_state(tx: &mut Tx<'_>, id: BatchId, state: BatchState) -> Result<(), DbError> {
    tx.execute("UPDATE batch SET state = $2 WHERE id = $1", &[id.into(), state.name().into()])?;
    Ok(())
}

pub(super) fn set_in_force(
    tx: &mut Tx<'_>,
    id: BatchId,
    (version, committed): (u32, Fen),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE batch SET version = $2, committed_fen = $3 WHERE id = $1",
        &[id.into(), version.into(), committed.into()],
    )?;
    Ok(())
}

/// Takes back the promise of what was not spent.
pub(super) fn release_commitment(tx: &mut Tx<'_>, id: BatchId) -> Result<(), DbError> {
    tx.execute("UPDATE batch SET committed_fen = spent_fen WHERE id = $1", &[id.into()])?;
    Ok(())
}

/// So many coupons are to leave the stock, from what is free or as they come back.
pub(super) fn owe_cut(tx: &mut Tx<'_>, id: BatchId, count: u32) -> Result<(), DbError> {
    let sql = "UPDATE batch SET stock_cut_due = stock_cut_due + $2 WHERE id = $1";
    tx.execute(sql, &[id.into(), count.into()])?;
    Ok(())
}

/// Takes free coupons out of the stock that were to leave it, with the money that was promised for them.
pub(super) fn shrink(tx: &mut Tx<'_>, id: BatchId, (count, released): (u32, Fen)) -> Result<(), DbError> {
    tx.execute(
        "UPDATE batch SET stock_total = stock_total - $2, stock_free = stock_free - $2,
             stock_cut_due = stock_cut_due - $2, committed_fen = committed_fen - $3 WHERE id = $1",
        &[id.into(), count.into(), released.into()],
    )?;
    Ok(())
}

/// Refused by the check `batch_spend` past the commitment.
pub(super) fn add_spent(tx: &mut Tx<'_>, id: BatchId, amount: Fen) -> Result<(), DbError> {
    tx.execute("UPDATE batch SET spent_fen = spent_fen + $2 WHERE id = $1", &[id.into(), amount.into()])?;
    Ok(())
}

/// Coupons of the batch that nobody has; 0 for an unknown batch.
pub(super) fn free(tx: &mut Tx<'_>, id: BatchId) -> Result<u32, DbError> {
    let free = tx.query_opt("SELECT stock_free FROM batch WHERE id = $1", &[id.into()])?;
    Ok(free.map(|row| row.get("stock_free")).transpose()?.unwrap_or(0))
}

/// Free to leased; refused by the check `batch_stock` when fewer are free.
pub(super) fn lease_stock(tx: &mut Tx<'_>, id: BatchId, count: u32) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE batch SET stock_free = stock_free - $2, stock_leased = stock_leased + $2 WHERE id = $1",
        &[id.into(), count.into()],
    )
}

/// Leased to free; refused by the check `batch_stock` when fewer are leased.
pub(super) fn return_stock(tx: &mut Tx<'_>, id: BatchId, count: u32) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE batch SET stock_leased = stock_leased - $2, stock_free = stock_free + $2 WHERE id = $1",
        &[id.into(), count.into()],
    )
}

/// Leased to issued; refused by the check `batch_stock` when fewer are leased.
pub(super) fn confirm_stock(tx: &mut Tx<'_>, id: BatchId, count: u32) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE batch SET stock_leased = stock_leased - $2, stock_issued = stock_issued + $2 WHERE id = $1",
        &[id.into(), count.into()],
    )
}

pub(super) fn insert_version(
    tx: &mut Tx<'_>,
    version: &BatchVersion,
    content: &str,
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO batch_version (batch, version, content, approval, drafted_by, drafted_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            version.batch.into(),
            version.version.into(),
            content.into(),
            version.approval.name().into(),
            (&version.drafted_by).into(),
            now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn version(
    tx: &mut Tx<'_>,
    batch: BatchId,
    version: u32,
) -> Result<Option<BatchVersion>, DbError> {
    let row = tx.query_opt(
        "SELECT batch, version, content, approval, drafted_by, decided_by
         FROM batch_version WHERE batch = $1 AND version = $2",
        &[batch.into(), version.into()],
    )?;
    row.as_ref().map(read_version).transpose()
}

/// Every version, oldest first; few, because each took two people.
pub(super) fn versions(tx: &mut Tx<'_>, batch: BatchId) -> Result<Vec<BatchVersion>, DbError> {
    let rows = tx.query(
        "SELECT batch, version, content, approval, drafted_by, decided_by
         FROM batch_version WHERE batch = $1 ORDER BY version",
        &[batch.into()],
    )?;
    rows.iter().map(read_version).collect()
}

pub(super) fn set_submitted(tx: &mut Tx<'_>, batch: BatchId, version: u32) -> Result<(), DbError> {
    tx.execute(
        "UPDATE batch_version SET approval = 'submitted' WHERE batch = $1 AND version = $2",
        &[batch.into(), version.into()],
    )?;
    Ok(())
}

pub(super) fn set_decided(
    tx: &mut Tx<'_>,
    (batch, version): (BatchId, u32),
    approval: Approval,
    (by, at): (&str, UtcMillis),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE batch_version SET approval = $3, decided_by = $4, decided_at = $5 WHERE batch = $1 AND version = $2",
        &[batch.into(), version.into(), approval.name().into(), by.into(), at.into()],
    )?;
    Ok(())
}

fn read_campaign(row: &Row) -> Result<Campaign, DbError> {
    Ok(Campaign {
        id: row.get("id")?,
        fund: row.get("fund")?,
        name: row.get("name")?,
        purpose: row.get("purpose")?,
        allocated_fen: row.get("allocated_fen")?,
        from_at: row.get("from_at")?,
        until_at: row.get("until_at")?,
        closed: row.get::<Option<UtcMillis>>("closed_at")?.is_some(),
        holdout_bp: row.get("holdout_bp")?,
    })
}

fn read_batch(row: &Row) -> Result<Batch, DbError> {
    let state: String = row.get("state")?;
    Ok(Batch {
        id: row.get("id")?,
        campaign: row.get("campaign")?,
        mall: row.get("mall")?,
        merchant: row.get("merchant")?,
        state: BatchState::from_name(&state).ok_or_else(|| wrong("batch.state", "an unknown state"))?,
        version: row.get("version")?,
        lease_slots: row.get("lease_slots")?,
        stock: Stock {
            total: row.get("stock_total")?,
            free: row.get("stock_free")?,
            leased: row.get("stock_leased")?,
            issued: row.get("stock_issued")?,
        },
        committed_fen: row.get("committed_fen")?,
        spent_fen: row.get("spent_fen")?,
        cut_due: row.get("stock_cut_due")?,
        recalled: row.get("recalled")?,
    })
}

fn read_version(row: &Row) -> Result<BatchVersion, DbError> {
    let (content, approval): (String, String) = (row.get("content")?, row.get("approval")?);
    let content: BatchContent =
        serde_json::from_str(&content).map_err(|source| wrong("batch_version.content", source))?;
    Ok(BatchVersion {
        batch: row.get("batch")?,
        version: row.get("version")?,
        content,
        approval: Approval::from_name(&approval)
            .ok_or_else(|| wrong("batch_version.approval", "an unknown approval"))?,
        drafted_by: row.get("drafted_by")?,
        decided_by: row.get("decided_by")?,
    })
}

fn wrong(column: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DbError {
    DbError::Failed { query: column, source: source.into() }
}

//! Campaigns and the life of their batches.

mod recall;
mod stock;

pub use recall::{ask_recall, cut_stock, decide_recall, finish_recall, recall_to_finish};
pub use stock::{confirm_stock, lendable, record_spend, reserve_stock, return_stock, stock_left};

use super::{
    model::{
        Approval, Batch, BatchContent, BatchMove, BatchState, BatchVersion, Campaign, CampaignError,
        Decision, HoldOut, NewBatch, NewCampaign, Stock,
    },
    rules, store,
};
use crate::{
    foundation::{
        act::Act,
        audit,
        change_log::{self, Change},
        db::{DbError, Tx},
    },
    modules::{
        consumers, funds,
        ledger::{self, CampaignBalances},
        media, merchants,
    },
};
use domain::{
    ids::{BatchId, CampaignId},
    money::Fen,
    pricing::Party,
    time::UtcMillis,
};
use protocol::feed;

/// Creates a campaign and gives it its budget out of the fund (E02).
pub fn allocate(tx: &mut Tx<'_>, act: &Act, new: &NewCampaign) -> Result<Campaign, CampaignError> {
    rules::check_campaign(new)?;
    funds::fund(tx, new.fund)?.ok_or(CampaignError::Unknown("fund"))?;
    let campaign = Campaign {
        id: act.mint(CampaignId::new),
        fund: new.fund,
        name: new.name.clone(),
        purpose: new.purpose.clone(),
        allocated_fen: new.budget_fen,
        from_at: new.from_at,
        until_at: new.until_at,
        closed: false,
        holdout_bp: new.holdout_bp,
    };
    store::insert_campaign(tx, &campaign, act.chance(), act.now)?;
    ledger::allocate_campaign(tx, act, (new.fund, campaign.id), new.budget_fen)?;
    let subject = format!("campaign:{}", campaign.id);
    note(tx, act, ("G", "campaign.allocate", &subject), (None, Some(&new.budget_fen.get().to_string())))?;
    Ok(campaign)
}

/// Ends a campaign whose batches are all closed and gives what is left back to the fund (E13).
pub fn close(tx: &mut Tx<'_>, act: &Act, id: CampaignId) -> Result<Campaign, CampaignError> {
    let campaign = store::campaign(tx, id)?.ok_or(CampaignError::Unknown("campaign"))?;
    if campaign.closed {
        return Err(CampaignError::State("closed"));
    }
    if store::open_batches(tx, id)? > 0 {
        return Err(CampaignError::StillOpen("batches"));
    }
    let left = figures(tx, id)?.available_fen;
    if left > Fen::ZERO {
        ledger::return_campaign(tx, act, (campaign.fund, id), left)?;
    }
    store::set_campaign_closed(tx, id, act.now)?;
    let subject = format!("campaign:{id}");
    note(tx, act, ("G", "campaign.close", &subject), (None, Some(&left.get().to_string())))?;
    Ok(Campaign { closed: true, ..campaign })
}

/// Whom campaigns that run or will are not shown to. Whatever gives or shows a coupon to a person asks this first.
pub fn hold_outs(tx: &mut Tx<'_>, now: UtcMillis) -> Result<Vec<HoldOut>, DbError> {
    store::hold_outs(tx, now)
}

/// The campaign.
pub fn campaign(tx: &mut Tx<'_>, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    store::campaign(tx, id)
}

/// Campaigns with ids after `after`, oldest first.
pub fn campaigns(tx: &mut Tx<'_>, after: &str, limit: u32) -> Result<Vec<Campaign>, DbError> {
    store::campaigns(tx, after, limit)
}

/// Where the money of a campaign is, by the ledger: available + reserved + spent + returned = allocated (`I06`).
pub fn figures(tx: &mut Tx<'_>, id: CampaignId) -> Result<CampaignBalances, CampaignError> {
    store::campaign(tx, id)?.ok_or(CampaignError::Unknown("campaign"))?;
    Ok(ledger::campaign_balances(tx, id)?)
}

/// Drafts a batch with its first version.
pub fn draft_batch(tx: &mut Tx<'_>, act: &Act, new: &NewBatch) -> Result<Batch, CampaignError> {
    rules::check_batch(new)?;
    let campaign = store::campaign(tx, new.campaign)?.ok_or(CampaignError::Unknown("campaign"))?;
    if campaign.closed {
        return Err(CampaignError::State("closed"));
    }
    rules::check_period(&campaign, &new.content.terms)?;
    merchants::mall(tx, new.mall)?.ok_or(CampaignError::Unknown("mall"))?;
    if let Some(merchant) = new.merchant {
        merchants::merchant(tx, merchant)?.ok_or(CampaignError::Unknown("merchant"))?;
    }
    let batch = Batch {
        id: act.mint(BatchId::new),
        campaign: new.campaign,
        mall: new.mall,
        merchant: new.merchant,
        state: BatchState::Draft,
        version: None,
        lease_slots: new.lease_slots,
        stock: Stock { total: new.stock_total, free: new.stock_total, leased: 0, issued: 0 },
        committed_fen: Fen::ZERO,
        spent_fen: Fen::ZERO,
        cut_due: 0,
        recalled: None,
    };
    check_scope(tx, &batch, &new.content)?;
    store::insert_batch(tx, &batch, act.now)?;
    insert_version(tx, act, (batch.id, 1), &new.content)?;
    Ok(batch)
}

/// Drafts the next version of a batch. What is in force stays so until somebody else approves the new one (`F03`).
pub fn draft_version(
    tx: &mut Tx<'_>,
    act: &Act,
    id: BatchId,
    content: &BatchContent,
) -> Result<BatchVersion, CampaignError> {
    rules::check_content(content)?;
    let batch = store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))?;
    match batch.state {
        BatchState::Rejected => move_unchecked(tx, act, &batch, (BatchMove::Redraft, ""))?,
        BatchState::Approved | BatchState::Active | BatchState::Paused => {}
        BatchState::Draft | BatchState::Submitted | BatchState::Ended | BatchState::Closed => {
            return Err(CampaignError::State(batch.state.name()));
        }
    }
    let campaign = store::campaign(tx, batch.campaign)?.ok_or(CampaignError::Unknown("campaign"))?;
    rules::check_period(&campaign, &content.terms)?;
    check_scope(tx, &batch, content)?;
    let number = store::versions(tx, id)?.last().map_or(0, |version| version.version) + 1;
    insert_version(tx, act, (id, number), content)
}

/// Hands a drafted version in for approval.
pub fn submit(
    tx: &mut Tx<'_>,
    act: &Act,
    (id, number): (BatchId, u32),
) -> Result<BatchVersion, CampaignError> {
    let (batch, version) = load(tx, id, number)?;
    if version.approval != Approval::Draft {
        return Err(CampaignError::State(version.approval.name()));
    }
    if batch.version.is_none() {
        move_unchecked(tx, act, &batch, (BatchMove::Submit, ""))?;
    }
    store::set_submitted(tx, id, number)?;
    note_review(tx, act, &version, Approval::Submitted, "")?;
    Ok(BatchVersion { approval: Approval::Submitted, ..version })
}

/// A second person approves or rejects a submitted version. An approved one comes into force at once; its promise must
/// fit what the campaign has left beside all other promises.
pub fn decide(
    tx: &mut Tx<'_>,
    act: &Act,
    (id, number): (BatchId, u32),
    (decision, reason): (Decision, &str),
) -> Result<BatchVersion, CampaignError> {
    let (batch, version) = load(tx, id, number)?;
    let by = act.actor.to_string();
    rules::check_decision(&version, &by)?;
    if decision == Decision::Approve {
        rules::check_open(batch.state)?;
    }
    let (approval, step) = match decision {
        Decision::Approve => (Approval::Approved, BatchMove::Approve),
        Decision::Reject => (Approval::Rejected, BatchMove::Reject),
    };
    store::set_decided(tx, (id, number), approval, (&by, act.now))?;
    if batch.version.is_none() {
        move_unchecked(tx, act, &batch, (step, reason))?;
    }
    if decision == Decision::Approve {
        bring_into_force(tx, act, &batch, &version)?;
    }
    note_review(tx, act, &version, approval, reason)?;
    Ok(BatchVersion { approval, decided_by: Some(by), ..version })
}

/// Offers a batch, holds it back, ends or closes it; the kiosks learn of it by the feed.
pub fn move_batch(
    tx: &mut Tx<'_>,
    act: &Act,
    id: BatchId,
    (step, reason): (BatchMove, &str),
) -> Result<Batch, CampaignError> {
    rules::may_move(&act.actor, step)?;
    let batch = store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))?;
    let state = rules::state_after(batch.state, step)?;
    if step == BatchMove::Close {
        check_over(tx, act, &batch)?;
        store::release_commitment(tx, id)?;
    }
    move_unchecked(tx, act, &batch, (step, reason))?;
    announce(tx, act, &Batch { state, ..batch })?;
    store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))
}

/// The batch.
pub fn batch(tx: &mut Tx<'_>, id: BatchId) -> Result<Option<Batch>, DbError> {
    store::batch(tx, id)
}

/// Batches of a campaign with ids after `after`, oldest first.
pub fn batches(
    tx: &mut Tx<'_>,
    campaign: CampaignId,
    (after, limit): (&str, u32),
) -> Result<Vec<Batch>, DbError> {
    store::batches_of(tx, campaign, (after, limit))
}

/// One version of a batch; coupons keep theirs for life.
pub fn batch_version(tx: &mut Tx<'_>, id: BatchId, number: u32) -> Result<Option<BatchVersion>, DbError> {
    store::version(tx, id, number)
}

/// Every version of a batch, oldest first.
pub fn batch_versions(tx: &mut Tx<'_>, id: BatchId) -> Result<Vec<BatchVersion>, DbError> {
    store::versions(tx, id)
}

fn load(tx: &mut Tx<'_>, id: BatchId, number: u32) -> Result<(Batch, BatchVersion), CampaignError> {
    let batch = store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))?;
    let version = store::version(tx, id, number)?.ok_or(CampaignError::Unknown("version"))?;
    Ok((batch, version))
}

fn insert_version(
    tx: &mut Tx<'_>,
    act: &Act,
    (batch, number): (BatchId, u32),
    content: &BatchContent,
) -> Result<BatchVersion, CampaignError> {
    let version = BatchVersion {
        batch,
        version: number,
        content: content.clone(),
        approval: Approval::Draft,
        drafted_by: act.actor.to_string(),
        decided_by: None,
    };
    let json = serde_json::to_string(content)?;
    store::insert_version(tx, &version, &json, act.now)?;
    let subject = format!("batch:{batch}/{number}");
    note(tx, act, ("O", "batch.draft", &subject), (None, Some(&json)))?;
    Ok(version)
}

/// The crowd may be named, the picture and every store of the scope exist, and belongs to the merchant when the batch has one.
fn check_scope(tx: &mut Tx<'_>, batch: &Batch, content: &BatchContent) -> Result<(), CampaignError> {
    consumers::check_targeting(tx, &content.terms.targeting)?;
    for id in &content.stores {
        let store = merchants::store_by_id(tx, *id)?.ok_or(CampaignError::Unknown("store"))?;
        if store.mall != batch.mall || batch.merchant.is_some_and(|merchant| merchant != store.merchant) {
            return Err(CampaignError::Unknown("store"));
        }
    }
    if let Some(picture) = content.picture {
        media::picture(tx, picture)?.ok_or(CampaignError::Unknown("picture"))?;
    }
    Ok(())
}

fn bring_into_force(
    tx: &mut Tx<'_>,
    act: &Act,
    batch: &Batch,
    version: &BatchVersion,
) -> Result<(), CampaignError> {
    // Coupons of an older version stay out, so the batch may cost what its dearest version costs.
    let committed = rules::commitment(&version.content.terms, batch.stock.total)?.max(batch.committed_fen);
    let more = Fen::new(committed.get() - batch.committed_fen.get());
    let available = ledger::campaign_balances(tx, batch.campaign)?.available_fen;
    rules::check_budget(available, store::promised(tx, batch.campaign)?, more)?;
    store::set_in_force(tx, batch.id, (version.version, committed))?;
    if let Some(batch) = store::batch(tx, batch.id)? {
        announce(tx, act, &batch)?;
    }
    Ok(())
}

/// Nothing is lent out any more and no coupon of any version can be used.
fn check_over(tx: &mut Tx<'_>, act: &Act, batch: &Batch) -> Result<(), CampaignError> {
    if batch.stock.leased > 0 {
        return Err(CampaignError::StillOpen("leases"));
    }
    if let Some(recall) = store::recall::find(tx, batch.id)?.filter(|recall| recall.approved == Some(true)) {
        return if recall.is_done { Ok(()) } else { Err(CampaignError::StillOpen("coupons")) };
    }
    let versions = store::versions(tx, batch.id)?;
    let approved = versions.iter().filter(|version| version.approval == Approval::Approved);
    if approved.into_iter().all(|version| rules::is_over(&version.content.terms, act.now)) {
        Ok(())
    } else {
        Err(CampaignError::StillOpen("coupons"))
    }
}

fn move_unchecked(
    tx: &mut Tx<'_>,
    act: &Act,
    batch: &Batch,
    (step, reason): (BatchMove, &str),
) -> Result<(), CampaignError> {
    let state = rules::state_after(batch.state, step)?;
    store::set_state(tx, batch.id, state)?;
    let (subject, action) = (format!("batch:{}", batch.id), format!("batch.{}", step.name()));
    let (before, after) = (Some(batch.state.name()), Some(state.name()));
    audit::append(
        tx,
        act,
        &audit::Entry { surface: "O", action: &action, subject: &subject, before, after, reason },
    )?;
    Ok(())
}

/// Puts the batch into the feed of its mall while it is active or paused, and takes it out otherwise.
fn announce(tx: &mut Tx<'_>, act: &Act, batch: &Batch) -> Result<(), CampaignError> {
    let id = batch.id.to_string();
    let row = match batch.state {
        BatchState::Active | BatchState::Paused => feed_row(tx, batch)?,
        BatchState::Ended | BatchState::Closed => None,
        BatchState::Draft | BatchState::Submitted | BatchState::Rejected | BatchState::Approved => {
            return Ok(());
        }
    };
    let change = match row {
        Some(row) => feed::Change::put(id, &feed::Row::Batch(Box::new(row)))?,
        None => feed::Change { kind: feed::BATCH.to_owned(), id, row: None },
    };
    let (scope, body) = (format!("mall:{}", batch.mall), change.row.as_ref().map(ToString::to_string));
    change_log::append(tx, act, &Change { kind: &change.kind, id: &change.id, scope: &scope, body })?;
    Ok(())
}

fn feed_row(tx: &mut Tx<'_>, batch: &Batch) -> Result<Option<feed::BatchRow>, CampaignError> {
    let Some(number) = batch.version else { return Ok(None) };
    let Some(BatchVersion { content, .. }) = store::version(tx, batch.id, number)? else { return Ok(None) };
    let public = content.terms.funding.iter().any(|funder| funder.party == Party::Gov);
    let funded_by = if public { department(tx, batch.campaign)? } else { None };
    let pictures = media::variants(tx, content.picture)?;
    Ok(Some(feed::BatchRow {
        id: batch.id,
        version: number,
        campaign: batch.campaign,
        merchant: batch.merchant,
        stores: content.stores,
        title: content.title,
        why: content.why,
        terms_text: content.terms_text,
        funded_by,
        active: batch.state == BatchState::Active,
        lease_slots: batch.lease_slots,
        terms: content.terms,
        pictures,
    }))
}

fn department(tx: &mut Tx<'_>, campaign: CampaignId) -> Result<Option<String>, CampaignError> {
    let Some(campaign) = store::campaign(tx, campaign)? else { return Ok(None) };
    Ok(funds::fund(tx, campaign.fund)?.map(|fund| fund.department))
}

fn note_review(
    tx: &mut Tx<'_>,
    act: &Act,
    version: &BatchVersion,
    after: Approval,
    reason: &str,
) -> Result<(), DbError> {
    let subject = format!("batch:{}/{}", version.batch, version.version);
    let (before, after) = (Some(version.approval.name()), Some(after.name()));
    let action = "batch.approval";
    audit::append(tx, act, &audit::Entry { surface: "O", action, subject: &subject, before, after, reason })
}

fn note(
    tx: &mut Tx<'_>,
    act: &Act,
    (surface, action, subject): (&str, &str, &str),
    (before, after): (Option<&str>, Option<&str>),
) -> Result<(), DbError> {
    audit::append(tx, act, &audit::Entry { surface, action, subject, before, after, reason: "" })
}

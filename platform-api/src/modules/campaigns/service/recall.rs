//! Recall (收回): a batch ends for good, and coupons nobody has used are taken back; and cuts of the stock.
//!
//! Invariant: from the transaction that approves a recall on, nothing of the batch is lent, issued or redeemed, and what
//! it had not spent is promised to it no longer. Voiding the coupons one by one only writes that down.

use super::{
    super::{
        model::{Batch, BatchState, CampaignError, Decision, Recall},
        rules, store,
    },
    announce,
};
use crate::foundation::{
    act::Act,
    audit,
    db::{DbError, Tx},
    outbox::{self, Event},
};
use domain::{ids::BatchId, money::Fen};

/// Asks for a batch to be recalled; a second person decides.
pub fn ask_recall(tx: &mut Tx<'_>, act: &Act, id: BatchId, reason: &str) -> Result<Recall, CampaignError> {
    rules::check_reason(reason)?;
    let batch = store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))?;
    rules::check_recallable(batch.state)?;
    if store::recall::find(tx, id)?.is_some_and(|recall| recall.approved != Some(false)) {
        return Err(CampaignError::State("recall asked"));
    }
    let by = act.actor.to_string();
    store::recall::ask(tx, id, (reason, &by), act.now)?;
    note(tx, act, &batch, ("batch.recall.ask", batch.state, reason))?;
    Ok(Recall { reason: reason.to_owned(), asked_by: by, approved: None, is_done: false })
}

/// A second person recalls the batch, or does not (`F31`, `I42`).
pub fn decide_recall(
    tx: &mut Tx<'_>,
    act: &Act,
    id: BatchId,
    (decision, why): (Decision, &str),
) -> Result<Batch, CampaignError> {
    let batch = store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))?;
    let asked = store::recall::find(tx, id)?.ok_or(CampaignError::Unknown("recall"))?;
    if asked.approved.is_some() {
        return Err(CampaignError::State("recall decided"));
    }
    let by = act.actor.to_string();
    if asked.asked_by == by {
        return Err(CampaignError::SelfApproval);
    }
    store::recall::decide(tx, id, decision == Decision::Approve, (&by, act.now))?;
    match decision {
        Decision::Reject => note(tx, act, &batch, ("batch.recall.reject", batch.state, why))?,
        Decision::Approve => bring_home(tx, act, &batch, &asked.reason)?,
    }
    store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))
}

/// The oldest recalled batch whose unused coupons are still to be voided, with the reason.
pub fn recall_to_finish(tx: &mut Tx<'_>) -> Result<Option<(BatchId, String)>, DbError> {
    store::recall::unfinished(tx)
}

/// Notes that no coupon of a recalled batch is usable any more.
pub fn finish_recall(tx: &mut Tx<'_>, act: &Act, id: BatchId) -> Result<(), DbError> {
    store::recall::finish(tx, id, act.now)
}

/// Lowers the stock to `total`. What kiosks hold stays promised (`I3`): it leaves the stock when it comes back, and
/// until then the stock stands at what is out.
pub fn cut_stock(
    tx: &mut Tx<'_>,
    act: &Act,
    id: BatchId,
    (total, reason): (u32, &str),
) -> Result<Batch, CampaignError> {
    rules::check_reason(reason)?;
    let batch = store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))?;
    rules::check_open(batch.state)?;
    let less = rules::cut(&batch, total)?;
    let now = less.min(batch.stock.free);
    store::owe_cut(tx, id, less)?;
    store::shrink(tx, id, (now, rules::released_by_cut(&batch, now)))?;
    note(tx, act, &batch, ("batch.cut_stock", batch.state, reason))?;
    store::batch(tx, id)?.ok_or(CampaignError::Unknown("batch"))
}

fn bring_home(tx: &mut Tx<'_>, act: &Act, batch: &Batch, reason: &str) -> Result<(), CampaignError> {
    store::set_state(tx, batch.id, BatchState::Ended)?;
    store::release_commitment(tx, batch.id)?;
    note(tx, act, batch, ("batch.recall", BatchState::Ended, reason))?;
    let (subject, released) =
        (batch.id.to_string(), Fen::new(batch.committed_fen.get() - batch.spent_fen.get()));
    let body = serde_json::json!({ "reason": reason, "released_fen": released }).to_string();
    outbox::append(tx, act, &Event { topic: "batch.recalled", subject: &subject, body })?;
    announce(tx, act, &Batch { state: BatchState::Ended, ..batch.clone() })
}

fn note(
    tx: &mut Tx<'_>,
    act: &Act,
    batch: &Batch,
    (action, after, reason): (&str, BatchState, &str),
) -> Result<(), DbError> {
    let subject = format!("batch:{}", batch.id);
    let (before, after) = (Some(batch.state.name()), Some(after.name()));
    audit::append(tx, act, &audit::Entry { surface: "O", action, subject: &subject, before, after, reason })
}

//! Offer detail: the terms, and the button that says what it does or why it does nothing.

use domain::eligibility::Refusal;
use domain::ids::BatchId;
use domain::time::UtcMillis;

use super::card::{self, CardView};
use super::words;
use crate::app::state::State;
use crate::ports::Now;

/// Lines that fit.
const TERMS_MAX: usize = 5;

/// What offer detail shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferDetailView {
    /// The offer.
    pub card: CardView,
    /// Its terms, at most five lines.
    pub terms: Vec<String>,
    /// What the button does, or why it does nothing.
    pub action: String,
    /// The button does something.
    pub action_enabled: bool,
    /// What still works without the network; empty while online.
    pub offline_text: String,
}

pub(super) fn view(state: &State, batch: BatchId, now: Now) -> Option<OfferDetailView> {
    let at = state.time(now);
    let row = state.device.catalogue.batches.get(&batch)?;
    let (action, action_enabled) = action(state, row, at);
    let online = state.device.online;
    Some(OfferDetailView {
        card: card::view(state, row, at),
        terms: row.terms_text.iter().take(TERMS_MAX).cloned().collect(),
        action,
        action_enabled,
        offline_text: if online {
            String::new()
        } else {
            "暂时离线，领取后待网络恢复确认".to_owned()
        },
    })
}

fn action(state: &State, row: &cloud_sync::BatchRow, at: UtcMillis) -> (String, bool) {
    let is_claiming = state.session.as_ref().is_some_and(|session| session.claiming.is_some());
    if is_claiming {
        return ("正在领取…".to_owned(), false);
    }
    match state.may_claim(row, at) {
        Ok(()) if state.shopper().is_none() => ("亮码领取".to_owned(), true),
        Ok(()) => ("领取".to_owned(), true),
        Err(Refusal::Exhausted) if state.shopper().is_none() => ("本机已领完".to_owned(), false),
        Err(Refusal::Exhausted) => ("本机已领完，看看其他办法".to_owned(), true),
        Err(Refusal::UserLimit) => (limit(state, row).to_owned(), false),
        Err(Refusal::OutOfWindow { opens_at: Some(opens_at) }) => {
            (format!("{} 起可领", words::instant(opens_at, at)), false)
        }
        Err(Refusal::NotActive) => ("活动已暂停".to_owned(), false),
        Err(
            Refusal::OutOfWindow { opens_at: None }
            | Refusal::NotEligible
            | Refusal::Expired
            | Refusal::ThresholdNotMet { .. }
            | Refusal::NoEffect,
        ) => ("活动已结束".to_owned(), false),
    }
}

fn limit(state: &State, row: &cloud_sync::BatchRow) -> &'static str {
    let usage = state.shopper().and_then(|shopper| shopper.usage.get(&row.id));
    match usage {
        Some(usage) if usage.total < row.terms.per_person.total => "今天已领过",
        Some(_) | None => "已经领过",
    }
}

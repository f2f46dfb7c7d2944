//! A card: one offer as somebody sees it.

use cloud_sync::{BatchRow, StoreRow};
use domain::eligibility::Refusal;
use domain::time::UtcMillis;

use super::words;
use crate::app::state::State;

/// An offer, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardView {
    /// The batch, as [`super::super::Tap::Open`] names it.
    pub id: String,
    /// The large number.
    pub amount: words::Amount,
    /// 满100可用
    pub rule: String,
    /// What it is called.
    pub title: String,
    /// Where it can be used.
    pub place: String,
    /// Why somebody sees it; may be empty.
    pub why: String,
    /// 今天 22:00 前有效
    pub expiry: String,
    /// 可领, 已领, 待确认, 20:00 起 …
    pub chip_text: String,
    /// What the chip means.
    pub chip: Chip,
    /// The city pays a part.
    pub government_funded: bool,
    /// 本机余 12 张; may be empty.
    pub stock: String,
    /// It can be had, now or later.
    pub enabled: bool,
}

/// Where an offer stands for whoever is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chip {
    /// It can be claimed.
    Open,
    /// The person has it.
    Held,
    /// Nothing is left here, or it is over.
    Gone,
    /// The person has it; the platform has not confirmed it.
    Pending,
    /// It opens later.
    Later,
}

/// The card of `batch`.
pub fn view(state: &State, batch: &BatchRow, at: UtcMillis) -> CardView {
    let (chip, chip_text) = standing(state, batch, at);
    let stock = state.device.stock.get(&batch.id).copied().unwrap_or(0);
    CardView {
        id: batch.id.to_string(),
        amount: words::amount(&batch.terms.benefit),
        // The stub of a card is narrow: a bill and a cap stand in two lines.
        rule: words::rule(&batch.terms.benefit).replace('，', "\n"),
        title: batch.title.clone(),
        place: place(state, batch),
        why: batch.why.clone(),
        expiry: format!("{} 前有效", words::end(ends_at(state, batch, at), at)),
        chip_text,
        chip,
        government_funded: batch.is_government_funded(),
        stock: if stock > 0 { format!("本机余 {stock} 张") } else { String::new() },
        enabled: chip != Chip::Gone,
    }
}

/// When the coupon ends: the one that was claimed, else one claimed now, else one claimed when it opens.
fn ends_at(state: &State, batch: &BatchRow, at: UtcMillis) -> UtcMillis {
    let opens_at = match state.may_claim(batch, at) {
        Err(Refusal::OutOfWindow { opens_at }) => opens_at,
        Ok(())
        | Err(
            Refusal::NotActive
            | Refusal::NotEligible
            | Refusal::UserLimit
            | Refusal::Exhausted
            | Refusal::Expired
            | Refusal::ThresholdNotMet { .. }
            | Refusal::NoEffect,
        ) => None,
    };
    let claimed_at = state.claim(batch.id).map(|claim| claim.claimed_at);
    batch.terms.ends_at(claimed_at.or(opens_at).unwrap_or(at))
}

/// The state of the offer and its word.
pub fn standing(state: &State, batch: &BatchRow, at: UtcMillis) -> (Chip, String) {
    let is_pending = state.claim(batch.id).is_some_and(|claim| claim.verdict.is_none());
    match state.may_claim(batch, at) {
        Ok(()) => (Chip::Open, "可领".to_owned()),
        Err(Refusal::UserLimit) if is_pending => (Chip::Pending, "待确认".to_owned()),
        Err(Refusal::UserLimit) => (Chip::Held, "已领".to_owned()),
        Err(Refusal::OutOfWindow { opens_at: Some(opens_at) }) => {
            (Chip::Later, format!("{} 起", words::instant(opens_at, at)))
        }
        Err(Refusal::Exhausted) => (Chip::Gone, "本机已领完".to_owned()),
        Err(Refusal::NotActive) => (Chip::Gone, "已暂停".to_owned()),
        Err(
            Refusal::OutOfWindow { opens_at: None }
            | Refusal::NotEligible
            | Refusal::Expired
            | Refusal::ThresholdNotMet { .. }
            | Refusal::NoEffect,
        ) => (Chip::Gone, "已结束".to_owned()),
    }
}

/// Where a coupon can be used: in the shops it names, else in those of its merchant, else everywhere.
pub fn place(state: &State, batch: &BatchRow) -> String {
    let stores = &state.device.catalogue.stores;
    let (count, known): (usize, Vec<&StoreRow>) = match (batch.stores.as_slice(), batch.merchant) {
        ([], None) => return "全场通用".to_owned(),
        ([], Some(merchant)) => {
            let own: Vec<&StoreRow> = stores.values().filter(|store| store.merchant == merchant).collect();
            (own.len(), own)
        }
        (named, _) => (named.len(), named.iter().filter_map(|store| stores.get(store)).collect()),
    };
    match (count, known.as_slice()) {
        (1, [store]) => format!("{}·{}", store.name, located(store)),
        (count, [store, ..]) => format!("{}等 {count} 家店", store.name),
        (0, []) => "指定门店".to_owned(),
        (count, []) => format!("指定的 {count} 家店"),
    }
}

/// 3F 3012; a place that names its floor already is not told twice.
fn located(store: &StoreRow) -> String {
    if store.place.starts_with(&store.floor) {
        store.place.clone()
    } else {
        format!("{} {}", store.floor, store.place).trim().to_owned()
    }
}

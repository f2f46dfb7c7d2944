//! Which offers somebody sees, and in what order.

use cloud_sync::BatchRow;
use domain::eligibility::{Person, may_see};
use domain::ids::BatchId;
use domain::pricing::Benefit;
use domain::ranking::{Features, order};
use domain::time::UtcMillis;

use super::state::State;

const HOUR_MS: i64 = 3_600_000;
const FEN_A_YUAN: i64 = 100;

/// The offers whoever is here may see, best first.
pub fn fill(state: &State, at: UtcMillis) -> Vec<BatchId> {
    let person = state.person();
    let features: Vec<Features> = state
        .device
        .catalogue
        .batches
        .values()
        .filter(|batch| batch.active && may_see(&batch.terms, person, at) && !is_held_out(state, batch, at))
        .map(|batch| features(state, batch, at))
        .collect();
    order(&features).into_iter().map(|position| features[position].batch).collect()
}

/// True if whoever is here must not see the batch, so that its campaign can be measured; nobody is told.
fn is_held_out(state: &State, batch: &BatchRow, at: UtcMillis) -> bool {
    let catalogue = &state.device.catalogue;
    state.shopper().is_some_and(|shopper| catalogue.holds_out(batch, shopper.pseudonym, at))
}

/// Other offers that could be claimed here and now, best first.
pub fn alternatives(state: &State, not: BatchId, at: UtcMillis) -> impl Iterator<Item = &BatchRow> {
    let offers = state.session.iter().flat_map(|session| &session.offers);
    offers
        .filter(move |batch| **batch != not)
        .filter_map(|batch| state.device.catalogue.batches.get(batch))
        .filter(move |batch| state.may_claim(batch, at).is_ok())
}

fn features(state: &State, batch: &BatchRow, at: UtcMillis) -> Features {
    let matched_tags = match state.person() {
        Person::Known(tags) => batch.terms.targeting.matched_tags(tags),
        Person::Anonymous => 0,
    };
    Features {
        batch: batch.id,
        merchant: batch.merchant,
        claimable: state.may_claim(batch, at).is_ok(),
        matched_tags,
        government_funded: batch.is_government_funded(),
        hours_left: batch.terms.claim_until.since(at).div_euclid(HOUR_MS),
        worth_yuan: worth_fen(&batch.terms.benefit) / FEN_A_YUAN,
    }
}

/// The most it takes off; for a rate without a cap, what it takes off the smallest bill it holds for.
fn worth_fen(benefit: &Benefit) -> i64 {
    let off_threshold = match benefit {
        Benefit::PercentOff { off_bp, .. } => benefit.threshold().percent_floor(*off_bp),
        Benefit::AmountOff { .. } | Benefit::NoThreshold { .. } => None,
    };
    benefit.most().or(off_threshold).unwrap_or_default().get()
}

//! Why a benefit was not applied, and what would bring more.

use super::apply::{Infeasible, apply, nominal, reached, settle};
use super::basket::Basket;
use super::check::Case;
use super::input::Rule;
use super::result::{Hint, Rejected};
use super::search::Set;
use super::stacking;
use super::text::Whole;

/// A candidate that was not chosen.
pub(super) fn of_candidate(case: &Case, chosen: &Set, candidate: usize) -> Rejected {
    let benefit = &case.benefits[candidate];
    let rejected = |reason: &str| Rejected {
        benefit_id: benefit.id.as_str().to_owned(),
        reason: reason.to_owned(),
        ..Rejected::default()
    };
    let against = |ids: Vec<String>| Rejected { conflicts_with: Some(ids), ..rejected("STACK_CONFLICT") };
    if stacking::is_shut_out(case, benefit) {
        return against(Vec::new());
    }
    let budget = benefit.budget_left_fen.map(Whole::get);
    if let Err(why) = apply(&case.lines, benefit, &Set::empty(case).basket, budget) {
        return infeasible(benefit.id.as_str(), &why);
    }
    let conflicts = stacking::conflicts(case, &chosen.members(), candidate);
    if !conflicts.is_empty() {
        let id = |member: &usize| case.benefits[*member].id.as_str().to_owned();
        return against(conflicts.iter().map(id).collect());
    }
    match after_the_earlier(case, chosen, candidate) {
        Some(why) => infeasible(benefit.id.as_str(), &why),
        None => rejected("NOT_BEST"),
    }
}

/// Why the candidate fails after the chosen ones before it; `None` when it does not.
fn after_the_earlier(case: &Case, chosen: &Set, candidate: usize) -> Option<Infeasible> {
    let mut basket = Set::empty(case).basket;
    for (member, effect) in chosen.applied.iter().take_while(|(member, _)| *member < candidate) {
        settle(&mut basket, &case.benefits[*member], effect);
    }
    let benefit = &case.benefits[candidate];
    apply(&case.lines, benefit, &basket, benefit.budget_left_fen.map(Whole::get)).err()
}

/// Why a perk is not granted on the final amounts; `None` when it is.
pub(super) fn of_perk(case: &Case, basket: &Basket, perk: usize) -> Option<Rejected> {
    let benefit = &case.benefits[perk];
    let why = apply(&case.lines, benefit, basket, None).err()?;
    Some(infeasible(benefit.id.as_str(), &why))
}

fn infeasible(id: &str, why: &Infeasible) -> Rejected {
    let mut rejected = Rejected { benefit_id: id.to_owned(), ..Rejected::default() };
    let reason = match why {
        Infeasible::NoEligibleLines => "NO_ELIGIBLE_LINES",
        Infeasible::QuantityNotMet { shortfall_qty } => {
            rejected.shortfall_qty = Some(*shortfall_qty);
            "QUANTITY_NOT_MET"
        }
        Infeasible::ThresholdNotMet { shortfall_fen } => {
            rejected.shortfall_fen = Some(*shortfall_fen);
            "THRESHOLD_NOT_MET"
        }
        Infeasible::NoEffect => "NO_EFFECT",
        Infeasible::BudgetExhausted { max_headcount } => {
            rejected.max_headcount = *max_headcount;
            "BUDGET_EXHAUSTED"
        }
        Infeasible::UserLimit => "USER_LIMIT",
    };
    reason.clone_into(&mut rejected.reason);
    rejected
}

/// Spend so much more, save so much more: the nearest first.
pub(super) fn hints(case: &Case, chosen: &Set, rejected: &[Rejected]) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    for benefit in &case.benefits {
        let id = benefit.id.as_str();
        let effect = chosen
            .applied
            .iter()
            .find(|(member, _)| case.benefits[*member].id == benefit.id)
            .map(|(_, effect)| effect);
        let missed = rejected.iter().find(|rejected| rejected.benefit_id == id);
        let more = match (effect, missed) {
            (Some(effect), _) => next_step(&benefit.rule, effect.base),
            (None, Some(missed)) => missed.shortfall_fen.map(|shortfall| (shortfall, nominal(&benefit.rule))),
            (None, None) => None,
        };
        hints.extend(more.map(|(shortfall_fen, extra_fen)| Hint {
            benefit_id: id.to_owned(),
            shortfall_fen,
            extra_fen,
        }));
    }
    // Stable: equals stay in evaluation order.
    hints.sort_by_key(|hint| hint.shortfall_fen);
    hints
}

/// What is missing to the next step of an applied benefit, and what it would add.
fn next_step(rule: &Rule, base: i64) -> Option<(i64, i64)> {
    match rule {
        Rule::Tiered { tiers } => {
            let next = tiers.iter().find(|tier| tier.threshold_fen.get() > base)?;
            let now = reached(tiers, base).map_or(0, |tier| tier.off_fen.get());
            Some((next.threshold_fen.get() - base, next.off_fen.get() - now))
        }
        Rule::EveryAmount { per_fen, off_fen, max_times } => {
            let times = base / per_fen.get();
            let may_grow = max_times.is_none_or(|most| times < most.get());
            may_grow.then(|| (per_fen.get() - base % per_fen.get(), off_fen.get()))
        }
        Rule::AmountOff { .. }
        | Rule::PercentOff { .. }
        | Rule::NoThreshold { .. }
        | Rule::Gift { .. }
        | Rule::FixedPrice { .. }
        | Rule::NthItem { .. }
        | Rule::BuyXGetY { .. }
        | Rule::Bundle { .. }
        | Rule::PerUnitSubsidy { .. }
        | Rule::Perk { .. } => None,
    }
}

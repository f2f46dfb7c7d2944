//! One benefit on what the ones before it left: what it takes off each line, or why it takes nothing.

use super::basket::Basket;
use super::input::{Benefit, Line, Rule, Tier};
use super::text::Whole;
use super::{money::spread, subsidy, units};

/// A benefit that was applied.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    /// What it takes off each line, by line index.
    pub(super) shares: Vec<i64>,
    /// What its threshold and percentage looked at.
    pub(super) base: i64,
    /// Units of each line it used up, for item offers.
    pub(super) used: Vec<i64>,
    /// It took units as a bundle.
    pub(super) is_bundle: bool,
}

impl Effect {
    /// What it takes off in all.
    pub(super) fn discount(&self) -> i64 {
        self.shares.iter().sum()
    }

    fn of_shares(shares: Vec<i64>, base: i64) -> Effect {
        let used = vec![0; shares.len()];
        Effect { shares, base, used, is_bundle: false }
    }
}

/// Why a benefit takes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Infeasible {
    NoEligibleLines,
    QuantityNotMet { shortfall_qty: i64 },
    ThresholdNotMet { shortfall_fen: i64 },
    NoEffect,
    BudgetExhausted { max_headcount: Option<i64> },
    UserLimit,
}

/// Applies `benefit` to `basket`; `budget_fen` is what it may still give, `None` for no limit.
pub(super) fn apply(
    lines: &[Line],
    benefit: &Benefit,
    basket: &Basket,
    budget_fen: Option<i64>,
) -> Result<Effect, Infeasible> {
    let eligible = basket.eligible(lines, benefit);
    if eligible.is_empty() {
        return Err(Infeasible::NoEligibleLines);
    }
    let effect = match &benefit.rule {
        Rule::PerUnitSubsidy { .. } => {
            return subsidy::apply(benefit, basket, &eligible, budget_fen)
                .map(|shares| Effect::of_shares(shares, 0));
        }
        Rule::FixedPrice { .. } | Rule::NthItem { .. } | Rule::BuyXGetY { .. } | Rule::Bundle { .. } => {
            units::apply(lines, &benefit.rule, basket, &eligible)?
        }
        Rule::AmountOff { .. }
        | Rule::EveryAmount { .. }
        | Rule::Tiered { .. }
        | Rule::PercentOff { .. }
        | Rule::NoThreshold { .. }
        | Rule::Gift { .. }
        | Rule::Perk { .. } => amount(lines, benefit, basket, &eligible)?,
    };
    let gives_goods = benefit.is_gift() || benefit.is_perk();
    if effect.discount() == 0 && !gives_goods {
        return Err(Infeasible::NoEffect);
    }
    if budget_fen.is_some_and(|budget| effect.discount() > budget) {
        return Err(Infeasible::BudgetExhausted { max_headcount: None });
    }
    Ok(effect)
}

/// Takes what `effect` takes out of `basket`.
pub(super) fn settle(basket: &mut Basket, benefit: &Benefit, effect: &Effect) {
    for (index, share) in effect.shares.iter().enumerate() {
        basket.running[index] -= share;
        basket.used[index] += effect.used[index];
        basket.bundled[index] |= effect.is_bundle && effect.used[index] > 0;
    }
    basket.min_pay = basket.min_pay.max(benefit.min_pay_fen.get());
}

fn amount(
    lines: &[Line],
    benefit: &Benefit,
    basket: &Basket,
    eligible: &[usize],
) -> Result<Effect, Infeasible> {
    let base = basket.base(lines, benefit, eligible);
    let qty: i64 = eligible.iter().map(|&index| basket.qty[index]).sum();
    let shortfall_qty = min_qty(&benefit.rule) - qty;
    if shortfall_qty > 0 {
        return Err(Infeasible::QuantityNotMet { shortfall_qty });
    }
    let shortfall_fen = threshold(&benefit.rule) - base;
    if shortfall_fen > 0 {
        return Err(Infeasible::ThresholdNotMet { shortfall_fen });
    }
    let weights: Vec<i64> = (0..lines.len())
        .map(|index| if eligible.contains(&index) { basket.running[index] } else { 0 })
        .collect();
    let most = weights.iter().sum::<i64>().min(basket.room(benefit));
    let discount = wanted(&benefit.rule, base).min(most).max(0);
    Ok(Effect::of_shares(spread(discount, &weights), base))
}

/// What an amount rule would take off a base that meets its threshold.
fn wanted(rule: &Rule, base: i64) -> i64 {
    match rule {
        Rule::AmountOff { off_fen, .. } | Rule::NoThreshold { off_fen } => off_fen.get(),
        Rule::EveryAmount { per_fen, off_fen, max_times } => {
            let times = max_times.map_or(i64::MAX, Whole::get).min(base / per_fen.get());
            off_fen.get().saturating_mul(times)
        }
        Rule::Tiered { tiers } => reached(tiers, base).map_or(0, |tier| tier.off_fen.get()),
        Rule::PercentOff { off_bp, cap_fen, .. } => {
            part(base, off_bp.get()).min(cap_fen.map_or(i64::MAX, Whole::get))
        }
        Rule::Gift { .. }
        | Rule::Perk { .. }
        | Rule::FixedPrice { .. }
        | Rule::NthItem { .. }
        | Rule::BuyXGetY { .. }
        | Rule::Bundle { .. }
        | Rule::PerUnitSubsidy { .. } => 0,
    }
}

/// The highest tier a base reaches.
pub(super) fn reached(tiers: &[Tier], base: i64) -> Option<&Tier> {
    tiers.iter().rev().find(|tier| tier.threshold_fen.get() <= base)
}

/// A rate of an amount, rounded down.
pub(super) fn part(fen: i64, rate_bp: i64) -> i64 {
    let part = i128::from(fen) * i128::from(rate_bp) / 10_000;
    i64::try_from(part).unwrap_or(i64::MAX)
}

/// The amount that must be reached; 0 without a condition.
pub(super) fn threshold(rule: &Rule) -> i64 {
    match rule {
        Rule::AmountOff { threshold_fen, .. } => threshold_fen.get(),
        Rule::EveryAmount { per_fen, .. } => per_fen.get(),
        Rule::Tiered { tiers } => tiers.first().map_or(0, |tier| tier.threshold_fen.get()),
        Rule::PercentOff { threshold_fen, .. }
        | Rule::Gift { threshold_fen, .. }
        | Rule::Perk { threshold_fen, .. } => threshold_fen.map_or(0, Whole::get),
        Rule::NoThreshold { .. }
        | Rule::FixedPrice { .. }
        | Rule::NthItem { .. }
        | Rule::BuyXGetY { .. }
        | Rule::Bundle { .. }
        | Rule::PerUnitSubsidy { .. } => 0,
    }
}

/// What a rule is worth at its threshold, for the hint that says what reaching it would bring.
pub(super) fn nominal(rule: &Rule) -> i64 {
    if let Rule::Gift { value_fen, .. } = rule {
        return value_fen.get();
    }
    wanted(rule, threshold(rule))
}

fn min_qty(rule: &Rule) -> i64 {
    match rule {
        Rule::AmountOff { min_qty, .. }
        | Rule::PercentOff { min_qty, .. }
        | Rule::Gift { min_qty, .. }
        | Rule::Perk { min_qty, .. } => min_qty.map_or(0, Whole::get),
        Rule::EveryAmount { .. }
        | Rule::Tiered { .. }
        | Rule::NoThreshold { .. }
        | Rule::FixedPrice { .. }
        | Rule::NthItem { .. }
        | Rule::BuyXGetY { .. }
        | Rule::Bundle { .. }
        | Rule::PerUnitSubsidy { .. } => 0,
    }
}

//! Layer 6: so much off for each unit, for so many units or proven persons.

use super::apply::Infeasible;
use super::basket::Basket;
use super::input::{Benefit, Rule};
use super::money::spread;
use super::text::Whole;

/// What a per-unit subsidy takes off each line.
pub(super) fn apply(
    benefit: &Benefit,
    basket: &Basket,
    eligible: &[usize],
    budget_fen: Option<i64>,
) -> Result<Vec<i64>, Infeasible> {
    let Rule::PerUnitSubsidy { off_fen, max_units, headcount, allow_partial } = &benefit.rule else {
        return Err(Infeasible::NoEffect);
    };
    let grant = Grant::new(basket, eligible, off_fen.get(), basket.room(benefit));
    let limit = |limit: Option<i64>| limit.unwrap_or(i64::MAX);
    let all: i64 = eligible.iter().map(|&index| basket.qty[index]).sum();
    let units = all.min(limit(max_units.map(Whole::get))).min(limit(headcount.map(Whole::get)));
    if grant.discount(units) == 0 {
        return Err(Infeasible::NoEffect);
    }
    let affordable = match budget_fen {
        Some(budget) if grant.discount(units) > budget => grant.most_within(budget, units),
        Some(_) | None => units,
    };
    let is_enough = affordable == units || (*allow_partial && grant.discount(affordable) > 0);
    if is_enough {
        Ok(grant.shares(affordable, basket.running.len()))
    } else {
        Err(Infeasible::BudgetExhausted { max_headcount: Some(affordable) })
    }
}

/// The lines in the order they are subsidised: dearest unit first.
struct Grant<'a> {
    basket: &'a Basket,
    order: Vec<usize>,
    off_fen: i64,
    room: i64,
}

impl Grant<'_> {
    fn new<'a>(basket: &'a Basket, eligible: &[usize], off_fen: i64, room: i64) -> Grant<'a> {
        let mut order = eligible.to_vec();
        order.sort_by_key(|&index| (-(basket.running[index] / basket.qty[index]), index));
        Grant { basket, order, off_fen, room }
    }

    /// What each line may get when `units` are subsidised.
    fn amounts(&self, mut units: i64) -> impl Iterator<Item = (usize, i64)> {
        self.order.iter().map(move |&index| {
            let (running, qty) = (self.basket.running[index], self.basket.qty[index]);
            let taken = units.min(qty);
            units -= taken;
            // A unit cannot get more than is left to pay for it.
            let left = i128::from(running) * i128::from(taken) / i128::from(qty);
            let wanted = i128::from(self.off_fen) * i128::from(taken);
            (index, i64::try_from(wanted.min(left)).unwrap_or(i64::MAX))
        })
    }

    fn discount(&self, units: i64) -> i64 {
        self.amounts(units).map(|(_, amount)| amount).sum::<i64>().min(self.room).max(0)
    }

    /// The largest number of units, at most `units`, whose discount is within `budget`; it grows with the number.
    fn most_within(&self, budget: i64, units: i64) -> i64 {
        let (mut within, mut beyond) = (0, units + 1);
        while beyond - within > 1 {
            let middle = within + (beyond - within) / 2;
            if self.discount(middle) <= budget { within = middle } else { beyond = middle }
        }
        within
    }

    fn shares(&self, units: i64, lines: usize) -> Vec<i64> {
        let mut weights = vec![0; lines];
        self.amounts(units).for_each(|(index, amount)| weights[index] = amount);
        spread(self.discount(units), &weights)
    }
}

//! The best feasible set of benefits, found by branching on each candidate in evaluation order.
//!
//! Exhaustive until more than `max_states` partial sets live; then the best are kept and the result says so. The empty set
//! is always kept, so even a cut search is never worse than the best single benefit.

use super::apply::{Effect, apply, settle};
use super::basket::Basket;
use super::check::Case;
use super::input::Rule;
use super::money::fund_lines;
use super::stacking;
use crate::pricing::Party;
use std::{cmp::Ordering, rc::Rc};

/// A feasible set of benefits and the cart under it.
#[derive(Clone, Debug)]
pub(super) struct Set {
    pub(super) basket: Basket,
    /// The members by benefit index, in evaluation order, with what each does.
    pub(super) applied: Vec<(usize, Rc<Effect>)>,
    rank: Rank,
}

/// What sets are compared by; the smaller one is better.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    pay: i64,
    gifts_value_negated: i64,
    coupons: usize,
    benefits: usize,
    government: i64,
    /// When each ends, ascending; one without an end stands last.
    ends: Vec<i64>,
    /// Places of the ids in their order, ascending.
    ids: Vec<usize>,
}

impl Set {
    pub(super) fn empty(case: &Case) -> Set {
        let basket = Basket::new(&case.lines, case.lines.iter().map(|line| line.qty.get()).collect());
        let rank = Rank { pay: basket.total(), ..Rank::default() };
        Set { basket, applied: Vec::new(), rank }
    }

    pub(super) fn members(&self) -> Vec<usize> {
        self.applied.iter().map(|(member, _)| *member).collect()
    }

    fn with(&self, case: &Case, candidate: usize, effect: Effect, id_place: usize) -> Set {
        let benefit = &case.benefits[candidate];
        let mut set = self.clone();
        settle(&mut set.basket, benefit, &effect);
        let rank = &mut set.rank;
        rank.pay -= effect.discount();
        if let Rule::Gift { value_fen, .. } = &benefit.rule {
            rank.gifts_value_negated -= value_fen.get();
        }
        rank.coupons += usize::from(!benefit.automatic);
        rank.benefits += 1;
        let paid = fund_lines(&effect.shares, benefit.funders());
        let of_government =
            benefit.funders().iter().zip(&paid).filter(|(funder, _)| funder.party == Party::Gov);
        rank.government += of_government.flat_map(|(_, row)| row).sum::<i64>();
        insert_sorted(&mut rank.ends, benefit.valid_to.map_or(i64::MAX, |to| to.get().get()));
        insert_sorted(&mut rank.ids, id_place);
        set.applied.push((candidate, Rc::new(effect)));
        set
    }
}

fn insert_sorted<T: Ord>(list: &mut Vec<T>, item: T) {
    let place = list.partition_point(|other| *other < item);
    list.insert(place, item);
}

fn better(one: &Set, other: &Set) -> Ordering {
    one.rank.cmp(&other.rank)
}

/// The best set of `candidates` (benefit indices in evaluation order), and whether the search was cut.
pub(super) fn best(case: &Case, candidates: &[usize]) -> (Set, bool) {
    let id_places = id_places(case);
    let (empty, mut sets, mut truncated) = (Set::empty(case), Vec::<Set>::new(), false);
    for &candidate in candidates {
        let benefit = &case.benefits[candidate];
        let budget = benefit.budget_left_fen.map(super::text::Whole::get);
        let joined = |set: &Set| {
            let may_join = !stacking::is_shut_out(case, benefit)
                && stacking::conflicts(case, &set.members(), candidate).is_empty();
            let effect = may_join.then(|| apply(&case.lines, benefit, &set.basket, budget).ok()).flatten()?;
            Some(set.with(case, candidate, effect, id_places[candidate]))
        };
        let grown: Vec<Set> = std::iter::once(&empty).chain(&sets).filter_map(joined).collect();
        sets.extend(grown);
        if sets.len() > case.states_max {
            sets.sort_by(better);
            sets.truncate(case.states_max);
            truncated = true;
        }
    }
    let best = sets.into_iter().chain([empty]).min_by(better);
    (best.unwrap_or_else(|| Set::empty(case)), truncated)
}

/// The place of each benefit's id among all ids.
fn id_places(case: &Case) -> Vec<usize> {
    let mut by_id: Vec<usize> = (0..case.benefits.len()).collect();
    by_id.sort_by_key(|&index| &case.benefits[index].id);
    let mut places = vec![0; by_id.len()];
    by_id.iter().enumerate().for_each(|(place, &index)| places[index] = place);
    places
}

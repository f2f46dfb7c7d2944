//! Item offers: rules that work on single units at list price. A unit that one has used is not there for the next.

use super::apply::{Effect, Infeasible, part};
use super::basket::Basket;
use super::input::{Component, Line, Pick, Rule};
use super::money::spread;
use super::text::Whole;

/// Applies the rule of an item offer.
pub(super) fn apply(
    lines: &[Line],
    rule: &Rule,
    basket: &Basket,
    eligible: &[usize],
) -> Result<Effect, Infeasible> {
    let units = unused(lines, basket, eligible);
    match rule {
        Rule::FixedPrice { price_fen, qty_limit, already_bought } => {
            let left = qty_limit.map(|limit| limit.get() - already_bought.get());
            fixed_price(lines, &units, price_fen.get(), left)
        }
        Rule::NthItem { n, off_bp, pick, max_times } => {
            let group =
                Group { size: n.get(), reduced: 1, max_times: max_times.map(Whole::get), pick: *pick };
            reduce(lines, &units, &group, off_bp.get())
        }
        Rule::BuyXGetY { buy, get, off_bp, pick, max_times } => {
            let (size, reduced) = (buy.get().saturating_add(get.get()), get.get());
            let group = Group { size, reduced, max_times: max_times.map(Whole::get), pick: *pick };
            reduce(lines, &units, &group, off_bp.get())
        }
        Rule::Bundle { price_fen, components, max_times } => {
            bundle(lines, units, components, (price_fen.get(), max_times.map(Whole::get)))
        }
        Rule::AmountOff { .. }
        | Rule::EveryAmount { .. }
        | Rule::Tiered { .. }
        | Rule::PercentOff { .. }
        | Rule::NoThreshold { .. }
        | Rule::Gift { .. }
        | Rule::PerUnitSubsidy { .. }
        | Rule::Perk { .. } => Err(Infeasible::NoEffect),
    }
}

/// Units not used yet, as the line of each: dearest first, then by line index.
fn unused(lines: &[Line], basket: &Basket, eligible: &[usize]) -> Vec<usize> {
    let mut by_price = eligible.to_vec();
    by_price.sort_by_key(|&index| (-lines[index].price_fen.get(), index));
    let units_of = |&index: &usize| {
        let free = usize::try_from(basket.qty[index] - basket.used[index]).unwrap_or(0);
        std::iter::repeat_n(index, free)
    };
    by_price.iter().flat_map(units_of).collect()
}

fn count(lines: &[Line], units: &[usize]) -> Vec<i64> {
    let mut counts = vec![0; lines.len()];
    units.iter().for_each(|&index| counts[index] += 1);
    counts
}

/// The dearest units come down to the price, as many as the person may still have; `left` is absent without a limit.
fn fixed_price(
    lines: &[Line],
    units: &[usize],
    price_fen: i64,
    left: Option<i64>,
) -> Result<Effect, Infeasible> {
    if left.is_some_and(|left| left <= 0) {
        return Err(Infeasible::UserLimit);
    }
    let most = left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX);
    let is_dearer = |index: &&usize| lines[**index].price_fen.get() > price_fen;
    let taken: Vec<usize> = units.iter().filter(is_dearer).take(most).copied().collect();
    let mut shares = vec![0; lines.len()];
    taken.iter().for_each(|&index| shares[index] += lines[index].price_fen.get() - price_fen);
    Ok(Effect { shares, base: 0, used: count(lines, &taken), is_bundle: false })
}

/// How units are grouped and which of a group are reduced.
struct Group {
    size: i64,
    reduced: i64,
    max_times: Option<i64>,
    pick: Pick,
}

/// Reduces some units of each full group; every unit counted towards the offer is used.
fn reduce(lines: &[Line], units: &[usize], group: &Group, off_bp: i64) -> Result<Effect, Infeasible> {
    let available = i64::try_from(units.len()).unwrap_or(i64::MAX);
    let times = (available / group.size).min(group.max_times.unwrap_or(i64::MAX));
    if times == 0 {
        return Err(Infeasible::QuantityNotMet { shortfall_qty: group.size - available });
    }
    // Both fit: at least one group of this size was filled from units in memory.
    let (size, reduced) = (to_usize(group.size), to_usize(group.reduced));
    let chosen: Vec<usize> = match group.pick {
        Pick::CheapestOverall => units[units.len() - to_usize(times * group.reduced)..].to_vec(),
        Pick::PerGroup => units
            .chunks_exact(size)
            .take(to_usize(times))
            .flat_map(|of_group| &of_group[size - reduced..])
            .copied()
            .collect(),
    };
    let mut shares = vec![0; lines.len()];
    chosen.iter().for_each(|&index| shares[index] += part(lines[index].price_fen.get(), off_bp));
    Ok(Effect { shares, base: 0, used: count(lines, units), is_bundle: false })
}

fn to_usize(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Fills bundle after bundle with the dearest units, while each saves something.
fn bundle(
    lines: &[Line],
    mut units: Vec<usize>,
    components: &[Component],
    (price_fen, max_times): (i64, Option<i64>),
) -> Result<Effect, Infeasible> {
    let (mut shares, mut used) = (vec![0; lines.len()], vec![0; lines.len()]);
    for time in 0..max_times.unwrap_or(i64::MAX) {
        let (taken, missing) = fill(lines, &units, components);
        if missing > 0 && time == 0 {
            return Err(Infeasible::QuantityNotMet { shortfall_qty: missing });
        }
        let weights: Vec<i64> = count(lines, &taken)
            .iter()
            .zip(lines)
            .map(|(units, line)| units * line.price_fen.get())
            .collect();
        let saving = weights.iter().sum::<i64>() - price_fen;
        if missing > 0 || saving <= 0 {
            break;
        }
        shares.iter_mut().zip(spread(saving, &weights)).for_each(|(share, part)| *share += part);
        used.iter_mut().zip(count(lines, &taken)).for_each(|(used, units)| *used += units);
        remove(&mut units, &taken);
    }
    Ok(Effect { shares, base: 0, used, is_bundle: true })
}

/// The units of one bundle, and how many are missing.
fn fill(lines: &[Line], units: &[usize], components: &[Component]) -> (Vec<usize>, i64) {
    let (mut taken, mut missing) = (Vec::new(), 0i64);
    for component in components {
        let matching = units.iter().filter(|index| component.skus.contains(&lines[**index].sku));
        let part: Vec<usize> = matching.take(to_usize(component.qty.get())).copied().collect();
        missing = missing.saturating_add(component.qty.get() - i64::try_from(part.len()).unwrap_or(0));
        taken.extend(part);
    }
    (taken, missing)
}

fn remove(units: &mut Vec<usize>, taken: &[usize]) {
    let mut taken = taken.to_vec();
    units.retain(|index| match taken.iter().position(|gone| gone == index) {
        Some(place) => {
            taken.swap_remove(place);
            false
        }
        None => true,
    });
}

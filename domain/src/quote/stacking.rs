//! Which benefits may stand together.

use super::check::Case;
use super::input::{Benefit, LayerCaps};
use super::text::Whole;

/// How many may stand in a layer: everywhere, or in layers 2 and 3 of one merchant. `None` for no cap.
fn cap(caps: &LayerCaps, benefit: &Benefit) -> Option<usize> {
    let cap = match benefit.layer.map(Whole::get)? {
        2 => caps.l2,
        3 => caps.l3,
        4 => caps.l4,
        5 => caps.l5,
        6 => caps.l6,
        _ => return None,
    };
    usize::try_from(cap.map_or(1, Whole::get)).ok()
}

/// True if nothing at all may stand in the benefit's layer.
pub(super) fn is_shut_out(case: &Case, benefit: &Benefit) -> bool {
    cap(&case.caps, benefit) == Some(0)
}

/// The members of `set` (by index) that keep `candidate` from joining it, in order; empty when it may.
pub(super) fn conflicts(case: &Case, set: &[usize], candidate: usize) -> Vec<usize> {
    let benefit = &case.benefits[candidate];
    let rivals: Vec<usize> =
        set.iter().copied().filter(|&member| competes(&case.benefits[member], benefit)).collect();
    let is_full = cap(&case.caps, benefit).is_some_and(|cap| rivals.len() >= cap);
    let stands_against =
        |&member: &usize| excludes(&case.benefits[member], benefit) || (is_full && rivals.contains(&member));
    set.iter().copied().filter(stands_against).collect()
}

/// True if the two count towards one cap.
fn competes(one: &Benefit, other: &Benefit) -> bool {
    one.layer == other.layer && one.merchant_id == other.merchant_id
}

/// True if the two may never stand together, whichever says so.
fn excludes(one: &Benefit, other: &Benefit) -> bool {
    let shares_group = one.exclusive_groups.iter().any(|group| other.exclusive_groups.contains(group));
    let names = |one: &Benefit, other: &Benefit| {
        one.never_with.iter().any(|name| *name == other.id || name == other.batch())
    };
    one.exclusive || other.exclusive || shares_group || names(one, other) || names(other, one)
}

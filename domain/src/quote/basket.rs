//! What a set of benefits has done to a cart so far, and which lines the next one may look at.

use super::input::{Base, Benefit, Line};
use super::text::Text;

/// The cart under a set of benefits. All money is in fen, all lists are by line index.
#[derive(Clone, Debug)]
pub(super) struct Basket {
    /// Units bought, or in a refund those that stay.
    pub(super) qty: Vec<i64>,
    /// What is left to pay.
    pub(super) running: Vec<i64>,
    /// Units that an item offer has used.
    pub(super) used: Vec<i64>,
    /// A bundle has taken a unit.
    pub(super) bundled: Vec<bool>,
    /// The largest `min_pay_fen` so far.
    pub(super) min_pay: i64,
}

impl Basket {
    /// A cart with `qty` units of each line, at list price.
    pub(super) fn new(lines: &[Line], qty: Vec<i64>) -> Basket {
        let running = lines.iter().zip(&qty).map(|(line, qty)| line.price_fen.get() * qty).collect();
        let (used, bundled) = (vec![0; lines.len()], vec![false; lines.len()]);
        Basket { qty, running, used, bundled, min_pay: 0 }
    }

    /// What is left to pay in all.
    pub(super) fn total(&self) -> i64 {
        self.running.iter().sum()
    }

    /// What may still be taken off, if `benefit` is applied.
    pub(super) fn room(&self, benefit: &Benefit) -> i64 {
        self.total() - self.min_pay.max(benefit.min_pay_fen.get())
    }

    /// The lines `benefit` applies to, in order.
    pub(super) fn eligible(&self, lines: &[Line], benefit: &Benefit) -> Vec<usize> {
        let takes = |index: &usize| {
            let left_out = benefit.excludes_bundled_lines && self.bundled[*index];
            self.qty[*index] > 0 && !left_out && is_in_scope(benefit, &lines[*index])
        };
        (0..lines.len()).filter(takes).collect()
    }

    /// What threshold and percentage of `benefit` look at.
    pub(super) fn base(&self, lines: &[Line], benefit: &Benefit, eligible: &[usize]) -> i64 {
        let of_line = |&index: &usize| match benefit.base {
            Base::Running => self.running[index],
            Base::Original => lines[index].price_fen.get() * self.qty[index],
        };
        eligible.iter().map(of_line).sum()
    }
}

/// True if the line is in every list of the scope that is not empty, and in no excluding one.
pub(super) fn is_in_scope(benefit: &Benefit, line: &Line) -> bool {
    let scope = &benefit.scope;
    let fits = |include: &[Text], exclude: &[Text], value: Option<&Text>| {
        let is_listed = |list: &[Text]| value.is_some_and(|value| list.contains(value));
        (include.is_empty() || is_listed(include)) && !is_listed(exclude)
    };
    fits(&scope.merchants, &scope.exclude_merchants, Some(&line.merchant_id))
        && fits(&scope.stores, &scope.exclude_stores, line.store_id.as_ref())
        && fits(&scope.categories, &scope.exclude_categories, line.category.as_ref())
        && fits(&scope.skus, &scope.exclude_skus, Some(&line.sku))
        && benefit.merchant_id.as_ref().is_none_or(|merchant| *merchant == line.merchant_id)
}

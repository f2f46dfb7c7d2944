//! Splitting fen: by weight, and over funders and lines at once.

use super::input::Funder;
use crate::money::{Fen, split_by_weight};

/// `total` by the largest remainder method; all zero without weights.
pub(super) fn spread(total: i64, weights: &[i64]) -> Vec<i64> {
    let weights: Vec<Fen> = weights.iter().copied().map(Fen::new).collect();
    split_by_weight(Fen::new(total), &weights).into_iter().map(Fen::get).collect()
}

/// What each funder pays of each line's share: rows add up to the funder's amount, columns to the line's share.
///
/// All funders but the last pay their part rounded down, the last pays the rest.
pub(super) fn fund_lines(shares: &[i64], funders: &[Funder]) -> Vec<Vec<i64>> {
    let discount: i64 = shares.iter().sum();
    let (mut left_of_lines, mut left) = (shares.to_vec(), discount);
    let mut rows = Vec::with_capacity(funders.len());
    for (index, funder) in funders.iter().enumerate() {
        let is_last = index + 1 == funders.len();
        let amount = if is_last { left } else { super::apply::part(discount, funder.bp.get()) };
        let row = spread(amount, &left_of_lines);
        left_of_lines.iter_mut().zip(&row).for_each(|(left, paid)| *left -= paid);
        left -= amount;
        rows.push(row);
    }
    rows
}

//! Money in whole fen, and how a sum is split without losing one.
//!
//! Every operation is checked: an amount that does not fit is `None`, never a wrapped number.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of CNY in fen (1/100 yuan), signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(i64);

impl Fen {
    /// No money.
    pub const ZERO: Fen = Fen(0);

    /// Wraps a number of fen.
    pub const fn new(fen: i64) -> Fen {
        Fen(fen)
    }

    /// The number of fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Sum, or `None` past the range of 64 bits.
    pub const fn checked_add(self, other: Fen) -> Option<Fen> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Fen(sum)),
            None => None,
        }
    }

    /// Difference, or `None` past the range of 64 bits.
    pub const fn checked_sub(self, other: Fen) -> Option<Fen> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Fen(difference)),
            None => None,
        }
    }

    /// The same amount on the other side, or `None` for the one value that has no opposite.
    pub const fn checked_neg(self) -> Option<Fen> {
        match self.0.checked_neg() {
            Some(opposite) => Some(Fen(opposite)),
            None => None,
        }
    }

    /// `self × rate`, rounded down (towards zero for the positive amounts prices are made of); `None` past 64 bits.
    pub fn percent_floor(self, rate: BasisPoints) -> Option<Fen> {
        let product = i128::from(self.0) * i128::from(rate.0);
        i64::try_from(product.div_euclid(10_000)).ok().map(Fen)
    }

    /// True for an amount below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Fen {
    /// Yuan for people: `¥20`, `¥19.90`, `-¥0.05`; whole yuan carry no decimals.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (yuan, rest) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        if rest == 0 { write!(out, "{sign}¥{yuan}") } else { write!(out, "{sign}¥{yuan}.{rest:02}") }
    }
}

/// Adds amounts up, or `None` past the range of 64 bits.
pub fn sum(amounts: impl IntoIterator<Item = Fen>) -> Option<Fen> {
    amounts.into_iter().try_fold(Fen::ZERO, Fen::checked_add)
}

/// A rate in basis points: 10,000 = 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct BasisPoints(u16);

impl BasisPoints {
    /// A rate of 0 to 100 %; `None` above.
    pub const fn new(rate_bp: u16) -> Option<BasisPoints> {
        if rate_bp <= 10_000 { Some(BasisPoints(rate_bp)) } else { None }
    }

    /// The rate in basis points.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for BasisPoints {
    type Error = RateError;
    fn try_from(rate_bp: u16) -> Result<Self, RateError> {
        BasisPoints::new(rate_bp).ok_or(RateError(rate_bp))
    }
}

impl From<BasisPoints> for u16 {
    fn from(rate: BasisPoints) -> u16 {
        rate.0
    }
}

/// A rate above 100 %.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a rate of {0} basis points is above 10000")]
pub struct RateError(u16);

/// Splits `total` by `weights`: largest remainder method, ties to the lower index; the parts always add up to
/// `total`. With no weight at all every part is zero.
///
/// `total` and the weights are expected not to be negative; a negative one counts as zero.
pub fn split_by_weight(total: Fen, weights: &[Fen]) -> Vec<Fen> {
    let total = i128::from(total.0.max(0));
    let weights: Vec<i128> = weights.iter().map(|weight| i128::from(weight.0.max(0))).collect();
    let weight_sum: i128 = weights.iter().sum();
    if weight_sum == 0 {
        return vec![Fen::ZERO; weights.len()];
    }
    let mut parts: Vec<i128> = weights.iter().map(|weight| total * weight / weight_sum).collect();
    let left_over = total - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|&index| (-(total * weights[index] % weight_sum), index));
    for &index in by_remainder.iter().take(usize::try_from(left_over).unwrap_or(0)) {
        parts[index] += 1;
    }
    // A part never exceeds `total`, which came from 64 bits.
    parts.into_iter().map(|part| Fen(i64::try_from(part).unwrap_or(i64::MAX))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn leftover_fen_go_to_the_largest_remainders() {
        let parts = split_by_weight(Fen::new(3000), &[Fen::new(12_000), Fen::new(7_000)]);
        assert_eq!(parts, [Fen::new(1895), Fen::new(1105)]);
    }

    #[test]
    fn ties_go_to_the_lower_index() {
        let parts = split_by_weight(Fen::new(2), &[Fen::new(1), Fen::new(1), Fen::new(1)]);
        assert_eq!(parts, [Fen::new(1), Fen::new(1), Fen::ZERO]);
    }

    #[test]
    fn a_percentage_is_floored() {
        let rate = BasisPoints::new(3333).unwrap();
        assert_eq!(Fen::new(100).percent_floor(rate), Some(Fen::new(33)));
    }

    #[test]
    fn a_rate_above_one_hundred_percent_is_not_a_rate() {
        assert!(serde_json::from_str::<BasisPoints>("10001").is_err());
        assert_eq!(serde_json::from_str::<BasisPoints>("10000").unwrap().get(), 10_000);
    }

    #[test]
    fn whole_yuan_are_shown_without_decimals() {
        assert_eq!(Fen::new(2000).to_string(), "¥20");
        assert_eq!(Fen::new(1990).to_string(), "¥19.90");
        assert_eq!(Fen::new(-5).to_string(), "-¥0.05");
    }

    proptest! {
        #[test]
        fn parts_add_up_and_never_exceed_their_weight_when_they_need_not(
            weights in prop::collection::vec(0i64..1_000_000_000_000, 1..20),
            share in 0u64..=10_000,
        ) {
            let whole: i64 = weights.iter().sum();
            let total = i64::try_from(i128::from(whole) * i128::from(share) / 10_000).unwrap();
            let weights: Vec<Fen> = weights.into_iter().map(Fen::new).collect();
            let parts = split_by_weight(Fen::new(total), &weights);
            prop_assert_eq!(sum(parts.iter().copied()), Some(Fen::new(total)));
            prop_assert!(parts.iter().zip(&weights).all(|(part, weight)| part <= weight));
        }
    }
}

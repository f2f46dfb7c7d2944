//! What is taken off a bill, and who pays for it.
//!
//! One benefit on one bill, as a cashier types it: what the benefit takes off, and how the funders share it.
//! Stacking several benefits over a cart is not here yet. Pure, in whole fen; every division floors.

use crate::money::{BasisPoints, Fen};
use serde::{Deserialize, Serialize};

/// What a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Benefit {
    /// 满减: `off_fen` less once the bill reaches `threshold_fen`.
    AmountOff {
        /// The bill that must be reached.
        threshold_fen: Fen,
        /// What is taken off.
        off_fen: Fen,
    },
    /// 折扣: `off_bp` of the bill less (20 % off = 2000, said 8折), at most `cap_fen`.
    PercentOff {
        /// The part taken off.
        off_bp: BasisPoints,
        /// The most that is taken off; no limit when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap_fen: Option<Fen>,
        /// The bill that must be reached; none when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        threshold_fen: Option<Fen>,
    },
    /// 无门槛: `off_fen` less on any bill.
    NoThreshold {
        /// What is taken off.
        off_fen: Fen,
    },
}

/// Who pays for a discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A government fund.
    Gov,
    /// The platform.
    Platform,
    /// The merchant itself: a memo, no money moves.
    Merchant,
    /// A brand that sells through the merchant.
    Brand,
}

/// One payer's part of a discount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funder {
    /// Who pays.
    pub party: Party,
    /// The part paid; the parts of all funders add up to 10,000.
    pub bp: BasisPoints,
}

/// What one funder pays of one discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunderShare {
    /// Who pays.
    pub party: Party,
    /// How much.
    pub amount_fen: Fen,
}

/// Why a benefit takes nothing off this bill.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoDiscount {
    /// The bill is below the threshold.
    #[error("the bill is {shortfall_fen} below the threshold")]
    ThresholdNotMet {
        /// What is missing.
        shortfall_fen: Fen,
    },
    /// The benefit comes to nothing on this bill, so it must not be used up (`I15`).
    #[error("the coupon takes nothing off this bill")]
    NoEffect,
}

impl Benefit {
    /// What the benefit takes off a bill of `bill`, leaving at least `min_pay` to pay.
    ///
    /// The result is above zero and never above the bill.
    pub fn discount(&self, bill: Fen, min_pay: Fen) -> Result<Fen, NoDiscount> {
        let shortfall = self.threshold().get().saturating_sub(bill.get());
        if shortfall > 0 {
            return Err(NoDiscount::ThresholdNotMet { shortfall_fen: Fen::new(shortfall) });
        }
        let room = Fen::new(bill.get().saturating_sub(min_pay.get().max(0)));
        let discount = self.wanted(bill).min(bill).min(room);
        if discount <= Fen::ZERO { Err(NoDiscount::NoEffect) } else { Ok(discount) }
    }

    /// The bill that must be reached; zero when there is no condition.
    pub fn threshold(&self) -> Fen {
        match self {
            Benefit::AmountOff { threshold_fen, .. } => *threshold_fen,
            Benefit::PercentOff { threshold_fen, .. } => threshold_fen.unwrap_or(Fen::ZERO),
            Benefit::NoThreshold { .. } => Fen::ZERO,
        }
    }

    /// The most the benefit can ever take off; `None` when only the bill limits it.
    pub fn most(&self) -> Option<Fen> {
        match self {
            Benefit::AmountOff { off_fen, .. } | Benefit::NoThreshold { off_fen } => Some(*off_fen),
            Benefit::PercentOff { cap_fen, .. } => *cap_fen,
        }
    }

    fn wanted(&self, bill: Fen) -> Fen {
        match self {
            Benefit::AmountOff { off_fen, .. } | Benefit::NoThreshold { off_fen } => *off_fen,
            Benefit::PercentOff { off_bp, cap_fen, .. } => {
                let part = bill.percent_floor(*off_bp).unwrap_or(bill);
                cap_fen.map_or(part, |cap| part.min(cap))
            }
        }
    }
}

/// Why a list of funders is not accepted.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FundingError {
    /// The parts do not add up to 10,000 basis points, or one is zero.
    #[error("the funders' parts must be above zero and add up to 10000 basis points")]
    PartsDoNotAddUp,
    /// Government stands last beside others, where the rounding would fall on public money (`I09`).
    #[error("government may stand last only when it pays all")]
    GovernmentRounded,
}

/// Accepts funders whose parts add up and whose order never rounds government money up.
pub fn check_funding(funders: &[Funder]) -> Result<(), FundingError> {
    let parts: u32 = funders.iter().map(|funder| u32::from(funder.bp.get())).sum();
    if parts != 10_000 || funders.iter().any(|funder| funder.bp.get() == 0) {
        return Err(FundingError::PartsDoNotAddUp);
    }
    let all_gov = funders.iter().all(|funder| funder.party == Party::Gov);
    let last_is_gov = funders.last().is_some_and(|funder| funder.party == Party::Gov);
    if last_is_gov && !all_gov { Err(FundingError::GovernmentRounded) } else { Ok(()) }
}

/// Splits `discount` over `funders` in the order given: all but the last get their part rounded down, the last gets
/// the rest. The shares add up to `discount`.
pub fn fund(discount: Fen, funders: &[Funder]) -> Vec<FunderShare> {
    let mut left = discount;
    let last = funders.len().saturating_sub(1);
    let mut shares = Vec::with_capacity(funders.len());
    for (index, funder) in funders.iter().enumerate() {
        let part = discount.percent_floor(funder.bp).unwrap_or(Fen::ZERO).min(left);
        let amount = if index == last { left } else { part };
        left = Fen::new(left.get().saturating_sub(amount.get()));
        shares.push(FunderShare { party: funder.party, amount_fen: amount });
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::sum;
    use proptest::prelude::*;

    fn bp(rate: u16) -> BasisPoints {
        BasisPoints::new(rate).unwrap()
    }

    const MAN_JIAN: Benefit =
        Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(4_000) };

    #[test]
    fn one_fen_below_the_threshold_gives_nothing_and_says_what_is_missing() {
        assert_eq!(MAN_JIAN.discount(Fen::new(10_000), Fen::ZERO), Ok(Fen::new(4_000)));
        assert_eq!(
            MAN_JIAN.discount(Fen::new(9_999), Fen::ZERO),
            Err(NoDiscount::ThresholdNotMet { shortfall_fen: Fen::new(1) })
        );
    }

    #[test]
    fn a_percentage_is_floored_and_capped() {
        let half =
            Benefit::PercentOff { off_bp: bp(5_000), cap_fen: Some(Fen::new(5_000)), threshold_fen: None };
        assert_eq!(half.discount(Fen::new(999), Fen::ZERO), Ok(Fen::new(499)));
        assert_eq!(half.discount(Fen::new(19_900), Fen::ZERO), Ok(Fen::new(5_000)));
    }

    #[test]
    fn a_coupon_without_effect_is_not_used_up() {
        let ten_percent = Benefit::PercentOff { off_bp: bp(1_000), cap_fen: None, threshold_fen: None };
        assert_eq!(ten_percent.discount(Fen::new(9), Fen::ZERO), Err(NoDiscount::NoEffect));
        let gift = Benefit::NoThreshold { off_fen: Fen::new(500) };
        assert_eq!(gift.discount(Fen::ZERO, Fen::ZERO), Err(NoDiscount::NoEffect));
    }

    #[test]
    fn something_stays_to_pay_when_the_batch_asks_for_it() {
        let gift = Benefit::NoThreshold { off_fen: Fen::new(2_000) };
        assert_eq!(gift.discount(Fen::new(1_500), Fen::new(1)), Ok(Fen::new(1_499)));
        assert_eq!(gift.discount(Fen::new(1_500), Fen::ZERO), Ok(Fen::new(1_500)));
    }

    #[test]
    fn the_last_funder_takes_the_rest() {
        let funders = [
            Funder { party: Party::Gov, bp: bp(3_333) },
            Funder { party: Party::Platform, bp: bp(3_333) },
            Funder { party: Party::Merchant, bp: bp(3_334) },
        ];
        let shares: Vec<i64> =
            fund(Fen::new(100), &funders).iter().map(|share| share.amount_fen.get()).collect();
        assert_eq!(shares, [33, 33, 34]);
    }

    #[test]
    fn government_never_takes_the_rounding() {
        let gov_last =
            [Funder { party: Party::Merchant, bp: bp(5_000) }, Funder { party: Party::Gov, bp: bp(5_000) }];
        assert_eq!(check_funding(&gov_last), Err(FundingError::GovernmentRounded));
        assert_eq!(check_funding(&[Funder { party: Party::Gov, bp: bp(10_000) }]), Ok(()));
        assert_eq!(check_funding(&[]), Err(FundingError::PartsDoNotAddUp));
    }

    proptest! {
        #[test]
        fn shares_add_up_and_government_pays_at_most_its_part(discount in 1i64..1_000_000_000, gov in 1u16..10_000) {
            let funders =
                [Funder { party: Party::Gov, bp: bp(gov) }, Funder { party: Party::Merchant, bp: bp(10_000 - gov) }];
            let shares = fund(Fen::new(discount), &funders);
            prop_assert_eq!(sum(shares.iter().map(|share| share.amount_fen)), Some(Fen::new(discount)));
            prop_assert!(i128::from(shares[0].amount_fen.get()) * 10_000 <= i128::from(discount) * i128::from(gov));
        }

        #[test]
        fn a_discount_is_above_zero_and_within_the_bill(bill in 0i64..10_000_000, off in 1u16..=10_000, keep in 0i64..100) {
            let benefit = Benefit::PercentOff { off_bp: bp(off), cap_fen: None, threshold_fen: None };
            if let Ok(discount) = benefit.discount(Fen::new(bill), Fen::new(keep)) {
                prop_assert!(discount > Fen::ZERO && discount.get() + keep <= bill);
            }
        }
    }
}

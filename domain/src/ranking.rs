//! The order in which offers are shown, the same on screen, phone and platform.
//!
//! Explainable and whole-numbered: each point has a name, and equal scores fall back to the id, so the same input
//! gives the same list everywhere (`F12`).

use crate::ids::{BatchId, MerchantId};

/// Points for being claimable now: what one can have comes before what one must wait for.
const CLAIMABLE_POINTS: i64 = 10_000;
/// Points for each tag of the person that the targeting names.
const TAG_POINTS: i64 = 1_000;
/// Points for money the city pays, which ends when the fund is spent.
const GOVERNMENT_POINTS: i64 = 500;
/// Points at most for an early end: one less for every hour left.
const ENDING_SOON_POINTS: i64 = 300;
/// Points at most for the worth of the offer: one for every yuan.
const WORTH_POINTS: i64 = 200;
/// Offers of one merchant before another merchant's first (diversity).
pub const PER_MERCHANT_MAX: usize = 2;

/// What the ranking looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// The offer.
    pub batch: BatchId,
    /// Whose shop it is for; `None` for the whole mall.
    pub merchant: Option<MerchantId>,
    /// It can be claimed now.
    pub claimable: bool,
    /// How many of the person's tags the targeting names.
    pub matched_tags: u32,
    /// The city pays a part.
    pub government_funded: bool,
    /// Whole hours until claiming ends.
    pub hours_left: i64,
    /// The most it takes off, in yuan.
    pub worth_yuan: i64,
}

/// The score of an offer; higher is shown earlier.
pub fn score(features: &Features) -> i64 {
    let claimable = if features.claimable { CLAIMABLE_POINTS } else { 0 };
    let government = if features.government_funded { GOVERNMENT_POINTS } else { 0 };
    let tags = i64::from(features.matched_tags) * TAG_POINTS;
    let ending = (ENDING_SOON_POINTS - features.hours_left).clamp(0, ENDING_SOON_POINTS);
    claimable + tags + government + ending + features.worth_yuan.clamp(0, WORTH_POINTS)
}

/// Positions of `offers` in the order to show: by score, then id; a merchant's third and later offers come after
/// everybody's first two.
pub fn order(offers: &[Features]) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..offers.len()).collect();
    positions.sort_by_key(|&position| (-score(&offers[position]), offers[position].batch));
    let mut shown: std::collections::BTreeMap<MerchantId, usize> = std::collections::BTreeMap::new();
    let (mut first, mut later) = (Vec::with_capacity(offers.len()), Vec::new());
    for position in positions {
        let place = match offers[position].merchant {
            None => 0,
            Some(merchant) => {
                let count = shown.entry(merchant).or_insert(0);
                *count += 1;
                *count
            }
        };
        if place <= PER_MERCHANT_MAX { first.push(position) } else { later.push(position) }
    }
    first.append(&mut later);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UtcMillis;

    fn offer(number: u8) -> Features {
        Features {
            batch: BatchId::new(UtcMillis::new(0), &[number; 10]),
            merchant: Some(MerchantId::new(UtcMillis::new(0), &[number; 10])),
            claimable: true,
            matched_tags: 0,
            government_funded: false,
            hours_left: 1_000,
            worth_yuan: 10,
        }
    }

    #[test]
    fn what_is_meant_for_the_person_and_can_be_had_comes_first() {
        let personal = Features { matched_tags: 2, ..offer(3) };
        let closed = Features { claimable: false, matched_tags: 3, ..offer(1) };
        assert_eq!(order(&[closed, offer(2), personal]), [2, 1, 0]);
    }

    #[test]
    fn a_merchant_does_not_fill_the_first_page() {
        let mine = offer(1).merchant;
        let offers: Vec<Features> = (1..=4)
            .map(|number| Features { merchant: mine, worth_yuan: 100, ..offer(number) })
            .chain([offer(9)])
            .collect();
        assert_eq!(order(&offers), [0, 1, 4, 2, 3]);
    }

    #[test]
    fn equal_offers_keep_one_order() {
        assert_eq!(order(&[offer(2), offer(1)]), [1, 0]);
    }
}

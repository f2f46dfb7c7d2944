//! The terms of a coupon batch (券批次): what it gives, to whom, when, how often.
//!
//! Terms never change once a batch is approved: an edit is a new version, and a coupon keeps the version it was
//! issued under (`F03`).

use crate::{
    money::Fen,
    pricing::{Benefit, Funder, FundingError, check_funding},
    quota::{Quota, QuotaError},
    segment::{Predicate, PredicateError},
    time::UtcMillis,
    window::Window,
};
use serde::{Deserialize, Serialize};

/// The terms both sides decide by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchTerms {
    /// What a coupon of the batch gives.
    pub benefit: Benefit,
    /// What must stay to pay after the discount.
    #[serde(default)]
    pub min_pay_fen: Fen,
    /// Who pays for the discount, in rounding order.
    pub funding: Vec<Funder>,
    /// Whom the batch is meant for.
    pub targeting: Predicate,
    /// First instant a coupon may be claimed.
    pub claim_from: UtcMillis,
    /// First instant it may no longer be claimed.
    pub claim_until: UtcMillis,
    /// Hours in which it may be claimed; empty means always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claim_windows: Vec<Window>,
    /// How many coupons may be issued when.
    #[serde(default, skip_serializing_if = "Quota::is_unlimited")]
    pub quota: Quota,
    /// Hours in which it may be used; empty means always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub use_windows: Vec<Window>,
    /// How long a claimed coupon lives.
    pub validity: Validity,
    /// How many one person may claim.
    pub per_person: PersonLimit,
}

/// How long a coupon can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Until a fixed instant.
    Until(UtcMillis),
    /// Until 24:00 of the n-th day, the day of the claim being the first.
    Days(u16),
}

/// How many coupons of a batch one person may claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonLimit {
    /// In the life of the batch.
    pub total: u32,
    /// On one Shanghai day.
    pub day: u32,
}

/// Why terms are not accepted.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TermsError {
    /// The funders are wrong.
    #[error("funding refused")]
    Funding(#[from] FundingError),
    /// The targeting is wrong.
    #[error("targeting refused")]
    Targeting(#[from] PredicateError),
    /// The quotas are wrong.
    #[error("quota refused")]
    Quota(#[from] QuotaError),
    /// The claim period ends before it begins.
    #[error("the claim period is empty")]
    EmptyClaimPeriod,
    /// An amount is zero or negative where something must be given.
    #[error("the benefit gives nothing")]
    EmptyBenefit,
    /// A weekday outside 1..=7.
    #[error("weekdays run from 1 to 7")]
    Weekday,
    /// A coupon claimed at the last moment would have ended already.
    #[error("a coupon would end before the claim period does")]
    EmptyValidity,
    /// A person may claim none.
    #[error("the limit per person is zero")]
    EmptyLimit,
}

impl BatchTerms {
    /// Accepts terms that can be honoured as written.
    pub fn check(&self) -> Result<(), TermsError> {
        check_funding(&self.funding)?;
        self.targeting.check()?;
        self.quota.check()?;
        if self.claim_until <= self.claim_from {
            return Err(TermsError::EmptyClaimPeriod);
        }
        if self.ends_at(self.claim_until.plus_ms(-1)) < self.claim_until {
            return Err(TermsError::EmptyValidity);
        }
        if !self.benefit_gives() {
            return Err(TermsError::EmptyBenefit);
        }
        let quota_windows = self.quota.per_window.iter().map(|quota| &quota.window);
        let windows = self.claim_windows.iter().chain(&self.use_windows).chain(quota_windows);
        if windows.flat_map(|window| &window.weekdays).any(|day| !(1..=7).contains(day)) {
            return Err(TermsError::Weekday);
        }
        if self.per_person.total == 0 || self.per_person.day == 0 {
            return Err(TermsError::EmptyLimit);
        }
        Ok(())
    }

    /// The instant a coupon claimed at `claimed_at` ends.
    pub fn ends_at(&self, claimed_at: UtcMillis) -> UtcMillis {
        match self.validity {
            Validity::Until(end) => end,
            Validity::Days(days) => claimed_at.day().plus_days(i64::from(days)).start(),
        }
    }

    fn benefit_gives(&self) -> bool {
        match self.benefit {
            Benefit::AmountOff { threshold_fen, off_fen } => {
                off_fen > Fen::ZERO && threshold_fen >= Fen::ZERO
            }
            Benefit::NoThreshold { off_fen } => off_fen > Fen::ZERO,
            Benefit::PercentOff { off_bp, cap_fen, threshold_fen } => {
                off_bp.get() > 0
                    && cap_fen.is_none_or(|cap| cap > Fen::ZERO)
                    && threshold_fen.is_none_or(|threshold| threshold >= Fen::ZERO)
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        money::BasisPoints,
        pricing::Party,
        time::{MinuteOfDay, ShanghaiDay},
    };

    pub(crate) fn night_terms() -> BatchTerms {
        let day = ShanghaiDay::new(20_000);
        BatchTerms {
            benefit: Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(3_000) },
            min_pay_fen: Fen::ZERO,
            funding: vec![Funder { party: Party::Gov, bp: BasisPoints::new(10_000).unwrap() }],
            targeting: Predicate::Tag(crate::ids::TagId::new(7)),
            claim_from: day.start(),
            claim_until: day.plus_days(30).start(),
            claim_windows: vec![Window {
                weekdays: vec![],
                from: MinuteOfDay::new(20, 0).unwrap(),
                to: MinuteOfDay::new(2, 0).unwrap(),
            }],
            quota: Quota::default(),
            use_windows: vec![],
            validity: Validity::Days(1),
            per_person: PersonLimit { total: 2, day: 1 },
        }
    }

    #[test]
    fn a_one_day_coupon_ends_at_the_next_shanghai_midnight() {
        let evening = ShanghaiDay::new(20_000).at(MinuteOfDay::new(20, 30).unwrap());
        assert_eq!(night_terms().ends_at(evening), ShanghaiDay::new(20_001).start());
    }

    #[test]
    fn terms_that_cannot_be_honoured_are_refused() {
        assert_eq!(night_terms().check(), Ok(()));
        type Spoil = fn(&mut BatchTerms);
        let broken: [(Spoil, TermsError); 6] = [
            (|terms| terms.claim_until = terms.claim_from, TermsError::EmptyClaimPeriod),
            (|terms| terms.validity = Validity::Days(0), TermsError::EmptyValidity),
            (|terms| terms.validity = Validity::Until(terms.claim_from), TermsError::EmptyValidity),
            (|terms| terms.claim_windows[0].weekdays = vec![8], TermsError::Weekday),
            (|terms| terms.per_person.day = 0, TermsError::EmptyLimit),
            (|terms| terms.benefit = Benefit::NoThreshold { off_fen: Fen::ZERO }, TermsError::EmptyBenefit),
        ];
        for (spoil, reason) in broken {
            let mut terms = night_terms();
            spoil(&mut terms);
            assert_eq!(terms.check(), Err(reason));
        }
    }
}

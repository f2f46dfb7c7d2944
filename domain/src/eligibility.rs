//! May this person see, claim or use this; and the reason when not.
//!
//! Kiosk and platform call the same functions on the same terms, so a screen never promises what the platform refuses
//! for a reason the kiosk could have known.

use crate::{
    batch::BatchTerms,
    ids::TagId,
    money::Fen,
    pricing::{Benefit, NoDiscount},
    time::UtcMillis,
    window::{is_open, next_opening},
};

/// Openings of claim windows and quotas looked at, one after the other, for one at which both are open: a week of days
/// with two windows each.
const OPENINGS_TRIED_MAX: u32 = 16;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person<'a> {
    /// Nobody has shown a code: only what is public.
    Anonymous,
    /// Somebody with these tags.
    Known(&'a [TagId]),
}

/// What is known when a claim is decided.
#[derive(Clone, Copy, Debug)]
pub struct ClaimFacts<'a> {
    /// Who claims.
    pub person: Person<'a>,
    /// The batch is running: approved, not paused, not ended.
    pub active: bool,
    /// Coupons of the batch the person holds or held.
    pub claimed_total: u32,
    /// Of those, claimed on the Shanghai day of the decision.
    pub claimed_today: u32,
    /// What can still be issued here.
    pub stock_left: u32,
}

/// Why somebody may not have or use a coupon. The first that fits is said.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The batch is paused or has ended.
    #[error("the batch is not running")]
    NotActive,
    /// The batch is meant for others, or for nobody anonymous.
    #[error("the batch is meant for others")]
    NotEligible,
    /// Too early or between two windows.
    #[error("the window is closed")]
    OutOfWindow {
        /// When it opens next; `None` when it does not open again.
        opens_at: Option<UtcMillis>,
    },
    /// The person has as many as one person may have.
    #[error("the limit per person is reached")]
    UserLimit,
    /// Nothing is left.
    #[error("nothing is left")]
    Exhausted,
    /// The coupon's own life is over.
    #[error("the coupon has ended")]
    Expired,
    /// The bill is too small.
    #[error("the bill is below the threshold")]
    ThresholdNotMet {
        /// What is missing.
        shortfall_fen: Fen,
    },
    /// The coupon takes nothing off this bill.
    #[error("the coupon takes nothing off this bill")]
    NoEffect,
}

impl Refusal {
    /// The stable problem code, the same on screen and in an answer.
    pub const fn code(self) -> &'static str {
        match self {
            Refusal::NotActive => "BATCH_NOT_ACTIVE",
            Refusal::NotEligible => "NOT_ELIGIBLE",
            Refusal::OutOfWindow { .. } => "OUT_OF_WINDOW",
            Refusal::UserLimit => "USER_LIMIT",
            Refusal::Exhausted => "BATCH_EXHAUSTED",
            Refusal::Expired => "COUPON_EXPIRED",
            Refusal::ThresholdNotMet { .. } => "THRESHOLD_NOT_MET",
            Refusal::NoEffect => "NO_EFFECT",
        }
    }
}

/// True if the batch may be shown to the person at all. Closed windows and empty stock are shown, with their reason.
pub fn may_see(terms: &BatchTerms, person: Person<'_>, now: UtcMillis) -> bool {
    now < terms.claim_until && is_meant_for(terms, person)
}

/// Decides whether the person may claim a coupon now.
pub fn may_claim(terms: &BatchTerms, facts: &ClaimFacts<'_>, now: UtcMillis) -> Result<(), Refusal> {
    if !facts.active {
        return Err(Refusal::NotActive);
    }
    if !is_meant_for(terms, facts.person) {
        return Err(Refusal::NotEligible);
    }
    check_claim_time(terms, now)?;
    if facts.claimed_total >= terms.per_person.total || facts.claimed_today >= terms.per_person.day {
        return Err(Refusal::UserLimit);
    }
    if facts.stock_left == 0 {
        return Err(Refusal::Exhausted);
    }
    Ok(())
}

/// Decides what a coupon that ends at `ends_at` takes off a bill now. Tags are not asked again: they were fixed when
/// the coupon was issued (`I34`).
pub fn may_use(terms: &BatchTerms, ends_at: UtcMillis, bill: Fen, now: UtcMillis) -> Result<Fen, Refusal> {
    if now >= ends_at {
        return Err(Refusal::Expired);
    }
    if !is_open(&terms.use_windows, now) {
        let opens_at = next_opening(&terms.use_windows, now).filter(|opening| *opening < ends_at);
        return Err(Refusal::OutOfWindow { opens_at });
    }
    discount(&terms.benefit, bill, terms.min_pay_fen)
}

fn is_meant_for(terms: &BatchTerms, person: Person<'_>) -> bool {
    match person {
        Person::Anonymous => terms.targeting.is_public(),
        Person::Known(tags) => terms.targeting.holds(tags),
    }
}

fn check_claim_time(terms: &BatchTerms, now: UtcMillis) -> Result<(), Refusal> {
    let in_period = terms.claim_from <= now && now < terms.claim_until;
    let opens_at = next_claim_time(terms, now.max(terms.claim_from));
    if in_period && opens_at == Some(now) {
        return Ok(());
    }
    Err(Refusal::OutOfWindow { opens_at: opens_at.filter(|opening| *opening < terms.claim_until) })
}

/// The first instant from `from` on that lies in a claim window and in a period of the quota.
fn next_claim_time(terms: &BatchTerms, from: UtcMillis) -> Option<UtcMillis> {
    let mut at = from;
    for _ in 0..OPENINGS_TRIED_MAX {
        if let Some(opening) = next_opening(&terms.claim_windows, at) {
            at = opening;
        } else if !is_open(&terms.claim_windows, at) {
            return None;
        } else if terms.quota.period_at(at).is_some() {
            return Some(at);
        } else {
            at = terms.quota.next_period(at)?.from;
        }
    }
    None
}

fn discount(benefit: &Benefit, bill: Fen, min_pay: Fen) -> Result<Fen, Refusal> {
    benefit.discount(bill, min_pay).map_err(|reason| match reason {
        NoDiscount::ThresholdNotMet { shortfall_fen } => Refusal::ThresholdNotMet { shortfall_fen },
        NoDiscount::NoEffect => Refusal::NoEffect,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        batch::tests::night_terms,
        time::{MinuteOfDay, ShanghaiDay},
    };

    const NIGHT_PERSON: &[TagId] = &[TagId::new(7)];

    fn facts() -> ClaimFacts<'static> {
        ClaimFacts {
            person: Person::Known(NIGHT_PERSON),
            active: true,
            claimed_total: 0,
            claimed_today: 0,
            stock_left: 1,
        }
    }

    fn clock(hour: u8, minute: u8) -> UtcMillis {
        ShanghaiDay::new(20_001).at(MinuteOfDay::new(hour, minute).unwrap())
    }

    #[test]
    fn the_night_offer_opens_at_eight_and_says_so_a_minute_before() {
        assert_eq!(may_claim(&night_terms(), &facts(), clock(20, 0)), Ok(()));
        assert_eq!(
            may_claim(&night_terms(), &facts(), clock(19, 59)),
            Err(Refusal::OutOfWindow { opens_at: Some(clock(20, 0)) })
        );
        assert!(may_see(&night_terms(), facts().person, clock(19, 59)));
    }

    #[test]
    fn before_the_period_the_first_window_inside_it_is_named() {
        let terms = night_terms();
        let early = terms.claim_from.plus_ms(-3_600_000);
        let first = ShanghaiDay::new(20_000).at(MinuteOfDay::new(20, 0).unwrap());
        // The night of the day before still runs at the instant the period begins.
        let expected = if is_open(&terms.claim_windows, terms.claim_from) { terms.claim_from } else { first };
        assert_eq!(
            may_claim(&terms, &facts(), early),
            Err(Refusal::OutOfWindow { opens_at: Some(expected) })
        );
    }

    #[test]
    fn after_the_period_nothing_opens_again() {
        let terms = night_terms();
        let late = terms.claim_until;
        assert_eq!(may_claim(&terms, &facts(), late), Err(Refusal::OutOfWindow { opens_at: None }));
        assert!(!may_see(&terms, facts().person, late));
    }

    #[test]
    fn others_neither_see_nor_claim() {
        for person in [Person::Anonymous, Person::Known(&[])] {
            assert!(!may_see(&night_terms(), person, clock(21, 0)));
            let refused = may_claim(&night_terms(), &ClaimFacts { person, ..facts() }, clock(21, 0));
            assert_eq!(refused, Err(Refusal::NotEligible));
        }
    }

    #[test]
    fn limits_and_stock_are_the_last_questions() {
        let claim = |facts: ClaimFacts<'_>| may_claim(&night_terms(), &facts, clock(21, 0));
        assert_eq!(claim(ClaimFacts { claimed_today: 1, ..facts() }), Err(Refusal::UserLimit));
        assert_eq!(claim(ClaimFacts { claimed_total: 2, stock_left: 0, ..facts() }), Err(Refusal::UserLimit));
        assert_eq!(claim(ClaimFacts { stock_left: 0, ..facts() }), Err(Refusal::Exhausted));
        assert_eq!(claim(ClaimFacts { active: false, ..facts() }), Err(Refusal::NotActive));
    }

    #[test]
    fn a_coupon_is_worth_its_discount_until_its_end() {
        let terms = night_terms();
        let end = clock(23, 0);
        assert_eq!(may_use(&terms, end, Fen::new(10_000), clock(22, 59)), Ok(Fen::new(3_000)));
        assert_eq!(may_use(&terms, end, Fen::new(10_000), end), Err(Refusal::Expired));
        let short = Refusal::ThresholdNotMet { shortfall_fen: Fen::new(1) };
        assert_eq!(may_use(&terms, end, Fen::new(9_999), clock(22, 0)), Err(short));
    }
}

//! What becomes of a report, and what a coupon is worth at a till. Pure.

use super::model::{Coupon, CouponError, Preview};
use crate::modules::{
    campaigns::{Batch, BatchContent},
    leases::SlotState,
    merchants::Store,
};
use domain::{
    batch::BatchTerms,
    consumer_code::CLOCK_SKEW_MS,
    coupon::{CouponMove, CouponState},
    eligibility::{Refusal, may_use},
    money::{BasisPoints, Fen, sum},
    pricing::{FunderShare, Party, fund},
    time::UtcMillis,
    voucher::Voucher,
};

/// A million yuan: past it somebody typed a telephone number.
pub const BILL_MAX: Fen = Fen::new(100_000_000);
/// Digits of a code for typing: guessing one of a million live ones takes 10,000 tries, and tries are limited.
pub const PIN_DIGITS: usize = 10;

/// What is known when a report is decided.
#[derive(Clone, Copy, Debug)]
pub struct ReportFacts<'a> {
    /// What the kiosk promised.
    pub voucher: &'a Voucher,
    /// Where the slot stands.
    pub slot: SlotState,
    /// The terms it was promised under.
    pub terms: &'a BatchTerms,
    /// Coupons of the batch the person has, voided ones aside.
    pub held_total: u32,
    /// Of those, claimed on the same Shanghai day.
    pub held_that_day: u32,
    /// When the kiosk may have issued it, by this platform's clock: from the grant, within its period, until E.
    pub issued_within: (UtcMillis, UtcMillis),
    /// The batch was recalled.
    pub recalled: bool,
    /// How far the reporting kiosk's clock is ahead of the platform's.
    pub device_ahead_ms: i64,
    /// The platform's time.
    pub now: UtcMillis,
}

/// Why a claim is no coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCoupon {
    /// The slot is back in stock, or its instant R has passed.
    LeaseReclaimed,
    /// The batch was recalled: nothing of it is worth anything any more.
    Recalled,
    /// The person has as many as one person may have; first come, first honoured, by the platform's order.
    UserLimit,
}

impl NoCoupon {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            NoCoupon::LeaseReclaimed => "LEASE_RECLAIMED",
            NoCoupon::Recalled => "BATCH_RECALLED",
            NoCoupon::UserLimit => "USER_LIMIT",
        }
    }
}

/// Decides about a slot that nobody has spoken for; the answer says whether somebody should look at the coupon.
pub fn decide_report(facts: &ReportFacts<'_>) -> Result<Option<&'static str>, NoCoupon> {
    // Only the platform's clock decides, and it decides the same before and after the reclaim job has been.
    if facts.slot == SlotState::Returned || facts.now >= facts.voucher.redeem_before {
        return Err(NoCoupon::LeaseReclaimed);
    }
    if facts.recalled {
        return Err(NoCoupon::Recalled);
    }
    let limit = facts.terms.per_person;
    if facts.held_total >= limit.total || facts.held_that_day >= limit.day {
        return Err(NoCoupon::UserLimit);
    }
    let claimed_at = facts.voucher.claimed_at;
    let (from, until) = facts.issued_within;
    // A clock that was set right before the report still shows in what it dated: before the grant, or past its end.
    let off_ms = claimed_at.since(facts.now).max(from.since(claimed_at)).max(claimed_at.since(until));
    let skewed = facts.device_ahead_ms.saturating_abs() > CLOCK_SKEW_MS || off_ms > CLOCK_SKEW_MS;
    Ok(skewed.then_some("CLOCK_SKEW"))
}

/// The state a coupon reads as: past its end it is expired, and voided once its batch is recalled, whether or not the job
/// has been.
pub fn shown_state(coupon: &Coupon, recalled: bool, now: UtcMillis) -> CouponState {
    match coupon.state {
        CouponState::Issued if recalled => CouponState::Voided,
        CouponState::Issued if now >= coupon.ends_at => CouponState::Expired,
        state @ (CouponState::Issued
        | CouponState::Locked
        | CouponState::Redeemed
        | CouponState::Expired
        | CouponState::Voided) => state,
    }
}

/// Accepts a coupon that may be redeemed by its state. The caller has asked before whether it is redeemed already.
pub fn check_state(state: CouponState) -> Result<(), CouponError> {
    match state {
        // Held by an order: only the order may use it up.
        CouponState::Locked => Err(CouponError::State(state.name())),
        // Said in the same words before and after the job that writes it down.
        CouponState::Expired => Err(CouponError::Refused(Refusal::Expired)),
        CouponState::Issued | CouponState::Redeemed | CouponState::Voided => {
            state.after(CouponMove::Redeem).map(drop).map_err(|error| CouponError::State(error.from.name()))
        }
    }
}

/// Accepts a store the coupon holds at.
pub fn check_place(batch: &Batch, content: &BatchContent, store: &Store) -> Result<(), CouponError> {
    let holds = if content.stores.is_empty() {
        batch.merchant.map_or(batch.mall == store.mall, |merchant| merchant == store.merchant)
    } else {
        content.stores.contains(&store.id)
    };
    if holds { Ok(()) } else { Err(CouponError::OtherStore) }
}

/// Accepts a bill of at least one fen and at most [`BILL_MAX`].
pub fn check_bill(bill: Fen) -> Result<(), CouponError> {
    if bill > Fen::ZERO && bill <= BILL_MAX { Ok(()) } else { Err(CouponError::Field("bill_fen")) }
}

/// What a coupon that ends at `ends_at` does to a bill now: discount, who pays it, what the platform keeps.
pub fn price(
    content: &BatchContent,
    ends_at: UtcMillis,
    (bill, commission): (Fen, Option<BasisPoints>),
    now: UtcMillis,
) -> Result<Preview, CouponError> {
    check_bill(bill)?;
    let discount = may_use(&content.terms, ends_at, bill, now).map_err(CouponError::Refused)?;
    let shares = fund(discount, &content.terms.funding);
    let funded =
        sum(funded_shares(&shares).map(|share| share.amount_fen)).ok_or(CouponError::Field("bill_fen"))?;
    Ok(Preview {
        title: content.title.clone(),
        ends_at,
        bill_fen: bill,
        discount_fen: discount,
        pay_fen: Fen::new(bill.get().saturating_sub(discount.get())),
        commission_fen: commission.and_then(|rate| funded.percent_floor(rate)).unwrap_or(Fen::ZERO),
        shares,
    })
}

/// The shares that are money: the merchant's own is a memo.
pub fn funded_shares(shares: &[FunderShare]) -> impl Iterator<Item = &FunderShare> {
    shares.iter().filter(|share| share.party != Party::Merchant && share.amount_fen > Fen::ZERO)
}

/// The shares added up, one a party, in the order the parties first appear.
pub fn by_party(shares: &[FunderShare]) -> Vec<FunderShare> {
    let mut merged: Vec<FunderShare> = Vec::new();
    for share in shares {
        if merged.iter().all(|known| known.party != share.party) {
            merged.push(FunderShare { party: share.party, amount_fen: paid_by(shares, share.party) });
        }
    }
    merged
}

/// What one party pays in all.
pub fn paid_by(shares: &[FunderShare], party: Party) -> Fen {
    let parts = shares.iter().filter(|share| share.party == party).map(|share| share.amount_fen);
    // Shares are parts of one discount, so their sum fits where the discount fits.
    sum(parts).unwrap_or(Fen::ZERO)
}

/// What a cashier brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// A redeem code, or something that claims to be one.
    Code,
    /// A kiosk's voucher.
    Voucher,
    /// Ten digits.
    Pin,
}

impl Brought {
    /// The stable text stored.
    pub const fn name(self) -> &'static str {
        match self {
            Brought::Code => "code",
            Brought::Voucher => "voucher",
            Brought::Pin => "pin",
        }
    }
}

/// What a person typed or a scanner sent, without what neither means: line ends, and gaps between digits. A code may
/// begin or end with a space, which base45 has, so spaces stay in everything else.
pub fn tidy(text: &str) -> String {
    let digits: String = text.chars().filter(|char| !char.is_whitespace() && *char != '-').collect();
    if brought(&digits) == Brought::Pin { digits } else { text.trim_matches(['\r', '\n', '\t']).to_owned() }
}

/// Tells by its form what a text is.
pub fn brought(text: &str) -> Brought {
    if text.starts_with(domain::voucher::PREFIX) {
        Brought::Voucher
    } else if text.len() == PIN_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Brought::Pin
    } else {
        Brought::Code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        batch::{PersonLimit, Validity},
        consumer_code::Pseudonym,
        ids::{BatchId, LeaseId},
        pricing::{Benefit, Funder},
        segment::Predicate,
    };
    use proptest::prelude::*;

    const NOW: UtcMillis = UtcMillis::from_seconds(1_795_000_000);

    fn content(benefit: Benefit, parts: &[(Party, u16)]) -> BatchContent {
        let funder = |&(party, bp): &(Party, u16)| Funder { party, bp: BasisPoints::new(bp).unwrap() };
        BatchContent {
            title: "夜宵满100减30".to_owned(),
            why: "为夜归的你".to_owned(),
            terms_text: vec![],
            stores: vec![],
            brand: None,
            picture: None,
            terms: BatchTerms {
                benefit,
                min_pay_fen: Fen::new(1),
                funding: parts.iter().map(funder).collect(),
                targeting: Predicate::Everyone,
                claim_from: NOW,
                claim_until: NOW.plus_ms(86_400_000),
                claim_windows: vec![],
                quota: domain::quota::Quota::default(),
                use_windows: vec![],
                validity: Validity::Days(1),
                per_person: PersonLimit { total: 2, day: 1 },
            },
        }
    }

    fn voucher() -> Voucher {
        Voucher {
            lease: LeaseId::from_bytes([1; 16]),
            slot: 0,
            batch: BatchId::from_bytes([2; 16]),
            pseudonym: Pseudonym::from_bytes([3; 16]),
            claimed_at: NOW,
            redeem_before: NOW.plus_ms(1_000),
        }
    }

    const OFF_30: Benefit = Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(3_000) };

    #[test]
    fn a_report_counts_until_r_and_not_at_r() {
        let content = content(OFF_30, &[(Party::Gov, 10_000)]);
        let voucher = voucher();
        let decide = |slot, now| {
            let facts = ReportFacts {
                voucher: &voucher,
                slot,
                terms: &content.terms,
                held_total: 0,
                held_that_day: 0,
                issued_within: (NOW, NOW.plus_ms(1_000)),
                recalled: false,
                device_ahead_ms: 0,
                now,
            };
            decide_report(&facts)
        };
        assert_eq!(decide(SlotState::Open, voucher.redeem_before.plus_ms(-1)), Ok(None));
        assert_eq!(decide(SlotState::Open, voucher.redeem_before), Err(NoCoupon::LeaseReclaimed));
        assert_eq!(decide(SlotState::Returned, NOW), Err(NoCoupon::LeaseReclaimed));
    }

    #[test]
    fn a_kiosk_with_a_wrong_clock_is_reported_and_never_dropped() {
        let content = content(OFF_30, &[(Party::Gov, 10_000)]);
        let (voucher, slot) = (voucher(), SlotState::Open);
        let facts = ReportFacts {
            voucher: &voucher,
            slot,
            terms: &content.terms,
            held_total: 0,
            held_that_day: 0,
            issued_within: (NOW, NOW.plus_ms(1_000)),
            recalled: false,
            device_ahead_ms: CLOCK_SKEW_MS,
            now: NOW,
        };
        assert_eq!(decide_report(&facts), Ok(None));
        for device_ahead_ms in [CLOCK_SKEW_MS + 1, -CLOCK_SKEW_MS - 1] {
            assert_eq!(decide_report(&ReportFacts { device_ahead_ms, ..facts }), Ok(Some("CLOCK_SKEW")));
        }
        let (before, after) = (NOW.plus_ms(-CLOCK_SKEW_MS - 1), NOW.plus_ms(CLOCK_SKEW_MS + 1));
        for issued_within in [(after, after.plus_ms(1)), (before.plus_ms(-1), before)] {
            assert_eq!(decide_report(&ReportFacts { issued_within, ..facts }), Ok(Some("CLOCK_SKEW")));
        }
        let early = NOW.plus_ms(-CLOCK_SKEW_MS - 1);
        assert_eq!(decide_report(&ReportFacts { now: early, ..facts }), Ok(Some("CLOCK_SKEW")));
        assert_eq!(decide_report(&ReportFacts { held_that_day: 1, ..facts }), Err(NoCoupon::UserLimit));
    }

    #[test]
    fn the_worked_example_of_the_settlement_page() {
        // Bill 100 yuan, 55 off: voucher 40 by the government, 15 by the merchant; 200 bp on the funded part.
        let content = content(
            Benefit::NoThreshold { off_fen: Fen::new(5_500) },
            &[(Party::Gov, 7_272), (Party::Merchant, 2_728)],
        );
        let rate = BasisPoints::new(200);
        let preview = price(&content, NOW.plus_ms(1), (Fen::new(10_000), rate), NOW).unwrap();
        assert_eq!((preview.discount_fen, preview.pay_fen), (Fen::new(5_500), Fen::new(4_500)));
        assert_eq!(paid_by(&preview.shares, Party::Gov), Fen::new(3_999));
        assert_eq!(paid_by(&preview.shares, Party::Merchant), Fen::new(1_501));
        assert_eq!(preview.commission_fen, Fen::new(79));
    }

    #[test]
    fn texts_are_told_apart_by_their_form() {
        assert_eq!(brought("CV1:ABC"), Brought::Voucher);
        assert_eq!(brought("0123456789"), Brought::Pin);
        for text in ["CX1:ABC", "012345678", "01234567890", "https://x", ""] {
            assert_eq!(brought(text), Brought::Code);
        }
    }

    #[test]
    fn digits_lose_their_gaps_and_codes_keep_their_spaces() {
        assert_eq!(tidy(" 4071 925-836\r\n"), "4071925836");
        assert_eq!(tidy("CX1:AB C \r\n"), "CX1:AB C ");
    }

    proptest! {
        #[test]
        fn what_is_taken_off_is_paid_by_somebody_to_the_fen(bill in 1i64..1_000_000, off in 1i64..100_000, gov in 1u16..9_999) {
            let content = content(
                Benefit::NoThreshold { off_fen: Fen::new(off) },
                &[(Party::Gov, gov), (Party::Platform, 10_000 - gov)],
            );
            if let Ok(preview) = price(&content, NOW.plus_ms(1), (Fen::new(bill), BasisPoints::new(200)), NOW) {
                let parts = preview.shares.iter().map(|share| share.amount_fen);
                prop_assert_eq!(sum(parts), Some(preview.discount_fen));
                prop_assert_eq!(preview.pay_fen.get() + preview.discount_fen.get(), bill);
                prop_assert!(preview.commission_fen <= preview.discount_fen);
            }
        }
    }
}

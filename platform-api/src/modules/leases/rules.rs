//! How large a lease is, how long it lives, and what a closed or ended one gives back. Pure.

use super::model::{Lease, SlotState};
use crate::config::LeaseConfig;
use domain::{batch::BatchTerms, consumer_code::CLOCK_SKEW_MS, quota::Period, time::UtcMillis};
use protocol::lease::{LEASE_LEAD_MS, LEASE_SLOTS_MAX};

/// A kiosk that was silent for longer than this must send a heartbeat before it is lent anything.
pub(super) const SILENT_MS_MAX: i64 = 72 * 3_600_000;

/// How much further ahead than the lead stock may be asked for: two clocks never agree to the second.
const LEAD_SLACK_MS: i64 = CLOCK_SKEW_MS;

/// The instant whose period a kiosk is lent stock for: now, or the one it names, not further ahead than the lead.
pub(super) fn wanted_at(at: Option<UtcMillis>, now: UtcMillis) -> Option<UtcMillis> {
    let at = at.map_or(now, |at| at.max(now));
    (at.since(now) <= LEASE_LEAD_MS + LEAD_SLACK_MS).then_some(at)
}

/// When a lease begins and ends: [valid_from, E), never outside its period, and R.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) valid_from: UtcMillis,
    pub(super) expires_at: UtcMillis,
    pub(super) reclaim_at: UtcMillis,
}

/// The life of a lease for `period` that is to be issued from at `at`; nothing is issued past the claim period.
pub(super) fn life(config: &LeaseConfig, terms: &BatchTerms, period: &Period, at: UtcMillis) -> Life {
    let longest = at.plus_ms(i64::from(config.issue_s) * 1_000);
    let expires_at = longest.min(period.until).min(terms.claim_until);
    Life {
        // From the first instant of the period, not of the grant: a kiosk whose clock is a little behind issues too.
        valid_from: period.from.max(UtcMillis::new(0)),
        expires_at,
        reclaim_at: expires_at.plus_ms(i64::from(config.voucher_s) * 1_000),
    }
}

/// What a grant is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Slots the kiosk asks for.
    pub(super) want: u32,
    /// Slots the batch lets a kiosk hold.
    pub(super) batch_slots: u32,
    /// Slots the kiosk holds already.
    pub(super) held: u32,
    /// Slots nobody has.
    pub(super) left: u32,
    /// Kiosks of the mall that could ask too, this one among them.
    pub(super) kiosks: u32,
}

/// How many slots a kiosk is lent: what it wants, within what batch and protocol allow, and when stock runs low no more
/// than its part. What it holds and what is left, shared among the kiosks of the mall, is the part of one; somebody
/// who has that much gets one slot at a time, and never nothing while something is left.
pub(super) fn size(wish: &Wish) -> u32 {
    let part = (wish.left.saturating_add(wish.held)).div_ceil(wish.kiosks.max(1));
    let fair = part.saturating_sub(wish.held).max(1);
    wish.want.min(wish.batch_slots).min(LEASE_SLOTS_MAX).min(fair).min(wish.left)
}

/// True if a kiosk last heard of at `heard_at` has been silent for too long.
pub(super) fn is_silent(heard_at: UtcMillis, now: UtcMillis) -> bool {
    now.since(heard_at) > SILENT_MS_MAX
}

/// Where `slot` stands, given the row it has in the table (`Some(redeemed)`).
pub(super) fn slot_state(lease: &Lease, slot: u32, row: Option<bool>) -> SlotState {
    let closed = lease.closed_from.is_some_and(|from| slot >= from);
    match row {
        Some(true) => SlotState::Redeemed,
        Some(false) => SlotState::Reported,
        None if lease.reclaimed || closed => SlotState::Returned,
        None => SlotState::Open,
    }
}

/// How many slots go back to stock when a lease ends: all that the kiosk may have issued and nobody spoke for.
///
/// Slots given back at a close are no longer part of it; `spoken_for` counts the slots with a row.
pub(super) fn returned_at_reclaim(lease: &Lease, spoken_for: u32) -> u32 {
    lease.closed_from.unwrap_or(lease.slots).saturating_sub(spoken_for)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        batch::{PersonLimit, Validity},
        ids::{BatchId, DeviceId, LeaseId},
        money::Fen,
        pricing::Benefit,
        quota::{Quota, Share},
        segment::Predicate,
    };
    use proptest::prelude::*;

    fn lease(closed_from: Option<u32>, reclaimed: bool) -> Lease {
        Lease {
            id: LeaseId::from_bytes([1; 16]),
            device: DeviceId::from_bytes([2; 16]),
            epoch: 1,
            batch: BatchId::from_bytes([3; 16]),
            version: 1,
            slots: 10,
            device_key: [0; 32],
            granted_at: UtcMillis::new(0),
            valid_from: UtcMillis::new(0),
            expires_at: UtcMillis::new(0),
            reclaim_at: UtcMillis::new(0),
            counted: crate::modules::campaigns::Counted::default(),
            closed_from,
            reclaimed,
        }
    }

    #[test]
    fn a_lease_never_exceeds_batch_or_protocol() {
        let plenty = Wish { want: 5, batch_slots: 20, held: 0, left: 100_000, kiosks: 50 };
        assert_eq!(size(&plenty), 5);
        assert_eq!(size(&Wish { want: 500, ..plenty }), 20);
        assert_eq!(size(&Wish { want: 500, batch_slots: 500, ..plenty }), LEASE_SLOTS_MAX);
    }

    #[test]
    fn the_last_of_the_stock_is_shared_among_the_kiosks_of_the_mall() {
        let wish = Wish { want: 50, batch_slots: 50, held: 0, left: 50, kiosks: 10 };
        assert_eq!(size(&wish), 5);
        assert_eq!(size(&Wish { held: 5, left: 45, ..wish }), 1, "it has its part");
        assert_eq!(size(&Wish { left: 3, ..wish }), 1);
        assert_eq!(size(&Wish { left: 0, ..wish }), 0);
        assert_eq!(size(&Wish { kiosks: 1, ..wish }), 50, "nobody else could use it");
    }

    proptest! {
        #[test]
        fn while_something_is_left_everybody_gets_something_and_nobody_more_than_there_is(
            want in 1..60_u32, held in 0..200_u32, left in 0..500_u32, kiosks in 0..60_u32,
        ) {
            let slots = size(&Wish { want, batch_slots: 50, held, left, kiosks });
            prop_assert!(slots <= left && slots <= want);
            prop_assert_eq!(slots == 0, left == 0);
        }
    }

    fn terms() -> BatchTerms {
        BatchTerms {
            benefit: Benefit::NoThreshold { off_fen: Fen::new(1) },
            min_pay_fen: Fen::ZERO,
            funding: vec![],
            targeting: Predicate::Everyone,
            claim_from: UtcMillis::new(0),
            claim_until: UtcMillis::new(0),
            claim_windows: vec![],
            quota: Quota::default(),
            use_windows: vec![],
            validity: Validity::Days(1),
            per_person: PersonLimit { total: 1, day: 1 },
        }
    }

    #[test]
    fn a_lease_ends_with_its_period_and_with_the_claim_period() {
        let config = LeaseConfig::default();
        let mut terms = terms();
        let share = Share { from: UtcMillis::new(0), coupons: 1 };
        let until = UtcMillis::new(3_600_000);
        let period = Period { from: UtcMillis::new(0), until, day: Some(share), window: None };
        terms.claim_until = UtcMillis::new(7_200_000);
        assert_eq!(life(&config, &terms, &period, UtcMillis::new(1_000)).expires_at, until);
        terms.claim_until = UtcMillis::new(1_800_000);
        let ends = life(&config, &terms, &period, UtcMillis::new(1_000));
        assert_eq!((ends.valid_from, ends.expires_at), (period.from, terms.claim_until));
        assert_eq!(ends.reclaim_at.since(ends.expires_at), 24 * 3_600_000);
    }

    #[test]
    fn stock_is_asked_for_an_hour_ahead_and_not_much_more() {
        let now = UtcMillis::new(10_000_000);
        assert_eq!(wanted_at(None, now), Some(now));
        assert_eq!(wanted_at(Some(now.plus_ms(-1)), now), Some(now));
        let ahead = now.plus_ms(LEASE_LEAD_MS);
        assert_eq!(wanted_at(Some(ahead), now), Some(ahead));
        assert_eq!(wanted_at(Some(ahead.plus_ms(LEAD_SLACK_MS + 1)), now), None);
    }

    #[test]
    fn a_slot_given_back_or_reclaimed_is_dead_unless_it_was_spoken_for() {
        assert_eq!(slot_state(&lease(Some(3), false), 3, None), SlotState::Returned);
        assert_eq!(slot_state(&lease(Some(3), false), 2, None), SlotState::Open);
        assert_eq!(slot_state(&lease(None, true), 2, None), SlotState::Returned);
        assert_eq!(slot_state(&lease(None, true), 2, Some(false)), SlotState::Reported);
        assert_eq!(slot_state(&lease(Some(3), true), 2, Some(true)), SlotState::Redeemed);
    }

    #[test]
    fn what_was_given_back_at_the_close_does_not_come_back_twice() {
        assert_eq!(returned_at_reclaim(&lease(None, false), 4), 6);
        assert_eq!(returned_at_reclaim(&lease(Some(5), false), 4), 1);
        assert_eq!(returned_at_reclaim(&lease(Some(4), false), 4), 0);
    }

    #[test]
    fn seventy_two_hours_of_silence_are_still_trusted() {
        let heard_at = UtcMillis::new(0);
        assert!(!is_silent(heard_at, heard_at.plus_ms(SILENT_MS_MAX)));
        assert!(is_silent(heard_at, heard_at.plus_ms(SILENT_MS_MAX + 1)));
    }
}

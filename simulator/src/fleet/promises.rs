//! The reference: what people saw on screens, kept outside the system under test.
//!
//! A promise is a voucher somebody was shown. It must be honoured before its printed instant R; once the platform has
//! confirmed it, until the coupon's own end; never twice; and never past the limit of one person.

use domain::{
    ids::{EventId, LeaseId},
    time::{ShanghaiDay, UtcMillis},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the platform has said of a promise so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Nothing.
    None,
    /// It is a coupon.
    Confirmed,
    /// It is none, for a reason that was examined.
    Refused,
}

/// A voucher somebody was shown.
#[derive(Clone, Debug)]
pub struct Promise {
    /// Who was shown it.
    pub shopper: usize,
    /// The batch, by its place in the town.
    pub batch: usize,
    /// The kiosk that showed it.
    pub kiosk: usize,
    /// The lease.
    pub lease: LeaseId,
    /// The slot.
    pub slot: u32,
    /// The claim.
    pub event: EventId,
    /// The voucher's text, as the phone photographed it.
    pub text: String,
    /// When it was claimed, by the kiosk.
    pub claimed_at: UtcMillis,
    /// The printed end.
    pub redeem_before: UtcMillis,
    /// The end of the coupon it becomes.
    pub ends_at: UtcMillis,
    /// When it was honoured.
    pub honoured_ms: Option<i64>,
    /// The platform's word.
    pub word: Word,
}

/// Why something is wrong with what people saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// A promise was not kept.
    Lost,
    /// One slot was promised or honoured twice.
    Doubled,
    /// More was promised or honoured than there is, or than one person may have.
    OverIssued,
    /// Something does not come to its end.
    Stuck,
    /// The platform or a kiosk broke: an answer 500, a damaged disk, books that do not add up.
    Broken,
}

impl Harm {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Harm::Lost => "lost",
            Harm::Doubled => "doubled",
            Harm::OverIssued => "over_issued",
            Harm::Stuck => "stuck",
            Harm::Broken => "broken",
        }
    }
}

/// Every promise, and what became of it.
#[derive(Default)]
pub struct Promises {
    all: Vec<Promise>,
    by_event: BTreeMap<EventId, usize>,
    by_slot: BTreeMap<(LeaseId, u32), Vec<usize>>,
    broken: BTreeSet<usize>,
    honoured: BTreeMap<(usize, usize), u32>,
    honoured_days: BTreeMap<(usize, usize, ShanghaiDay), u32>,
}

impl Promises {
    /// Notes what somebody was shown; gives its place, and the promise that was made of the same slot before.
    pub fn shown(&mut self, promise: Promise) -> (usize, Option<usize>) {
        let place = self.all.len();
        self.by_event.insert(promise.event, place);
        let same = self.by_slot.entry((promise.lease, promise.slot)).or_default();
        let before = same.first().copied();
        same.push(place);
        self.all.push(promise);
        (place, before)
    }

    /// One promise.
    pub fn get(&self, place: usize) -> Option<&Promise> {
        self.all.get(place)
    }

    /// The promise of a claim, if it was shown.
    pub fn of_event(&self, event: EventId) -> Option<usize> {
        self.by_event.get(&event).copied()
    }

    /// Every promise, oldest first.
    pub fn all(&self) -> &[Promise] {
        &self.all
    }

    /// Notes that a promise was not kept; false if that was known.
    pub fn broken(&mut self, place: usize) -> bool {
        self.broken.insert(place)
    }

    /// Notes the platform's word.
    pub fn set_word(&mut self, place: usize, word: Word) {
        if let Some(promise) = self.all.get_mut(place)
            && promise.word != Word::Confirmed
        {
            promise.word = word;
        }
    }

    /// A till honoured the promise; gives the harm in that, if any.
    pub fn honoured(&mut self, place: usize, now_ms: i64, (total_max, day_max): (u32, u32)) -> Option<Harm> {
        let promise = self.all.get_mut(place)?;
        let again = promise.honoured_ms.replace(now_ms).is_some();
        promise.word = Word::Confirmed;
        let key = (promise.lease, promise.slot);
        let count = self.honoured.entry((promise.shopper, promise.batch)).or_default();
        *count += 1;
        let day = (promise.shopper, promise.batch, promise.claimed_at.day());
        let that_day = self.honoured_days.entry(day).or_default();
        *that_day += 1;
        let over = *count > total_max || *that_day > day_max;
        let twins = self.by_slot.get(&key).into_iter().flatten();
        let doubled =
            twins.filter(|twin| self.all.get(**twin).is_some_and(|twin| twin.honoured_ms.is_some())).count()
                > 1;
        match (again || doubled, over) {
            (true, _) => Some(Harm::Doubled),
            (false, true) => Some(Harm::OverIssued),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promise(event: u8, slot: u32) -> Promise {
        Promise {
            shopper: 1,
            batch: 0,
            kiosk: 0,
            lease: LeaseId::from_bytes([1; 16]),
            slot,
            event: EventId::from_bytes([event; 16]),
            text: String::new(),
            claimed_at: UtcMillis::new(0),
            redeem_before: UtcMillis::new(1),
            ends_at: UtcMillis::new(2),
            honoured_ms: None,
            word: Word::None,
        }
    }

    #[test]
    fn a_slot_shown_twice_is_seen_at_once() {
        let mut promises = Promises::default();
        assert_eq!(promises.shown(promise(1, 0)), (0, None));
        assert_eq!(promises.shown(promise(2, 1)), (1, None));
        assert_eq!(promises.shown(promise(3, 0)), (2, Some(0)));
    }

    #[test]
    fn honouring_twice_or_past_the_limit_is_a_harm() {
        let mut promises = Promises::default();
        for (event, slot) in [(1, 0), (2, 1), (3, 2), (4, 0)] {
            promises.shown(promise(event, slot));
        }
        assert_eq!(promises.honoured(0, 5, (9, 9)), None);
        assert_eq!(promises.honoured(0, 6, (9, 9)), Some(Harm::Doubled), "the same one");
        assert_eq!(promises.honoured(3, 6, (9, 9)), Some(Harm::Doubled), "its twin");
        assert_eq!(
            promises.honoured(1, 7, (3, 9)),
            Some(Harm::OverIssued),
            "the fourth where three are allowed"
        );
    }
}

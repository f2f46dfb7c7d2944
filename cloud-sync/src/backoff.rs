//! How long to wait after a failure: longer each time, never in step with other kiosks, never against `Retry-After`.

/// The longest `Retry-After` obeyed: a strange gateway must not silence a kiosk for a day.
pub const RETRY_AFTER_MS_MAX: i64 = 900_000;
/// Everybody was told the same instant: each comes within this time after it.
const APART_MS: i64 = 1_000;

/// Chance from a seed (SplitMix64): the same seed gives the same waits, and two kiosks have two seeds. Not for keys.
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Begins with a seed.
    pub const fn new(seed: u64) -> Jitter {
        Jitter(seed)
    }

    /// A number below `bound`; 0 for a bound of 0 or less.
    pub fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // A non-negative number modulo a positive bound.
        i64::try_from(mixed >> 1).unwrap_or(0).checked_rem(bound.max(1)).unwrap_or(0)
    }

    /// `millis` give or take a fifth, so that kiosks that started together do not ask together.
    pub fn spread(&mut self, millis: i64) -> i64 {
        millis - millis / 5 + self.below(millis / 5 * 2 + 1)
    }
}

/// How waits grow: doubling from the first to the longest, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// The first, at most.
    pub first_ms: i64,
    /// The longest, at most.
    pub longest_ms: i64,
}

impl Waits {
    /// So many times as long.
    pub const fn times(self, factor: i64) -> Waits {
        Waits { first_ms: self.first_ms * factor, longest_ms: self.longest_ms * factor }
    }
}

/// What stands in the way of the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setback {
    /// How long such a thing is waited for.
    pub waits: Waits,
    /// What `Retry-After` says: not sooner than that.
    pub retry_after_ms: Option<i64>,
}

impl Setback {
    /// Something of the kiosk's own, such as its disk.
    pub const OWN: Setback =
        Setback { waits: Waits { first_ms: 1_000, longest_ms: 30_000 }, retry_after_ms: None };
}

/// Counts failures in a row and says how long to wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Milliseconds to wait after one more failure: the upper half of it by chance; at least what `Retry-After` says.
    pub fn next_ms(&mut self, setback: Setback, jitter: &mut Jitter) -> i64 {
        let Waits { first_ms, longest_ms } = setback.waits;
        let full = first_ms.saturating_mul(1 << self.failures.min(16)).min(longest_ms);
        self.failures = self.failures.saturating_add(1);
        let own = full / 2 + jitter.below(full / 2 + 1);
        match setback.retry_after_ms {
            None => own,
            Some(told_ms) => obeyed_ms(told_ms, jitter).max(own),
        }
    }

    /// It worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// True after at least one failure in a row.
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }
}

/// How long `Retry-After` holds a kiosk up: as it says, up to a bound, and a little later each.
pub fn obeyed_ms(told_ms: i64, jitter: &mut Jitter) -> i64 {
    told_ms.clamp(0, RETRY_AFTER_MS_MAX) + jitter.below(APART_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_grow_to_half_a_minute_and_no_further(seed: u64) {
            let (mut backoff, mut jitter) = (Backoff::default(), Jitter::new(seed));
            let waits: Vec<i64> = (0..100).map(|_| backoff.next_ms(Setback::OWN, &mut jitter)).collect();
            prop_assert!((500..=1_000).contains(&waits[0]));
            prop_assert!(waits[6..].iter().all(|wait| (15_000..=30_000).contains(wait)));
            backoff.reset();
            prop_assert!(backoff.next_ms(Setback::OWN, &mut jitter) <= 1_000);
        }

        #[test]
        fn retry_after_is_obeyed_up_to_a_quarter_of_an_hour(seed: u64, told in 0..10_000_000_i64) {
            let setback = Setback { retry_after_ms: Some(told), ..Setback::OWN };
            let wait = Backoff::default().next_ms(setback, &mut Jitter::new(seed));
            prop_assert!(wait >= told.min(900_000));
            prop_assert!(wait <= 901_000);
        }

        #[test]
        fn a_spread_stays_within_a_fifth(seed: u64, millis in 0..10_000_000_i64) {
            let spread = Jitter::new(seed).spread(millis);
            prop_assert!((spread - millis).abs() <= millis / 5 + 1);
        }
    }

    #[test]
    fn two_kiosks_do_not_ask_in_step() {
        let waits = |seed| {
            let mut jitter = Jitter::new(seed);
            (0..8).map(|_| jitter.spread(60_000)).collect::<Vec<_>>()
        };
        assert_ne!(waits(1), waits(2));
        assert_eq!(waits(1), waits(1));
    }
}

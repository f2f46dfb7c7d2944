//! Chance from the seed: every draw of a world comes from here, so that a seed is a whole history.

use cloud_sync::ports::Chance;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A stream of draws. Integers only: no two machines round differently.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream `stream` of `seed`; different streams know nothing of each other.
    pub fn new(seed: u64, stream: u64) -> Dice {
        let mut source = ChaCha8Rng::seed_from_u64(seed);
        source.set_stream(stream);
        Dice(source)
    }

    /// A number below `bound`; 0 for a bound of 0 or less.
    pub fn below(&mut self, bound: i64) -> i64 {
        // 63 bits against bounds of days in milliseconds: the part that is not even is below one in a billion.
        i64::try_from(self.0.next_u64() >> 1).unwrap_or(0).checked_rem(bound.max(1)).unwrap_or(0)
    }

    /// A number from `from` up to but not including `to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to - from)
    }

    /// A place in a list of `len`; 0 for an empty one.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(i64::try_from(len).unwrap_or(i64::MAX))).unwrap_or(0)
    }

    /// True in `parts` of 100,000 cases.
    pub fn chance(&mut self, parts: i64) -> bool {
        self.below(100_000) < parts
    }

    /// One of the entries, by weight.
    pub fn weighted<T: Copy>(&mut self, entries: &[(i64, T)]) -> Option<T> {
        let mut left = self.below(entries.iter().map(|(weight, _)| weight).sum());
        for (weight, entry) in entries {
            if left < *weight {
                return Some(*entry);
            }
            left -= weight;
        }
        None
    }

    /// 16 bytes, for ids.
    pub fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// 32 bytes, for keys.
    pub fn key(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

impl Chance for Dice {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_stream_are_one_history() {
        let draw = |seed, stream| Dice::new(seed, stream).key();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }
}

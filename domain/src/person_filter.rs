//! A set of people small enough to travel to every kiosk: a salted Bloom filter over the pseudonyms of one day.
//!
//! Whoever is in the set is always found. Somebody else is found by mistake at the rate the [`Use`] names, the same for
//! small sets and large ones. The set cannot be listed, and a new salt each day makes two days incomparable; a mistake
//! of today is therefore not one of tomorrow. The bits are a wire format: they mean the same on every build.

use crate::consumer_code::Pseudonym;
use sha2::{Digest, Sha256};

/// Bytes of bits at most, so that a filter fits one row of the feed.
pub const FILTER_BYTES_MAX: usize = 1 << 20;
/// Bytes of bits at least: in fewer, chance would weigh too much.
const FILTER_BYTES_MIN: usize = 512;
/// Places looked at for one person, at most; a filter that wants more is none of ours.
const HASHES_MAX: u8 = 32;
/// Places one SHA-256 gives.
const PLACES_A_HASH: usize = 8;

/// What a filter is for, and so how often it may be wrong about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A mistake turns away an honest person: below one in a million (0.22 by 32 bits a person and 20 places).
    Deny,
    /// A mistake hides an offer from somebody: about three in a thousand (12 bits a person and 8 places).
    HoldOut,
}

impl Use {
    const fn bits_a_person(self) -> usize {
        match self {
            Use::Deny => 32,
            Use::HoldOut => 12,
        }
    }

    const fn hashes(self) -> u8 {
        match self {
            Use::Deny => 20,
            Use::HoldOut => 8,
        }
    }

    /// How many people a filter can hold at that rate.
    pub const fn people_max(self) -> usize {
        FILTER_BYTES_MAX * 8 / self.bits_a_person()
    }
}

/// A set of people, by their pseudonyms of one day, or of anything else that is named by 16 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonFilter {
    salt: [u8; 16],
    hashes: u8,
    bits: Vec<u8>,
}

/// Why there is no filter.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FilterError {
    /// More people than can be told apart well enough.
    #[error("too many people for one filter")]
    TooMany,
    /// Received parts that are no filter.
    #[error("these parts are no filter")]
    Malformed,
}

impl PersonFilter {
    /// The set of `people`. `salt` is fresh chance.
    ///
    /// # Errors
    /// [`FilterError::TooMany`] past [`Use::people_max`].
    pub fn of(people: &[Pseudonym], salt: [u8; 16], purpose: Use) -> Result<PersonFilter, FilterError> {
        if people.len() > purpose.people_max() {
            return Err(FilterError::TooMany);
        }
        let bytes = if people.is_empty() {
            0
        } else {
            (people.len() * purpose.bits_a_person()).div_ceil(8).max(FILTER_BYTES_MIN)
        };
        let mut filter = PersonFilter { salt, hashes: purpose.hashes(), bits: vec![0; bytes] };
        for person in people {
            for place in filter.places(*person).collect::<Vec<_>>() {
                if let Some(byte) = filter.bits.get_mut(place / 8) {
                    *byte |= 1 << (place % 8);
                }
            }
        }
        Ok(filter)
    }

    /// The set that holds nobody.
    #[must_use]
    pub const fn nobody() -> PersonFilter {
        PersonFilter { salt: [0; 16], hashes: Use::Deny.hashes(), bits: Vec::new() }
    }

    /// A filter from the parts it travels in.
    ///
    /// # Errors
    /// [`FilterError::Malformed`] for more bits or hashes than any of ours has.
    pub fn from_parts(salt: [u8; 16], hashes: u8, bits: Vec<u8>) -> Result<PersonFilter, FilterError> {
        if bits.len() > FILTER_BYTES_MAX || !(1..=HASHES_MAX).contains(&hashes) {
            return Err(FilterError::Malformed);
        }
        Ok(PersonFilter { salt, hashes, bits })
    }

    /// Its salt.
    pub const fn salt(&self) -> [u8; 16] {
        self.salt
    }

    /// How many places are looked at for one person.
    pub const fn hashes(&self) -> u8 {
        self.hashes
    }

    /// Its bits; none for nobody.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// True for everybody in the set, and by mistake for a few others.
    pub fn contains(&self, person: Pseudonym) -> bool {
        !self.bits.is_empty() && self.places(person).all(|place| self.is_set(place))
    }

    fn is_set(&self, place: usize) -> bool {
        self.bits.get(place / 8).is_some_and(|byte| byte & (1 << (place % 8)) != 0)
    }

    /// The bits of a person: eight from each SHA-256 over salt, number of the hash, and pseudonym.
    fn places(&self, person: Pseudonym) -> impl Iterator<Item = usize> + use<> {
        let (salt, count, size) = (self.salt, usize::from(self.hashes), self.bits.len() * 8);
        (0..count.div_ceil(PLACES_A_HASH))
            .flat_map(move |number| {
                let mut hash = Sha256::new_with_prefix(salt);
                hash.update([u8::try_from(number).unwrap_or(u8::MAX)]);
                hash.update(person.to_bytes());
                let digest: [u8; 32] = hash.finalize().into();
                let words = digest.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word));
                words.map(|word| usize::try_from(word).unwrap_or(0) % size.max(1)).collect::<Vec<_>>()
            })
            .take(count)
    }
}

impl std::fmt::Debug for PersonFilter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "PersonFilter({} bytes)", self.bits.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u32) -> Pseudonym {
        let digest: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Pseudonym::from_bytes(bytes)
    }

    fn filter(count: u32, purpose: Use) -> PersonFilter {
        let people: Vec<_> = (0..count).map(person).collect();
        PersonFilter::of(&people, [7; 16], purpose).unwrap()
    }

    fn mistakes(filter: &PersonFilter, tries: u32) -> usize {
        (0..tries).filter(|number| filter.contains(person(1_000_000 + number))).count()
    }

    #[test]
    fn whoever_is_in_the_set_is_found_and_an_empty_set_finds_nobody() {
        for purpose in [Use::Deny, Use::HoldOut] {
            for count in [1, 3, 1_000] {
                let filter = filter(count, purpose);
                assert!((0..count).all(|number| filter.contains(person(number))));
            }
            let nobody = filter(0, purpose);
            assert_eq!((nobody.bits().len(), mistakes(&nobody, 1_000)), (0, 0));
        }
    }

    #[test]
    fn mistakes_are_as_rare_as_the_use_says_in_small_sets_and_large() {
        for count in [1, 200, 2_000] {
            // At 0.22 in a million, three in a hundred thousand would be a wonder.
            assert!(mistakes(&filter(count, Use::Deny), 100_000) <= 1);
        }
        let hidden = mistakes(&filter(2_000, Use::HoldOut), 50_000);
        assert!((80..=250).contains(&hidden), "{hidden} of 50,000");
    }

    #[test]
    fn another_salt_makes_other_mistakes() {
        let people: Vec<_> = (0..2_000).map(person).collect();
        let [one, two] =
            [[1; 16], [2; 16]].map(|salt| PersonFilter::of(&people, salt, Use::HoldOut).unwrap());
        let both = |number: &u32| {
            let person = person(1_000_000 + number);
            one.contains(person) && two.contains(person)
        };
        assert!((0..20_000).filter(both).count() <= 5);
    }

    #[test]
    fn the_bits_mean_the_same_on_every_build() {
        let filter = PersonFilter::of(&[Pseudonym::from_bytes([5; 16])], [7; 16], Use::HoldOut).unwrap();
        let set: Vec<usize> = (0..filter.bits().len() * 8).filter(|place| filter.is_set(*place)).collect();
        assert_eq!(set, SET, "kiosks in malls would no longer find anybody");
        let read = PersonFilter::from_parts(filter.salt(), filter.hashes(), filter.bits().to_vec()).unwrap();
        assert!(read == filter && read.contains(Pseudonym::from_bytes([5; 16])));
    }

    const SET: [usize; 8] = [661, 1197, 1551, 1719, 2465, 2512, 3297, 3763];

    #[test]
    fn parts_that_are_no_filter_are_refused() {
        let long = vec![0; FILTER_BYTES_MAX + 1];
        for (hashes, bits) in [(0, vec![1]), (33, vec![1]), (8, long)] {
            assert_eq!(PersonFilter::from_parts([0; 16], hashes, bits), Err(FilterError::Malformed));
        }
    }
}

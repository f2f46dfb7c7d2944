//! The ring of keys that consumer codes of a city are signed with.
//!
//! The ring travels in the signed feed and holds the previous, the current and the next key; its version only grows,
//! so a ring older than the one held is never taken.

use crate::{ids::CityCode, sealed::KeyId, time::UtcMillis};
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

/// Most keys a ring may hold; three are in use, the rest is room for an emergency rotation.
pub const RING_KEYS_MAX: usize = 8;

/// One public key and the time it may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingKey {
    /// Year, ISO week and index in decimal digits: `20 26 47 01` is the first key of week 47 of 2026.
    pub key_id: KeyId,
    /// The 32 bytes of the Ed25519 public key.
    pub public_key: [u8; 32],
    /// First instant a code may be issued with it.
    pub not_before: UtcMillis,
    /// First instant no code of it is accepted any more.
    pub not_after: UtcMillis,
}

/// The keys of one city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    /// Grows with every change.
    pub version: u64,
    /// The city whose codes these keys sign.
    pub city: CityCode,
    /// The keys, at most [`RING_KEYS_MAX`].
    pub keys: Vec<RingKey>,
}

impl KeyRing {
    /// The key with this id, if it is in the ring, its time has begun and not ended, and it is a point on the curve. The
    /// clock that says `now` may be wrong by `skew_ms` either way.
    pub fn key(&self, key_id: KeyId, now: UtcMillis, skew_ms: i64) -> Option<VerifyingKey> {
        let key = self.keys.iter().take(RING_KEYS_MAX).find(|key| key.key_id == key_id)?;
        let (has_begun, has_ended) =
            (now.plus_ms(skew_ms) >= key.not_before, now.plus_ms(-skew_ms) >= key.not_after);
        if !has_begun || has_ended {
            return None;
        }
        VerifyingKey::from_bytes(&key.public_key).ok()
    }

    /// True if `newer` may replace this ring.
    pub fn accepts(&self, newer: &KeyRing) -> bool {
        newer.city == self.city && newer.version > self.version && newer.keys.len() <= RING_KEYS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;

    fn ring(version: u64) -> KeyRing {
        let key = RingKey {
            key_id: [0x20, 0x26, 0x47, 0x01],
            public_key: SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes(),
            not_before: UtcMillis::new(500),
            not_after: UtcMillis::new(1_000),
        };
        KeyRing { version, city: CityCode::new(330_200), keys: vec![key] }
    }

    #[test]
    fn a_key_works_from_its_first_instant_until_its_end() {
        let id = [0x20, 0x26, 0x47, 0x01];
        let works = |at, skew_ms| ring(1).key(id, UtcMillis::new(at), skew_ms).is_some();
        assert_eq!([499, 500, 999, 1_000].map(|at| works(at, 0)), [false, true, true, false]);
        assert_eq!([489, 490, 1_009, 1_010].map(|at| works(at, 10)), [false, true, true, false]);
        assert!(ring(1).key(*b"none", UtcMillis::new(500), 0).is_none());
    }

    #[test]
    fn a_ring_is_never_replaced_by_an_older_or_a_foreign_one() {
        assert!(ring(1).accepts(&ring(2)));
        assert!(!ring(2).accepts(&ring(2)));
        let foreign = KeyRing { city: CityCode::new(310_100), ..ring(3) };
        assert!(!ring(2).accepts(&foreign));
    }
}

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
    /// The key with this id, if it is in the ring, may be used at `now` and is a point on the curve.
    pub fn key(&self, key_id: KeyId, now: UtcMillis) -> Option<VerifyingKey> {
        let key = self.keys.iter().take(RING_KEYS_MAX).find(|key| key.key_id == key_id)?;
        if now >= key.not_after {
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
            not_before: UtcMillis::new(0),
            not_after: UtcMillis::new(1_000),
        };
        KeyRing { version, city: CityCode::new(330_200), keys: vec![key] }
    }

    #[test]
    fn a_key_ends_with_its_time() {
        let id = [0x20, 0x26, 0x47, 0x01];
        assert!(ring(1).key(id, UtcMillis::new(999)).is_some());
        assert!(ring(1).key(id, UtcMillis::new(1_000)).is_none());
        assert!(ring(1).key(*b"none", UtcMillis::new(0)).is_none());
    }

    #[test]
    fn a_ring_is_never_replaced_by_an_older_or_a_foreign_one() {
        assert!(ring(1).accepts(&ring(2)));
        assert!(!ring(2).accepts(&ring(2)));
        let foreign = KeyRing { city: CityCode::new(310_100), ..ring(3) };
        assert!(!ring(2).accepts(&foreign));
    }
}

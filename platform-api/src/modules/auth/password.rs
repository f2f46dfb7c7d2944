//! Passwords: Argon2id with the salt of each account. Slow on purpose, so it runs outside every transaction.

use super::model::AuthError;
use argon2::Argon2;
use std::fmt;
use subtle::ConstantTimeEq;

/// Characters of a password: long enough to resist guessing, short enough to hash.
const CHARS: std::ops::RangeInclusive<usize> = 10..=128;

/// A hashed password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    pub(super) salt: [u8; 16],
    pub(super) hash: [u8; 32],
}

impl PasswordHash {
    /// Hashes a new password of 10 to 128 characters with `salt`. Takes tens of milliseconds.
    pub fn new(password: &str, salt: [u8; 16]) -> Result<PasswordHash, AuthError> {
        if !CHARS.contains(&password.chars().count()) {
            return Err(AuthError::Field("password"));
        }
        let hash = hash(password, &salt).ok_or(AuthError::Field("password"))?;
        Ok(PasswordHash { salt, hash })
    }

    /// What stands in for the account of an unknown login, so that it takes as long to refuse. No password fits.
    pub(super) const fn of_nobody() -> PasswordHash {
        PasswordHash { salt: [0; 16], hash: [0; 32] }
    }

    /// True if `password` is the one. Takes tens of milliseconds.
    pub(super) fn fits(&self, password: &str) -> bool {
        hash(password, &self.salt).is_some_and(|hash| bool::from(hash.ct_eq(&self.hash)))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(…)")
    }
}

/// Argon2id, version 19, with the recommended cost: 19 MiB, two passes, one lane.
fn hash(password: &str, salt: &[u8; 16]) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    Argon2::default().hash_password_into(password.as_bytes(), salt, &mut hash).ok().map(|()| hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_fits() {
        let hash = PasswordHash::new("宁波-ningbo-2026", [7; 16]).unwrap();
        assert!(hash.fits("宁波-ningbo-2026"));
        assert!(!hash.fits("宁波-ningbo-2027"));
        assert!(!PasswordHash::of_nobody().fits("宁波-ningbo-2026"));
        assert_ne!(hash.hash, PasswordHash::new("宁波-ningbo-2026", [8; 16]).unwrap().hash);
    }

    #[test]
    fn a_short_password_is_refused() {
        assert!(matches!(PasswordHash::new("123456789", [0; 16]), Err(AuthError::Field("password"))));
    }
}

//! Pairing codes: how they look and when they work. Pure.

use super::model::OpenPairing;
use domain::time::UtcMillis;
use sha2::{Digest, Sha256};

/// How long a pairing code works: long enough to walk to the kiosk.
pub(super) const PAIRING_MS: i64 = 10 * 60_000;
/// Wrong codes one address may send in [`PAIRING_MS`] before it is locked out.
pub(super) const PAIRING_TRIES_MAX: u32 = 5;
/// Wrong codes all addresses together may send in [`PAIRING_MS`]: against 31^8 codes this leaves nothing to guess.
pub(super) const PAIRING_TRIES_TOTAL_MAX: u32 = 100;
/// Letters and digits that cannot be taken for one another on a screen or a note: no 0 and O, no 1, I and L.
const LETTERS: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const CODE_LETTERS: usize = 8;

/// A new code; `draw(bound)` gives numbers below `bound`, all equally likely.
pub(super) fn new_code(mut draw: impl FnMut(u32) -> u32) -> String {
    let letter = |index: u32| LETTERS.get(index as usize).copied().map_or('2', char::from);
    (0..CODE_LETTERS).map(|_| letter(draw(LETTERS.len() as u32))).collect()
}

/// What is stored of a code. People type it with or without spaces and dashes, in either case.
pub(super) fn code_hash(typed: &str) -> [u8; 32] {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(plain.to_ascii_uppercase()).into()
}

/// True if the code may be used now.
pub(super) fn works(pairing: &OpenPairing, now: UtcMillis) -> bool {
    !pairing.used && now < pairing.expires_at
}

/// Groups of one kiosk: each is one more place to look for changes.
const GROUPS_MAX: usize = 16;
/// Longest name of a group.
const GROUP_NAME_MAX: usize = 32;

/// True if a kiosk may be in these groups.
pub(super) fn are_groups(groups: &[String]) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = |name: &String| (1..=GROUP_NAME_MAX).contains(&name.len()) && name.bytes().all(plain);
    groups.len() <= GROUPS_MAX && groups.iter().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::super::model::Place;
    use super::*;
    use domain::ids::MallId;

    #[test]
    fn a_code_has_eight_letters_that_look_unlike() {
        let mut next = 0;
        let code = new_code(|bound| {
            next = (next + 7) % bound;
            next
        });
        assert_eq!(code.len(), 8);
        assert!(code.chars().all(|letter| !"01OIL".contains(letter)), "{code}");
    }

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        assert_eq!(code_hash("7KQ4M2XA"), code_hash(" 7kq4-m2xa "));
        assert_ne!(code_hash("7KQ4M2XA"), code_hash("7KQ4M2XB"));
    }

    #[test]
    fn a_code_works_once_and_for_ten_minutes() {
        let place = Place { mall: MallId::from_bytes([1; 16]), place: "一层中庭".into() };
        let open = OpenPairing { place, device: None, expires_at: UtcMillis::new(PAIRING_MS), used: false };
        assert!(works(&open, UtcMillis::new(PAIRING_MS - 1)));
        assert!(!works(&open, UtcMillis::new(PAIRING_MS)));
        assert!(!works(&OpenPairing { used: true, ..open }, UtcMillis::new(0)));
    }
}

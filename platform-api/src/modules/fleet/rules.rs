//! Pairing codes: how they look and when they work. Pure.

use super::model::{OpenPairing, PairingAsked};
use domain::time::UtcMillis;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// How long a pairing code works: long enough to walk to the kiosk.
pub(super) const PAIRING_MS: i64 = 10 * 60_000;
/// Wrong codes one source may send in [`PAIRING_MS`] before it is locked out: enough for slips of the finger.
pub(super) const PAIRING_TRIES_MAX: u32 = 5;
/// How long a request to pair a known kiosk again waits for the second person.
pub(super) const ASKED_MS: i64 = 24 * 3_600_000;
/// Letters and digits that cannot be taken for one another on a screen or a note: no 0 and O, no 1, I and L.
const LETTERS: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// Letters of a code, in groups of four.
///
/// Guessing is hopeless by the length alone, so no limit is needed that counts everybody together and that a stranger
/// could use to lock out honest kiosks. There are 31^12 = 7.9e17 codes. Somebody with endless addresses who sends 10,000
/// guesses a second, more than a platform answers, makes 6e6 while a code lives; with 100 codes open at once he finds
/// one with a chance of 6e6 * 100 / 7.9e17 = 8e-10, and after a year of this with 4e-5. With one address he makes five.
const CODE_LETTERS: usize = 12;
const GROUP_LETTERS: usize = 4;

/// A new code; `draw(bound)` gives numbers below `bound`, all equally likely.
pub(super) fn new_code(mut draw: impl FnMut(u32) -> u32) -> String {
    let letter = |index: u32| LETTERS.get(index as usize).copied().map_or('2', char::from);
    let letters: Vec<char> = (0..CODE_LETTERS).map(|_| letter(draw(LETTERS.len() as u32))).collect();
    let groups: Vec<String> = letters.chunks(GROUP_LETTERS).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// Whom wrong codes of an address are counted against: an IPv6 customer has 2^64 addresses, so all of them together.
pub(super) fn source(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
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

/// True if the second person may decide now.
pub(super) fn is_open(asked: &PairingAsked, now: UtcMillis) -> bool {
    asked.approved.is_none() && now < asked.asked_at.plus_ms(ASKED_MS)
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
    fn a_code_has_three_groups_of_letters_that_look_unlike() {
        let mut next = 0;
        let code = new_code(|bound| {
            next = (next + 7) % bound;
            next
        });
        assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4]);
        assert!(code.chars().all(|letter| !"01OIL".contains(letter)), "{code}");
    }

    #[test]
    fn addresses_of_one_customer_are_one_source() {
        let source_of = |text: &str| source(text.parse().unwrap());
        assert_eq!(source_of("2001:db8:1:2::7"), source_of("2001:db8:1:2:ffff::9"));
        assert_ne!(source_of("2001:db8:1:2::7"), source_of("2001:db8:1:3::7"));
        assert_eq!(source_of("::ffff:10.0.0.1"), source_of("10.0.0.1"));
        assert_ne!(source_of("10.0.0.1"), source_of("10.0.0.2"));
    }

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        assert_eq!(code_hash("7KQ4-M2XA-P9TB"), code_hash(" 7kq4 m2xap9tb "));
        assert_ne!(code_hash("7KQ4-M2XA-P9TB"), code_hash("7KQ4-M2XA-P9TC"));
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

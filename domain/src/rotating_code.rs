//! 离线消费码: the profile of the consumer code for a phone without a network.
//!
//! The platform signs a *pass* once: who, since when, which crowds, and the anchor of a hash chain. Each step of
//! [`STEP_MS`] the phone shows the pass with the chain's value of that step; hashed forward it must end in the anchor. A
//! value tells those of the steps before it and none after it, so a screenshot is dead one step later, and a phone needs
//! neither the network nor a signing key. Believed codes are the same [`IdentifyCode`] as those of a phone online.

use crate::{
    consumer_code::{
        CODE_TAGS_MAX, CodeError, CodeHead, IdentifyCode, Pseudonym, check_signature, decode_tags, fixed,
        from_text, to_text,
    },
    ids::{CityCode, TagId},
    key_ring::KeyRing,
    sealed::{KeyId, SealError, Sealed, encoded, seal},
    time::UtcMillis,
};
use ed25519_dalek::SigningKey;
use minicbor::Decoder;
use sha2::{Digest, Sha256};

/// How a code of this profile begins.
pub const PREFIX: &str = "CX2:";
/// How long one value of the chain is shown.
pub const STEP_MS: i64 = 30_000;
/// Most steps of a pass: a day.
pub const STEPS_MAX: u16 = 2_880;
/// How many steps the clocks of phone and kiosk may lie apart.
const STEPS_APART_MAX: i64 = 1;

const PURPOSE: &str = "CXT1/rotating";
const PASS_FIELDS: u64 = 6;
const CODE_FIELDS: u64 = 3;

/// One value of a chain: SHA-256 cut to 16 bytes, keyed by the pseudonym.
pub type Link = [u8; 16];

/// What the platform signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The city that issued it.
    pub city: CityCode,
    /// The person, for the day of `starts_at`.
    pub pseudonym: Pseudonym,
    /// When step 0 begins, to the second.
    pub starts_at: UtcMillis,
    /// How many steps it has, at most [`STEPS_MAX`].
    pub steps: u16,
    /// The end of the chain, see [`anchor`].
    pub anchor: Link,
    /// The crowds the person belongs to.
    pub tags: Vec<TagId>,
}

impl Pass {
    /// First instant after its last step.
    pub fn ends_at(&self) -> UtcMillis {
        self.step_at(self.steps)
    }

    fn step_at(&self, step: u16) -> UtcMillis {
        self.starts_at.plus_ms(i64::from(step) * STEP_MS)
    }
}

/// The end of the chain that begins with `secret`.
pub fn anchor(pseudonym: Pseudonym, secret: Link, steps: u16) -> Link {
    forward(pseudonym, secret, steps)
}

/// The value to show at `step`; `None` after the last one.
pub fn link_at(pseudonym: Pseudonym, secret: Link, (step, steps): (u16, u16)) -> Option<Link> {
    let hashes = steps.checked_sub(step)?.checked_sub(1)?;
    Some(forward(pseudonym, secret, hashes))
}

/// Signs a pass: the bytes a phone keeps.
pub fn issue_pass(pass: &Pass, key_id: KeyId, key: &SigningKey) -> Vec<u8> {
    seal(&encode_pass(pass), PURPOSE, key_id, key)
}

/// The text of the code at one step. On a real phone the page's script does this.
pub fn show(pass: &[u8], step: u16, link: Link) -> String {
    to_text(PREFIX, &encode_code(pass, step, link))
}

/// Believes a scanned text to be a rotating code of this city at its step, or says why not. Its time is that of the step,
/// its nonce the beginning of the link.
pub fn verify(scanned: &[u8], ring: &KeyRing, now: UtcMillis) -> Result<IdentifyCode, CodeError> {
    let (sealed, step, link) = open(scanned)?;
    let pass = decode_pass(sealed.payload())?;
    check_signature(&sealed, pass.city, (PURPOSE, &[]), (ring, now))?;
    check_step(&pass, step, now)?;
    if forward(pass.pseudonym, link, step + 1) != pass.anchor {
        return Err(CodeError::Forged);
    }
    let mut nonce = [0; 8];
    nonce.copy_from_slice(&link[..8]);
    let (issued_at, expires_at) = (pass.step_at(step), pass.step_at(step + 1));
    let head = CodeHead { city: pass.city, pseudonym: pass.pseudonym, issued_at, expires_at, nonce };
    Ok(IdentifyCode { head, tags: pass.tags, pass: Some(pass.anchor) })
}

fn forward(pseudonym: Pseudonym, from: Link, hashes: u16) -> Link {
    let key = Sha256::new().chain_update(b"CXH1").chain_update(pseudonym.to_bytes());
    (0..hashes).fold(from, |link, _| {
        let whole = key.clone().chain_update(link).finalize();
        let mut short = [0; 16];
        short.copy_from_slice(&whole[..16]);
        short
    })
}

/// The step must be the kiosk's own or one beside it.
fn check_step(pass: &Pass, step: u16, now: UtcMillis) -> Result<(), CodeError> {
    if pass.steps == 0 || pass.steps > STEPS_MAX || step >= pass.steps {
        return Err(CodeError::Malformed);
    }
    // Before the first step the kiosk's own one is below zero.
    let own = now.since(pass.starts_at).div_euclid(STEP_MS);
    let ahead = i64::from(step) - own;
    if ahead > STEPS_APART_MAX {
        return Err(CodeError::NotYetValid);
    }
    if ahead < -STEPS_APART_MAX {
        return Err(CodeError::Expired);
    }
    Ok(())
}

fn open(scanned: &[u8]) -> Result<(Sealed, u16, Link), CodeError> {
    let bytes = from_text(PREFIX, scanned)?;
    let (sealed, step, link) = decode_code(&bytes).map_err(|_| CodeError::Malformed)?;
    if encode_code(sealed, step, link) != bytes {
        return Err(CodeError::Malformed);
    }
    Ok((Sealed::open(sealed)?, step, link))
}

fn encode_code(pass: &[u8], step: u16, link: Link) -> Vec<u8> {
    encoded(|encoder| {
        encoder.array(CODE_FIELDS)?.bytes(pass)?.u16(step)?.bytes(&link)?;
        Ok(())
    })
}

fn decode_code(bytes: &[u8]) -> Result<(&[u8], u16, Link), SealError> {
    let mut decoder = Decoder::new(bytes);
    if decoder.array()? != Some(CODE_FIELDS) {
        return Err(SealError::Malformed);
    }
    Ok((decoder.bytes()?, decoder.u16()?, fixed(decoder.bytes()?)?))
}

fn encode_pass(pass: &Pass) -> Vec<u8> {
    encoded(|encoder| {
        let tags = &pass.tags[..pass.tags.len().min(CODE_TAGS_MAX)];
        encoder.array(PASS_FIELDS)?.u32(pass.city.get())?.bytes(&pass.pseudonym.to_bytes())?;
        encoder.i64(pass.starts_at.seconds())?.u16(pass.steps)?.bytes(&pass.anchor)?;
        encoder.array(tags.len() as u64)?;
        for tag in tags {
            encoder.u32(tag.get())?;
        }
        Ok(())
    })
}

fn decode_pass(payload: &[u8]) -> Result<Pass, CodeError> {
    let pass = decode_fields(payload).map_err(|_| CodeError::Malformed)?;
    if encode_pass(&pass) == payload { Ok(pass) } else { Err(CodeError::Malformed) }
}

fn decode_fields(payload: &[u8]) -> Result<Pass, SealError> {
    let mut decoder = Decoder::new(payload);
    if decoder.array()? != Some(PASS_FIELDS) {
        return Err(SealError::Malformed);
    }
    Ok(Pass {
        city: CityCode::new(decoder.u32()?),
        pseudonym: Pseudonym::from_bytes(fixed(decoder.bytes()?)?),
        starts_at: UtcMillis::from_seconds(decoder.i64()?),
        steps: decoder.u16()?,
        anchor: fixed(decoder.bytes()?)?,
        tags: decode_tags(&mut decoder)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        consumer_code::{accepted_until, verify_identify, verify_redeem},
        key_ring::RingKey,
    };
    use proptest::prelude::*;

    const CITY: CityCode = CityCode::new(330_200);
    const KEY_ID: KeyId = [0x20, 0x26, 0x47, 0x01];
    const START: UtcMillis = UtcMillis::from_seconds(1_795_000_000);
    const SECRET: Link = [8; 16];
    const PERSON: Pseudonym = Pseudonym::from_bytes([5; 16]);

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[9; 32])
    }

    fn ring() -> KeyRing {
        let public_key = key().verifying_key().to_bytes();
        let (not_before, not_after) = (START.plus_ms(-1_000_000), START.plus_ms(1_000_000_000));
        KeyRing {
            version: 1,
            city: CITY,
            keys: vec![RingKey { key_id: KEY_ID, public_key, not_before, not_after }],
        }
    }

    fn pass() -> Pass {
        Pass {
            city: CITY,
            pseudonym: PERSON,
            starts_at: START,
            steps: STEPS_MAX,
            anchor: anchor(PERSON, SECRET, STEPS_MAX),
            tags: [0x5a3c_91d2, 0x1199_aabb, 0xdead_beef, 0x0bad_cafe].map(TagId::new).to_vec(),
        }
    }

    fn shown_at(step: u16) -> String {
        let link = link_at(PERSON, SECRET, (step, STEPS_MAX)).unwrap();
        show(&issue_pass(&pass(), KEY_ID, &key()), step, link)
    }

    fn read(text: &str, after_ms: i64) -> Result<IdentifyCode, CodeError> {
        verify(text.as_bytes(), &ring(), START.plus_ms(after_ms))
    }

    #[test]
    fn a_code_with_four_tags_fits_qr_version_10() {
        // Version 10-M holds 311 characters of the alphanumeric mode.
        assert!(shown_at(2_000).len() <= 311, "{}", shown_at(2_000).len());
    }

    #[test]
    fn a_code_is_good_in_its_step_and_the_ones_beside_it() {
        let text = shown_at(100);
        let at_step = |step: i64, ms: i64| read(&text, step * STEP_MS + ms);
        assert_eq!(at_step(98, STEP_MS - 1), Err(CodeError::NotYetValid));
        for (step, ms) in [(99, 0), (100, 0), (100, 15_000), (101, STEP_MS - 1)] {
            assert!(at_step(step, ms).is_ok(), "step {step} + {ms} ms");
        }
        assert_eq!(at_step(102, 0), Err(CodeError::Expired), "a screenshot is dead");
    }

    #[test]
    fn whoever_has_a_screenshot_cannot_make_the_next_code() {
        let stolen = link_at(PERSON, SECRET, (100, STEPS_MAX)).unwrap();
        let sealed = issue_pass(&pass(), KEY_ID, &key());
        for step in [101, 102, 2_000] {
            let forged = show(&sealed, step, stolen);
            assert_eq!(read(&forged, i64::from(step) * STEP_MS), Err(CodeError::Forged));
        }
    }

    #[test]
    fn every_step_of_a_day_is_read_and_none_after_it() {
        for step in [0, 1, 1_439, STEPS_MAX - 1] {
            assert!(read(&shown_at(step), i64::from(step) * STEP_MS).is_ok(), "step {step}");
        }
        assert_eq!(link_at(PERSON, SECRET, (STEPS_MAX, STEPS_MAX)), None);
        let beyond = show(&issue_pass(&pass(), KEY_ID, &key()), STEPS_MAX, SECRET);
        assert_eq!(read(&beyond, i64::from(STEPS_MAX) * STEP_MS), Err(CodeError::Malformed));
    }

    #[test]
    fn each_step_burns_as_a_code_of_its_own_and_long_enough() {
        let (one, next) =
            (read(&shown_at(7), 7 * STEP_MS).unwrap(), read(&shown_at(8), 8 * STEP_MS).unwrap());
        assert_ne!(one.head.nonce, next.head.nonce);
        let last_accepted = START.plus_ms(9 * STEP_MS - 1);
        assert!(accepted_until(&one.head) > last_accepted);
    }

    #[test]
    fn a_pass_longer_than_a_day_is_refused_even_if_signed() {
        let long = Pass { steps: STEPS_MAX + 1, anchor: anchor(PERSON, SECRET, STEPS_MAX + 1), ..pass() };
        let link = link_at(PERSON, SECRET, (5, STEPS_MAX + 1)).unwrap();
        let text = show(&issue_pass(&long, KEY_ID, &key()), 5, link);
        assert_eq!(read(&text, 5 * STEP_MS), Err(CodeError::Malformed));
    }

    #[test]
    fn both_profiles_identify_and_only_the_renewed_one_redeems() {
        let (text, now) = (shown_at(3), START.plus_ms(3 * STEP_MS));
        assert_eq!(verify_identify(text.as_bytes(), &ring(), now).unwrap().tags, pass().tags);
        assert_eq!(verify_redeem(text.as_bytes(), &ring(), now), Err(CodeError::WrongPurpose));
    }

    #[test]
    fn a_pass_of_another_person_does_not_open_with_this_chain() {
        let other = Pass { pseudonym: Pseudonym::from_bytes([6; 16]), ..pass() };
        let link = link_at(PERSON, SECRET, (3, STEPS_MAX)).unwrap();
        let text = show(&issue_pass(&other, KEY_ID, &key()), 3, link);
        assert_eq!(read(&text, 3 * STEP_MS), Err(CodeError::Forged));
    }

    #[test]
    fn no_flipped_bit_of_the_text_survives() {
        let text = shown_at(300).into_bytes();
        for position in 0..text.len() * 8 {
            let mut forged = text.clone();
            forged[position / 8] ^= 1 << (position % 8);
            assert!(verify(&forged, &ring(), START.plus_ms(300 * STEP_MS)).is_err(), "bit {position}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(verify(&bytes, &ring(), START).is_err());
            let text = to_text(PREFIX, &bytes);
            prop_assert!(verify(text.as_bytes(), &ring(), START).is_err());
        }
    }
}

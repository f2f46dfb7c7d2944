//! 消费信息码: the personal QR code a shopper shows to a kiosk or a merchant.
//!
//! `CX1:` and base45 of a sealed message (see [`crate::sealed`]) over a short CBOR array. A code is signed for one
//! purpose and fails for the other; it names no person: the pseudonym changes daily and tags are opaque numbers. What
//! a camera read is never trusted, opened or echoed before it passed [`verify_identify`] or [`verify_redeem`].

use crate::{
    ids::{CityCode, CouponId, TagId},
    key_ring::KeyRing,
    rotating_code,
    sealed::{KeyId, SealError, Sealed, encoded, seal},
    time::UtcMillis,
};
use ed25519_dalek::SigningKey;
use minicbor::Decoder;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a consumer code begins.
pub const PREFIX: &str = "CX1:";
/// Longest text looked at; a version 40 QR code can carry eight times as much, and none of it is ours.
pub const SCANNED_BYTES_MAX: usize = 512;
/// Most tags in one code: with four it fits QR version 8-M, with sixteen version 11-M.
pub const CODE_TAGS_MAX: usize = 16;
/// How far the clocks of kiosk and platform may lie apart.
pub const CLOCK_SKEW_MS: i64 = 120_000;
/// How long a code of an online phone is valid.
pub const CODE_VALID_MS: i64 = 120_000;
/// How often an online phone renews its code.
pub const CODE_RENEW_MS: i64 = 30_000;

const IDENTIFY: &str = "CXT1/identify";
const REDEEM: &str = "CXT1/redeem";
const FIELDS: u64 = 6;

/// A person for one Shanghai day. Two days of one person cannot be joined without the platform's day key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    /// Wraps the 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Pseudonym {
        Pseudonym(bytes)
    }

    /// The 16 bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Debug for Pseudonym {
    /// Says only that it is there: logs never hold whom a session belongs to.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Pseudonym(…)")
    }
}

/// What makes one code differ from the next of the same person.
pub type Nonce = [u8; 8];

/// What every code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeHead {
    /// The city that issued it.
    pub city: CityCode,
    /// The person, for the day of `issued_at`.
    pub pseudonym: Pseudonym,
    /// When it was issued, to the second.
    pub issued_at: UtcMillis,
    /// First second it is no longer meant to be used, skew aside.
    pub expires_at: UtcMillis,
    /// Burned when a session opens.
    pub nonce: Nonce,
}

/// A code that says who stands before the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifyCode {
    /// What every code says.
    pub head: CodeHead,
    /// The crowds the person belongs to.
    pub tags: Vec<TagId>,
    /// The anchor of the pass it was made from, when the phone was offline; names what can be taken back.
    pub pass: Option<rotating_code::Link>,
}

/// A code that lets a merchant redeem one coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedeemCode {
    /// What every code says.
    pub head: CodeHead,
    /// The coupon to redeem.
    pub coupon: CouponId,
}

/// Why a scanned text is not accepted. Each has words of its own on the screen.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CodeError {
    /// Longer than [`SCANNED_BYTES_MAX`].
    #[error("the code is too long")]
    TooLong,
    /// A WeChat or Alipay payment code: must not be kept, not even in a log.
    #[error("this is a payment code")]
    PaymentCode,
    /// A web address: never opened.
    #[error("this is a link")]
    Link,
    /// A coupon voucher, which belongs to a merchant's till.
    #[error("this is a coupon voucher")]
    Voucher,
    /// Something else that is not ours.
    #[error("this is no consumer code")]
    Unknown,
    /// It begins like ours, but is not well formed.
    #[error("the code is damaged")]
    Malformed,
    /// Issued by another city.
    #[error("the code was issued by another city")]
    OtherCity,
    /// Signed with a key that is not, or no longer, in the ring.
    #[error("the code was signed with an unknown key")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the code is forged")]
    Forged,
    /// Genuine, but meant for the other purpose.
    #[error("the code is meant for another purpose")]
    WrongPurpose,
    /// Issued in the future: one of two clocks is wrong.
    #[error("the code is not valid yet")]
    NotYetValid,
    /// Its time is over.
    #[error("the code has expired")]
    Expired,
}

impl From<SealError> for CodeError {
    fn from(error: SealError) -> CodeError {
        match error {
            SealError::Malformed => CodeError::Malformed,
            SealError::BadSignature => CodeError::Forged,
        }
    }
}

/// Makes the text of an identify code.
pub fn issue_identify(code: &IdentifyCode, key_id: KeyId, key: &SigningKey) -> String {
    let payload = encode_claims(&code.head, &Subject::Tags(&code.tags));
    to_text(PREFIX, &seal(&payload, IDENTIFY, key_id, key))
}

/// Makes the text of a redeem code.
pub fn issue_redeem(code: &RedeemCode, key_id: KeyId, key: &SigningKey) -> String {
    let payload = encode_claims(&code.head, &Subject::Coupon(code.coupon));
    to_text(PREFIX, &seal(&payload, REDEEM, key_id, key))
}

/// Believes a scanned text to be an identify code of this city, or says why not. A phone without a network shows one of
/// the rotating profile (see [`rotating_code`]).
pub fn verify_identify(scanned: &[u8], ring: &KeyRing, now: UtcMillis) -> Result<IdentifyCode, CodeError> {
    if is_rotating(scanned) {
        return rotating_code::verify(scanned, ring, now);
    }
    let sealed = open(scanned)?;
    let (head, subject) = decode_claims(sealed.payload())?;
    check_signature(&sealed, head.city, (IDENTIFY, &[REDEEM]), (ring, now))?;
    check_time(&head, now)?;
    match subject {
        OwnedSubject::Tags(tags) => Ok(IdentifyCode { head, tags, pass: None }),
        OwnedSubject::Coupon(_) => Err(CodeError::Malformed),
    }
}

/// Believes a scanned text to be a redeem code of this city, or says why not.
pub fn verify_redeem(scanned: &[u8], ring: &KeyRing, now: UtcMillis) -> Result<RedeemCode, CodeError> {
    if is_rotating(scanned) {
        return rotating_code::verify(scanned, ring, now).and(Err(CodeError::WrongPurpose));
    }
    let sealed = open(scanned)?;
    let (head, subject) = decode_claims(sealed.payload())?;
    check_signature(&sealed, head.city, (REDEEM, &[IDENTIFY]), (ring, now))?;
    check_time(&head, now)?;
    match subject {
        OwnedSubject::Coupon(coupon) => Ok(RedeemCode { head, coupon }),
        OwnedSubject::Tags(_) => Err(CodeError::Malformed),
    }
}

/// Last instant a code can be accepted anywhere: a burned nonce must be remembered until then.
pub fn accepted_until(head: &CodeHead) -> UtcMillis {
    head.expires_at.plus_ms(CLOCK_SKEW_MS)
}

/// Prefix and strict base45, shared with the voucher.
pub(crate) fn to_text(prefix: &str, bytes: &[u8]) -> String {
    let mut text = String::from(prefix);
    text.push_str(&base45::encode(bytes));
    text
}

/// The reverse of [`to_text`]; only the one canonical text of a message is read.
pub(crate) fn from_text(prefix: &str, scanned: &[u8]) -> Result<Vec<u8>, CodeError> {
    let text = scanned.strip_prefix(prefix.as_bytes()).ok_or(CodeError::Unknown)?;
    let bytes = base45::decode(text).map_err(|_| CodeError::Malformed)?;
    // The library drops bits that do not fit the last byte: what does not read back was not written by us.
    if base45::encode(&bytes).as_bytes() == text { Ok(bytes) } else { Err(CodeError::Malformed) }
}

fn open(scanned: &[u8]) -> Result<Sealed, CodeError> {
    if scanned.len() > SCANNED_BYTES_MAX {
        return Err(CodeError::TooLong);
    }
    if !scanned.starts_with(PREFIX.as_bytes()) {
        return Err(stranger(scanned));
    }
    Ok(Sealed::open(&from_text(PREFIX, scanned)?)?)
}

/// Says what a text is that does not begin like a consumer code.
fn stranger(scanned: &[u8]) -> CodeError {
    if is_payment_code(scanned) {
        return CodeError::PaymentCode;
    }
    if scanned.starts_with(crate::voucher::PREFIX.as_bytes()) {
        return CodeError::Voucher;
    }
    let schemes: [&[u8]; 6] = [b"http://", b"https://", b"www.", b"weixin://", b"alipays://", b"alipayqr://"];
    let begins_with =
        |scheme: &&[u8]| scanned.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    if schemes.iter().any(begins_with) { CodeError::Link } else { CodeError::Unknown }
}

/// WeChat: 18 digits from 10… to 15…; Alipay: 16 to 24 digits from 25… to 30….
fn is_payment_code(scanned: &[u8]) -> bool {
    if !scanned.iter().all(u8::is_ascii_digit) || scanned.len() < 16 {
        return false;
    }
    let lead = (scanned[0] - b'0') * 10 + (scanned[1] - b'0');
    let wechat = scanned.len() == 18 && (10..=15).contains(&lead);
    let alipay = (16..=24).contains(&scanned.len()) && (25..=30).contains(&lead);
    wechat || alipay
}

/// Signed by a key of the ring for `purpose`; one for a purpose of `others` is told apart from a forgery.
pub(crate) fn check_signature(
    sealed: &Sealed,
    city: CityCode,
    (purpose, others): (&str, &[&str]),
    (ring, now): (&KeyRing, UtcMillis),
) -> Result<(), CodeError> {
    if city != ring.city {
        return Err(CodeError::OtherCity);
    }
    let key = ring.key(sealed.key_id(), now, CLOCK_SKEW_MS).ok_or(CodeError::UnknownKey)?;
    match sealed.verify(purpose, &key) {
        Ok(()) => Ok(()),
        Err(_) if others.iter().any(|other| sealed.verify(other, &key).is_ok()) => {
            Err(CodeError::WrongPurpose)
        }
        Err(error) => Err(error.into()),
    }
}

/// True for a text of the rotating profile that is not too long to look at.
fn is_rotating(scanned: &[u8]) -> bool {
    scanned.len() <= SCANNED_BYTES_MAX && scanned.starts_with(rotating_code::PREFIX.as_bytes())
}

fn check_time(head: &CodeHead, now: UtcMillis) -> Result<(), CodeError> {
    let lifetime_ms = head.expires_at.since(head.issued_at);
    if !(0..=CODE_VALID_MS).contains(&lifetime_ms) {
        return Err(CodeError::Malformed);
    }
    if head.issued_at > now.plus_ms(CLOCK_SKEW_MS) {
        return Err(CodeError::NotYetValid);
    }
    if head.expires_at < now.plus_ms(-CLOCK_SKEW_MS) {
        return Err(CodeError::Expired);
    }
    Ok(())
}

enum Subject<'a> {
    Tags(&'a [TagId]),
    Coupon(CouponId),
}

enum OwnedSubject {
    Tags(Vec<TagId>),
    Coupon(CouponId),
}

fn encode_claims(head: &CodeHead, subject: &Subject<'_>) -> Vec<u8> {
    encoded(|encoder| {
        encoder.array(FIELDS)?.u32(head.city.get())?.bytes(&head.pseudonym.0)?;
        encoder.i64(head.issued_at.seconds())?.i64(head.expires_at.seconds())?.bytes(&head.nonce)?;
        match subject {
            Subject::Coupon(coupon) => {
                encoder.bytes(&coupon.to_bytes())?;
            }
            Subject::Tags(tags) => {
                let tags = &tags[..tags.len().min(CODE_TAGS_MAX)];
                encoder.array(tags.len() as u64)?;
                for tag in tags {
                    encoder.u32(tag.get())?;
                }
            }
        }
        Ok(())
    })
}

fn decode_claims(payload: &[u8]) -> Result<(CodeHead, OwnedSubject), CodeError> {
    let (head, subject) = decode_fields(payload).map_err(|_| CodeError::Malformed)?;
    let again = match &subject {
        OwnedSubject::Tags(tags) => encode_claims(&head, &Subject::Tags(tags)),
        OwnedSubject::Coupon(coupon) => encode_claims(&head, &Subject::Coupon(*coupon)),
    };
    if again == payload { Ok((head, subject)) } else { Err(CodeError::Malformed) }
}

fn decode_fields(payload: &[u8]) -> Result<(CodeHead, OwnedSubject), SealError> {
    let mut decoder = Decoder::new(payload);
    if decoder.array()? != Some(FIELDS) {
        return Err(SealError::Malformed);
    }
    let head = CodeHead {
        city: CityCode::new(decoder.u32()?),
        pseudonym: Pseudonym(fixed(decoder.bytes()?)?),
        issued_at: UtcMillis::from_seconds(decoder.i64()?),
        expires_at: UtcMillis::from_seconds(decoder.i64()?),
        nonce: fixed(decoder.bytes()?)?,
    };
    let kind = decoder.datatype()?;
    let subject = if kind == minicbor::data::Type::Bytes {
        OwnedSubject::Coupon(CouponId::from_bytes(fixed(decoder.bytes()?)?))
    } else {
        OwnedSubject::Tags(decode_tags(&mut decoder)?)
    };
    Ok((head, subject))
}

pub(crate) fn decode_tags(decoder: &mut Decoder<'_>) -> Result<Vec<TagId>, SealError> {
    let count = decoder.array()?.and_then(|count| usize::try_from(count).ok());
    match count {
        Some(count) if count <= CODE_TAGS_MAX => (0..count).map(|_| Ok(TagId::new(decoder.u32()?))).collect(),
        Some(_) | None => Err(SealError::Malformed),
    }
}

pub(crate) fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], SealError> {
    bytes.try_into().map_err(|_| SealError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_ring::RingKey;
    use proptest::prelude::*;

    const CITY: CityCode = CityCode::new(330_200);
    const KEY_ID: KeyId = [0x20, 0x26, 0x47, 0x01];
    const NOW: UtcMillis = UtcMillis::from_seconds(1_795_000_000);

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[9; 32])
    }

    fn ring() -> KeyRing {
        let public_key = key().verifying_key().to_bytes();
        let (not_before, not_after) = (NOW.plus_ms(-1_000_000), NOW.plus_ms(1_000_000_000));
        KeyRing {
            version: 1,
            city: CITY,
            keys: vec![RingKey { key_id: KEY_ID, public_key, not_before, not_after }],
        }
    }

    fn identify() -> IdentifyCode {
        let head = CodeHead {
            city: CITY,
            pseudonym: Pseudonym::from_bytes([5; 16]),
            issued_at: NOW,
            expires_at: NOW.plus_ms(CODE_VALID_MS),
            nonce: [6; 8],
        };
        let tags = [0x5a3c_91d2, 0x1199_aabb, 0xdead_beef, 0x0bad_cafe].map(TagId::new).to_vec();
        IdentifyCode { head, tags, pass: None }
    }

    fn text() -> String {
        issue_identify(&identify(), KEY_ID, &key())
    }

    fn verdict(scanned: &str) -> CodeError {
        verify_identify(scanned.as_bytes(), &ring(), NOW).unwrap_err()
    }

    #[test]
    fn a_code_with_four_tags_fits_qr_version_8() {
        // Version 8-M holds 221 characters of the alphanumeric mode.
        assert_eq!(text().len(), 219);
        assert_eq!(verify_identify(text().as_bytes(), &ring(), NOW), Ok(identify()));
    }

    #[test]
    fn a_code_lives_for_two_minutes_and_the_skew() {
        let at = |seconds: i64| verify_identify(text().as_bytes(), &ring(), NOW.plus_ms(seconds * 1_000));
        assert!(at(240).is_ok());
        assert_eq!(at(241), Err(CodeError::Expired));
        assert!(at(-120).is_ok());
        assert_eq!(at(-121), Err(CodeError::NotYetValid));
    }

    #[test]
    fn a_key_that_leaked_before_its_first_day_signs_nothing() {
        let mut ring = ring();
        ring.keys[0].not_before = NOW.plus_ms(CLOCK_SKEW_MS);
        assert_eq!(verify_identify(text().as_bytes(), &ring, NOW), Ok(identify()), "within the skew");
        ring.keys[0].not_before = NOW.plus_ms(CLOCK_SKEW_MS + 1);
        assert_eq!(verify_identify(text().as_bytes(), &ring, NOW), Err(CodeError::UnknownKey));
    }

    #[test]
    fn a_code_that_claims_to_live_longer_is_refused_even_if_signed() {
        let mut long = identify();
        long.head.expires_at = NOW.plus_ms(CODE_VALID_MS + 1_000);
        assert_eq!(verdict(&issue_identify(&long, KEY_ID, &key())), CodeError::Malformed);
    }

    #[test]
    fn no_flipped_bit_of_the_text_survives() {
        let text = text().into_bytes();
        for position in 0..text.len() * 8 {
            let mut forged = text.clone();
            forged[position / 8] ^= 1 << (position % 8);
            assert!(verify_identify(&forged, &ring(), NOW).is_err(), "bit {position}");
        }
    }

    #[test]
    fn a_code_for_one_purpose_fails_for_the_other_and_says_so() {
        let redeem = RedeemCode { head: identify().head, coupon: CouponId::from_bytes([1; 16]) };
        let redeem_text = issue_redeem(&redeem, KEY_ID, &key());
        assert_eq!(verdict(&redeem_text), CodeError::WrongPurpose);
        assert_eq!(verify_redeem(text().as_bytes(), &ring(), NOW), Err(CodeError::WrongPurpose));
        assert_eq!(verify_redeem(redeem_text.as_bytes(), &ring(), NOW), Ok(redeem));
    }

    #[test]
    fn every_stranger_is_told_apart() {
        let cases = [
            ("134567890123456789", CodeError::PaymentCode),
            ("2867123456789012", CodeError::PaymentCode),
            ("998877665544332211", CodeError::Unknown),
            ("HTTPS://example.com/pay", CodeError::Link),
            ("weixin://wxpay/bizpayurl?pr=1", CodeError::Link),
            ("CV1:ABC", CodeError::Voucher),
            ("CX1:", CodeError::Malformed),
            ("CX1:lower case", CodeError::Malformed),
            ("你好", CodeError::Unknown),
            ("", CodeError::Unknown),
        ];
        for (scanned, expected) in cases {
            assert_eq!(verdict(scanned), expected, "{scanned}");
        }
        assert_eq!(verdict(&"A".repeat(4096)), CodeError::TooLong);
    }

    #[test]
    fn another_city_and_another_key_are_told_apart_from_forgery() {
        let mut elsewhere = identify();
        elsewhere.head.city = CityCode::new(310_100);
        assert_eq!(verdict(&issue_identify(&elsewhere, KEY_ID, &key())), CodeError::OtherCity);
        assert_eq!(verdict(&issue_identify(&identify(), [0; 4], &key())), CodeError::UnknownKey);
        let thief = SigningKey::from_bytes(&[66; 32]);
        assert_eq!(verdict(&issue_identify(&identify(), KEY_ID, &thief)), CodeError::Forged);
    }

    #[test]
    fn a_text_with_bits_that_do_not_fit_its_last_byte_is_refused() {
        assert!(base45::decode("::").is_ok(), "the library lets it pass");
        assert_eq!(from_text("", b"::"), Err(CodeError::Malformed));
    }

    #[test]
    fn a_pseudonym_is_never_printed() {
        assert_eq!(format!("{:?}", Pseudonym::from_bytes([5; 16])), "Pseudonym(…)");
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(verify_identify(&bytes, &ring(), NOW).is_err());
            prop_assert!(verify_redeem(&bytes, &ring(), NOW).is_err());
        }

        #[test]
        fn any_sealed_payload_of_ours_is_read_or_refused_without_a_panic(
            payload in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let text = to_text(PREFIX, &seal(&payload, IDENTIFY, KEY_ID, &key()));
            prop_assert!(verify_identify(text.as_bytes(), &ring(), NOW).is_err());
        }
    }
}

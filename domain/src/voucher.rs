//! The voucher: a kiosk's signed promise of one coupon before the platform has heard of it.
//!
//! `CV1:` and base45 of a sealed message by the device key, drawn as a QR code on the claimed screen. It stands for
//! one slot of one lease and dies at R, the instant the platform may hand the slot to somebody else (`docs/ARCHITECTURE.md`).

use crate::{
    consumer_code::{CodeError, Pseudonym, SCANNED_BYTES_MAX, from_text, to_text},
    ids::{BatchId, LeaseId},
    sealed::{KeyId, SealError, Sealed, encoded, seal},
    time::UtcMillis,
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use minicbor::Decoder;

/// How a voucher begins.
pub const PREFIX: &str = "CV1:";

const PURPOSE: &str = "CVT1/voucher";
const FIELDS: u64 = 6;

/// What a kiosk promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// The lease the slot was taken from.
    pub lease: LeaseId,
    /// The slot, from 0.
    pub slot: u32,
    /// The batch the coupon belongs to.
    pub batch: BatchId,
    /// The person, for the day of `claimed_at`.
    pub pseudonym: Pseudonym,
    /// When it was claimed, by the kiosk's clock, to the second.
    pub claimed_at: UtcMillis,
    /// R: the voucher must be redeemed or reported before this instant of the platform's clock.
    pub redeem_before: UtcMillis,
}

/// A voucher as read, not yet believed: the key to check it with is found by its lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedVoucher {
    voucher: Voucher,
    sealed: Sealed,
}

/// The short name of a device key in its vouchers: the first four bytes of the public key.
pub fn device_key_id(key: &VerifyingKey) -> KeyId {
    let bytes = key.as_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}

/// Makes the text of a voucher.
pub fn issue(voucher: &Voucher, key: &SigningKey) -> String {
    to_text(PREFIX, &seal(&encode_fields(voucher), PURPOSE, device_key_id(&key.verifying_key()), key))
}

/// Reads a voucher without believing it.
pub fn read(scanned: &[u8]) -> Result<PresentedVoucher, CodeError> {
    if scanned.len() > SCANNED_BYTES_MAX {
        return Err(CodeError::TooLong);
    }
    let sealed = Sealed::open(&from_text(PREFIX, scanned)?)?;
    let voucher = decode_fields(sealed.payload())?;
    if encode_fields(&voucher) != sealed.payload() {
        return Err(CodeError::Malformed);
    }
    Ok(PresentedVoucher { voucher, sealed })
}

impl PresentedVoucher {
    /// The lease the voucher names: it leads to the device key.
    pub fn lease(&self) -> LeaseId {
        self.voucher.lease
    }

    /// Believes the voucher if the device key signed it.
    pub fn verify(&self, device_key: &VerifyingKey) -> Result<Voucher, CodeError> {
        self.sealed.verify(PURPOSE, device_key)?;
        Ok(self.voucher)
    }
}

fn encode_fields(voucher: &Voucher) -> Vec<u8> {
    encoded(|encoder| {
        encoder.array(FIELDS)?.bytes(&voucher.lease.to_bytes())?.u32(voucher.slot)?;
        encoder.bytes(&voucher.batch.to_bytes())?.bytes(&voucher.pseudonym.to_bytes())?;
        encoder.i64(voucher.claimed_at.seconds())?.i64(voucher.redeem_before.seconds())?;
        Ok(())
    })
}

fn decode_fields(payload: &[u8]) -> Result<Voucher, SealError> {
    let mut decoder = Decoder::new(payload);
    if decoder.array()? != Some(FIELDS) {
        return Err(SealError::Malformed);
    }
    let id = |bytes: &[u8]| bytes.try_into().map_err(|_| SealError::Malformed);
    Ok(Voucher {
        lease: LeaseId::from_bytes(id(decoder.bytes()?)?),
        slot: decoder.u32()?,
        batch: BatchId::from_bytes(id(decoder.bytes()?)?),
        pseudonym: Pseudonym::from_bytes(id(decoder.bytes()?)?),
        claimed_at: UtcMillis::from_seconds(decoder.i64()?),
        redeem_before: UtcMillis::from_seconds(decoder.i64()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[4; 32])
    }

    fn voucher() -> Voucher {
        Voucher {
            lease: LeaseId::from_bytes([1; 16]),
            slot: 19,
            batch: BatchId::from_bytes([2; 16]),
            pseudonym: Pseudonym::from_bytes([3; 16]),
            claimed_at: UtcMillis::from_seconds(1_795_000_000),
            redeem_before: UtcMillis::from_seconds(1_795_090_000),
        }
    }

    #[test]
    fn a_voucher_reads_back_and_is_believed_with_its_own_device_key_only() {
        let presented = read(issue(&voucher(), &key()).as_bytes()).unwrap();
        assert_eq!(presented.lease(), voucher().lease);
        assert_eq!(presented.verify(&key().verifying_key()), Ok(voucher()));
        let other = SigningKey::from_bytes(&[5; 32]).verifying_key();
        assert_eq!(presented.verify(&other), Err(CodeError::Forged));
    }

    #[test]
    fn a_voucher_fits_a_qr_code_that_a_phone_reads_from_the_screen() {
        // Version 9-M holds 262 characters of the alphanumeric mode.
        assert!(issue(&voucher(), &key()).len() <= 262);
    }

    #[test]
    fn no_flipped_bit_survives() {
        let text = issue(&voucher(), &key()).into_bytes();
        for position in 0..text.len() * 8 {
            let mut forged = text.clone();
            forged[position / 8] ^= 1 << (position % 8);
            let verdict = read(&forged).and_then(|presented| presented.verify(&key().verifying_key()));
            assert!(verdict.is_err(), "bit {position}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(read(&bytes).is_err());
        }

        #[test]
        fn any_sealed_payload_of_a_device_is_refused_without_a_panic(
            payload in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let sealed = seal(&payload, PURPOSE, device_key_id(&key().verifying_key()), &key());
            prop_assert!(read(to_text(PREFIX, &sealed).as_bytes()).is_err());
        }
    }
}

//! A small signed envelope: COSE_Sign1 (RFC 9052) with Ed25519, in the one shape this project accepts.
//!
//! Only the canonical encoding opens: definite lengths, shortest integers, an empty unprotected header. So every byte
//! of a code is either covered by the signature or fixed, and no flipped bit goes unnoticed.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use minicbor::{Decoder, Encoder, decode, encode};
use std::convert::Infallible;

/// Names the key that signed.
pub type KeyId = [u8; 4];

const ALGORITHM_LABEL: i64 = 1;
const KEY_ID_LABEL: i64 = 4;
const EDDSA: i64 = -8;

/// An opened but not yet verified envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    key_id: KeyId,
    protected: Vec<u8>,
    payload: Vec<u8>,
    signature: [u8; 64],
}

/// The bytes are no envelope of ours, or its signature is wrong.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// Not the one encoding accepted.
    #[error("not a sealed message")]
    Malformed,
    /// The signature does not fit the content, the purpose or the key.
    #[error("the signature does not fit")]
    BadSignature,
}

impl From<decode::Error> for SealError {
    fn from(_: decode::Error) -> SealError {
        SealError::Malformed
    }
}

/// Seals `payload` for one `purpose`: the purpose is signed along but does not travel.
pub fn seal(payload: &[u8], purpose: &str, key_id: KeyId, key: &SigningKey) -> Vec<u8> {
    let protected = protected_header(key_id);
    let signature = key.sign(&signed_bytes(&protected, purpose, payload)).to_bytes();
    Sealed { key_id, protected, payload: payload.to_vec(), signature }.encode()
}

impl Sealed {
    /// Opens an envelope without judging its signature.
    pub fn open(bytes: &[u8]) -> Result<Sealed, SealError> {
        let mut decoder = Decoder::new(bytes);
        if decoder.array()? != Some(4) {
            return Err(SealError::Malformed);
        }
        let protected = decoder.bytes()?.to_vec();
        if decoder.map()? != Some(0) {
            return Err(SealError::Malformed);
        }
        let payload = decoder.bytes()?.to_vec();
        let signature = decoder.bytes()?.try_into().map_err(|_| SealError::Malformed)?;
        let key_id = read_key_id(&protected)?;
        let sealed = Sealed { key_id, protected, payload, signature };
        if sealed.encode() == bytes { Ok(sealed) } else { Err(SealError::Malformed) }
    }

    /// The key the envelope says it was signed with.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The content, to be believed only after [`Sealed::verify`].
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks the signature for `purpose` (strictly: no malleable signatures, no weak keys).
    pub fn verify(&self, purpose: &str, key: &VerifyingKey) -> Result<(), SealError> {
        let message = signed_bytes(&self.protected, purpose, &self.payload);
        key.verify_strict(&message, &Signature::from_bytes(&self.signature))
            .map_err(|_| SealError::BadSignature)
    }

    fn encode(&self) -> Vec<u8> {
        encoded(|encoder| {
            encoder.array(4)?.bytes(&self.protected)?.map(0)?.bytes(&self.payload)?.bytes(&self.signature)?;
            Ok(())
        })
    }
}

fn protected_header(key_id: KeyId) -> Vec<u8> {
    encoded(|encoder| {
        encoder.map(2)?.i64(ALGORITHM_LABEL)?.i64(EDDSA)?.i64(KEY_ID_LABEL)?.bytes(&key_id)?;
        Ok(())
    })
}

fn read_key_id(protected: &[u8]) -> Result<KeyId, SealError> {
    // The header has one form, so the key id is its tail and everything else is compared.
    let tail = protected.len().checked_sub(4).ok_or(SealError::Malformed)?;
    let key_id = protected[tail..].try_into().map_err(|_| SealError::Malformed)?;
    if protected_header(key_id) == protected { Ok(key_id) } else { Err(SealError::Malformed) }
}

/// The `Sig_structure` of RFC 9052, section 4.4.
fn signed_bytes(protected: &[u8], purpose: &str, payload: &[u8]) -> Vec<u8> {
    encoded(|encoder| {
        encoder.array(4)?.str("Signature1")?.bytes(protected)?.bytes(purpose.as_bytes())?.bytes(payload)?;
        Ok(())
    })
}

/// Runs an encoder over a growing buffer, which cannot fail.
pub(crate) fn encoded(
    write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Result<(), encode::Error<Infallible>>,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    // Writing to memory has no error: the error type is `Infallible`.
    let written = write(&mut Encoder::new(&mut bytes));
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    #[test]
    fn a_sealed_message_opens_for_its_purpose_only() {
        let sealed = Sealed::open(&seal(b"hello", "a", *b"key1", &key())).unwrap();
        assert_eq!((sealed.payload(), sealed.key_id()), (&b"hello"[..], *b"key1"));
        assert_eq!(sealed.verify("a", &key().verifying_key()), Ok(()));
        assert_eq!(sealed.verify("b", &key().verifying_key()), Err(SealError::BadSignature));
    }

    #[test]
    fn no_flipped_bit_survives() {
        let bytes = seal(b"hello", "a", *b"key1", &key());
        for position in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[position / 8] ^= 1 << (position % 8);
            let verdict = Sealed::open(&forged).and_then(|sealed| sealed.verify("a", &key().verifying_key()));
            assert!(verdict.is_err(), "bit {position}");
        }
    }

    #[test]
    fn indefinite_lengths_and_longer_integers_are_refused() {
        let bytes = seal(b"hello", "a", *b"key1", &key());
        let mut indefinite = bytes.clone();
        indefinite[0] = 0x9f;
        indefinite.push(0xff);
        assert_eq!(Sealed::open(&indefinite), Err(SealError::Malformed));
        let mut long_head = vec![0x98, 0x04];
        long_head.extend_from_slice(&bytes[1..]);
        assert_eq!(Sealed::open(&long_head), Err(SealError::Malformed));
        let mut tail = bytes;
        tail.push(0);
        assert_eq!(Sealed::open(&tail), Err(SealError::Malformed));
    }
}

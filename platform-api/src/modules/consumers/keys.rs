//! The secrets of this module, all from one key file, and the sealing of what must not be read in the database.
//!
//! A person's fields are sealed under the person's own key, and that key under the server's: removing one small value
//! makes a person unreadable. Every sealed value is bound to where it belongs, so none can be put in another's place.

use crate::foundation::{
    act::Act,
    app::App,
    secrets::{SecretError, keyed_hash},
};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use domain::{
    consumer_code::Pseudonym,
    ids::{ConsumerId, TagId},
    sealed::KeyId,
    time::ShanghaiDay,
};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac};
use sha2::Sha256;

const NONCE_BYTES: usize = 24;

/// The secrets; cheap to clone, never shown.
#[derive(Clone)]
pub struct Keys {
    phone: [u8; 32],
    wrapping: [u8; 32],
    day: [u8; 32],
    tag: [u8; 32],
}

/// A sealed value does not open: wrong key file, or the database was changed by hand.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a sealed value does not open with the key file of this server")]
pub struct SealedError;

/// The key of one person's fields.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PersonKey([u8; 32]);

impl Keys {
    /// The keys of this server; the key file is made when there is none.
    pub fn of(app: &App) -> Result<Keys, SecretError> {
        let master = app.secrets.key("consumers", app.entropy.as_ref())?;
        Ok(Keys::from_master(&master))
    }

    /// The keys that follow from one master key.
    pub fn from_master(master: &[u8; 32]) -> Keys {
        Keys {
            phone: mac(master, &[b"phone"]),
            wrapping: mac(master, &[b"wrapping"]),
            day: mac(master, &[b"day"]),
            tag: mac(master, &[b"tag"]),
        }
    }

    /// How a phone number is looked up without being kept.
    pub(super) fn phone_hash(&self, phone: &str) -> String {
        keyed_hash(&self.phone, phone)
    }

    /// Who a consumer is on one Shanghai day: HMAC under that day's key, cut to 16 bytes.
    pub(super) fn pseudonym(&self, consumer: ConsumerId, day: ShanghaiDay) -> Pseudonym {
        let day_key = mac(&self.day, &[&day.get().to_be_bytes()]);
        let whole = mac(&day_key, &[&consumer.to_bytes()]);
        let mut short = [0; 16];
        short.copy_from_slice(&whole[..16]);
        Pseudonym::from_bytes(short)
    }

    /// The opaque number of the tag `name`; `attempt` gives another when one is taken.
    pub(super) fn tag_number(&self, name: &str, attempt: u8) -> TagId {
        let whole = mac(&self.tag, &[name.as_bytes(), &[0, attempt]]);
        TagId::new(u32::from_be_bytes([whole[0], whole[1], whole[2], whole[3]]))
    }

    /// A new key for a person and its sealed form.
    pub(super) fn new_person(
        &self,
        act: &Act,
        consumer: ConsumerId,
    ) -> Result<(PersonKey, Vec<u8>), SealedError> {
        let key = PersonKey(act.chance());
        let sealed = seal(&self.wrapping, act, &person_place(consumer), &key.0)?;
        Ok((key, sealed))
    }

    /// The key of a person, from its sealed form.
    pub(super) fn open_person(&self, consumer: ConsumerId, sealed: &[u8]) -> Result<PersonKey, SealedError> {
        let bytes = open(&self.wrapping, &person_place(consumer), sealed)?;
        bytes.try_into().map(PersonKey).map_err(|_| SealedError)
    }

    /// The sealed form of a private ring key.
    pub(super) fn seal_signing(
        &self,
        act: &Act,
        key_id: KeyId,
        key: &SigningKey,
    ) -> Result<Vec<u8>, SealedError> {
        seal(&self.wrapping, act, &ring_place(key_id), &key.to_bytes())
    }

    /// A private ring key, from its sealed form.
    pub(super) fn open_signing(&self, key_id: KeyId, sealed: &[u8]) -> Result<SigningKey, SealedError> {
        let bytes = open(&self.wrapping, &ring_place(key_id), sealed)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| SealedError)?;
        Ok(SigningKey::from_bytes(&bytes))
    }
}

impl PersonKey {
    /// The sealed form of one field.
    pub(super) fn seal(&self, act: &Act, field: &str, text: &str) -> Result<Vec<u8>, SealedError> {
        seal(&self.0, act, field.as_bytes(), text.as_bytes())
    }

    /// One field, from its sealed form.
    pub(super) fn open(&self, field: &str, sealed: &[u8]) -> Result<String, SealedError> {
        String::from_utf8(open(&self.0, field.as_bytes(), sealed)?).map_err(|_| SealedError)
    }
}

fn person_place(consumer: ConsumerId) -> Vec<u8> {
    [b"person/".as_slice(), &consumer.to_bytes()].concat()
}

fn ring_place(key_id: KeyId) -> Vec<u8> {
    [b"ring/".as_slice(), &key_id].concat()
}

/// Nonce and ciphertext. The nonce follows from chance *and* content, so that even chance that repeats (a demo started
/// twice with one seed) never puts two texts under one nonce.
fn seal(key: &[u8; 32], act: &Act, place: &[u8], text: &[u8]) -> Result<Vec<u8>, SealedError> {
    let chance: [u8; 32] = act.chance();
    let whole = mac(key, &[b"nonce", &chance, &length(place), place, text]);
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&whole[..NONCE_BYTES]);
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed =
        cipher.encrypt(&XNonce::from(nonce), Payload { msg: text, aad: place }).map_err(|_| SealedError)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &[u8; 32], place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealedError> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealedError)?;
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: place }).map_err(|_| SealedError)
}

fn length(bytes: &[u8]) -> [u8; 8] {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes()
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length, so the error arm is never reached; zeroes would open nothing.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::act::Actor;
    use domain::time::UtcMillis;

    fn act() -> Act {
        Act::new(UtcMillis::new(0), Actor::Anonymous, String::new(), [7; 32])
    }

    fn consumer(byte: u8) -> ConsumerId {
        ConsumerId::from_bytes([byte; 16])
    }

    #[test]
    fn a_persons_field_opens_with_that_persons_key_and_in_its_place_only() {
        let keys = Keys::from_master(&[1; 32]);
        let (key, sealed_key) = keys.new_person(&act(), consumer(1)).unwrap();
        let sealed = key.seal(&act(), "phone", "13800000001").unwrap();
        let opened = keys.open_person(consumer(1), &sealed_key).unwrap();
        assert_eq!(opened.open("phone", &sealed).as_deref(), Ok("13800000001"));
        assert_eq!(opened.open("name", &sealed), Err(SealedError));
        assert!(keys.open_person(consumer(2), &sealed_key).is_err());
        assert!(Keys::from_master(&[2; 32]).open_person(consumer(1), &sealed_key).is_err());
    }

    #[test]
    fn chance_that_repeats_gives_two_texts_two_nonces() {
        let (key, _) = Keys::from_master(&[1; 32]).new_person(&act(), consumer(1)).unwrap();
        let (one, other) = (key.seal(&act(), "name", "a").unwrap(), key.seal(&act(), "name", "b").unwrap());
        assert_ne!(one[..NONCE_BYTES], other[..NONCE_BYTES]);
    }

    #[test]
    fn a_pseudonym_is_the_same_all_day_and_another_the_next() {
        let keys = Keys::from_master(&[1; 32]);
        let day = ShanghaiDay::new(20_000);
        assert_eq!(keys.pseudonym(consumer(1), day), keys.pseudonym(consumer(1), day));
        assert_ne!(keys.pseudonym(consumer(1), day), keys.pseudonym(consumer(1), day.plus_days(1)));
        assert_ne!(keys.pseudonym(consumer(1), day), keys.pseudonym(consumer(2), day));
    }
}

//! Messages the platform signs: the very bytes of the body are signed, so no two readings of them can differ.

use crate::base64_bytes;
use domain::ids::DeviceId;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What a signature is for; it is signed along, so a grant can never pass for a feed page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A page of the feed.
    FeedPage,
    /// A lease grant.
    Grant,
    /// The answer to a heartbeat: the platform's time.
    Heartbeat,
    /// The verdicts on claims.
    Claims,
    /// What a close gave back.
    Close,
    /// That a request is older than one served before.
    Challenge,
    /// That a confession was taken.
    Confession,
}

impl Purpose {
    const fn context(self) -> &'static [u8] {
        match self {
            Purpose::FeedPage => b"CXP1/feed\0",
            Purpose::Grant => b"CXP1/grant\0",
            Purpose::Heartbeat => b"CXP1/heartbeat\0",
            Purpose::Claims => b"CXP1/claims\0",
            Purpose::Close => b"CXP1/close\0",
            Purpose::Challenge => b"CXP1/challenge\0",
            Purpose::Confession => b"CXP1/confession\0",
        }
    }
}

/// A JSON body and the platform's signature over its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The body, as JSON text.
    pub body: String,
    /// Ed25519 over the purpose and the bytes of `body`.
    #[serde(with = "base64_bytes")]
    pub signature: [u8; 64],
}

/// An answer and the request it answers, so that it cannot be shown again as the answer to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound<T> {
    /// Who asked.
    pub device: DeviceId,
    /// In which life: a kiosk that lost its disk counts from one again.
    pub epoch: u32,
    /// The number of the request.
    pub counter: u64,
    /// The answer.
    pub answer: T,
}

/// Why a signed message is not believed.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// The signature does not fit the body, the purpose or the key.
    #[error("the platform's signature does not fit")]
    BadSignature,
    /// The signature is right, but the body is not what was expected.
    #[error("a signed body is not understood")]
    NotUnderstood(#[source] serde_json::Error),
}

impl Signed {
    /// Signs a message.
    pub fn seal<T: Serialize>(
        message: &T,
        purpose: Purpose,
        key: &SigningKey,
    ) -> Result<Signed, serde_json::Error> {
        let body = serde_json::to_string(message)?;
        let signature = key.sign(&signed_bytes(&body, purpose)).to_bytes();
        Ok(Signed { body, signature })
    }

    /// Believes the message if `key` signed it for this purpose, and reads it.
    pub fn open<T: DeserializeOwned>(&self, purpose: Purpose, key: &VerifyingKey) -> Result<T, SignedError> {
        let signature = Signature::from_bytes(&self.signature);
        key.verify_strict(&signed_bytes(&self.body, purpose), &signature)
            .map_err(|_| SignedError::BadSignature)?;
        serde_json::from_str(&self.body).map_err(SignedError::NotUnderstood)
    }
}

fn signed_bytes(body: &str, purpose: Purpose) -> Vec<u8> {
    [purpose.context(), body.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_believed_for_its_purpose_and_key_only() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let signed = Signed::seal(&vec![1, 2], Purpose::Grant, &key).unwrap();
        assert_eq!(signed.open::<Vec<i32>>(Purpose::Grant, &key.verifying_key()).unwrap(), [1, 2]);
        let other = SigningKey::from_bytes(&[2; 32]).verifying_key();
        let refused = |purpose, key: &VerifyingKey| {
            matches!(signed.open::<Vec<i32>>(purpose, key), Err(SignedError::BadSignature))
        };
        assert!(refused(Purpose::FeedPage, &key.verifying_key()));
        assert!(refused(Purpose::Grant, &other));
    }

    #[test]
    fn a_changed_body_is_not_believed() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let mut signed = Signed::seal(&"slots: 2", Purpose::Grant, &key).unwrap();
        signed.body = signed.body.replace('2', "9");
        assert!(signed.open::<String>(Purpose::Grant, &key.verifying_key()).is_err());
    }
}

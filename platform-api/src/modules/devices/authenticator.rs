//! Recognises a kiosk by the signature over its request.

use super::{model::Device, store};
use crate::foundation::{
    act::Actor,
    db::Tx,
    error::{Code, Problem},
    guard::{Authenticator, Presented},
};
use axum::http::Method;
use domain::{ids::DeviceId, time::UtcMillis};
use ed25519_dalek::VerifyingKey;
use protocol::device::{
    CONFESS_PATH, COUNTER_HEADER, DEVICE_HEADER, REQUEST_SKEW_MS, RequestHead, SIGNATURE_HEADER, TIME_HEADER,
};

/// Knows kiosks by the headers of [`protocol::device`].
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceAuthenticator;

impl Authenticator for DeviceAuthenticator {
    fn applies(&self, presented: &Presented) -> bool {
        presented.headers.contains_key(DEVICE_HEADER)
    }

    /// Refuses with a code of its own instead of treating the caller as nobody: a kiosk acts on the difference between
    /// a wrong clock and a lost enrolment.
    fn authenticate(
        &self,
        tx: &mut Tx<'_>,
        now: UtcMillis,
        presented: &Presented,
    ) -> Result<Option<Actor>, Problem> {
        let claim = Claim::read(presented).ok_or_else(refused)?;
        let device = store::find(tx, claim.device)?.filter(|device| !device.revoked).ok_or_else(refused)?;
        if !claim.is_signed_by(&device, presented) {
            return Err(refused());
        }
        if device.fenced {
            return Err(Problem::new(Code::DeviceFenced));
        }
        if claim.lacks_counter(presented) {
            return Err(Problem::new(Code::Malformed).detail("a kiosk's POST needs its counter"));
        }
        if now.since(claim.at).abs() > REQUEST_SKEW_MS {
            return Err(Problem::new(Code::ClockSkew).field("now", now.get()));
        }
        Ok(Some(Actor::Kiosk(device.id)))
    }
}

fn refused() -> Problem {
    Problem::new(Code::DeviceRefused)
}

struct Claim<'a> {
    device: DeviceId,
    at: UtcMillis,
    counter: Option<u64>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn read(presented: &'a Presented) -> Option<Claim<'a>> {
        let header = |name: &str| presented.headers.get(name)?.to_str().ok();
        Some(Claim {
            device: header(DEVICE_HEADER)?.parse().ok()?,
            at: UtcMillis::new(header(TIME_HEADER)?.parse().ok()?),
            counter: header(COUNTER_HEADER).map(str::parse).transpose().ok()?,
            signature: header(SIGNATURE_HEADER)?,
        })
    }

    /// Whatever changes something is numbered; a confession is signed over its challenge instead.
    fn lacks_counter(&self, presented: &Presented) -> bool {
        let reads = matches!(presented.method, Method::GET | Method::HEAD | Method::OPTIONS);
        !reads && self.counter.is_none() && presented.path_and_query != CONFESS_PATH
    }

    fn is_signed_by(&self, device: &Device, presented: &Presented) -> bool {
        let head = RequestHead {
            device: self.device,
            method: presented.method.as_str(),
            path: &presented.path_and_query,
            at: self.at,
            counter: self.counter,
            body_sha256: presented.body_sha256,
        };
        VerifyingKey::from_bytes(&device.public_key).is_ok_and(|key| head.verify(self.signature, &key))
    }
}

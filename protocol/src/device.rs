//! Enrolment, signed device requests, heartbeat and configuration of a kiosk.

use crate::base64_bytes;
use domain::{
    ids::{CityCode, DeviceId, MallId},
    time::{MinuteOfDay, UtcMillis},
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Header that names the device of a request.
pub const DEVICE_HEADER: &str = "x-device";
/// Header with the device's time in milliseconds since the epoch.
pub const TIME_HEADER: &str = "x-device-time";
/// Header with the base64 Ed25519 signature over [`RequestHead`].
pub const SIGNATURE_HEADER: &str = "x-device-signature";
/// How far the time of a request may lie from the platform's: past it, the answer tells the right time.
pub const REQUEST_SKEW_MS: i64 = 15 * 60_000;

/// `POST /api/k/v1/enrol`: a kiosk presents its one-time pairing code and the public half of the key it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// Eight characters from the operator's console, valid ten minutes, once.
    pub pairing_code: String,
    /// Ed25519 public key made on the device.
    #[serde(with = "base64_bytes")]
    pub public_key: [u8; 32],
    /// What the hardware calls itself, for the operator's eyes.
    pub hardware: String,
    /// Version of the kiosk's build.
    pub build: String,
}

/// What a kiosk is told when it is enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// Its id from now on.
    pub device: DeviceId,
    /// Counts its enrolments; every grant is bound to one epoch.
    pub epoch: u32,
    /// The city it stands in.
    pub city: CityCode,
    /// The mall it stands in.
    pub mall: MallId,
    /// The key the platform signs feed pages and grants with; pinned.
    #[serde(with = "base64_bytes")]
    pub platform_key: [u8; 32],
    /// The platform's time.
    pub now: UtcMillis,
}

/// `GET /api/k/v1/time`: the platform's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeAnswer {
    /// Now, by the only clock that decides reclaim.
    pub now: UtcMillis,
}

/// `POST /api/k/v1/heartbeat`: how the kiosk is. No personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The enrolment it speaks for.
    pub epoch: u32,
    /// Version of the build.
    pub build: String,
    /// Version of the configuration in use; 0 for the built-in one.
    pub config_version: u64,
    /// Place reached in the feed.
    pub feed_cursor: u64,
    /// Outbox rows not yet acknowledged.
    pub outbox_rows: u64,
    /// Slots still unused in open leases.
    pub lease_slots: u64,
    /// A camera delivers frames.
    pub camera: bool,
    /// The kiosk's own time.
    pub at: UtcMillis,
}

/// What a heartbeat brings back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatAnswer {
    /// The platform's time.
    pub now: UtcMillis,
    /// Newest place in the feed: a kiosk behind it fetches.
    pub feed_head: u64,
}

/// Configuration pushed through the feed. Every field has a default, so an old page still configures a new build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KioskConfig {
    /// Grows with every change; 0 is the built-in configuration.
    pub version: u64,
    /// How often the feed is asked for news, jitter aside.
    pub feed_poll_s: u32,
    /// How often the outbox is sent, jitter aside.
    pub outbox_s: u32,
    /// Seconds without a touch before the screen asks "still there?".
    pub idle_s: u32,
    /// Seconds it then waits.
    pub still_there_s: u32,
    /// Seconds the claimed screen stays.
    pub claimed_s: u32,
    /// Seconds the scan screen waits for a code.
    pub scan_s: u32,
    /// When the night look begins.
    pub night_from: MinuteOfDay,
    /// When the night look ends.
    pub night_to: MinuteOfDay,
    /// Pitch of the panel in micrometres: 496 for 43" Full HD.
    pub pixel_um: u32,
}

impl Default for KioskConfig {
    fn default() -> KioskConfig {
        const NIGHT_FROM: Option<MinuteOfDay> = MinuteOfDay::new(19, 30);
        const NIGHT_TO: Option<MinuteOfDay> = MinuteOfDay::new(6, 0);
        KioskConfig {
            version: 0,
            feed_poll_s: 60,
            outbox_s: 10,
            idle_s: 20,
            still_there_s: 20,
            claimed_s: 15,
            scan_s: 30,
            night_from: NIGHT_FROM.unwrap_or(MinuteOfDay::END),
            night_to: NIGHT_TO.unwrap_or(MinuteOfDay::START),
            pixel_um: 496,
        }
    }
}

/// The part of a request that is signed by the device.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The device.
    pub device: DeviceId,
    /// Method in capitals.
    pub method: &'a str,
    /// Path and query as sent.
    pub path: &'a str,
    /// The device's time.
    pub at: UtcMillis,
    /// [`body_sha256`] of the whole body.
    pub body_sha256: [u8; 32],
}

/// SHA-256 of a request's body; of nothing for a request without one.
pub fn body_sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

impl RequestHead<'_> {
    /// The signature for [`SIGNATURE_HEADER`].
    pub fn sign(&self, key: &SigningKey) -> String {
        base64_bytes::encode(&key.sign(self.message().as_bytes()).to_bytes())
    }

    /// True if `signature` is the device's over exactly this request.
    pub fn verify(&self, signature: &str, key: &VerifyingKey) -> bool {
        base64_bytes::decode(signature).is_some_and(|bytes| {
            key.verify_strict(self.message().as_bytes(), &Signature::from_bytes(&bytes)).is_ok()
        })
    }

    fn message(&self) -> String {
        let mut text = format!("CXD1\n{}\n{}\n{}\n{}\n", self.device, self.method, self.path, self.at.get());
        for byte in self.body_sha256 {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_every_part_of_a_request() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let head = RequestHead {
            device: DeviceId::from_bytes([1; 16]),
            method: "POST",
            path: "/api/k/v1/leases",
            at: UtcMillis::new(5),
            body_sha256: body_sha256(b"{}"),
        };
        let signature = head.sign(&key);
        assert!(head.verify(&signature, &key.verifying_key()));
        let changed = [
            RequestHead { device: DeviceId::from_bytes([2; 16]), ..head },
            RequestHead { method: "PUT", ..head },
            RequestHead { path: "/api/k/v1/leases?x=1", ..head },
            RequestHead { at: UtcMillis::new(6), ..head },
            RequestHead { body_sha256: body_sha256(b"{ }"), ..head },
        ];
        assert!(changed.iter().all(|other| !other.verify(&signature, &key.verifying_key())));
        assert!(!head.verify("not base64", &key.verifying_key()));
    }

    #[test]
    fn the_night_look_has_its_built_in_hours() {
        let config: KioskConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(
            (config.night_from.to_string(), config.night_to.to_string()),
            ("19:30".into(), "06:00".into())
        );
    }
}

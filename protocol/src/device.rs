//! Enrolment, signed device requests, heartbeat, confession and configuration of a kiosk.

use crate::{base64_bytes, signed::Signed};
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
/// Header with the number of a signed POST: it only grows in one epoch, and is on the kiosk's disk before it is sent.
/// What is only read (feed, media, stream) is signed without one, and so is a [`Confession`].
pub const COUNTER_HEADER: &str = "x-device-counter";
/// Where a [`Confession`] is sent: the one signed POST without a counter, because the counter is what is wrong.
pub const CONFESS_PATH: &str = "/api/k/v1/confess";
/// Header with the base64 Ed25519 signature over [`RequestHead`].
pub const SIGNATURE_HEADER: &str = "x-device-signature";
/// How far the time of a request may lie from the platform's: past it, the answer tells the right time.
pub const REQUEST_SKEW_MS: i64 = 15 * 60_000;

/// `POST /api/k/v1/enrol`: a kiosk presents its one-time pairing code and the public half of the key it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// Twelve letters and digits from the operator's console, in any case and grouping; valid ten minutes, once.
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
    /// Its push stream is open.
    #[serde(default)]
    pub stream: bool,
    /// Its disk is low: pictures, and perhaps the feed, wait for room. Claims go on.
    #[serde(default)]
    pub disk_low: bool,
    /// The kiosk's own time.
    pub at: UtcMillis,
    /// What its ledger holds; lower than heard before means that its disk is older than what it once said.
    #[serde(default)]
    pub high_water: HighWater,
}

/// Counts that a ledger keeps durably and that never get smaller in one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HighWater {
    /// Number of the last lease request.
    pub request_no: u64,
    /// Vouchers ever issued in this epoch.
    pub vouchers: u64,
}

impl HighWater {
    /// True if any of the counts is smaller than in `heard`.
    pub const fn is_behind(&self, heard: &HighWater) -> bool {
        self.request_no < heard.request_no || self.vouchers < heard.vouchers
    }

    /// The larger of each count.
    pub fn max(self, other: HighWater) -> HighWater {
        HighWater {
            request_no: self.request_no.max(other.request_no),
            vouchers: self.vouchers.max(other.vouchers),
        }
    }
}

/// What a platform noticed of a request that is older than one it has served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "behind")]
pub enum Behind {
    /// The request's number is not greater than that of an earlier request.
    Counter {
        /// The greatest number served in this epoch.
        heard: u64,
    },
    /// The heartbeat's counts are smaller than those of an earlier one.
    HighWater {
        /// What the heartbeat says.
        said: HighWater,
        /// What was heard before.
        heard: HighWater,
    },
}

/// The field `challenge` of a problem `COUNTER_BEHIND`: a [`Signed`] one of these, purpose `Challenge`.
///
/// A late packet of a healthy kiosk gets one too, and nobody reads it. A kiosk that receives it as the answer to what
/// it has just sent knows that its disk was rolled back, or lives in a second kiosk: it stops, and confesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Who was refused.
    pub device: DeviceId,
    /// In which life.
    pub epoch: u32,
    /// The number of the request that was refused.
    pub counter: u64,
    /// What was noticed.
    #[serde(flatten)]
    pub behind: Behind,
    /// When, by the platform's clock. A confession is taken while this is recent ([`REQUEST_SKEW_MS`]).
    pub at: UtcMillis,
    /// Makes each challenge another one.
    #[serde(with = "base64_bytes")]
    pub nonce: [u8; 16],
}

/// `POST /api/k/v1/confess`, signed by the device's key over the challenge: my disk is older than what I once said.
/// The platform ends the device's epoch; every copy of it must be paired again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confession {
    /// The challenge as received.
    pub challenge: Signed,
}

/// What a confession brings back: a [`Signed`] one, purpose `Confession`, bound to the challenge's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfessionAnswer {
    /// Since when the epoch is over.
    pub fenced_at: UtcMillis,
}

/// What a heartbeat brings back: a [`Signed`] one, purpose `Heartbeat`, bound to its request.
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
    /// The number of [`COUNTER_HEADER`]; absent where nothing is changed.
    pub counter: Option<u64>,
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
        let counter = self.counter.map_or_else(|| "-".to_owned(), |counter| counter.to_string());
        let (device, method, path, at) = (self.device, self.method, self.path, self.at.get());
        let mut text = format!("CXD2\n{device}\n{method}\n{path}\n{at}\n{counter}\n");
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
            counter: Some(7),
            body_sha256: body_sha256(b"{}"),
        };
        let signature = head.sign(&key);
        assert!(head.verify(&signature, &key.verifying_key()));
        let changed = [
            RequestHead { device: DeviceId::from_bytes([2; 16]), ..head },
            RequestHead { method: "PUT", ..head },
            RequestHead { path: "/api/k/v1/leases?x=1", ..head },
            RequestHead { at: UtcMillis::new(6), ..head },
            RequestHead { counter: Some(8), ..head },
            RequestHead { counter: None, ..head },
            RequestHead { body_sha256: body_sha256(b"{ }"), ..head },
        ];
        assert!(changed.iter().all(|other| !other.verify(&signature, &key.verifying_key())));
        assert!(!head.verify("not base64", &key.verifying_key()));
    }

    #[test]
    fn a_count_that_is_smaller_is_behind_and_one_that_grew_is_not() {
        let heard = HighWater { request_no: 4, vouchers: 9 };
        assert!(!heard.is_behind(&heard));
        assert!(HighWater { request_no: 3, vouchers: 20 }.is_behind(&heard));
        assert!(HighWater { request_no: 20, vouchers: 8 }.is_behind(&heard));
        let joined = heard.max(HighWater { request_no: 5, vouchers: 1 });
        assert_eq!(joined, HighWater { request_no: 5, vouchers: 9 });
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

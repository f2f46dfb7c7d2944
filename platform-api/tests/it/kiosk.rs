//! A kiosk as the platform sees it: a key, an id, and requests signed with the one for the other.

use crate::harness::{Answer, Platform};
use axum::{
    body::Body,
    http::{Method, Request},
};
use domain::{
    ids::{DeviceId, MallId},
    time::UtcMillis,
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use platform_api::{
    foundation::act::Actor,
    modules::fleet::{self, Place},
};
use protocol::{
    device::{DEVICE_HEADER, EnrolAnswer, RequestHead, SIGNATURE_HEADER, TIME_HEADER, body_sha256},
    signed::{Purpose, Signed},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The mall test kiosks stand in.
pub const MALL: MallId = MallId::from_bytes([7; 16]);

/// A kiosk that is enrolled.
pub struct Kiosk {
    pub id: DeviceId,
    pub epoch: u32,
    pub key: SigningKey,
    pub platform_key: VerifyingKey,
}

/// A pairing code for a new kiosk, or to enrol `device` again.
pub fn pairing_code(platform: &Platform, device: Option<DeviceId>) -> String {
    let act = platform.act(Actor::System("test"));
    let place = Place { mall: MALL, place: "一层中庭".into() };
    let code = platform.db().write(move |tx| fleet::create_pairing_code(tx, &act, &place, device));
    code.unwrap().code
}

/// Shows `code` to the platform, with the key made of `seed`.
pub async fn try_enrol(platform: &Platform, code: &str, seed: u8) -> Answer {
    let public_key = serde_json::to_value(base64(&public(seed))).unwrap();
    let body = json!({"pairing_code": code, "public_key": public_key, "hardware": "test", "build": "0.1.0"});
    platform.post("/api/k/v1/enrol", None, body).await
}

impl Kiosk {
    /// A new kiosk with the key made of `seed`.
    pub async fn enrol(platform: &Platform, seed: u8) -> Kiosk {
        let code = pairing_code(platform, None);
        Kiosk::from_answer(&try_enrol(platform, &code, seed).await, seed)
    }

    /// The kiosk this enrolment made.
    pub fn from_answer(answer: &Answer, seed: u8) -> Kiosk {
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        let answer: EnrolAnswer = serde_json::from_value(answer.json.clone()).unwrap();
        let platform_key = VerifyingKey::from_bytes(&answer.platform_key).unwrap();
        Kiosk {
            id: answer.device,
            epoch: answer.epoch,
            key: SigningKey::from_bytes(&[seed; 32]),
            platform_key,
        }
    }

    /// A signed request, to be sent or spoilt.
    pub fn request(&self, method: Method, path: &str, body: &Value, at: UtcMillis) -> Request<Body> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let head = RequestHead {
            device: self.id,
            method: method.as_str(),
            path,
            at,
            body_sha256: body_sha256(text.as_bytes()),
        };
        Request::builder()
            .uri(path)
            .header(DEVICE_HEADER, self.id.to_string())
            .header(TIME_HEADER, at.get().to_string())
            .header(SIGNATURE_HEADER, head.sign(&self.key))
            .header("content-type", "application/json")
            .method(method)
            .body(Body::from(text))
            .unwrap()
    }

    pub async fn post(&self, platform: &Platform, path: &str, body: Value) -> Answer {
        let now = platform.app.clock.now();
        platform.send(self.request(Method::POST, path, &body, now)).await
    }

    pub async fn get(&self, platform: &Platform, path: &str) -> Answer {
        let now = platform.app.clock.now();
        platform.send(self.request(Method::GET, path, &Value::Null, now)).await
    }

    /// A signed answer, believed only if the pinned key signed it.
    pub fn open<T: DeserializeOwned>(&self, answer: Answer, purpose: Purpose) -> T {
        let signed: Signed = serde_json::from_value(answer.expect(200)).unwrap();
        signed.open(purpose, &self.platform_key).unwrap()
    }
}

fn public(seed: u8) -> [u8; 32] {
    SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

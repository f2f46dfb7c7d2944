//! A kiosk as the platform sees it: a key, an id, and requests signed with the one for the other.

use crate::harness::{Answer, Platform};
use axum::{
    body::Body,
    extract::ConnectInfo,
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
    device::{
        CONFESS_PATH, COUNTER_HEADER, DEVICE_HEADER, EnrolAnswer, RequestHead, SIGNATURE_HEADER, TIME_HEADER,
        body_sha256,
    },
    signed::{Bound, Purpose, Signed},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicU64, Ordering},
};

/// The mall test kiosks stand in.
pub const MALL: MallId = MallId::from_bytes([7; 16]);

/// A kiosk that is enrolled.
pub struct Kiosk {
    pub id: DeviceId,
    pub epoch: u32,
    pub key: SigningKey,
    pub platform_key: VerifyingKey,
    /// The number of its last signed POST.
    pub counter: AtomicU64,
}

/// A pairing code for a new kiosk, or to enrol `device` again.
pub fn pairing_code(platform: &Platform, device: Option<DeviceId>) -> String {
    pairing_code_in(platform, MALL, device)
}

/// A pairing code for a kiosk in a mall.
pub fn pairing_code_in(platform: &Platform, mall: MallId, device: Option<DeviceId>) -> String {
    let (maker, checker) = (platform.act(Actor::System("maker")), platform.act(Actor::System("checker")));
    let place = Place { mall, place: "一层中庭".into() };
    let code = platform.db().write(move |tx| {
        let Some(device) = device else { return fleet::create_pairing_code(tx, &maker, &place).map(Some) };
        fleet::ask_pairing(tx, &maker, device, &place)?;
        fleet::decide_pairing(tx, &checker, device, true)
    });
    code.unwrap().unwrap().code
}

/// Shows `code` to the platform, with the key made of `seed`.
pub async fn try_enrol(platform: &Platform, code: &str, seed: u8) -> Answer {
    platform.post("/api/k/v1/enrol", None, enrol_body(code, seed)).await
}

/// The same, from an address.
pub async fn try_enrol_from(platform: &Platform, from: IpAddr, code: &str, seed: u8) -> Answer {
    let peer = ConnectInfo(SocketAddr::from((from, 40_000)));
    let request = platform.request(Method::POST, "/api/k/v1/enrol", None).extension(peer);
    let request = request.header("content-type", "application/json");
    platform.send(request.body(Body::from(enrol_body(code, seed).to_string())).unwrap()).await
}

fn enrol_body(code: &str, seed: u8) -> Value {
    let public_key = serde_json::to_value(base64(&public(seed))).unwrap();
    json!({"pairing_code": code, "public_key": public_key, "hardware": "test", "build": "0.1.0"})
}

impl Kiosk {
    /// A new kiosk with the key made of `seed`.
    pub async fn enrol(platform: &Platform, seed: u8) -> Kiosk {
        let code = pairing_code(platform, None);
        Kiosk::from_answer(&try_enrol(platform, &code, seed).await, seed)
    }

    /// A new kiosk in a mall, with the key made of `seed`.
    pub async fn enrol_in(platform: &Platform, mall: MallId, seed: u8) -> Kiosk {
        let code = pairing_code_in(platform, mall, None);
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
            counter: AtomicU64::new(0),
        }
    }

    /// A signed request, to be sent or spoilt; a POST has the next number.
    pub fn request(&self, method: Method, path: &str, body: &Value, at: UtcMillis) -> Request<Body> {
        let counted = method == Method::POST && path != CONFESS_PATH;
        let counter = counted.then(|| self.counter.fetch_add(1, Ordering::SeqCst) + 1);
        self.numbered(counter, (method, path), body, at)
    }

    /// A signed request with this number.
    pub fn numbered(
        &self,
        counter: Option<u64>,
        (method, path): (Method, &str),
        body: &Value,
        at: UtcMillis,
    ) -> Request<Body> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let head = RequestHead {
            device: self.id,
            method: method.as_str(),
            path,
            at,
            counter,
            body_sha256: body_sha256(text.as_bytes()),
        };
        let request = match counter {
            Some(counter) => Request::builder().header(COUNTER_HEADER, counter),
            None => Request::builder(),
        };
        request
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

impl Kiosk {
    /// The answer to the last POST, believed only if the pinned key signed it for exactly that request.
    pub fn believe<T: DeserializeOwned>(&self, answer: Answer, purpose: Purpose) -> T {
        let bound: Bound<T> = self.open(answer, purpose);
        let asked = (self.id, self.epoch, self.counter.load(Ordering::SeqCst));
        assert_eq!((bound.device, bound.epoch, bound.counter), asked);
        bound.answer
    }
}

fn public(seed: u8) -> [u8; 32] {
    SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

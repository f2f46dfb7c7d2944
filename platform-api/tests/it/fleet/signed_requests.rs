//! A kiosk is believed for exactly the request it signed.

use crate::{
    harness::Platform,
    kiosk::{Kiosk, MALL},
};
use axum::http::{HeaderValue, Method};
use platform_api::{foundation::act::Actor, modules::devices};
use protocol::device::{REQUEST_SKEW_MS, SIGNATURE_HEADER, TIME_HEADER};
use serde_json::{Value, json};

const FEED: &str = "/api/k/v1/feed?since=0";

#[tokio::test]
async fn nothing_of_a_signed_request_can_be_changed() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let now = platform.app.clock.now();
    let fresh = || kiosk.request(Method::GET, FEED, &Value::Null, now);

    let mut later = fresh();
    later.headers_mut().insert(TIME_HEADER, HeaderValue::from(now.get() + 1));
    let mut elsewhere = fresh();
    *elsewhere.uri_mut() = "/api/k/v1/feed?since=1".parse().unwrap();
    let mut unsigned = fresh();
    unsigned.headers_mut().remove(SIGNATURE_HEADER);
    let signature = fresh().headers()[SIGNATURE_HEADER].clone();
    let mut other_body = kiosk.request(Method::POST, "/api/k/v1/heartbeat", &json!({"epoch": 1}), now);
    *other_body.body_mut() = axum::body::Body::from("{\"epoch\":2}");
    let mut borrowed = kiosk.request(Method::POST, "/api/k/v1/heartbeat", &json!({}), now);
    borrowed.headers_mut().insert(SIGNATURE_HEADER, signature);

    for spoilt in [later, elsewhere, unsigned, other_body, borrowed] {
        let path = spoilt.uri().clone();
        let answer = platform.send(spoilt).await;
        assert_eq!(answer.json["code"], "DEVICE_REFUSED", "{path}: {}", answer.text);
    }
    platform.send(fresh()).await.expect(200);
}

#[tokio::test]
async fn a_kiosk_with_a_wrong_clock_is_told_the_time_and_one_with_a_wrong_key_is_not() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let now = platform.app.clock.now();
    for ahead_ms in [REQUEST_SKEW_MS + 1, -REQUEST_SKEW_MS - 1] {
        let request = kiosk.request(Method::GET, FEED, &Value::Null, now.plus_ms(ahead_ms));
        let answer = platform.send(request).await;
        answer.expect_problem(401, "CLOCK_SKEW");
        assert_eq!(answer.json["now"], now.get());
    }
    let stranger = Kiosk { key: ed25519_dalek::SigningKey::from_bytes(&[9; 32]), ..kiosk };
    stranger.get(&platform, FEED).await.expect_problem(401, "DEVICE_REFUSED");
}

#[tokio::test]
async fn wrong_signatures_are_limited_per_address_and_keep_no_kiosk_out() {
    let platform = Platform::with(|config| config.limits.requests_per_minute = 60);
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let counter = std::sync::atomic::AtomicU64::new(0);
    let stranger = Kiosk { key, id: kiosk.id, epoch: kiosk.epoch, platform_key: kiosk.platform_key, counter };
    // The enrolment came from the same address.
    for _ in 0..59 {
        stranger.get(&platform, FEED).await.expect_problem(401, "DEVICE_REFUSED");
    }
    stranger.get(&platform, FEED).await.expect_problem(429, "RATE_LIMITED");
    kiosk.get(&platform, FEED).await.expect(200);
}

#[tokio::test]
async fn a_revoked_kiosk_is_refused_at_its_next_call() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let (id, act) = (kiosk.id, platform.act(Actor::System("test")));
    assert!(platform.db().write(move |tx| devices::revoke(tx, &act, id)).unwrap());
    kiosk.get(&platform, FEED).await.expect_problem(401, "DEVICE_REFUSED");
}

#[tokio::test]
async fn nobody_else_reaches_the_routes_of_kiosks_and_fleet_operators() {
    let platform = Platform::new();
    platform.get(FEED, None).await.expect_problem(401, "UNAUTHENTICATED");
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let body = json!({"mall": MALL.to_string(), "place": "一层"});
    kiosk
        .post(&platform, "/api/o/v1/kiosks/pairing-codes", body.clone())
        .await
        .expect_problem(403, "FORBIDDEN");
    platform.post("/api/o/v1/kiosks/pairing-codes", None, body).await.expect_problem(401, "UNAUTHENTICATED");
    kiosk.get(&platform, "/api/o/v1/kiosks").await.expect_problem(403, "FORBIDDEN");
}

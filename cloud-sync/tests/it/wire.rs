//! The wire: what is signed, and what is made of strange answers.

use cloud_sync::{
    transport::{TransportError, WireAnswer},
    wire::{Call, Failure, Signer, decode, encode},
};
use domain::{ids::DeviceId, time::UtcMillis};
use ed25519_dalek::SigningKey;
use protocol::{
    device::{DEVICE_HEADER, RequestHead, SIGNATURE_HEADER, TIME_HEADER, body_sha256},
    lease::CloseRequest,
    problem::Problem,
};

fn close() -> Call {
    Call::Close(CloseRequest { epoch: 1, lease: domain::ids::LeaseId::from_bytes([1; 16]), used: 3 })
}

fn answer(status: u16, body: &str) -> WireAnswer {
    WireAnswer { status, body: body.as_bytes().to_vec(), ..WireAnswer::default() }
}

fn problem(status: u16, code: &str) -> WireAnswer {
    answer(status, &serde_json::to_string(&Problem::new(status, code, "不行")).unwrap())
}

#[test]
fn a_request_is_signed_as_it_is_sent() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let device = DeviceId::from_bytes([5; 16]);
    let signer = Signer { device, key: &key, at: UtcMillis::new(77) };
    for call in [close(), Call::Feed { since: 12 }] {
        let request = encode("https://a", &call, Some(&signer)).unwrap();
        let header = |name: &str| &request.headers.iter().find(|(header, _)| *header == name).unwrap().1;
        assert_eq!((header(DEVICE_HEADER), header(TIME_HEADER).as_str()), (&device.to_string(), "77"));
        let head = RequestHead {
            device,
            method: request.method,
            path: &request.path,
            at: UtcMillis::new(77),
            body_sha256: body_sha256(&request.body),
        };
        assert!(head.verify(header(SIGNATURE_HEADER), &key.verifying_key()), "{}", request.path);
    }
}

#[test]
fn every_strange_answer_has_its_class() {
    let skew = Problem::new(401, "CLOCK_SKEW", "时间不准").with("now", 123);
    let limited = Problem::new(429, "RATE_LIMITED", "太快了").with("retry_after_s", 7);
    let later = WireAnswer { retry_after: Some(" 9 ".to_owned()), ..answer(503, "down") };
    let dated =
        WireAnswer { retry_after: Some("Fri, 20 Nov 2026 04:00:00 GMT".to_owned()), ..answer(503, "") };
    let refused = |code: &str| Failure::Refused { code: code.to_owned() };
    let json = |problem: &Problem| serde_json::to_string(problem).unwrap();
    let cases = [
        (answer(200, "<html>login</html>"), Failure::NotPlatform),
        (answer(200, ""), Failure::NotPlatform),
        (answer(200, r#"{"returned":"#), Failure::NotPlatform),
        (answer(302, ""), Failure::NotPlatform),
        (answer(404, "<html>not here</html>"), Failure::NotPlatform),
        (answer(511, "log in first"), Failure::Unavailable { retry_after_ms: None }),
        (answer(502, "<html>bad gateway</html>"), Failure::Unavailable { retry_after_ms: None }),
        (later, Failure::Unavailable { retry_after_ms: Some(9_000) }),
        (dated, Failure::Unavailable { retry_after_ms: None }),
        (answer(429, &json(&limited)), Failure::RateLimited { retry_after_ms: Some(7_000) }),
        (answer(429, "slow down"), Failure::RateLimited { retry_after_ms: None }),
        (answer(401, &json(&skew)), Failure::ClockSkew { now: UtcMillis::new(123) }),
        (problem(401, "CLOCK_SKEW"), Failure::NotPlatform),
        (problem(401, "DEVICE_REFUSED"), Failure::DeviceRefused),
        (problem(409, "EPOCH_ENDED"), Failure::EpochEnded),
        (problem(404, "NOT_FOUND"), refused("NOT_FOUND")),
    ];
    for (answer, failure) in cases {
        assert_eq!(decode(&close(), &answer, None), Err(failure), "{answer:?}");
    }
    assert!(decode(&close(), &answer(200, r#"{"returned":1}"#), None).is_ok());
}

#[test]
fn every_failure_has_a_word_for_the_screen() {
    assert_eq!(Failure::Transport(TransportError::Timeout).code(), "TIMEOUT");
    assert_eq!(Failure::NotPlatform.code(), "NOT_PLATFORM");
    assert_eq!(Failure::Refused { code: "PAIRING_REFUSED".to_owned() }.code(), "PAIRING_REFUSED");
}

#[test]
fn a_grant_is_not_believed_as_a_page_nor_before_a_key_is_pinned() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let page = protocol::feed::Page { since: 0, next: 0, more: false, changes: Vec::new() };
    let signed = |purpose| {
        let signed = protocol::signed::Signed::seal(&page, purpose, &key).unwrap();
        answer(200, &serde_json::to_string(&signed).unwrap())
    };
    let pinned = Some(key.verifying_key().to_bytes());
    let call = Call::Feed { since: 0 };
    assert!(decode(&call, &signed(protocol::signed::Purpose::FeedPage), pinned).is_ok());
    let grant = decode(&call, &signed(protocol::signed::Purpose::Grant), pinned);
    assert_eq!(grant, Err(Failure::NotBelieved));
    let unpinned = decode(&call, &signed(protocol::signed::Purpose::FeedPage), None);
    assert_eq!(unpinned, Err(Failure::NotBelieved));
}

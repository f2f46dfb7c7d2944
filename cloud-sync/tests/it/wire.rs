//! The wire: what is signed, and what is made of strange answers.

use cloud_sync::{
    transport::{TransportError, WireAnswer},
    wire::{Awaited, Call, Failure, Signer, decode, encode},
};
use domain::{ids::DeviceId, time::UtcMillis};
use ed25519_dalek::SigningKey;
use protocol::{
    device::{COUNTER_HEADER, DEVICE_HEADER, RequestHead, SIGNATURE_HEADER, TIME_HEADER, body_sha256},
    feed::Place,
    lease::{CloseAnswer, CloseRequest},
    problem::Problem,
    signed::{Bound, Purpose, Signed},
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
    let feed = Call::Feed(Place { since: 12, ..Place::default() });
    for (call, counter) in [(close(), Some(4)), (feed, None)] {
        let signer = Signer { device, key: &key, at: UtcMillis::new(77), counter };
        let request = encode("https://a", &call, Some(&signer)).unwrap();
        let header = |name: &str| &request.headers.iter().find(|(header, _)| *header == name).unwrap().1;
        assert_eq!((header(DEVICE_HEADER), header(TIME_HEADER).as_str()), (&device.to_string(), "77"));
        assert_eq!(request.headers.contains(&(COUNTER_HEADER, "4".to_owned())), counter.is_some());
        let head = RequestHead {
            device,
            method: request.method,
            path: &request.path,
            at: UtcMillis::new(77),
            counter,
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
    let refused = |code: &str| Failure::Refused { code: code.to_owned(), retry_after_ms: None };
    let json = |problem: &Problem| serde_json::to_string(problem).unwrap();
    let cases = [
        (answer(200, "<html>login</html>"), Failure::NotPlatform),
        (answer(200, ""), Failure::NotPlatform),
        (answer(200, r#"{"returned":"#), Failure::NotPlatform),
        (answer(302, ""), Failure::NotPlatform),
        (answer(404, "<html>not here</html>"), Failure::NotPlatform),
        (answer(511, "log in first"), Failure::NotPlatform),
        (answer(500, ""), Failure::Broken { retry_after_ms: None }),
        (answer(504, ""), Failure::Unavailable { retry_after_ms: None }),
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
}

#[test]
fn an_answer_is_believed_only_from_the_platform_and_for_the_very_request() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let awaited = Awaited {
        platform_key: key.verifying_key().to_bytes(),
        device: DeviceId::from_bytes([5; 16]),
        epoch: 2,
        counter: Some(41),
    };
    let bound = Bound { device: awaited.device, epoch: 2, counter: 41, answer: CloseAnswer { returned: 1 } };
    let sealed = |bound: &Bound<CloseAnswer>, purpose, key: &SigningKey| {
        answer(200, &serde_json::to_string(&Signed::seal(bound, purpose, key).unwrap()).unwrap())
    };
    let read = |answer: &WireAnswer, awaited: &Awaited| decode(&close(), answer, Some(awaited));
    assert!(read(&sealed(&bound, Purpose::Close, &key), &awaited).is_ok());
    let strange = [
        sealed(&bound, Purpose::Close, &SigningKey::from_bytes(&[2; 32])),
        sealed(&bound, Purpose::Heartbeat, &key),
        sealed(&Bound { device: DeviceId::from_bytes([6; 16]), ..bound }, Purpose::Close, &key),
        sealed(&Bound { epoch: 1, ..bound }, Purpose::Close, &key),
        sealed(&Bound { counter: 40, ..bound }, Purpose::Close, &key),
    ];
    for answer in &strange {
        assert_eq!(read(answer, &awaited), Err(Failure::NotBelieved), "{answer:?}");
    }
    let uncounted = Awaited { counter: None, ..awaited };
    assert_eq!(read(&sealed(&bound, Purpose::Close, &key), &uncounted), Err(Failure::NotBelieved));
    let bare = answer(200, r#"{"returned":1}"#);
    assert_eq!(read(&bare, &awaited), Err(Failure::NotPlatform), "not even signed");
}

#[test]
fn every_failure_has_a_word_for_the_screen() {
    let refused = |code: &str| Failure::Refused { code: code.to_owned(), retry_after_ms: None };
    assert_eq!(Failure::Transport(TransportError::Timeout).code(), "TIMEOUT");
    assert_eq!(Failure::NotPlatform.code(), "NOT_PLATFORM");
    assert_eq!(refused("PAIRING_REFUSED").code(), "PAIRING_REFUSED");
}

#[test]
fn a_grant_is_not_believed_as_a_page_nor_before_a_key_is_pinned() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let page = protocol::feed::Page::default();
    let signed = |purpose| {
        let signed = Signed::seal(&page, purpose, &key).unwrap();
        answer(200, &serde_json::to_string(&signed).unwrap())
    };
    let awaited = Awaited {
        platform_key: key.verifying_key().to_bytes(),
        device: DeviceId::from_bytes([5; 16]),
        epoch: 1,
        counter: None,
    };
    let pinned = Some(&awaited);
    let call = Call::Feed(Place::default());
    assert!(decode(&call, &signed(Purpose::FeedPage), pinned).is_ok());
    let grant = decode(&call, &signed(Purpose::Grant), pinned);
    assert_eq!(grant, Err(Failure::NotBelieved));
    let unpinned = decode(&call, &signed(Purpose::FeedPage), None);
    assert_eq!(unpinned, Err(Failure::NotBelieved));
}

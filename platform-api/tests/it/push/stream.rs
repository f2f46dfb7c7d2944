//! What a kiosk hears on its stream, and when the stream ends.

use crate::{
    harness::{Answer, Platform},
    kiosk::{Kiosk, MALL, pairing_code, try_enrol},
};
use axum::{
    body::Body,
    http::{HeaderValue, Method},
};
use domain::ids::MallId;
use http_body_util::BodyExt;
use platform_api::{
    foundation::{
        act::Actor,
        change_log::{self, Change},
    },
    modules::{devices, push},
};
use protocol::push::{BEAT_MS, LAST_EVENT_HEADER, Push, Reader, STREAM_PATH};
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// A stream as the kiosk's end of it.
struct Stream {
    body: Body,
    reader: Reader,
    said: VecDeque<Push>,
}

impl Stream {
    async fn open(platform: &Platform, kiosk: &Kiosk, since: u64) -> Stream {
        let answer = platform.open(request(platform, kiosk, since)).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Stream { body: answer.into_body(), reader: Reader::default(), said: VecDeque::new() }
    }

    /// The next word; `None` at the end.
    async fn next(&mut self) -> Option<Push> {
        while self.said.is_empty() {
            let frame = self.body.frame().await?.unwrap();
            self.said.extend(self.reader.read(frame.data_ref().unwrap()).unwrap());
        }
        self.said.pop_front()
    }

    /// The next word that is not a beat, within a minute of the paused clock.
    async fn news(&mut self) -> Option<Push> {
        let news = async {
            loop {
                match self.next().await {
                    Some(Push::Beat) => {}
                    other => return other,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), news).await.unwrap_or(Some(Push::Beat))
    }
}

pub fn request(platform: &Platform, kiosk: &Kiosk, since: u64) -> axum::http::Request<Body> {
    let now = platform.app.clock.now();
    let mut request = kiosk.request(Method::GET, STREAM_PATH, &Value::Null, now);
    request.headers_mut().insert(LAST_EVENT_HEADER, HeaderValue::from(since));
    request
}

/// A platform with one kiosk, on a clock that from now on moves only when nothing else happens.
pub async fn paused() -> (Platform, Kiosk) {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    tokio::time::pause();
    (platform, kiosk)
}

pub fn write(platform: &Platform, id: &str, scope: String) -> u64 {
    let (act, id) = (platform.act(Actor::System("test")), id.to_owned());
    let written = platform.db().write(move |tx| {
        let body = Some("{}".to_owned());
        change_log::append(tx, &act, &Change { kind: "store", id: &id, scope: &scope, body })
    });
    u64::try_from(written.unwrap()).unwrap()
}

pub fn newest(platform: &Platform) -> u64 {
    u64::try_from(platform.db().read(change_log::newest_seq).unwrap()).unwrap()
}

#[tokio::test]
async fn a_stream_begins_with_where_the_feed_stands_and_says_at_once_what_was_missed() {
    let (platform, kiosk) = paused().await;
    let head = newest(&platform);
    let mut up_to_date = Stream::open(&platform, &kiosk, head).await;
    assert_eq!(up_to_date.next().await, Some(Push::Open { head }));
    assert_eq!(up_to_date.next().await, Some(Push::Beat), "nothing was missed");
    let mut behind = Stream::open(&platform, &kiosk, head - 1).await;
    assert_eq!(behind.next().await, Some(Push::Open { head }));
    assert_eq!(behind.next().await, Some(Push::Changed { head }));
}

#[tokio::test]
async fn a_kiosk_hears_of_what_concerns_it_and_of_nothing_else() {
    let (platform, kiosk) = paused().await;
    let mut stream = Stream::open(&platform, &kiosk, newest(&platform)).await;
    stream.next().await;
    write(&platform, "a", format!("mall:{}", MallId::from_bytes([9; 16])));
    push::relay(&platform.app).unwrap();
    assert_eq!(stream.news().await, Some(Push::Beat), "another mall");
    for (id, scope) in
        [("a", "city".to_owned()), ("b", format!("mall:{MALL}")), ("c", format!("kiosk:{}", kiosk.id))]
    {
        let head = write(&platform, id, scope.clone());
        push::relay(&platform.app).unwrap();
        assert_eq!(stream.news().await, Some(Push::Changed { head }), "{scope}");
    }
}

#[tokio::test]
async fn nothing_is_said_before_it_is_committed_and_much_at_once_is_said_once() {
    let (platform, kiosk) = paused().await;
    let mut stream = Stream::open(&platform, &kiosk, newest(&platform)).await;
    stream.next().await;
    let act = platform.act(Actor::System("test"));
    let refused: Result<(), platform_api::foundation::db::DbError> = platform.db().write(move |tx| {
        let change = Change { kind: "store", id: "x", scope: "city", body: Some("{}".to_owned()) };
        change_log::append(tx, &act, &change)?;
        tx.execute("INSERT INTO nowhere VALUES (1)", &[]).map(drop)
    });
    assert!(refused.is_err());
    push::relay(&platform.app).unwrap();
    assert_eq!(stream.news().await, Some(Push::Beat), "rolled back");
    let mut head = 0;
    for index in 0..2_500 {
        head = write(&platform, &index.to_string(), "city".to_owned());
    }
    push::relay(&platform.app).unwrap();
    assert_eq!(stream.news().await, Some(Push::Changed { head }));
    assert_eq!(stream.news().await, Some(Push::Beat));
}

#[tokio::test]
async fn a_stream_beats_every_fifteen_seconds_and_ends_in_good_order_within_the_hour() {
    let (platform, kiosk) = paused().await;
    let mut stream = Stream::open(&platform, &kiosk, newest(&platform)).await;
    let opened = Instant::now();
    stream.next().await;
    let mut beats = 0;
    let last = loop {
        match stream.next().await {
            Some(Push::Beat) => beats += 1,
            other => break other,
        }
        let due = Duration::from_millis(u64::from(BEAT_MS)) * beats;
        let late = opened.elapsed().checked_sub(due).expect("too early");
        assert!(late < Duration::from_millis(u64::from(beats) * 2 + 20), "{late:?} late after {beats}");
    };
    assert_eq!(last, Some(Push::Closing { retry_ms: 0 }));
    assert_eq!(stream.next().await, None);
    assert!((2_700..=3_601).contains(&opened.elapsed().as_secs()), "{:?}", opened.elapsed());
    assert_eq!(platform.app.streams.count(), 1, "until the connection drops it");
    drop(stream);
    assert_eq!(platform.app.streams.count(), 0);
}

#[tokio::test]
async fn a_new_stream_of_the_same_kiosk_ends_the_older() {
    let (platform, kiosk) = paused().await;
    let mut older = Stream::open(&platform, &kiosk, newest(&platform)).await;
    older.next().await;
    let mut newer = Stream::open(&platform, &kiosk, newest(&platform)).await;
    newer.next().await;
    assert_eq!(older.next().await, Some(Push::Replaced));
    assert_eq!(older.next().await, None);
    drop(older);
    let head = write(&platform, "a", "city".to_owned());
    push::relay(&platform.app).unwrap();
    assert_eq!(newer.news().await, Some(Push::Changed { head }));
}

#[tokio::test]
async fn the_stream_of_a_kiosk_that_is_revoked_ends() {
    let (platform, kiosk) = paused().await;
    let mut stream = Stream::open(&platform, &kiosk, newest(&platform)).await;
    stream.next().await;
    push::check_listeners(&platform.app).unwrap();
    assert_eq!(stream.news().await, Some(Push::Beat), "in good standing");
    let (id, act) = (kiosk.id, platform.act(Actor::System("test")));
    assert!(platform.db().write(move |tx| devices::revoke(tx, &act, id)).unwrap());
    push::check_listeners(&platform.app).unwrap();
    assert_eq!(stream.news().await, Some(Push::Revoked));
    assert_eq!(stream.next().await, None);
    let refused = platform.send(request(&platform, &kiosk, 0)).await;
    refused.expect_problem(401, "DEVICE_REFUSED");
}

#[tokio::test]
async fn the_stream_of_an_earlier_life_ends_and_the_new_lifes_does_not() {
    let platform = Platform::new();
    let first = Kiosk::enrol(&platform, 1).await;
    let mut stream = Stream::open(&platform, &first, newest(&platform)).await;
    stream.next().await;
    let code = pairing_code(&platform, Some(first.id));
    let second = Kiosk::from_answer(&try_enrol(&platform, &code, 2).await, 2);
    tokio::time::pause();
    push::check_listeners(&platform.app).unwrap();
    assert_eq!(stream.news().await, Some(Push::Revoked));
    let mut stream = Stream::open(&platform, &second, newest(&platform)).await;
    stream.next().await;
    push::check_listeners(&platform.app).unwrap();
    assert_eq!(stream.news().await, Some(Push::Beat));
}

#[tokio::test]
async fn a_process_holds_so_many_streams_and_sends_the_next_kiosk_away() {
    let platform = Platform::with(|config| config.limits.streams_max = 1);
    let (one, two) = (Kiosk::enrol(&platform, 1).await, Kiosk::enrol(&platform, 2).await);
    let _stream = Stream::open(&platform, &one, 0).await;
    let full: Answer = platform.send(request(&platform, &two, 0)).await;
    full.expect_problem(503, "OVERLOADED");
    assert_eq!(full.header("retry-after"), "30");
    let _again = Stream::open(&platform, &one, 0).await;
}

#[tokio::test]
async fn two_processes_on_one_database_tell_each_others_changes_with_eight_writers_at_work() {
    let (platform, kiosk) = paused().await;
    let twin = platform.twin();
    let counter = std::sync::atomic::AtomicU64::new(0);
    let (key, platform_key) = (kiosk.key.clone(), kiosk.platform_key);
    let other = Kiosk { id: kiosk.id, epoch: 1, key, platform_key, counter };
    let mut here = Stream::open(&platform, &kiosk, newest(&platform)).await;
    let mut there = Stream::open(&twin, &other, newest(&platform)).await;
    here.next().await;
    there.next().await;
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let side = if writer % 2 == 0 { &platform } else { &twin };
            scope.spawn(move || {
                for index in 0..20 {
                    write(side, &format!("{writer}-{index}"), "city".to_owned());
                }
            });
        }
        for _ in 0..20 {
            push::relay(&platform.app).unwrap();
            push::relay(&twin.app).unwrap();
        }
    });
    push::relay(&platform.app).unwrap();
    push::relay(&twin.app).unwrap();
    let head = newest(&platform);
    for stream in [&mut here, &mut there] {
        let mut last = stream.news().await;
        while last != Some(Push::Changed { head }) {
            assert_ne!(last, Some(Push::Beat), "the last change was never told");
            last = stream.news().await;
        }
    }
}

#[tokio::test]
async fn nobody_but_a_kiosk_opens_a_stream() {
    let platform = Platform::new();
    platform.get(STREAM_PATH, None).await.expect_problem(401, "UNAUTHENTICATED");
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let stranger = Kiosk { key: ed25519_dalek::SigningKey::from_bytes(&[9; 32]), ..kiosk };
    platform.send(request(&platform, &stranger, 0)).await.expect_problem(401, "DEVICE_REFUSED");
}

#[tokio::test]
async fn the_fleet_operator_sees_whose_stream_is_open() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let mut body = json!({"epoch": 1, "build": "0.2.0", "config_version": 3, "feed_cursor": 9, "outbox_rows": 2,
        "lease_slots": 17, "camera": true, "stream": true, "at": platform.app.clock.now().get()});
    kiosk.post(&platform, "/api/k/v1/heartbeat", body.clone()).await.expect(200);
    let open = "SELECT count(*) AS n FROM kiosk WHERE stream = 1";
    assert_eq!(platform.count(open), 1);
    body.as_object_mut().unwrap().remove("stream");
    kiosk.post(&platform, "/api/k/v1/heartbeat", body).await.expect(200);
    assert_eq!(platform.count(open), 0, "a kiosk of last year does not say");
}

//! The feed: bytes of a poll, and the time of a page over a long log.
//!
//! Bytes are counted on a real connection to the real server, requests and answers with all their headers. Times are
//! taken in turn from two databases in the same run, so that a machine that slows down slows both.

use domain::ids::{DeviceId, MallId};
use ed25519_dalek::SigningKey;
use platform_api::{
    build_router,
    config::Config,
    foundation::{
        act::Actor,
        app::App,
        change_log::{self, Change},
        clock::SystemClock,
        db::DbError,
        entropy::SeededEntropy,
        otp_sender::ConsoleOtpSender,
    },
    modules::fleet::{self, Place as Stand},
    serve,
    start::{self, Adapters},
};
use protocol::{
    device::{DEVICE_HEADER, EnrolAnswer, RequestHead, SIGNATURE_HEADER, TIME_HEADER, body_sha256},
    feed::{self, Page, Place, Reading},
    signed::{Purpose, Signed},
};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const CHANGED: &str = "sync.bytes_100_changes";
const UNCHANGED: &str = "sync.bytes_unchanged_poll";
const PAGE_TIME: &str = "sync.page_time_1m_vs_10k_rows";
const MALL: MallId = MallId::from_bytes([7; 16]);
const PAGES: usize = 101;

/// Measures the figures asked for.
pub fn run(is_wanted: impl Fn(&str) -> bool, runtime: &Runtime) {
    if is_wanted(CHANGED) || is_wanted(UNCHANGED) {
        let (changed, unchanged) = bytes(&City::open(runtime));
        print(
            CHANGED,
            changed,
            ("bytes", "<=204800"),
            "a poll for 100 changed offers, both ways with headers",
            1,
        );
        print(
            UNCHANGED,
            unchanged,
            ("bytes", "<=1024"),
            "a poll in which nothing changed, both ways with headers",
            1,
        );
    }
    if is_wanted(PAGE_TIME) {
        let ratio = page_time(&City::open(runtime), &City::open(runtime));
        print(
            PAGE_TIME,
            ratio,
            ("ratio", "<=1.2"),
            "the same page of 100 changes over a log of 10,000 rows",
            PAGES,
        );
    }
}

fn print(id: &str, value: f64, (unit, bar): (&str, &str), against: &str, runs: usize) {
    println!(
        "{}",
        json!({"id": id, "value": value, "unit": unit, "bar": bar, "against": against, "runs": runs})
    );
}

/// A platform that serves on a port of its own, and one kiosk.
struct City {
    app: App,
    address: SocketAddr,
    device: DeviceId,
    key: SigningKey,
    _folder: TempDir,
}

impl City {
    fn open(runtime: &Runtime) -> City {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.database.folder = folder.path().to_owned();
        let adapters = Adapters {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SeededEntropy::new(1)),
            otp_sender: Arc::new(ConsoleOtpSender::quiet()),
            demo: None,
        };
        let app = start::assemble(config, adapters).unwrap();
        drop(build_router(app.clone()).unwrap());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve::serve(app.clone(), listener, std::future::pending()));
        let key = SigningKey::from_bytes(&[3; 32]);
        let mut city = City { app, address, device: DeviceId::from_bytes([0; 16]), key, _folder: folder };
        city.device = city.enrol();
        city
    }

    fn enrol(&self) -> DeviceId {
        let act = self.app.act(Actor::System("bench"), "bench".to_owned()).unwrap();
        let place = Stand { mall: MALL, place: "一层中庭".to_owned() };
        let code = self.app.db.write(move |tx| fleet::create_pairing_code(tx, &act, &place)).unwrap().code;
        let body = serde_json::to_string(&protocol::device::EnrolRequest {
            pairing_code: code,
            public_key: self.key.verifying_key().to_bytes(),
            hardware: "bench".to_owned(),
            build: "0.1.0".to_owned(),
        });
        let body = body.unwrap();
        let head = format!(
            "POST /api/k/v1/enrol HTTP/1.1\r\nhost: pass.example.cn\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let answer = self.exchange(&format!("{head}{body}"));
        serde_json::from_slice::<EnrolAnswer>(body_of(&answer)).unwrap().device
    }

    /// One request on a connection of its own; the whole answer as it came.
    fn exchange(&self, request: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        answer
    }

    /// The request a kiosk sends for a place, without the line that ends the connection.
    fn request(&self, place: &Place, encoding: &str) -> String {
        let path = format!("/api/k/v1/feed?{}", place.query());
        let at = self.app.clock.now();
        let head = RequestHead {
            device: self.device,
            method: "GET",
            path: &path,
            at,
            counter: None,
            body_sha256: body_sha256(b""),
        };
        format!(
            "GET {path} HTTP/1.1\r\naccept: application/json\r\n{DEVICE_HEADER}: {}\r\n{TIME_HEADER}: {}\r\n\
             {SIGNATURE_HEADER}: {}\r\naccept-encoding: {encoding}\r\nhost: pass.example.cn\r\n",
            self.device,
            at.get(),
            head.sign(&self.key)
        )
    }

    fn page(&self, place: &Place) -> Page {
        let answer = self.exchange(&format!("{}connection: close\r\n\r\n", self.request(place, "identity")));
        let signed: Signed = serde_json::from_slice(body_of(&answer)).unwrap();
        let key = platform_api::modules::devices::platform_key(&self.app).unwrap().verifying_key();
        signed.open(Purpose::FeedPage, &key).unwrap()
    }

    /// The place after everything that is there.
    fn caught_up(&self) -> Place {
        let mut place = Place::default();
        loop {
            let page = self.page(&place);
            let part = page.snapshot.and_then(|part| part.to);
            place = Place { since: page.next, mark: page.mark.unwrap(), view: page.view.unwrap(), part };
            if !page.more {
                return place;
            }
        }
    }

    /// Bytes of a poll, both ways with all headers.
    fn poll_bytes(&self, place: &Place) -> usize {
        let request = self.request(place, "gzip");
        let close = "connection: close\r\n";
        let answer = self.exchange(&format!("{request}{close}\r\n"));
        // A kiosk keeps its connection, so neither side says that it closes.
        request.len() + 2 + answer.len() - close.len()
    }

    /// Changes 100 offers.
    fn change_offers(&self) {
        let act = self.app.act(Actor::System("bench"), "bench".to_owned()).unwrap();
        let sample = include_str!("../../../protocol/tests/samples/v1/row_batch.json");
        let sample: Value = serde_json::from_str(sample).unwrap();
        let written: Result<(), DbError> = self.app.db.write(move |tx| {
            for number in 0..100_u8 {
                let id = domain::ids::BatchId::from_bytes([number; 16]).to_string();
                let mut row = sample.clone();
                row["id"] = id.clone().into();
                row["title"] = format!("夜宵满{number}减30").into();
                let change =
                    feed::Change { kind: feed::BATCH.to_owned(), id: id.clone(), row: Some(row.clone()) };
                assert!(matches!(change.read(), Reading::Put(_)));
                let (kind, scope, body) = (feed::BATCH, "city", Some(row.to_string()));
                change_log::append(tx, &act, &Change { kind, id: &id, scope, body })?;
            }
            Ok(())
        });
        written.unwrap();
    }

    /// Fills the log with rows of other malls.
    fn fill(&self, rows: i64) {
        let folder = &self.app.config.database.folder;
        let db = rusqlite::Connection::open(folder.join("platform.db")).unwrap();
        db.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             CREATE TEMP TABLE filling AS WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows})
                 SELECT n + (SELECT seq FROM change_counter) AS n FROM n;
             INSERT INTO change_log (kind, id, scope, seq, body, at)
                 SELECT 'store', printf('%012d', n), 'mall:' || (n % 100), n,
                        '{{\"name\":\"' || n || hex(zeroblob(150)) || '\"}}', 0 FROM filling;
             INSERT INTO change_mark (seq, mark, at) SELECT n, randomblob(16), 0 FROM filling;
             UPDATE change_counter SET seq = (SELECT max(n) FROM filling);
             COMMIT;"
        ))
        .unwrap();
    }
}

fn body_of(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    &answer[end + 4..]
}

/// A poll for 100 changed offers, and one in which nothing changed.
fn bytes(city: &City) -> (f64, f64) {
    let before = city.caught_up();
    city.change_offers();
    let changed = city.poll_bytes(&before);
    let unchanged = city.poll_bytes(&city.caught_up());
    (f64::from(u32::try_from(changed).unwrap()), f64::from(u32::try_from(unchanged).unwrap()))
}

/// The median time of the same page over a log of a million rows, against one of ten thousand.
fn page_time(small: &City, large: &City) -> f64 {
    small.fill(10_000);
    large.fill(1_000_000);
    let [at_small, at_large] = [small, large].map(|city| {
        let place = city.caught_up();
        city.change_offers();
        assert!(city.page(&place).changes.len() >= 100);
        place
    });
    let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
    for _ in 0..PAGES {
        of_small.push(time(|| drop(small.page(&at_small))));
        of_large.push(time(|| drop(large.page(&at_large))));
    }
    let ratio = median(of_large).as_secs_f64() / median(of_small).as_secs_f64();
    (ratio * 1000.0).round() / 1000.0
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn time(call: impl FnOnce()) -> Duration {
    let start = Instant::now();
    call();
    start.elapsed()
}

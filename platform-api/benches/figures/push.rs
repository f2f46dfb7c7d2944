//! Push: what an idle stream costs, and what a storm of kiosks does to everybody else.
//!
//! The platform runs as a process of its own, so that its memory is its own, and is spoken to over real sockets with
//! real signatures. Kiosks sent away come back when they were told to.

use domain::ids::{DeviceId, MallId};
use ed25519_dalek::SigningKey;
use platform_api::{
    build_router,
    config::Config,
    foundation::{act::Actor, app::App},
    modules::{
        auth::{self, Holder},
        consumers::{self, Keys, Seeded},
        fleet::{self, Place},
    },
    serve, start,
};
use protocol::{
    device::{DEVICE_HEADER, EnrolAnswer, RequestHead, SIGNATURE_HEADER, TIME_HEADER, body_sha256},
    push::STREAM_PATH,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    task::JoinSet,
    time::sleep,
};

/// The word that makes this program the platform.
const PLATFORM: &str = "--platform";
const STORM: &str = "sync.storm_p99_vs_baseline";
const IDLE: &str = "sync.bytes_per_idle_stream";
const STORM_KIOSKS: usize = 1_000;
const IDLE_STREAMS: usize = 2_000;
/// Streams opened before memory is looked at: threads, pools and caches are there by then.
const WARM_STREAMS: usize = 100;
const BASELINE_S: u64 = 8;
const PROBE_EVERY_MS: u64 = 3;

/// Becomes the platform if told so; never returns then.
pub fn become_platform() {
    let mut words = std::env::args().skip_while(|word| word != PLATFORM).skip(1);
    if let Some(count) = words.next() {
        Runtime::new().unwrap().block_on(serve_city(count.parse().unwrap()));
        std::process::exit(0);
    }
}

/// Measures what is asked for and prints it.
pub fn run(is_wanted: impl Fn(&str) -> bool, runtime: &Runtime) {
    if is_wanted(IDLE) {
        let bytes = runtime.block_on(bytes_per_idle_stream());
        print(IDLE, bytes, ("bytes", "<=16384"), "memory of the server process over 2,000 more streams");
    }
    if is_wanted(STORM) {
        let ratio = runtime.block_on(storm());
        print(STORM, ratio, ("ratio", "<=2"), "a shopper's wallet in the same process before the storm");
    }
}

fn print(id: &str, value: f64, (unit, bar): (&str, &str), against: &str) {
    let value = (value * 1_000.0).round() / 1_000.0;
    println!(
        "{}",
        json!({"id": id, "value": value, "unit": unit, "bar": bar, "against": against, "runs": 1})
    );
}

/// The platform with so many kiosks and a shopper; says where it listens and who they are, and stops with its input.
async fn serve_city(kiosks: u32) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.database.folder = folder.path().to_owned();
    config.limits.requests_per_minute = 1_000_000;
    let app = start::production(config).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let devices = enrol(&app, kiosks).await;
    println!("{}", json!({"address": address.to_string(), "devices": devices, "token": shopper(&app)}));
    let stop = tokio::task::spawn_blocking(|| drop(std::io::stdin().lines().next()));
    serve::serve(app, listener, async move { drop(stop.await) }).await.unwrap();
}

fn shopper(app: &App) -> String {
    let (keys, act) = (Keys::of(app).unwrap(), app.act(Actor::System("bench"), "bench".to_owned()).unwrap());
    let opened = app.db.write(move |tx| {
        act.restart();
        let seeded =
            Seeded { phone: "13800000001", name: "林小满", profile: None, consents: &[], evidence: &[] };
        let id = consumers::register_seeded(tx, &act, &keys, &seeded)?;
        Ok::<_, consumers::ConsumersError>(auth::open_session(tx, &act, Holder::Consumer(id), 86_400)?)
    });
    opened.unwrap().text()
}

/// Enrols kiosks through the front door, many at once.
async fn enrol(app: &App, kiosks: u32) -> Vec<String> {
    use tower::ServiceExt;
    let router = build_router(app.clone()).unwrap();
    let mut devices = Vec::new();
    for first in (0..kiosks).step_by(32) {
        let mut enrolling = JoinSet::new();
        for number in first..kiosks.min(first + 32) {
            let act = app.act(Actor::System("bench"), "bench".to_owned()).unwrap();
            let place = Place { mall: MallId::from_bytes([7; 16]), place: "一层中庭".to_owned() };
            let code = app.db.write_async(move |tx| {
                act.restart();
                fleet::create_pairing_code(tx, &act, &place)
            });
            let body = json!({"pairing_code": code.await.unwrap().code, "public_key": public(number),
                "hardware": "bench", "build": "0"});
            let request = axum::http::Request::post("/api/k/v1/enrol")
                .header("content-type", "application/json")
                .body(axum::body::Body::from(body.to_string()))
                .unwrap();
            let answering = router.clone().oneshot(request);
            enrolling.spawn(async move {
                let body = answering.await.unwrap().into_body();
                let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                let answer: EnrolAnswer = serde_json::from_slice(&bytes).unwrap();
                (number, answer.device.to_string())
            });
        }
        let mut enrolled = enrolling.join_all().await;
        enrolled.sort();
        devices.extend(enrolled.into_iter().map(|(_, device)| device));
    }
    devices
}

fn key(number: u32) -> SigningKey {
    let mut seed = [1; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_bytes(&seed)
}

fn public(number: u32) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(key(number).verifying_key().to_bytes())
}

/// A platform in a process of its own; it ends when this is dropped.
struct Platform {
    child: Child,
    _input: ChildStdin,
    address: SocketAddr,
    devices: Vec<DeviceId>,
    token: String,
}

impl Platform {
    fn start(kiosks: usize) -> Platform {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([PLATFORM, &kiosks.to_string()])
            .env("RUST_LOG", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let devices = said["devices"].as_array().unwrap();
        Platform {
            _input: child.stdin.take().unwrap(),
            child,
            address: said["address"].as_str().unwrap().parse().unwrap(),
            devices: devices.iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect(),
            token: said["token"].as_str().unwrap().to_owned(),
        }
    }

    /// Memory the process holds, in bytes.
    fn resident_bytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
    }

    /// A signed request of a kiosk, as bytes.
    fn signed(&self, number: usize, path: &str) -> Vec<u8> {
        let (device, key) = (self.devices[number], key(u32::try_from(number).unwrap()));
        let head = RequestHead {
            device,
            method: "GET",
            path,
            at: now(),
            counter: None,
            body_sha256: body_sha256(&[]),
        };
        format!(
            "GET {path} HTTP/1.1\r\nhost: bench\r\n{DEVICE_HEADER}: {device}\r\n{TIME_HEADER}: {}\r\n{SIGNATURE_HEADER}: {}\r\n\r\n",
            head.at.get(),
            head.sign(&key)
        )
        .into_bytes()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "requests are signed with the time of the machine")]
fn now() -> domain::time::UtcMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    domain::time::UtcMillis::new(i64::try_from(since.as_millis()).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn start_watch() -> Instant {
    Instant::now()
}

/// What came of a request.
enum Came {
    /// The body, or the beginning of a stream.
    Answer,
    /// To be asked again after so many seconds.
    Later(u64),
}

/// Sends a request and reads the answer's head, and its body if it has a length.
async fn ask(socket: &mut TcpStream, request: &[u8]) -> std::io::Result<Came> {
    socket.write_all(request).await?;
    let mut read = Vec::new();
    loop {
        if socket.read_buf(&mut read).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let field = |name: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|text| text.trim().parse::<u64>().ok())
        };
        if let Some(length) = field("content-length:") {
            let missing = usize::try_from(length).unwrap().saturating_sub(read.len() - end - 4);
            socket.read_exact(&mut vec![0; missing]).await?;
        }
        return match (head.split(' ').nth(1), field("retry-after:")) {
            (Some("200"), _) => Ok(Came::Answer),
            (_, Some(seconds)) => Ok(Came::Later(seconds)),
            (_, None) => panic!("{head}"),
        };
    }
}

async fn open_stream(platform: &Platform, number: usize) -> TcpStream {
    loop {
        let mut socket = TcpStream::connect(platform.address).await.unwrap();
        match ask(&mut socket, &platform.signed(number, STREAM_PATH)).await.unwrap() {
            Came::Answer => return socket,
            Came::Later(seconds) => sleep(Duration::from_secs(seconds)).await,
        }
    }
}

async fn bytes_per_idle_stream() -> f64 {
    let platform = Platform::start(WARM_STREAMS + IDLE_STREAMS);
    let mut open = Vec::new();
    for number in 0..WARM_STREAMS {
        open.push(open_stream(&platform, number).await);
    }
    let before = platform.resident_bytes();
    for number in WARM_STREAMS..WARM_STREAMS + IDLE_STREAMS {
        open.push(open_stream(&platform, number).await);
    }
    (platform.resident_bytes() - before) / IDLE_STREAMS as f64
}

/// How long a shopper waits for the wallet, again and again until `stop`; in milliseconds.
async fn probe(platform: Arc<Platform>, stop: Arc<AtomicBool>) -> Vec<f64> {
    let request = format!(
        "GET /api/c/v1/wallet HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\r\n",
        platform.token
    );
    let mut socket = TcpStream::connect(platform.address).await.unwrap();
    let mut took = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let watch = start_watch();
        assert!(matches!(ask(&mut socket, request.as_bytes()).await.unwrap(), Came::Answer));
        took.push(watch.elapsed().as_secs_f64() * 1_000.0);
        sleep(Duration::from_millis(PROBE_EVERY_MS)).await;
    }
    took
}

/// A kiosk that was cut off: it asks the feed and opens its stream; gives how often it was sent away.
async fn come_back(
    platform: Arc<Platform>,
    number: usize,
    feed: Vec<u8>,
    stream: Vec<u8>,
) -> (u32, TcpStream) {
    let mut sent_away = 0;
    let mut socket = TcpStream::connect(platform.address).await.unwrap();
    for request in [feed, stream] {
        while let Came::Later(seconds) = ask(&mut socket, &request).await.unwrap() {
            sent_away += 1;
            // A little later each, as real kiosks do.
            let own_ms = (number as u64).wrapping_mul(7_919) % 1_000;
            sleep(Duration::from_millis(seconds * 1_000 + own_ms)).await;
        }
    }
    (sent_away, socket)
}

async fn storm() -> f64 {
    let platform = Arc::new(Platform::start(STORM_KIOSKS));
    let feed = "/api/k/v1/feed?since=0";
    let requests: Vec<_> = (0..STORM_KIOSKS)
        .map(|number| (platform.signed(number, feed), platform.signed(number, STREAM_PATH)))
        .collect();
    let measure = |stop: &Arc<AtomicBool>| tokio::spawn(probe(Arc::clone(&platform), Arc::clone(stop)));
    let stop = Arc::new(AtomicBool::new(false));
    let calm = measure(&stop);
    sleep(Duration::from_secs(BASELINE_S)).await;
    stop.store(true, Ordering::SeqCst);
    let calm = p99(calm.await.unwrap());

    let stop = Arc::new(AtomicBool::new(false));
    let stormy = measure(&stop);
    let watch = start_watch();
    let mut kiosks = JoinSet::new();
    for (number, (feed, stream)) in requests.into_iter().enumerate() {
        kiosks.spawn(come_back(Arc::clone(&platform), number, feed, stream));
    }
    let back = kiosks.join_all().await;
    let drained_s = watch.elapsed().as_secs_f64();
    stop.store(true, Ordering::SeqCst);
    let stormy = p99(stormy.await.unwrap());
    let sent_away: u32 = back.iter().map(|(times, _)| times).sum();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "storm: {STORM_KIOSKS} kiosks drained in {drained_s:.1} s, sent away {sent_away} times; \
         wallet p99 {stormy:.2} ms, before {calm:.2} ms"
    )
    .unwrap();
    stormy / calm
}

fn p99(mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    took[took.len() * 99 / 100]
}

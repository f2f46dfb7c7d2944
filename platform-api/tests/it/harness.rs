//! A platform of its own for each test: temporary folder, standing clock, repeating chance, remembered messages.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, Response, StatusCode},
};
use domain::time::UtcMillis;
use http_body_util::BodyExt;
use platform_api::{
    build_router,
    config::Config,
    foundation::{
        act::{Act, Actor},
        app::App,
        change_log::LoggedChange,
        clock::ManualClock,
        db::{Db, DbError},
        entropy::SeededEntropy,
        otp_sender::ConsoleOtpSender,
    },
    start::{self, Adapters},
};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tempfile::TempDir;
use tower::ServiceExt;

/// When every test begins: a Thursday, 2026-01-01T20:00:00+08:00.
pub const START: UtcMillis = UtcMillis::new(1_767_268_800_000);

/// The newest state of everything kiosks are told, in the order it was written.
pub fn logged(db: &Db) -> Vec<LoggedChange> {
    let rows: Result<_, DbError> = db.read(|tx| {
        let sql = "SELECT seq, kind, id, scope, body, at FROM change_log ORDER BY seq";
        let rows = tx.query(sql, &[])?;
        rows.iter()
            .map(|row| {
                Ok(LoggedChange {
                    seq: row.get("seq")?,
                    kind: row.get("kind")?,
                    id: row.get("id")?,
                    scope: row.get("scope")?,
                    body: row.get("body")?,
                    at: row.get("at")?,
                })
            })
            .collect()
    });
    rows.unwrap()
}

/// The platform under test.
pub struct Platform {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub otp: Arc<ConsoleOtpSender>,
    router: Router,
    keys: AtomicU64,
    folder: Arc<TempDir>,
}

impl Platform {
    pub fn new() -> Platform {
        Platform::with(|_| {})
    }

    /// A platform with other settings.
    pub fn with(change: impl FnOnce(&mut Config)) -> Platform {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.database.folder = folder.path().to_owned();
        change(&mut config);
        let clock = Arc::new(ManualClock::new(START));
        let otp = Arc::new(ConsoleOtpSender::quiet());
        let adapters = Adapters {
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(1)),
            otp_sender: otp.clone(),
            demo: None,
        };
        let app = start::assemble(config, adapters).unwrap();
        let router = build_router(app.clone()).unwrap();
        Platform { app, clock, otp, router, keys: AtomicU64::new(1), folder: Arc::new(folder) }
    }

    /// An act of `actor` now, for calling services directly.
    pub fn act(&self, actor: Actor) -> Act {
        self.app.act(actor, "test".to_owned()).unwrap()
    }

    pub fn db(&self) -> &Db {
        &self.app.db
    }

    /// How many rows a counting query finds: `SELECT count(*) AS n …`.
    pub fn count(&self, sql: &'static str) -> i64 {
        let counted: Result<i64, DbError> = self.db().read(move |tx| tx.query_one(sql, &[])?.get("n"));
        counted.unwrap()
    }

    pub async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send(self.request(Method::GET, path, token).body(Body::empty()).unwrap()).await
    }

    /// A write with an `Idempotency-Key` of its own.
    pub async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Answer {
        let key = format!("key-{}", self.keys.fetch_add(1, Ordering::SeqCst));
        self.post_keyed(path, token, &key, body).await
    }

    pub async fn post_keyed(&self, path: &str, token: Option<&str>, key: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path, token);
        let request = request.header("idempotency-key", key).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A request to be filled by hand.
    pub fn request(&self, method: Method, path: &str, token: Option<&str>) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path).header("host", "platform.test");
        match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// All routes, to be served over any connection.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The answer while its body is still coming.
    pub async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// A second process over the same database.
    pub fn twin(&self) -> Platform {
        let adapters = Adapters {
            clock: self.clock.clone(),
            entropy: Arc::new(SeededEntropy::new(2)),
            otp_sender: self.otp.clone(),
            demo: None,
        };
        let app = start::assemble(self.app.config.clone(), adapters).unwrap();
        let router = build_router(app.clone()).unwrap();
        let (clock, otp, folder) = (self.clock.clone(), self.otp.clone(), Arc::clone(&self.folder));
        Platform { app, clock, otp, router, keys: AtomicU64::new(1_000_000), folder }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer {
            status: parts.status,
            headers: parts.headers,
            json,
            text: String::from_utf8_lossy(&bytes).into(),
            bytes: bytes.to_vec(),
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The header as text; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of an answer with this status; shows the answer otherwise.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json
    }

    /// Checks that this is a problem with `code`.
    pub fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.json["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
    }
}

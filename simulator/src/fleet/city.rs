//! The platform of a world: the real router over the real services, called in-process on virtual time.
//!
//! One or two instances share one database, as two processes would. What a crash takes away is an instance: the
//! database keeps what was committed and nothing else.

use super::FleetError;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderValue, Request},
};
use cloud_sync::transport::{WireAnswer, WireRequest};
use domain::time::UtcMillis;
use platform_api::{
    build_router,
    config::Config,
    foundation::{
        act::{Act, Actor},
        app::App,
        clock::ManualClock,
        db::{Db, DbError, Tx},
        entropy::SeededEntropy,
        otp_sender::NoOtpSender,
    },
    start::{self, Adapters},
};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// The platform's clock at the beginning of every world, when the malls open: 2026-11-20T10:00:00+08:00.
pub const START: UtcMillis = UtcMillis::from_seconds(1_795_140_000);
/// Instances that share the database.
pub const INSTANCES: usize = 2;
/// Bytes of an answer that are read: what a kiosk's transport reads.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// One process of the platform.
struct Instance {
    app: App,
    router: Router,
}

/// The platform.
pub struct City {
    seed: u64,
    config: Config,
    db: Db,
    clock: Arc<ManualClock>,
    instances: Vec<Instance>,
    starts: u64,
    runtime: Runtime,
    folder: TempDir,
}

impl City {
    /// An empty city over a database of its own; in a file when somebody will make a backup of it.
    pub fn found(seed: u64, in_file: bool) -> Result<City, FleetError> {
        let folder = tempfile::tempdir().map_err(FleetError::Folder)?;
        let mut config = Config::default();
        config.database.folder = folder.path().to_owned();
        // All kiosks and phones of the world come from one address.
        config.limits.requests_per_minute = u32::MAX;
        let file = folder.path().join("platform.db");
        let db = Db::open_inline(in_file.then_some(file.as_path()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(FleetError::Folder)?;
        let clock = Arc::new(ManualClock::new(START));
        let mut city = City { seed, config, db, clock, instances: Vec::new(), starts: 0, runtime, folder };
        for _ in 0..INSTANCES {
            let instance = city.start_instance()?;
            city.instances.push(instance);
        }
        Ok(city)
    }

    /// Starts one instance anew: what it had in memory is gone.
    pub fn restart(&mut self, instance: usize) -> Result<(), FleetError> {
        let fresh = self.start_instance()?;
        if let Some(place) = self.instances.get_mut(instance) {
            *place = fresh;
        }
        Ok(())
    }

    /// Where its files lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Copies the database file as it is between two transactions.
    pub fn back_up(&self, to: &Path) -> Result<(), FleetError> {
        std::fs::copy(self.folder.path().join("platform.db"), to).map_err(FleetError::Folder)?;
        Ok(())
    }

    /// Goes back to a backup: every instance stops, the file is replaced, and they start over it.
    pub fn restore(&mut self, from: &Path) -> Result<(), FleetError> {
        let file = self.folder.path().join("restored.db");
        std::fs::copy(from, &file).map_err(FleetError::Folder)?;
        self.db = Db::open_inline(Some(&file))?;
        (0..INSTANCES).try_for_each(|instance| self.restart(instance))
    }

    fn start_instance(&mut self) -> Result<Instance, FleetError> {
        self.starts += 1;
        let adapters = Adapters {
            clock: self.clock.clone(),
            entropy: Arc::new(SeededEntropy::of_run(self.seed, self.starts)),
            otp_sender: Arc::new(NoOtpSender),
            demo: None,
        };
        let app = start::assemble_over(self.db.clone(), self.config.clone(), adapters)?;
        Ok(Instance { router: build_router(app.clone())?, app })
    }

    /// Puts the platform's clock to `now_ms` after [`START`].
    pub fn set_now(&self, now_ms: i64) {
        self.clock.set(START.plus_ms(now_ms));
    }

    /// The application, for jobs and keys.
    pub fn app(&self) -> Option<&App> {
        self.instances.first().map(|instance| &instance.app)
    }

    /// The database, for the auditor.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Runs a service as `actor`, as an operator's tool or a test would.
    pub fn write<T, E>(
        &self,
        actor: Actor,
        work: impl Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
    ) -> Result<T, FleetError>
    where
        T: Send + 'static,
        E: From<DbError> + std::error::Error + Send + Sync + 'static,
    {
        let app = self.app().ok_or(FleetError::Platform("no instance runs".to_owned()))?;
        let act = app
            .act(actor, "simulator".to_owned())
            .map_err(|problem| FleetError::Platform(problem.code().as_str().to_owned()))?;
        self.db
            .write(move |tx| {
                act.restart();
                work(tx, &act)
            })
            .map_err(|error: E| FleetError::Platform(crate::words::chain(&error)))
    }

    /// Answers one request; the answer holds only after what it says was committed.
    pub fn serve(&self, instance: usize, request: &WireRequest) -> Result<WireAnswer, FleetError> {
        let place =
            self.instances.get(instance).ok_or(FleetError::Platform("no such instance".to_owned()))?;
        let mut http =
            Request::builder().method(request.method).uri(&request.path).header("host", "platform");
        for (name, value) in &request.headers {
            http = http.header(*name, value);
        }
        let http = http.body(Body::from(request.body.clone())).map_err(FleetError::Request)?;
        self.runtime.block_on(async {
            let Ok(response) = place.router.clone().oneshot(http).await;
            let (parts, body) = response.into_parts();
            let text = |name: &str| {
                parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned)
            };
            let body = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_default().to_vec();
            Ok(WireAnswer {
                status: parts.status.as_u16(),
                content_type: text("content-type"),
                retry_after: text("retry-after"),
                body,
            })
        })
    }

    /// Asks as somebody with a session token: a phone, a till, an operator.
    pub fn ask(&self, instance: usize, asking: &Asking<'_>) -> Result<Reply, FleetError> {
        let mut headers = vec![("authorization", format!("Bearer {}", asking.token))];
        let body = match &asking.body {
            Some(body) => {
                headers.push(("content-type", "application/json".to_owned()));
                headers.push(("idempotency-key", asking.key.to_owned()));
                body.to_string().into_bytes()
            }
            None => Vec::new(),
        };
        let method = if asking.body.is_some() { "POST" } else { "GET" };
        let request =
            WireRequest { origin: String::new(), method, path: asking.path.to_owned(), headers, body };
        let answer = self.serve(instance, &request)?;
        let json = serde_json::from_slice(&answer.body).unwrap_or(serde_json::Value::Null);
        Ok(Reply { status: answer.status, json })
    }
}

/// A request of somebody with a session.
pub struct Asking<'a> {
    /// The session.
    pub token: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// The key that makes a write one and the same.
    pub key: &'a str,
    /// The body; without one it only reads.
    pub body: Option<serde_json::Value>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body, or null.
    pub json: serde_json::Value,
}

impl Reply {
    /// The stable code of a refusal; empty in a success.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or("")
    }
}

//! The fleet over HTTP: for kiosks and for those who run them.

use super::{
    model::{KioskStatus, Place},
    rules,
    service::{self, FleetError, Welcome},
};
use crate::{
    foundation::{
        act::Role,
        app::App,
        error::{Code, Problem},
        guard::{Access, Row},
        request::{Call, JsonBody},
    },
    modules::{Module, devices, devices::DeviceAuthenticator},
};
use axum::{
    Extension, Json,
    extract::{ConnectInfo, Path, Query, State},
    http::StatusCode,
    response::Response,
};
use protocol::device::{EnrolAnswer, EnrolRequest, Heartbeat, HeartbeatAnswer, TimeAnswer};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

const KIOSK: Access = Access::Roles(&[Role::Kiosk]);
const FLEET: Access = Access::Roles(&[Role::OpFleet, Role::OpSuper]);
const READERS: Access = Access::Roles(&[Role::OpFleet, Role::OpSuper, Role::OpAuditor]);
const LIST_MAX: u32 = 200;

const ACCESS: &[Row] = &[
    Row::post("/api/k/v1/enrol", Access::Public).unkeyed("a pairing code works once"),
    Row::get("/api/k/v1/time", Access::Public),
    Row::post("/api/k/v1/heartbeat", KIOSK).unkeyed("the newest heartbeat replaces the one before"),
    Row::post("/api/o/v1/kiosks/pairing-codes", FLEET)
        .unkeyed("the answer holds a secret that must not be kept"),
    Row::get("/api/o/v1/kiosks", READERS),
    Row::post("/api/o/v1/kiosks/{device}/revoke", FLEET),
];

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .routes(routes!(enrol))
        .routes(routes!(time))
        .routes(routes!(heartbeat))
        .routes(routes!(create_pairing_code))
        .routes(routes!(list_kiosks))
        .routes(routes!(revoke_kiosk));
    Module { authenticators: vec![Arc::new(DeviceAuthenticator)], ..Module::new(routes, ACCESS) }
}

/// Enrols a kiosk that shows a working pairing code and pins its public key.
#[utoipa::path(post, path = "/api/k/v1/enrol", tag = "kiosk",
    request_body(content = Object, description = "`EnrolRequest` of the kiosk protocol"),
    responses((status = 200, description = "`EnrolAnswer`", body = Object),
        (status = 403, description = "PAIRING_REFUSED: wrong, used or older than ten minutes"),
        (status = 429, description = "RATE_LIMITED: too many wrong codes")))]
async fn enrol(
    State(app): State<App>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    call: Call,
    JsonBody(request): JsonBody<EnrolRequest>,
) -> Result<Json<EnrolAnswer>, Problem> {
    let address = peer.map_or_else(|| "unknown".to_owned(), |peer| peer.0.0.ip().to_string());
    let tries = Tries { app: &app, address };
    tries.check()?;
    let platform_key = devices::platform_key(&app)?.verifying_key().to_bytes();
    let welcome = Welcome { city: app.config.city.id(), platform_key };
    let answer = app.write_unkeyed(call, move |tx, act| service::enrol(tx, act, &welcome, &request)).await;
    if answer.as_ref().is_err_and(|problem| problem.code() == Code::PairingRefused) {
        tries.count()?;
    }
    answer.map(Json)
}

/// Wrong pairing codes of one address, and of all together.
struct Tries<'a> {
    app: &'a App,
    address: String,
}

impl Tries<'_> {
    fn keys(&self) -> [(String, u32); 2] {
        let own = format!("pairing:{}", self.address);
        [(own, rules::PAIRING_TRIES_MAX), ("pairing".to_owned(), rules::PAIRING_TRIES_TOTAL_MAX)]
    }

    fn check(&self) -> Result<(), Problem> {
        let now = self.app.clock.now();
        let limiter = &self.app.rate_limiter;
        self.keys()
            .iter()
            .try_for_each(|(key, limit)| Ok(limiter.check(key, *limit, rules::PAIRING_MS, now)?))
    }

    fn count(&self) -> Result<(), Problem> {
        let now = self.app.clock.now();
        let limiter = &self.app.rate_limiter;
        self.keys()
            .iter()
            .try_for_each(|(key, limit)| Ok(limiter.count(key, *limit, rules::PAIRING_MS, now)?))
    }
}

/// The platform's time.
#[utoipa::path(get, path = "/api/k/v1/time", tag = "kiosk",
    responses((status = 200, description = "`TimeAnswer`", body = Object, example = json!({"now": 1_795_000_000_000_i64}))))]
async fn time(State(app): State<App>) -> Json<TimeAnswer> {
    Json(TimeAnswer { now: app.clock.now() })
}

/// Notes how the calling kiosk is and tells it how far the feed has come.
#[utoipa::path(post, path = "/api/k/v1/heartbeat", tag = "kiosk",
    request_body(content = Object, description = "`Heartbeat` of the kiosk protocol"),
    responses((status = 200, description = "`HeartbeatAnswer`", body = Object),
        (status = 409, description = "EPOCH_ENDED: enrolled again elsewhere")))]
async fn heartbeat(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<Heartbeat>,
) -> Result<Json<HeartbeatAnswer>, Problem> {
    app.write_unkeyed(call, move |tx, act| service::heartbeat(tx, act, &request)).await.map(Json)
}

/// Where a kiosk is to stand, or which one is to be enrolled again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PairingRequest {
    /// The mall's id.
    #[schema(example = "0198c0de-0000-7000-8000-000000000003")]
    mall: String,
    /// The place in words.
    #[schema(example = "一层中庭东侧")]
    place: String,
    /// The kiosk to enrol again after its disk was lost; absent for a new one.
    device: Option<String>,
}

/// A pairing code, shown once.
#[derive(Serialize, ToSchema)]
struct PairingAnswer {
    /// Eight characters without look-alikes.
    #[schema(example = "7KQ4M2XA")]
    code: String,
    /// First instant it no longer works.
    expires_at: String,
}

/// Makes a pairing code for a new kiosk, or for one that is to be enrolled again.
#[utoipa::path(post, path = "/api/o/v1/kiosks/pairing-codes", tag = "fleet", request_body = PairingRequest,
    responses((status = 200, body = PairingAnswer), (status = 404, description = "NOT_FOUND: no such kiosk")))]
async fn create_pairing_code(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<PairingRequest>,
) -> Result<Json<PairingAnswer>, Problem> {
    let wrong = |_| Problem::new(Code::Invalid).detail("not an id");
    let place = Place { mall: request.mall.parse().map_err(wrong)?, place: request.place };
    let device = request.device.map(|device| device.parse()).transpose().map_err(wrong)?;
    let code =
        app.write_unkeyed(call, move |tx, act| service::create_pairing_code(tx, act, &place, device)).await?;
    let expires_at = code.expires_at.to_rfc3339().unwrap_or_default();
    Ok(Json(PairingAnswer { code: code.code, expires_at }))
}

/// A kiosk by its last heartbeat.
#[derive(Serialize, ToSchema)]
struct KioskBody {
    device: String,
    mall: String,
    place: String,
    build: String,
    config_version: u64,
    feed_cursor: u64,
    outbox_rows: u64,
    lease_slots: u64,
    camera: bool,
    clock_ahead_ms: i64,
    heard_at: String,
}

impl From<KioskStatus> for KioskBody {
    fn from(kiosk: KioskStatus) -> KioskBody {
        KioskBody {
            device: kiosk.device.to_string(),
            mall: kiosk.place.mall.to_string(),
            place: kiosk.place.place,
            build: kiosk.build,
            config_version: kiosk.config_version,
            feed_cursor: kiosk.feed_cursor,
            outbox_rows: kiosk.outbox_rows,
            lease_slots: kiosk.lease_slots,
            camera: kiosk.camera,
            clock_ahead_ms: kiosk.clock_ahead_ms,
            heard_at: kiosk.heard_at.to_rfc3339().unwrap_or_default(),
        }
    }
}

/// From where to list on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// The last kiosk of the page before.
    after: Option<String>,
}

/// The kiosks of the city, by id, at most 200 a page.
#[utoipa::path(get, path = "/api/o/v1/kiosks", tag = "fleet", params(ListQuery),
    responses((status = 200, body = Vec<KioskBody>)))]
async fn list_kiosks(
    State(app): State<App>,
    call: Call,
    Query(query): Query<ListQuery>,
) -> Result<Json<Vec<KioskBody>>, Problem> {
    let kiosks = app.read(call, move |tx, _| service::list(tx, query.after.as_deref(), LIST_MAX)).await?;
    Ok(Json(kiosks.into_iter().map(KioskBody::from).collect()))
}

/// The answer of a write that has nothing to tell.
#[derive(Serialize, ToSchema)]
struct Done {
    /// Always true.
    done: bool,
}

/// Refuses a kiosk from its next call on.
#[utoipa::path(post, path = "/api/o/v1/kiosks/{device}/revoke", tag = "fleet",
    params(("device" = String, Path, description = "the kiosk's id")),
    responses((status = 200, body = Done), (status = 404, description = "NOT_FOUND: no such kiosk")))]
async fn revoke_kiosk(
    State(app): State<App>,
    call: Call,
    Path(device): Path<String>,
) -> Result<Response, Problem> {
    let device = device.parse().map_err(|_| Problem::new(Code::NotFound))?;
    app.write(call, StatusCode::OK, move |tx, act| {
        service::revoke(tx, act, device)?;
        Ok::<_, FleetError>(Done { done: true })
    })
    .await
}

//! The fleet over HTTP: for kiosks and for those who run them.

mod pairing;

use super::{
    model::{KioskStatus, Place},
    service::{self, FleetError},
};
use crate::{
    foundation::{
        act::{Act, Role},
        app::App,
        db::Tx,
        error::{Code, Problem},
        guard::{Access, Row},
        request::{Call, JsonBody},
    },
    modules::{
        Module,
        devices::{self, DeviceAuthenticator, Fencing, KioskPost},
    },
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use protocol::{
    device::{Behind, CONFESS_PATH, Confession, Heartbeat, TimeAnswer},
    signed::{Purpose, Signed},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
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
    Row::post("/api/o/v1/kiosks/{device}/pairing", FLEET),
    Row::get("/api/o/v1/kiosks/{device}/pairing", READERS),
    Row::post("/api/o/v1/kiosks/{device}/pairing/decision", FLEET)
        .unkeyed("the answer holds a secret that must not be kept"),
    Row::post(CONFESS_PATH, KIOSK).unkeyed("an epoch ends once"),
    Row::get("/api/o/v1/kiosks", READERS),
    Row::get("/api/o/v1/kiosks/fencings", READERS),
    Row::post("/api/o/v1/kiosks/{device}/revoke", FLEET),
    Row::post("/api/o/v1/kiosks/{device}/place", FLEET),
];

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .merge(pairing::routes())
        .routes(routes!(time))
        .routes(routes!(heartbeat))
        .routes(routes!(confess))
        .routes(routes!(list_fencings))
        .routes(routes!(list_kiosks))
        .routes(routes!(revoke_kiosk))
        .routes(routes!(place_kiosk));
    Module { authenticators: vec![Arc::new(DeviceAuthenticator)], ..Module::new(routes, ACCESS) }
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
    responses((status = 200, description = "a signed `HeartbeatAnswer`, bound to the request", body = Object),
        (status = 409, description = "EPOCH_ENDED: enrolled again elsewhere; COUNTER_BEHIND (`challenge`): the disk is \
            older than what the kiosk once said")))]
async fn heartbeat(
    State(app): State<App>,
    call: Call,
    post: KioskPost,
    JsonBody(request): JsonBody<Heartbeat>,
) -> Result<Json<Signed>, Problem> {
    let heartbeat = move |tx: &mut Tx<'_>, act: &Act| service::heartbeat(tx, act, &request);
    devices::answer(&app, call, post, (Purpose::Heartbeat, heartbeat)).await
}

/// Takes the calling kiosk's confession that its disk is older than what it once said, and ends its epoch: every copy
/// of it must be paired again.
#[utoipa::path(post, path = "/api/k/v1/confess", tag = "kiosk",
    request_body(content = Object, description = "`Confession` of the kiosk protocol: the challenge of a COUNTER_BEHIND"),
    responses((status = 200, description = "a signed `ConfessionAnswer`, bound to the challenge", body = Object),
        (status = 403, description = "DEVICE_FENCED: it was taken before"),
        (status = 422, description = "INVALID: the challenge is not ours, too old, or of another device or epoch")))]
async fn confess(
    State(app): State<App>,
    call: Call,
    JsonBody(confession): JsonBody<Confession>,
) -> Result<Json<Signed>, Problem> {
    let key = devices::platform_key(&app)?;
    app.write_unkeyed(call, move |tx, act| devices::confess(tx, act, &key, &confession)).await.map(Json)
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
    /// Its push stream was open at its last heartbeat: it hears of changes at once.
    stream: bool,
    /// Its disk is low: pictures, and perhaps its feed, wait for room; claims go on.
    disk_low: bool,
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
            stream: kiosk.stream,
            disk_low: kiosk.disk_low,
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

/// A life of a kiosk that ended because its disk was rolled back or copied.
#[derive(Serialize, ToSchema)]
struct FencingBody {
    device: String,
    /// The life that ended.
    epoch: u32,
    /// `counter`: a request had a number that was served before. `high_water`: its ledger knew of fewer lease requests
    /// or vouchers than it had said.
    #[schema(value_type = Object, example = json!({"behind": "counter", "heard": 812}))]
    noticed: Behind,
    /// The number of the request that was refused.
    counter: u64,
    /// When it was noticed.
    challenged_at: String,
    /// When the kiosk confessed; nothing of that life is served from here on.
    fenced_at: String,
}

impl From<Fencing> for FencingBody {
    fn from(fencing: Fencing) -> FencingBody {
        let Fencing { device, epoch, challenge, at } = fencing;
        FencingBody {
            device: device.to_string(),
            epoch,
            noticed: challenge.behind,
            counter: challenge.counter,
            challenged_at: challenge.at.to_rfc3339().unwrap_or_default(),
            fenced_at: at.to_rfc3339().unwrap_or_default(),
        }
    }
}

/// The kiosks that were found to be copies or rolled back, newest first, at most 200. Look at where both machines are,
/// then pair each again.
#[utoipa::path(get, path = "/api/o/v1/kiosks/fencings", tag = "fleet",
    responses((status = 200, body = Vec<FencingBody>)))]
async fn list_fencings(State(app): State<App>, call: Call) -> Result<Json<Vec<FencingBody>>, Problem> {
    let fencings = app.read(call, |tx, _| devices::fencings(tx, LIST_MAX)).await?;
    Ok(Json(fencings.into_iter().map(FencingBody::from).collect()))
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

/// Where a kiosk stands from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlaceRequest {
    /// The mall's id.
    #[schema(example = "0198c0de-0000-7000-8000-000000000003")]
    mall: String,
    /// The place in words.
    #[schema(example = "一层中庭东侧")]
    place: String,
    /// All groups it is in, at most 16; each 1 to 32 of a-z, 0-9 and `-`.
    #[serde(default)]
    groups: Vec<String>,
}

/// Moves a kiosk to another mall or other groups. Its next page of the feed begins a snapshot of what it sees there.
#[utoipa::path(post, path = "/api/o/v1/kiosks/{device}/place", tag = "fleet", request_body = PlaceRequest,
    params(("device" = String, Path, description = "the kiosk's id")),
    responses((status = 200, body = Done), (status = 404, description = "NOT_FOUND: no such kiosk"),
        (status = 422, description = "INVALID: too many groups, or a name that is none")))]
async fn place_kiosk(
    State(app): State<App>,
    call: Call,
    Path(device): Path<String>,
    JsonBody(request): JsonBody<PlaceRequest>,
) -> Result<Response, Problem> {
    let device = device.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let mall = request.mall.parse().map_err(|_| Problem::new(Code::Invalid).detail("not an id"))?;
    let (place, groups) = (Place { mall, place: request.place }, request.groups);
    app.write(call, StatusCode::OK, move |tx, act| {
        service::place(tx, act, device, (&place, &groups))?;
        Ok::<_, FleetError>(Done { done: true })
    })
    .await
}

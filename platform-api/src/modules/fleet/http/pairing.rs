//! Pairing over HTTP: the code an operator makes, and the kiosk that shows it.

use super::super::{
    model::{PairingAsked, PairingCode, Place},
    pairing, rules,
    service::{self, Welcome},
};
use crate::{
    foundation::{
        app::App,
        error::{Code, Problem},
        request::{Call, JsonBody},
    },
    modules::devices,
};
use axum::{
    Extension, Json,
    extract::{ConnectInfo, Path, State},
    http::StatusCode,
    response::Response,
};
use domain::ids::DeviceId;
use protocol::device::{EnrolAnswer, EnrolRequest};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(enrol))
        .routes(routes!(create_pairing_code))
        .routes(routes!(ask_pairing, show_pairing))
        .routes(routes!(decide_pairing))
}

/// Enrols a kiosk that shows a working pairing code and pins its public key.
#[utoipa::path(post, path = "/api/k/v1/enrol", tag = "kiosk",
    request_body(content = Object, description = "`EnrolRequest` of the kiosk protocol"),
    responses((status = 200, description = "`EnrolAnswer`", body = Object),
        (status = 403, description = "PAIRING_REFUSED: wrong, used or older than ten minutes"),
        (status = 429, description = "RATE_LIMITED: five wrong codes from this address within ten minutes")))]
async fn enrol(
    State(app): State<App>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    call: Call,
    JsonBody(request): JsonBody<EnrolRequest>,
) -> Result<Json<EnrolAnswer>, Problem> {
    let source = peer.map_or_else(|| "unknown".to_owned(), |peer| rules::source(peer.0.0.ip()));
    let (key, now) = (format!("pairing:{source}"), app.clock.now());
    app.rate_limiter.check(&key, rules::PAIRING_TRIES_MAX, rules::PAIRING_MS, now)?;
    let typed = request.pairing_code.clone();
    let works = app.db.read_async(move |tx| pairing::works(tx, &typed, now));
    if !works.await? {
        app.rate_limiter.count(&key, rules::PAIRING_TRIES_MAX, rules::PAIRING_MS, now)?;
        return Err(Problem::new(Code::PairingRefused));
    }
    let platform_key = devices::platform_key(&app)?.verifying_key().to_bytes();
    let welcome = Welcome { city: app.config.city.id(), platform_key };
    app.write_unkeyed(call, move |tx, act| service::enrol(tx, act, &welcome, &request)).await.map(Json)
}

/// Where a kiosk is to stand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PairingRequest {
    /// The mall's id.
    #[schema(example = "0198c0de-0000-7000-8000-000000000003")]
    mall: String,
    /// The place in words.
    #[schema(example = "一层中庭东侧")]
    place: String,
}

impl PairingRequest {
    fn place(self) -> Result<Place, Problem> {
        let mall = self.mall.parse().map_err(|_| Problem::new(Code::Invalid).detail("not an id"))?;
        Ok(Place { mall, place: self.place })
    }
}

/// A pairing code, shown once.
#[derive(Serialize, ToSchema)]
struct PairingAnswer {
    /// Twelve letters and digits without look-alikes, in groups of four; typed with or without the dashes.
    #[schema(example = "7KQ4-M2XA-P9TB")]
    code: String,
    /// First instant it no longer works.
    expires_at: String,
}

impl From<PairingCode> for PairingAnswer {
    fn from(code: PairingCode) -> PairingAnswer {
        let expires_at = code.expires_at.to_rfc3339().unwrap_or_default();
        PairingAnswer { code: code.code, expires_at }
    }
}

/// Makes a pairing code for a new kiosk.
#[utoipa::path(post, path = "/api/o/v1/kiosks/pairing-codes", tag = "fleet", request_body = PairingRequest,
    responses((status = 200, body = PairingAnswer)))]
async fn create_pairing_code(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<PairingRequest>,
) -> Result<Json<PairingAnswer>, Problem> {
    let place = request.place()?;
    let code = app.write_unkeyed(call, move |tx, act| pairing::create_pairing_code(tx, act, &place)).await?;
    Ok(Json(code.into()))
}

/// A request to pair a known kiosk again.
#[derive(Serialize, ToSchema)]
struct PairingAskedBody {
    mall: String,
    place: String,
    asked_by: String,
    asked_at: String,
    /// Absent while the second person has not decided.
    approved: Option<bool>,
}

impl From<PairingAsked> for PairingAskedBody {
    fn from(asked: PairingAsked) -> PairingAskedBody {
        PairingAskedBody {
            mall: asked.place.mall.to_string(),
            place: asked.place.place,
            asked_by: asked.asked_by,
            asked_at: asked.asked_at.to_rfc3339().unwrap_or_default(),
            approved: asked.approved,
        }
    }
}

/// Asks for a kiosk to be paired again, after its disk was lost or it was fenced. A second person decides within a day; a
/// newer request takes the place of the one before.
#[utoipa::path(post, path = "/api/o/v1/kiosks/{device}/pairing", tag = "fleet", request_body = PairingRequest,
    params(("device" = String, Path, description = "the kiosk's id")),
    responses((status = 201, body = PairingAskedBody), (status = 404, description = "NOT_FOUND: no such kiosk")))]
async fn ask_pairing(
    State(app): State<App>,
    call: Call,
    Path(device): Path<DeviceId>,
    JsonBody(request): JsonBody<PairingRequest>,
) -> Result<Response, Problem> {
    let place = request.place()?;
    app.write(call, StatusCode::CREATED, move |tx, act| {
        pairing::ask_pairing(tx, act, device, &place).map(PairingAskedBody::from)
    })
    .await
}

/// What was asked last for this kiosk.
#[utoipa::path(get, path = "/api/o/v1/kiosks/{device}/pairing", tag = "fleet",
    params(("device" = String, Path, description = "the kiosk's id")),
    responses((status = 200, body = PairingAskedBody), (status = 404, description = "NOT_FOUND: nobody asked")))]
async fn show_pairing(
    State(app): State<App>,
    call: Call,
    Path(device): Path<DeviceId>,
) -> Result<Json<PairingAskedBody>, Problem> {
    let asked = app.read(call, move |tx, _| pairing::asked(tx, device)).await?;
    Ok(Json(asked.into()))
}

/// What the second person says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PairingDecision {
    approve: bool,
}

/// What follows from it.
#[derive(Serialize, ToSchema)]
struct PairingDecided {
    /// The code, shown once; absent when it was refused.
    pairing: Option<PairingAnswer>,
}

/// A second person lets the kiosk be paired again, or does not. The code is theirs to give to whoever stands before it;
/// when it is used the kiosk begins its next epoch, and the life before ends.
#[utoipa::path(post, path = "/api/o/v1/kiosks/{device}/pairing/decision", tag = "fleet",
    params(("device" = String, Path, description = "the kiosk's id")), request_body = PairingDecision,
    responses((status = 200, body = PairingDecided), (status = 403, description = "SELF_APPROVAL"),
        (status = 409, description = "CONFLICT: nobody asked, it is decided, or it was asked more than a day ago")))]
async fn decide_pairing(
    State(app): State<App>,
    call: Call,
    Path(device): Path<DeviceId>,
    JsonBody(decision): JsonBody<PairingDecision>,
) -> Result<Json<PairingDecided>, Problem> {
    let approve = decision.approve;
    let decided = app.write_unkeyed(call, move |tx, act| pairing::decide_pairing(tx, act, device, approve));
    Ok(Json(PairingDecided { pairing: decided.await?.map(PairingAnswer::from) }))
}

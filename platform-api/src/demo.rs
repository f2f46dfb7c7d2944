//! The demo door: moves the clock and shows one-time passwords. Its routes exist only under `serve --demo`.

mod city;

use crate::{
    foundation::{
        app::{App, Demo},
        clock::Clock,
        error::{Code, Problem},
        guard::{Access, Row},
        request::JsonBody,
    },
    modules::Module,
};
use axum::{
    Json,
    extract::{Query, State},
};
use domain::time::UtcMillis;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

const ACCESS: &[Row] = &[
    Row::get("/demo/clock", Access::Public),
    Row::post("/demo/clock", Access::Public).unkeyed("setting the clock twice is setting it once"),
    Row::get("/demo/otp", Access::Public),
    Row::get("/demo/city", Access::Public),
];

/// The routes of the door.
pub(crate) fn module() -> Module {
    Module::new(
        OpenApiRouter::new()
            .routes(routes!(get_clock, set_clock))
            .routes(routes!(last_otp))
            .routes(routes!(city::show)),
        ACCESS,
    )
}

/// What the platform takes for the time.
#[derive(Serialize, ToSchema)]
struct ClockBody {
    /// Its present instant, RFC 3339.
    now: String,
    /// The same in milliseconds since 1970.
    now_ms: i64,
    /// How far it is ahead of the machine's clock.
    offset_ms: i64,
}

/// Where to put the clock; one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClockRequest {
    /// An instant, RFC 3339; time goes on from there.
    at: Option<String>,
    /// How far to be ahead of the machine's clock.
    offset_ms: Option<i64>,
}

#[utoipa::path(get, path = "/demo/clock", tag = "demo", responses((status = 200, body = ClockBody)))]
async fn get_clock(State(app): State<App>) -> Result<Json<ClockBody>, Problem> {
    Ok(Json(clock_body(door(&app)?)))
}

#[utoipa::path(post, path = "/demo/clock", tag = "demo", request_body = ClockRequest,
    responses((status = 200, body = ClockBody)))]
async fn set_clock(
    State(app): State<App>,
    JsonBody(request): JsonBody<ClockRequest>,
) -> Result<Json<ClockBody>, Problem> {
    let door = door(&app)?;
    let wrong = || Problem::new(Code::Invalid).detail("give either `at` (RFC 3339) or `offset_ms`");
    match (request.at, request.offset_ms) {
        (Some(at), None) => door.clock.set(UtcMillis::parse_rfc3339(&at).ok_or_else(wrong)?),
        (None, Some(offset_ms)) => door.clock.set_offset_ms(offset_ms),
        (Some(_), Some(_)) | (None, None) => return Err(wrong()),
    }
    Ok(Json(clock_body(door)))
}

fn clock_body(door: &Demo) -> ClockBody {
    let now = door.clock.now();
    ClockBody {
        now: now.to_rfc3339().unwrap_or_default(),
        now_ms: now.get(),
        offset_ms: door.clock.offset_ms(),
    }
}

/// Whose code is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct OtpQuery {
    /// The phone number the code was sent to.
    phone: String,
}

/// The last code sent to a phone.
#[derive(Serialize, ToSchema)]
struct OtpBody {
    /// Six digits.
    code: String,
}

#[utoipa::path(get, path = "/demo/otp", tag = "demo", params(OtpQuery), responses((status = 200, body = OtpBody)))]
async fn last_otp(State(app): State<App>, Query(query): Query<OtpQuery>) -> Result<Json<OtpBody>, Problem> {
    let code = door(&app)?.otp_sender.last(&query.phone);
    code.map(|code| Json(OtpBody { code })).ok_or_else(|| Problem::new(Code::NotFound))
}

fn door(app: &App) -> Result<&Demo, Problem> {
    app.demo.as_ref().ok_or_else(|| Problem::new(Code::NotFound))
}

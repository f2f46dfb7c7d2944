//! The stream over HTTP.

use super::{jobs::JOBS, service, stream};
use crate::{
    foundation::{
        act::Role,
        app::App,
        error::{Code, Problem},
        guard::{Access, Row},
        request::Call,
    },
    modules::Module,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, header},
    response::{IntoResponse, Response},
};
use protocol::push::{LAST_EVENT_HEADER, Push, STREAM_MEDIA_TYPE};
use utoipa_axum::{router::OpenApiRouter, routes};

const ACCESS: &[Row] = &[Row::get("/api/k/v1/stream", Access::Roles(&[Role::Kiosk]))];
/// When a kiosk may ask again that found no room.
const NO_ROOM_S: u32 = 30;
/// Tells gateways not to collect a stream before they pass it on.
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The module as the router takes it.
pub fn module() -> Module {
    Module { jobs: JOBS, ..Module::new(OpenApiRouter::new().routes(routes!(open)), ACCESS) }
}

/// Opens the calling kiosk's stream, in the place of its older one: server-sent events that say that there is something
/// to ask for. A beat comes every 15 seconds; a stream ends within an hour and is opened again.
#[utoipa::path(get, path = "/api/k/v1/stream", tag = "kiosk",
    params(("last-event-id" = Option<u64>, Header, description = "place the kiosk reached in the feed; something newer is said at once")),
    responses((status = 200, description = "events `open`, `changed`, `revoked`, `replaced`, `closing`", content_type = "text/event-stream", body = String),
        (status = 503, description = "OVERLOADED: as many streams as this process holds are open; `Retry-After` says when to ask again")))]
async fn open(State(app): State<App>, call: Call, headers: HeaderMap) -> Result<Response, Problem> {
    let since = headers.get(LAST_EVENT_HEADER).and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    let (listener, newest) = app.read(call, service::listener).await?;
    let opened = app.streams.open(listener, newest, app.config.limits.streams_max);
    let open = opened.map_err(|_| Problem::new(Code::Overloaded).retry_after_s(NO_ROOM_S))?;
    // What was committed between the reading and the opening is either below `relayed` or told by the relay.
    let newest = newest.max(open.relayed);
    let head = u64::try_from(newest).unwrap_or(0);
    let mut first = vec![Push::Open { head }];
    if since.is_some_and(|since| since < newest) {
        first.push(Push::Changed { head });
    }
    let headers = [
        (header::CONTENT_TYPE, STREAM_MEDIA_TYPE),
        (header::CACHE_CONTROL, "no-store"),
        (NO_BUFFERING, "no"),
    ];
    Ok((headers, Body::new(stream::Body::new(open, &first))).into_response())
}

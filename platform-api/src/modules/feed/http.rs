//! The feed over HTTP.

use super::{
    jobs::JOBS,
    service::{self, Asked},
};
use crate::{
    foundation::{
        act::Role,
        app::App,
        error::Problem,
        guard::{Access, Row},
        request::Call,
    },
    modules::{Module, devices},
};
use axum::{
    Json,
    extract::{Query, State},
};
use protocol::{feed::Fingerprint, signed::Signed};
use serde::Deserialize;
use tower_http::compression::CompressionLayer;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

const ACCESS: &[Row] = &[Row::get("/api/k/v1/feed", Access::Roles(&[Role::Kiosk]))];

/// The module as the router takes it.
pub fn module() -> Module {
    // Rows are text that repeats itself, and a mall's link is slow.
    let routes = OpenApiRouter::new().routes(routes!(page)).layer(CompressionLayer::new().gzip(true));
    Module { jobs: JOBS, ..Module::new(routes, ACCESS) }
}

/// From where to read on: what the page before said.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    /// The `next` of the page before; 0 to begin.
    #[serde(default)]
    since: u64,
    /// The `mark` of the page before, 32 zeros to begin. Without it no snapshot is offered.
    #[param(value_type = Option<String>)]
    mark: Option<Fingerprint>,
    /// The `view` of the page before, 32 zeros to begin.
    #[param(value_type = Option<String>)]
    view: Option<Fingerprint>,
    /// Inside a snapshot: the `to` of its last part.
    #[param(max_length = 512)]
    part: Option<String>,
}

/// One page of what concerns the calling kiosk, signed by the platform: the changes after a place or, when they cannot
/// be told from there, a part of a snapshot. Compressed when the caller accepts gzip.
#[utoipa::path(get, path = "/api/k/v1/feed", tag = "kiosk", params(PageQuery),
    responses((status = 200, description = "a signed `Page` of the kiosk protocol, at most 500 changes", body = Object)))]
async fn page(
    State(app): State<App>,
    call: Call,
    Query(query): Query<PageQuery>,
) -> Result<Json<Signed>, Problem> {
    let key = devices::platform_key(&app)?;
    let PageQuery { since, mark, view, part } = query;
    let asked = Asked { since, mark, view, part };
    app.read(call, move |tx, act| service::page(tx, act, &key, &asked)).await.map(Json)
}

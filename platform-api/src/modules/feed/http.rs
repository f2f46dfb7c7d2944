//! The feed over HTTP.

use super::service;
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
use protocol::signed::Signed;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

const ACCESS: &[Row] = &[Row::get("/api/k/v1/feed", Access::Roles(&[Role::Kiosk]))];

/// The module as the router takes it.
pub fn module() -> Module {
    Module::new(OpenApiRouter::new().routes(routes!(page)), ACCESS)
}

/// From where to read on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    /// The `next` of the page before; 0 to begin.
    #[serde(default)]
    since: u64,
}

/// One page of the changes that concern the calling kiosk, signed by the platform.
#[utoipa::path(get, path = "/api/k/v1/feed", tag = "kiosk", params(PageQuery),
    responses((status = 200, description = "a signed `Page` of the kiosk protocol, at most 500 changes", body = Object)))]
async fn page(
    State(app): State<App>,
    call: Call,
    Query(query): Query<PageQuery>,
) -> Result<Json<Signed>, Problem> {
    let key = devices::platform_key(&app)?;
    app.read(call, move |tx, act| service::page(tx, act, &key, query.since)).await.map(Json)
}

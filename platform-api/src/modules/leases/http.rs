//! Leases over HTTP, for kiosks.

use super::{
    jobs::JOBS,
    service::{self, Lending},
};
use crate::{
    foundation::{
        act::{Act, Role},
        app::App,
        db::Tx,
        error::Problem,
        guard::{Access, Row},
        request::{Call, JsonBody},
    },
    modules::{
        Module,
        devices::{self, KioskPost},
    },
};
use axum::{Json, extract::State};
use protocol::{
    lease::{CloseRequest, LeaseRequest},
    signed::{Purpose, Signed},
};
use utoipa_axum::{router::OpenApiRouter, routes};

const KIOSK: Access = Access::Roles(&[Role::Kiosk]);

const ACCESS: &[Row] = &[
    Row::post("/api/k/v1/leases", KIOSK).unkeyed("the request number makes it one and the same"),
    Row::post("/api/k/v1/leases:close", KIOSK).unkeyed("closing twice is closing once"),
];

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new().routes(routes!(request_lease)).routes(routes!(close_lease));
    Module { jobs: JOBS, ..Module::new(routes, ACCESS) }
}

/// Lends a block of a batch's stock to the calling kiosk. The answer is a signed grant; the same request number gets
/// the same bytes again.
#[utoipa::path(post, path = "/api/k/v1/leases", tag = "kiosk",
    request_body(content = Object, description = "`LeaseRequest` of the kiosk protocol",
        example = json!({"epoch": 1, "request_no": 7, "batch": "0198c0de-0000-7000-8000-000000000001", "want": 20})),
    responses((status = 200, description = "a signed `Grant`", body = Object),
        (status = 409, description = "BATCH_EXHAUSTED, QUOTA_SLOT_FULL, BATCH_NOT_ACTIVE (paused, over, or of another mall), \
            OUT_OF_WINDOW, EPOCH_ENDED or CONFLICT (heartbeat first)")))]
async fn request_lease(
    State(app): State<App>,
    call: Call,
    post: KioskPost,
    JsonBody(request): JsonBody<LeaseRequest>,
) -> Result<Json<Signed>, Problem> {
    let key = devices::platform_key(&app)?;
    let config = app.config.leases.clone();
    let grant = devices::write(&app, call, post, move |tx, act| {
        service::grant(tx, act, &Lending { config: &config, key: &key }, &request)
    });
    grant.await.map(Json)
}

/// Takes back the slots the calling kiosk will not use.
#[utoipa::path(post, path = "/api/k/v1/leases:close", tag = "kiosk",
    request_body(content = Object, description = "`CloseRequest` of the kiosk protocol",
        example = json!({"epoch": 1, "lease": "0198c0de-0000-7000-8000-000000000002", "used": 3})),
    responses((status = 200, description = "a signed `CloseAnswer`, bound to the request", body = Object),
        (status = 404, description = "NOT_FOUND: no such lease of this kiosk")))]
async fn close_lease(
    State(app): State<App>,
    call: Call,
    post: KioskPost,
    JsonBody(request): JsonBody<CloseRequest>,
) -> Result<Json<Signed>, Problem> {
    let close = move |tx: &mut Tx<'_>, act: &Act| service::close(tx, act, &request);
    devices::answer(&app, call, post, (Purpose::Close, close)).await
}

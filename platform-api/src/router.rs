//! Every route of the platform: one line per module, then what surrounds them all.

use crate::{
    consoles, demo,
    foundation::{
        admission::{Admission, admit},
        app::App,
        error::{Code, Problem},
        guard::{Access, Guard, Keyed, Row, guard},
        idempotency,
        jobs::Job,
        openapi,
        outbox::Handler,
        request,
    },
    modules::{self, Module},
};
use axum::{
    Json, Router,
    extract::{MatchedPath, State},
    http::{Request, Response, StatusCode},
    middleware::from_fn_with_state,
};
use serde::Serialize;
use std::{any::Any, collections::BTreeSet, sync::Arc, time::Duration};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer, trace::TraceLayer};
use utoipa::{ToSchema, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

/// How often expired idempotency keys are forgotten: hourly, they take little room.
const FORGET_KEYS_EVERY_MS: u64 = 3_600_000;

fn modules() -> Vec<Module> {
    vec![
        health(),
        modules::auth::module(),
        modules::ledger::module(),
        modules::media::module(),
        modules::consumers::module(),
        modules::merchants::module(),
        modules::catalog::module(),
        modules::funds::module(),
        modules::campaigns::module(),
        modules::leases::module(),
        modules::coupons::module(),
        modules::fleet::module(),
        modules::feed::module(),
        modules::push::module(),
        consoles::assets::module(),
        consoles::consumer::module(),
        consoles::merchant::module(),
    ]
}

/// Routes and rows do not belong together.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RouterError {
    /// A documented route has no row in the table of roles.
    #[error("{0} has no row in the table of roles")]
    NoRow(String),
    /// A row of the table has no route.
    #[error("{0} has a row in the table of roles but no route")]
    NoRoute(String),
    /// Two rows for one route.
    #[error("{0} has two rows in the table of roles")]
    TwoRows(String),
    /// A key belongs to a caller: two strangers must not share an answer.
    #[error("{0} is open to everybody and takes a key")]
    PublicKey(String),
}

/// The whole application as a router; refused when a route has no row in the table of roles.
pub fn build_router(app: App) -> Result<Router, RouterError> {
    let mut modules = modules();
    if app.demo.is_some() {
        modules.push(demo::module());
    }
    assemble(app, modules)
}

/// The OpenAPI document of all modules; the demo door is not part of it.
pub fn openapi_document() -> Result<OpenApi, RouterError> {
    let (_, rows, document) = join(modules())?;
    let mut document = document;
    openapi::describe(&mut document, &rows);
    Ok(document)
}

/// The handlers of all modules, for [`crate::foundation::outbox::dispatch`].
pub fn handlers() -> Arc<[Handler]> {
    modules().iter().flat_map(|module| module.handlers.iter().copied()).collect()
}

/// The jobs of all modules, for [`crate::serve::serve`] and the simulator.
pub fn jobs() -> Vec<Job> {
    let own =
        Job { name: "forget-keys", every_ms: |_| FORGET_KEYS_EVERY_MS, run: idempotency::forget_expired };
    modules().iter().flat_map(|module| module.jobs.iter().copied()).chain([own]).collect()
}

fn assemble(app: App, mut modules: Vec<Module>) -> Result<Router, RouterError> {
    let authenticators = modules.iter_mut().flat_map(|module| module.authenticators.drain(..)).collect();
    let (router, rows, _) = join(modules)?;
    let timeout = Duration::from_secs(app.config.http.timeout_s);
    let door = Admission::new(app.config.limits.kiosk_calls_max, app.config.limits.kiosk_returns_per_s);
    let guarding = Guard::new(app.clone(), &rows, authenticators);
    Ok(router
        .fallback(|| async { Problem::new(Code::NotFound) })
        .layer(from_fn_with_state(guarding, guard))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, timeout))
        .layer(from_fn_with_state((app.clone(), door), admit))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_response(log_answer))
        .layer(from_fn_with_state(app.clone(), request::render))
        .with_state(app))
}

fn join(modules: Vec<Module>) -> Result<(Router<App>, Vec<Row>, OpenApi), RouterError> {
    let rows: Vec<Row> = modules.iter().flat_map(|module| module.access.iter().copied()).collect();
    let empty = OpenApiRouter::with_openapi(openapi::base());
    let joined = modules.into_iter().fold(empty, |joined, module| joined.merge(module.routes));
    let (router, document) = joined.split_for_parts();
    compare(&rows, &document)?;
    Ok((router, rows, document))
}

fn compare(rows: &[Row], document: &OpenApi) -> Result<(), RouterError> {
    let mut listed = BTreeSet::new();
    for row in rows {
        if !listed.insert((row.method, row.path.to_owned())) {
            return Err(RouterError::TwoRows(format!("{} {}", row.method, row.path)));
        }
        if row.access == Access::Public && row.keyed != Keyed::No {
            return Err(RouterError::PublicKey(format!("{} {}", row.method, row.path)));
        }
    }
    let routes: BTreeSet<_> = openapi::operations(document).into_iter().collect();
    if let Some((method, path)) = routes.difference(&listed).next() {
        return Err(RouterError::NoRow(format!("{method} {path}")));
    }
    let documented = rows.iter().filter(|row| row.documented);
    match documented.map(|row| (row.method, row.path.to_owned())).find(|route| !routes.contains(route)) {
        Some((method, path)) => Err(RouterError::NoRoute(format!("{method} {path}"))),
        None => Ok(()),
    }
}

/// The log line of a request: the route as registered, never its query, body or headers.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", |path| path.as_str());
    let id = request.extensions().get::<request::RequestId>().map_or("", |id| id.0.as_str());
    tracing::info_span!("request", http.method = %request.method(), http.route = route, request_id = id)
}

fn log_answer<B>(response: &Response<B>, took: Duration, _: &tracing::Span) {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(http.status = response.status().as_u16(), took_ms, "answered");
}

fn answer_panic(_: Box<dyn Any + Send + 'static>) -> axum::response::Response {
    use axum::response::IntoResponse;
    tracing::error!("a handler panicked");
    Problem::new(Code::Internal).into_response()
}

fn health() -> Module {
    const ACCESS: &[Row] = &[Row::get("/healthz", Access::Public), Row::get("/readyz", Access::Public)];
    Module::new(OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)), ACCESS)
}

/// The state of the process.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Says that the process runs.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Says that the process can serve: the database answers.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = Health),
    (status = 503, description = "not ready")))]
async fn readyz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    let ready = app.db.read_async(|tx| tx.probe());
    match ready.await {
        Ok(()) => Ok(Json(Health { status: "ok" })),
        Err(_) => Err(Problem::new(Code::Overloaded).retry_after_s(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::act::Role;

    const HEALTHZ: Row = Row::get("/healthz", Access::Public);
    const READYZ: Row = Row::get("/readyz", Access::Public);

    /// Builds the router of the two health routes with these rows instead of their own.
    fn join_with(access: &'static [Row]) -> Result<(), RouterError> {
        join(vec![Module { access, ..health() }]).map(drop)
    }

    #[test]
    fn a_route_without_a_row_is_not_built() {
        assert_eq!(join_with(&[HEALTHZ, READYZ]), Ok(()));
        assert_eq!(join_with(&[HEALTHZ]), Err(RouterError::NoRow("GET /readyz".to_owned())));
        const OTHER_METHOD: Row = Row { method: "DELETE", ..READYZ };
        assert_eq!(join_with(&[HEALTHZ, OTHER_METHOD]), Err(RouterError::NoRow("GET /readyz".to_owned())));
    }

    #[test]
    fn a_row_without_a_route_and_a_second_row_are_not_built() {
        const NOWHERE: Row = Row::get("/nowhere", Access::Public);
        let nowhere = Err(RouterError::NoRoute("GET /nowhere".to_owned()));
        assert_eq!(join_with(&[HEALTHZ, READYZ, NOWHERE]), nowhere);
        let twice = Err(RouterError::TwoRows("GET /readyz".to_owned()));
        assert_eq!(join_with(&[HEALTHZ, READYZ, READYZ]), twice);
    }

    #[test]
    fn a_keyed_write_is_never_open_to_everybody() {
        const OPEN: Row = Row::post("/open", Access::Public);
        let refused = Err(RouterError::PublicKey("POST /open".to_owned()));
        assert_eq!(join_with(&[HEALTHZ, READYZ, OPEN]), refused);
        const CLOSED: Row = Row::post("/closed", Access::Roles(&[Role::Consumer]));
        let no_route = Err(RouterError::NoRoute("POST /closed".to_owned()));
        assert_eq!(join_with(&[HEALTHZ, READYZ, CLOSED]), no_route);
    }
}

//! What surrounds every request: its id, the call a handler works with, and problems on the way out.
//!
//! A handler converts, calls one service function through [`App::read`](super::app::App::read) or
//! [`App::write`](super::app::App::write), and converts. It takes a [`Call`], never the headers.

use super::{
    act::{Act, Actor},
    app::App,
    error::{Code, Problem},
    guard::Caller,
};
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{FromRequest, FromRequestParts, Request, State, rejection::JsonRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;

/// The header that carries the request id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of a request id a caller may bring.
const REQUEST_ID_CHARS_MAX: usize = 64;
/// Bytes read of a framework's own refusal text.
const REFUSAL_BYTES_MAX: usize = 4096;

/// The id of the request in work.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// One call of the API: the act it becomes and, for a write, the key that makes it happen once.
#[derive(Debug)]
pub struct Call {
    /// Time, actor, ids and chance for the service.
    pub act: Act,
    /// Present on routes that take an `Idempotency-Key`.
    pub(super) key: Option<super::idempotency::Key>,
}

impl Call {
    /// Who calls.
    pub const fn actor(&self) -> &Actor {
        &self.act.actor
    }
}

impl FromRequestParts<App> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Call, Problem> {
        // The guard has put the caller there; a route outside the guard has none and must not act.
        let caller = parts.extensions.get::<Caller>().ok_or_else(|| Problem::new(Code::Forbidden))?;
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        Ok(Call { act: app.act(caller.actor, request_id)?, key: caller.key.clone() })
    }
}

/// A JSON body. What cannot be read is a problem with the reason; limits of fields are the module's own check.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<JsonBody<T>, Problem> {
        match Json::<T>::from_request(request, app).await {
            Ok(Json(body)) => Ok(JsonBody(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(Code::UnsupportedMedia)),
            // serde's text names the field and the type, never the value of another field.
            Err(rejection) => Err(Problem::new(Code::Malformed).detail(rejection.body_text())),
        }
    }
}

/// Middleware, outermost: gives the request its id and turns every refusal into problem+json.
pub async fn render(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = match incoming_id(request.headers()) {
        Some(id) => id,
        None => app.entropy.seed().map(|seed| hex::encode(&seed[..16])).unwrap_or_default(),
    };
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = write_problem(next.run(request).await, &id).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn incoming_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!id.is_empty() && id.len() <= REQUEST_ID_CHARS_MAX && id.bytes().all(plain)).then(|| id.to_owned())
}

async fn write_problem(response: Response, request_id: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let problem = match parts.extensions.remove::<Problem>() {
        Some(problem) => problem,
        None if is_refusal(&parts.status, &parts.headers) => from_framework(parts.status, body).await,
        None => return Response::from_parts(parts, body),
    };
    let mut rendered = (problem.code().status(), Json(problem.body(Some(request_id)))).into_response();
    if let Some(retry_after) = parts.headers.remove(header::RETRY_AFTER) {
        rendered.headers_mut().insert(header::RETRY_AFTER, retry_after);
    }
    for kept in [header::ALLOW, header::CONTENT_RANGE] {
        if let Some(value) = parts.headers.remove(&kept) {
            rendered.headers_mut().insert(kept, value);
        }
    }
    let kind = HeaderValue::from_static("application/problem+json");
    rendered.headers_mut().insert(header::CONTENT_TYPE, kind);
    rendered
}

/// True for a refusal the framework wrote itself, as plain text or without a body.
fn is_refusal(status: &StatusCode, headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("text/plain");
    (status.is_client_error() || status.is_server_error()) && kind.starts_with("text/plain")
}

async fn from_framework(status: StatusCode, body: Body) -> Problem {
    let code = match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        408 => Code::Timeout,
        413 => Code::TooLarge,
        415 => Code::UnsupportedMedia,
        400..=499 => Code::Malformed,
        503 => Code::Overloaded,
        _ => Code::Internal,
    };
    let text = to_bytes(body, REFUSAL_BYTES_MAX).await.ok();
    let text = text.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).filter(|text| !text.is_empty());
    match text {
        Some(text) if code == Code::Malformed => Problem::new(code).detail(text),
        Some(_) | None => Problem::new(code),
    }
}

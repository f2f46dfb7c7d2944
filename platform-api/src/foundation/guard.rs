//! Who may call what: one row per route, everything else is denied.
//!
//! Each module lists its rows next to its routes. The router refuses to be built when a documented route has no row or
//! a row has no route, and a request that matches no row is refused whatever its handler would do. The guard also reads
//! the body (limited), checks that a cookie is not used from another site, counts requests per caller, and takes the
//! `Idempotency-Key` of a write.

use super::{
    act::{Actor, Role},
    app::App,
    db::Tx,
    error::{Code, Problem},
    idempotency::{IDEMPOTENCY_KEY, Key, is_key},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::time::UtcMillis;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

/// The cookie a browser keeps the session of one part of the API in (`c`, `m`, `o` or `g`), so that one browser can be
/// signed in to several.
pub fn session_cookie(letter: &str) -> String {
    format!("session_{letter}")
}

/// The token a caller shows to the part `letter` of the API: that of `Authorization: Bearer`, else that of the cookie.
pub fn token(headers: &HeaderMap, letter: &str) -> Option<String> {
    bearer(headers).or_else(|| cookie(headers, &session_cookie(letter)))
}

/// The part of the API a path belongs to, or the part its pages belong to: `c` in `/api/c/v1/me` and in `/phone/code`.
fn letter(path: &str) -> &str {
    let rest = path.strip_prefix("/api").unwrap_or(path);
    match rest.trim_start_matches('/').split('/').next().unwrap_or("") {
        "phone" => "c",
        "merchant" => "m",
        other => other,
    }
}

/// Whom a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; who has a session is still known.
    Public,
    /// Callers with one of these roles.
    Roles(&'static [Role]),
}

/// Whether a route takes an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyed {
    /// It changes nothing, or says why it takes none.
    No,
    /// Required; kept 72 hours.
    Required,
    /// Required; kept for ever, because money moves.
    ForEver,
}

/// One row of the table: a route and who may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path as registered, with its `{parameters}`.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    /// Whether a key is taken.
    pub keyed: Keyed,
    /// False for pages and files, which the OpenAPI document leaves out.
    pub documented: bool,
    /// Bytes of a body, where more than the general limit may come. It is read only once the caller is admitted, so
    /// a caller who signs the body cannot call such a route.
    pub body_bytes_max: Option<usize>,
}

impl Row {
    /// A route that reads.
    pub const fn get(path: &'static str, access: Access) -> Row {
        Row { method: "GET", path, access, keyed: Keyed::No, documented: true, body_bytes_max: None }
    }

    /// A page or a file for a browser: reads, and is not part of the API document.
    pub const fn page(path: &'static str, access: Access) -> Row {
        Row { documented: false, ..Row::get(path, access) }
    }

    /// A route that writes; the key is required.
    pub const fn post(path: &'static str, access: Access) -> Row {
        Row { method: "POST", ..Row::get(path, access) }.keyed()
    }

    /// [`Row::post`] for `PUT`.
    pub const fn put(path: &'static str, access: Access) -> Row {
        Row { method: "PUT", ..Row::post(path, access) }
    }

    /// [`Row::post`] for `DELETE`.
    pub const fn delete(path: &'static str, access: Access) -> Row {
        Row { method: "DELETE", ..Row::post(path, access) }
    }

    /// The same write with its key kept for ever, because money moves.
    pub const fn money(self) -> Row {
        Row { keyed: Keyed::ForEver, ..self }
    }

    const fn keyed(self) -> Row {
        Row { keyed: Keyed::Required, ..self }
    }

    /// The same route with a body of at most so many bytes; for callers with a session only.
    pub const fn body_up_to(self, bytes: usize) -> Row {
        Row { body_bytes_max: Some(bytes), ..self }
    }

    /// The same write without a key. `_reason` says why that is right (an answer that holds a secret must not be
    /// saved; a report that is idempotent by its own numbers needs none).
    pub const fn unkeyed(self, _reason: &'static str) -> Row {
        Row { keyed: Keyed::No, ..self }
    }
}

/// What a caller shows to be known.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The method.
    pub method: Method,
    /// Path and query as sent.
    pub path_and_query: String,
    /// The token of `Authorization: Bearer`, else that of the session cookie.
    pub token: Option<String>,
    /// All headers, for signatures.
    pub headers: HeaderMap,
    /// SHA-256 of the body.
    pub body_sha256: [u8; 32],
}

/// Recognises one kind of caller. A module that knows sessions or devices registers one.
pub trait Authenticator: Send + Sync {
    /// True if `presented` holds what this authenticator looks at; if false it is not asked.
    fn applies(&self, presented: &Presented) -> bool;

    /// The caller, or `None` when what was presented is not (or no longer) valid.
    fn authenticate(
        &self,
        tx: &mut Tx<'_>,
        now: UtcMillis,
        presented: &Presented,
    ) -> Result<Option<Actor>, Problem>;
}

/// What the guard found out; handlers see it as [`super::request::Call`].
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) actor: Actor,
    pub(super) key: Option<Key>,
}

/// The table and the authenticators of all modules.
#[derive(Clone)]
pub struct Guard {
    app: App,
    rows: Arc<BTreeMap<(&'static str, &'static str), Row>>,
    authenticators: Arc<[Arc<dyn Authenticator>]>,
}

impl Guard {
    /// A guard over these rows.
    pub fn new(app: App, rows: &[Row], authenticators: Vec<Arc<dyn Authenticator>>) -> Guard {
        let rows = rows.iter().map(|row| ((row.method, row.path), *row)).collect();
        Guard { app, rows: Arc::new(rows), authenticators: authenticators.into() }
    }

    fn row(&self, parts: &Parts) -> Result<Row, Problem> {
        let path =
            parts.extensions.get::<MatchedPath>().ok_or_else(|| Problem::new(Code::NotFound))?.as_str();
        let method = if parts.method == Method::HEAD { "GET" } else { parts.method.as_str() };
        let rows: &BTreeMap<(&str, &str), Row> = &self.rows;
        if let Some(row) = rows.get(&(method, path)) {
            return Ok(*row);
        }
        let other_method = rows.keys().any(|(_, row_path)| *row_path == path);
        Err(Problem::new(if other_method { Code::MethodNotAllowed } else { Code::Forbidden }))
    }

    async fn admit_with_body(&self, parts: &Parts, body: Body) -> Result<(Caller, Bytes), Problem> {
        let body = read_body(body, self.app.config.limits.body_bytes_max).await?;
        Ok((self.admit(parts, &body).await?, body))
    }

    async fn admit(&self, parts: &Parts, body: &Bytes) -> Result<Caller, Problem> {
        let row = self.row(parts)?;
        let presented = present(parts, body);
        refuse_cross_site(&presented)?;
        let now = self.app.clock.now();
        let actor = match self.authenticate(&presented, now).await {
            Ok(actor) => actor,
            // A signature that does not hold costs as much as one that does, so it counts against its address.
            Err(problem) => {
                self.count(&Actor::Anonymous, parts, now)?;
                return Err(problem);
            }
        };
        self.count(&actor, parts, now)?;
        check_access(row.access, &actor)?;
        Ok(Caller { actor, key: take_key(row, actor, &presented)? })
    }

    async fn authenticate(&self, presented: &Presented, now: UtcMillis) -> Result<Actor, Problem> {
        if !self.authenticators.iter().any(|authenticator| authenticator.applies(presented)) {
            return Ok(Actor::Anonymous);
        }
        let (authenticators, presented) = (Arc::clone(&self.authenticators), presented.clone());
        let found = self.app.db.read_async(move |tx| {
            for authenticator in authenticators.iter().filter(|each| each.applies(&presented)) {
                if let Some(actor) = authenticator.authenticate(tx, now, &presented)? {
                    return Ok::<_, Problem>(Some(actor));
                }
            }
            Ok(None)
        });
        Ok(found.await?.unwrap_or(Actor::Anonymous))
    }

    fn count(&self, actor: &Actor, parts: &Parts, now: UtcMillis) -> Result<(), Problem> {
        let key = match actor {
            Actor::Anonymous => address(parts),
            Actor::Consumer(_) | Actor::Staff(_) | Actor::Kiosk(_) | Actor::System(_) => actor.to_string(),
        };
        let limit = self.app.config.limits.requests_per_minute;
        Ok(self.app.rate_limiter.count(&key, limit, 60_000, now)?)
    }
}

/// The middleware: reads the body, decides, and hands the request on with its caller.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let large = guard.row(&parts).ok().and_then(|row| row.body_bytes_max);
    let admitted = match large {
        None => guard.admit_with_body(&parts, body).await,
        // Nobody makes us hold megabytes before we know who they are.
        Some(bytes_max) => match guard.admit(&parts, &Bytes::new()).await {
            Ok(caller) => read_body(body, bytes_max).await.map(|body| (caller, body)),
            Err(problem) => Err(problem),
        },
    };
    match admitted {
        Ok((caller, body)) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, Body::from(body))).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    to_bytes(body, bytes_max).await.map_err(|_| Problem::new(Code::TooLarge))
}

fn present(parts: &Parts, body: &Bytes) -> Presented {
    Presented {
        method: parts.method.clone(),
        path_and_query: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        token: token(&parts.headers, letter(parts.uri.path())),
        headers: parts.headers.clone(),
        body_sha256: Sha256::digest(body).into(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The value of the cookie `name`.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}

/// A browser sends its cookie along whoever wrote the page, and fills in forms for other sites as well: a write that
/// comes from a browser must come from our own pages. Programs show their token themselves and send no origin.
fn refuse_cross_site(presented: &Presented) -> Result<(), Problem> {
    let headers = &presented.headers;
    let safe = matches!(presented.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || bearer(headers).is_some() {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), _, _) => site == "same-origin",
        (None, Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, rest)| rest == host),
        (None, Some(_), None) => false,
        (None, None, _) => presented.token.is_none(),
    };
    if ours { Ok(()) } else { Err(Problem::new(Code::CrossSite)) }
}

fn address(parts: &Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or_else(|| "address:unknown".to_owned(), |peer| format!("address:{}", peer.0.ip()))
}

fn check_access(access: Access, actor: &Actor) -> Result<(), Problem> {
    match (access, actor.role()) {
        (Access::Public, _) => Ok(()),
        (Access::Roles(_), None) => Err(Problem::new(Code::Unauthenticated)),
        (Access::Roles(roles), Some(role)) if roles.contains(&role) => Ok(()),
        (Access::Roles(_), Some(_)) => Err(Problem::new(Code::Forbidden)),
    }
}

fn take_key(row: Row, actor: Actor, presented: &Presented) -> Result<Option<Key>, Problem> {
    let for_ever = match row.keyed {
        Keyed::No => return Ok(None),
        Keyed::Required => false,
        Keyed::ForEver => true,
    };
    let key = presented.headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
    let key = key.filter(|text| is_key(text)).ok_or_else(|| Problem::new(Code::KeyRequired))?;
    Ok(Some(Key {
        actor,
        route: format!("{} {}", presented.method, presented.path_and_query),
        key: key.to_owned(),
        body_sha256: presented.body_sha256,
        for_ever,
    }))
}

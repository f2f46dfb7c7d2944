//! Signing in and out over HTTP.
//!
//! These routes take no `Idempotency-Key`: their answers hold secrets, which must not be kept.

use super::{
    authenticator::SessionAuthenticator,
    jobs::JOBS,
    model::{
        self, AuthError, Credentials, NewStaff, OtpLimits, Phone, SessionToken, SignIn, StaffAccount,
        Surface, TotpKey,
    },
    password::PasswordHash,
    service, store,
};
use crate::{
    foundation::{
        act::Role,
        app::App,
        error::{Code, Problem},
        guard::{self, Access, Row},
        request::{Call, JsonBody},
    },
    modules::Module,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::ids::MerchantId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const SECRET: &str = "the answer holds or ends a secret";
const ACCESS: &[Row] = &[
    Row::post("/api/c/v1/auth/otp", Access::Public)
        .unkeyed("each request is a message of its own, and counted"),
    Row::post("/api/c/v1/auth/logout", Access::Roles(&[Role::Consumer])).unkeyed(SECRET),
    Row::post("/api/m/v1/auth/login", Access::Public).unkeyed(SECRET),
    Row::post("/api/m/v1/auth/logout", Access::Roles(MERCHANT)).unkeyed(SECRET),
    Row::get("/api/m/v1/auth/me", Access::Roles(MERCHANT)),
    Row::post("/api/o/v1/auth/login", Access::Public).unkeyed(SECRET),
    Row::post("/api/o/v1/auth/logout", Access::Roles(OPERATOR)).unkeyed(SECRET),
    Row::get("/api/o/v1/auth/me", Access::Roles(OPERATOR)),
    Row::post("/api/o/v1/staff", Access::Roles(&[Role::OpSuper])).unkeyed("the login makes it happen once"),
    Row::post("/api/g/v1/auth/login", Access::Public).unkeyed(SECRET),
    Row::post("/api/g/v1/auth/logout", Access::Roles(GOVERNMENT)).unkeyed(SECRET),
];
const MERCHANT: &[Role] = &[Role::MerchantCashier, Role::MerchantManager];
const OPERATOR: &[Role] = &[
    Role::OpSuper,
    Role::OpMerchantReviewer,
    Role::OpFleet,
    Role::OpCampaignEditor,
    Role::OpCampaignApprover,
    Role::OpAuditor,
];
const GOVERNMENT: &[Role] = &[Role::GovBudgetOwner, Role::GovAuditor];

/// Tries to sign in with one login within a quarter of an hour; right and wrong ones, known and unknown logins alike.
const LOGIN_TRIES_MAX: u32 = 20;
const LOGIN_WINDOW_MS: i64 = 900_000;
/// No account has a longer login, and what is counted is kept in memory.
const LOGIN_BYTES_MAX: usize = 40;
/// Passwords compared at once. Each takes 19 MiB and a core for tens of milliseconds; others wait their turn.
const COMPARED_MAX: usize = 4;
static COMPARING: Semaphore = Semaphore::const_new(COMPARED_MAX);

/// The module's routes, its authenticator and its jobs.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .routes(routes!(request_otp))
        .routes(routes!(consumer_logout))
        .routes(routes!(merchant_login))
        .routes(routes!(merchant_logout))
        .routes(routes!(merchant_me))
        .routes(routes!(operator_login))
        .routes(routes!(operator_logout))
        .routes(routes!(operator_me))
        .routes(routes!(create_staff))
        .routes(routes!(government_login))
        .routes(routes!(government_logout));
    let sessions = Arc::new(SessionAuthenticator);
    Module { authenticators: vec![sessions], jobs: JOBS, ..Module::new(routes, ACCESS) }
}

/// Who wants a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OtpRequest {
    /// A mobile number of mainland China.
    #[schema(example = "13800000001")]
    phone: String,
}

/// A code is on its way.
#[derive(Serialize, ToSchema)]
struct OtpAnswer {
    /// Seconds it holds.
    #[schema(example = 300)]
    expires_in_s: u32,
}

/// Sends a one-time password to a phone; the sixth within ten minutes is refused and nothing is sent.
#[utoipa::path(post, path = "/api/c/v1/auth/otp", tag = "auth", request_body = OtpRequest,
    responses((status = 202, body = OtpAnswer), (status = 429, description = "`RATE_LIMITED`: wait `retry_after_s`")))]
async fn request_otp(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<OtpRequest>,
) -> Result<Response, Problem> {
    let phone = Phone::parse(&request.phone)?;
    let expires_in_s = send_otp(&app, call, phone).await?;
    Ok((StatusCode::ACCEPTED, Json(OtpAnswer { expires_in_s })).into_response())
}

/// Sends a new code to a phone, unless it has had too many, and gives the seconds it holds.
pub async fn send_otp(app: &App, call: Call, phone: Phone) -> Result<u32, Problem> {
    let (key, settings) = (model::otp_key(app)?, &app.config.auth);
    let limits = OtpLimits {
        ttl_s: settings.otp_ttl_s,
        attempts_max: settings.otp_attempts_max,
        requests_max: settings.otp_requests_max,
    };
    let to = phone.clone();
    let issued =
        app.write_unkeyed(call, move |tx, act| service::request_otp(tx, act, (&phone, &key), limits)).await?;
    app.otp_sender.send(to.as_str(), &issued.code);
    Ok(limits.ttl_s)
}

/// Staff who sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginRequest {
    /// The name they type.
    #[schema(example = "cashier01")]
    login: String,
    /// Their password.
    password: String,
    /// Six digits of the authenticator app, where one is set up.
    #[serde(default)]
    totp: Option<String>,
}

/// A session has begun; the cookie holds the same token.
#[derive(Serialize, ToSchema)]
struct SessionBody {
    /// To be sent as `Authorization: Bearer`.
    token: String,
    /// Seconds until it ends.
    expires_in_s: u32,
}

/// Signs merchant staff in.
#[utoipa::path(post, path = "/api/m/v1/auth/login", tag = "auth", request_body = LoginRequest,
    responses((status = 200, body = SessionBody), (status = 401, description = "`WRONG_CREDENTIALS`")))]
async fn merchant_login(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<LoginRequest>,
) -> Result<Response, Problem> {
    login(app, call, request, Surface::Merchant).await
}

/// Signs operator staff in.
#[utoipa::path(post, path = "/api/o/v1/auth/login", tag = "auth", request_body = LoginRequest,
    responses((status = 200, body = SessionBody), (status = 401, description = "`WRONG_CREDENTIALS`")))]
async fn operator_login(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<LoginRequest>,
) -> Result<Response, Problem> {
    login(app, call, request, Surface::Operator).await
}

/// Signs government staff in.
#[utoipa::path(post, path = "/api/g/v1/auth/login", tag = "auth", request_body = LoginRequest,
    responses((status = 200, body = SessionBody), (status = 401, description = "`WRONG_CREDENTIALS`")))]
async fn government_login(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<LoginRequest>,
) -> Result<Response, Problem> {
    login(app, call, request, Surface::Government).await
}

async fn login(app: App, call: Call, request: LoginRequest, surface: Surface) -> Result<Response, Problem> {
    let typed = (request.login, request.password, request.totp);
    let token = sign_in_staff(&app, call, typed, surface).await?;
    Ok(signed_in(&app, surface, &token, app.config.auth.staff_session_s))
}

/// Signs staff in with what they typed: login, password and, where one is set up, the six digits of their app. Counts
/// the tries with one login.
pub async fn sign_in_staff(
    app: &App,
    call: Call,
    (login, password, totp): (String, String, Option<String>),
    surface: Surface,
) -> Result<SessionToken, Problem> {
    if login.len() > LOGIN_BYTES_MAX {
        return Err(Problem::new(Code::WrongCredentials));
    }
    let limited = format!("login:{login}");
    app.rate_limiter.count(&limited, LOGIN_TRIES_MAX, LOGIN_WINDOW_MS, call.act.now)?;
    let sign_in = SignIn {
        credentials: compare_password(app, login, password).await?,
        totp,
        surface,
        session_s: app.config.auth.staff_session_s,
        totp_key: TotpKey::of(app)?,
    };
    app.write_unkeyed(call, move |tx, act| service::sign_in(tx, act, &sign_in)).await
}

/// The account whose password this is. Takes as long for an unknown login, and runs outside every transaction.
async fn compare_password(app: &App, login: String, password: String) -> Result<Credentials, Problem> {
    let found = app.db.read_async(move |tx| store::credentials(tx, &login)).await?;
    let turn = COMPARING.acquire().await.map_err(|error| Problem::internal(&error))?;
    let compared = tokio::task::spawn_blocking(move || {
        let hash = found.as_ref().map_or(PasswordHash::of_nobody(), |found| found.password.clone());
        let fitting = found.filter(|_| hash.fits(&password));
        drop(turn);
        fitting
    });
    let fitting = compared.await.map_err(|error| Problem::internal(&error))?;
    fitting.ok_or_else(|| Problem::new(Code::WrongCredentials))
}

/// The answer to whoever has signed in: the token in the body, for programs, and in the surface's cookie, for browsers.
pub fn signed_in(app: &App, surface: Surface, token: &SessionToken, session_s: u32) -> Response {
    let body = SessionBody { token: token.text(), expires_in_s: session_s };
    let cookie = cookie(app, surface, &body.token, session_s);
    (StatusCode::OK, [(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, NO_STORE)], Json(body))
        .into_response()
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The `Set-Cookie` that keeps a session in a browser for `age_s` seconds; 0 ends it there.
pub fn cookie(app: &App, surface: Surface, token: &str, age_s: u32) -> HeaderValue {
    let name = guard::session_cookie(surface.letter());
    let secure = if app.config.auth.cookie_secure { "; Secure" } else { "" };
    // Shoppers come back through links in chats; a write is refused from another site all the same (the guard).
    let same_site = if surface == Surface::Consumer { "Lax" } else { "Strict" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={age_s}{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Ends the consumer's session.
#[utoipa::path(post, path = "/api/c/v1/auth/logout", tag = "auth", responses((status = 204)))]
async fn consumer_logout(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    logout(app, call, &headers, Surface::Consumer).await
}

/// Ends the session of merchant staff.
#[utoipa::path(post, path = "/api/m/v1/auth/logout", tag = "auth", responses((status = 204)))]
async fn merchant_logout(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    logout(app, call, &headers, Surface::Merchant).await
}

/// Ends the session of operator staff.
#[utoipa::path(post, path = "/api/o/v1/auth/logout", tag = "auth", responses((status = 204)))]
async fn operator_logout(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    logout(app, call, &headers, Surface::Operator).await
}

/// Ends the session of government staff.
#[utoipa::path(post, path = "/api/g/v1/auth/logout", tag = "auth", responses((status = 204)))]
async fn government_logout(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    logout(app, call, &headers, Surface::Government).await
}

async fn logout(app: App, call: Call, headers: &HeaderMap, surface: Surface) -> Result<Response, Problem> {
    let token = guard::token(headers, surface.letter()).as_deref().and_then(SessionToken::parse);
    let token = token.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    app.write_unkeyed(call, move |tx, act| service::end_session(tx, act, &token)).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&app, surface, "", 0))]).into_response())
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
struct StaffBody {
    /// The account.
    id: String,
    /// The name they type.
    login: String,
    /// The name others read.
    name: String,
    /// What they do.
    #[schema(example = "merchant_cashier")]
    role: &'static str,
    /// The merchant they work for.
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_id: Option<String>,
}

impl From<StaffAccount> for StaffBody {
    fn from(account: StaffAccount) -> StaffBody {
        StaffBody {
            id: account.id.to_string(),
            login: account.login,
            name: account.name,
            role: account.role.as_str(),
            merchant_id: account.merchant.map(|id| id.to_string()),
        }
    }
}

/// Says who of the merchant's staff is signed in.
#[utoipa::path(get, path = "/api/m/v1/auth/me", tag = "auth", responses((status = 200, body = StaffBody)))]
async fn merchant_me(State(app): State<App>, call: Call) -> Result<Json<StaffBody>, Problem> {
    me(app, call).await
}

/// Says who of the operator's staff is signed in.
#[utoipa::path(get, path = "/api/o/v1/auth/me", tag = "auth", responses((status = 200, body = StaffBody)))]
async fn operator_me(State(app): State<App>, call: Call) -> Result<Json<StaffBody>, Problem> {
    me(app, call).await
}

async fn me(app: App, call: Call) -> Result<Json<StaffBody>, Problem> {
    let id = call.actor().staff().ok_or_else(|| Problem::new(Code::Unauthenticated))?.id;
    let found = app.read(call, move |tx, _| service::staff(tx, id)).await?;
    found.map(|account| Json(account.into())).ok_or_else(|| Problem::new(Code::Unauthenticated))
}

/// A member of staff to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffRequest {
    /// The name they type: 3 to 40 of `a-z 0-9 . _ -`.
    login: String,
    /// The name others read, 1 to 40 characters.
    name: String,
    /// What they do.
    #[schema(value_type = String, example = "merchant_cashier")]
    role: Role,
    /// The merchant they work for; for the roles of a merchant only.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    merchant_id: Option<MerchantId>,
    /// Their first password, 10 to 128 characters.
    password: String,
    /// True if an authenticator app is asked for as well.
    #[serde(default)]
    totp: bool,
}

/// Adds a member of staff.
#[utoipa::path(post, path = "/api/o/v1/staff", tag = "auth", request_body = StaffRequest,
    responses((status = 201, body = StaffBody), (status = 409, description = "`ALREADY_EXISTS`: the login is taken")))]
async fn create_staff(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<StaffRequest>,
) -> Result<Response, Problem> {
    let (salt, password) = (new_salt(&app)?, request.password);
    let hashed = tokio::task::spawn_blocking(move || PasswordHash::new(&password, salt));
    let new = NewStaff {
        login: request.login,
        name: request.name,
        role: request.role,
        merchant: request.merchant_id,
        password: hashed.await.map_err(|error| Problem::internal(&error))??,
        totp: request.totp,
    };
    let created = app.write_unkeyed(call, move |tx, act| {
        let id = service::create_staff(tx, act, &new)?;
        service::staff(tx, id)?.ok_or(AuthError::Unknown)
    });
    Ok((StatusCode::CREATED, Json(StaffBody::from(created.await?))).into_response())
}

/// Chance of its own: that of the act begins anew in its transaction and is used for the id there.
fn new_salt(app: &App) -> Result<[u8; 16], Problem> {
    let seed = app.entropy.seed().map_err(|error| Problem::internal(&error))?;
    let mut salt = [0; 16];
    salt.copy_from_slice(&seed[..16]);
    Ok(salt)
}

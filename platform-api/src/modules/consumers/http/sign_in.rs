//! Signing in over HTTP. Sending the code and signing out belong to `auth`.

use super::{
    super::service::sign_in::{self, SignIn},
    person::keys,
};
use crate::{
    foundation::{
        app::App,
        error::{Code, Problem},
        request::{Call, JsonBody},
    },
    modules::auth::{self, Phone, Surface},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

/// A phone and the code sent to it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    /// A mobile number of mainland China.
    #[schema(example = "13800000001")]
    phone: String,
    /// The six digits that were sent.
    #[schema(example = "042917", min_length = 6, max_length = 6)]
    code: String,
    /// The version of the P1 text the person agreed to; a new phone needs it.
    #[serde(default)]
    #[schema(example = 1)]
    account_text_version: Option<u32>,
}

/// Signs a consumer in, and registers a new phone. The token is in the body, and in the cookie `session_c`.
#[utoipa::path(post, path = "/api/c/v1/auth/login", tag = "auth", request_body = LoginRequest,
    responses((status = 200, description = "`token`, `expires_in_s`", body = Object,
            example = json!({"token": "5f0c…64 hex digits", "expires_in_s": 2_592_000})),
        (status = 401, description = "WRONG_CREDENTIALS: the code is wrong, used or too old"),
        (status = 403, description = "CONSENT_REQUIRED: a new phone; show the text P1 of `text_version` and ask again"),
        (status = 409, description = "CONFLICT: the text was replaced by `text_version`")))]
pub(super) async fn login(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<LoginRequest>,
) -> Result<Response, Problem> {
    let (keys, phone) = (keys(&app)?, Phone::parse(&request.phone)?);
    let request = SignIn::new(&app, phone, &request.code, request.account_text_version)?;
    let session_s = request.session_s();
    let outcome = app.write_unkeyed(call, move |tx, act| sign_in::sign_in(tx, act, &keys, &request)).await?;
    let session = outcome.ok_or_else(|| Problem::new(Code::WrongCredentials))?;
    Ok(auth::signed_in(&app, Surface::Consumer, &session.token, session_s))
}

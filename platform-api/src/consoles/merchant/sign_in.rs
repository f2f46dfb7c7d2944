//! Signing in and out at a till.

use super::{
    super::{page, page::PageForm},
    TillError, shown,
};
use crate::{
    foundation::{app::App, error::Code, guard, request::Call},
    modules::auth::{self, SessionToken, Surface},
};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "merchant/sign_in.html")]
struct SignInPage {
    error: Option<&'static str>,
    login: String,
}

/// `GET /merchant/sign-in`
pub(super) async fn page(call: Call) -> Result<Response, TillError> {
    if super::cashier(&call).is_ok() {
        return Ok(page::go("/merchant"));
    }
    shown(page::ok(&SignInPage { error: None, login: String::new() }))
}

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInForm {
    login: String,
    password: String,
}

/// `POST /merchant/sign-in`
pub(super) async fn sign_in(
    State(app): State<App>,
    call: Call,
    form: Result<PageForm<SignInForm>, page::PageError>,
) -> Result<Response, TillError> {
    let Ok(PageForm(form)) = form else { return Ok(page::go("/merchant/sign-in")) };
    let login = form.login.trim().to_owned();
    let typed = (login.clone(), form.password, None);
    match auth::sign_in_staff(&app, call, typed, Surface::Merchant).await {
        Ok(token) => {
            let mut response = page::go("/merchant");
            let cookie =
                auth::cookie(&app, Surface::Merchant, &token.text(), app.config.auth.staff_session_s);
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(problem) if problem.code() == Code::WrongCredentials => {
            let error = Some("账号或密码不对，请再输一次。");
            shown(page::html(StatusCode::UNAUTHORIZED, &SignInPage { error, login }))
        }
        Err(problem) if problem.code() == Code::RateLimited => {
            let error = Some("尝试次数太多，请 15 分钟后再试，或联系店长。");
            shown(page::html(StatusCode::TOO_MANY_REQUESTS, &SignInPage { error, login }))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /merchant/sign-out`
pub(super) async fn sign_out(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, TillError> {
    let token = guard::token(&headers, Surface::Merchant.letter());
    if let Some(token) = token.as_deref().and_then(SessionToken::parse) {
        app.write_unkeyed(call, move |tx, act| auth::end_session(tx, act, &token)).await?;
    }
    let mut response = page::go("/merchant/sign-in");
    let cookie = auth::cookie(&app, Surface::Merchant, "", 0);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

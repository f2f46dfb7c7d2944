//! Signing in: phone, code, and for somebody new the consents.

use super::{
    super::{page, page::PageError, page::PageForm},
    keys,
};
use crate::{
    foundation::{
        app::App,
        error::{Code, Problem},
        guard,
        request::Call,
    },
    modules::{
        auth::{self, Phone, SessionToken, Surface},
        consumers::{self, ConsentText, ConsumersError, Purpose, SignIn},
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "phone/sign_in.html")]
struct SignInPage {
    error: Option<&'static str>,
    phone: String,
    text: ConsentText,
}

#[derive(Template)]
#[template(path = "phone/otp.html")]
struct OtpPage {
    error: Option<&'static str>,
    phone: String,
    phone_masked: String,
    account_text_version: Option<u32>,
}

impl OtpPage {
    fn new(phone: &Phone, account_text_version: Option<u32>, error: Option<&'static str>) -> OtpPage {
        let digits = phone.as_str();
        let shown = |range| digits.get(range).unwrap_or_default();
        let phone_masked = format!("{} **** {}", shown(0..3), shown(7..11));
        OtpPage { error, phone: digits.to_owned(), phone_masked, account_text_version }
    }
}

/// `GET /phone/sign-in`
pub(super) async fn page(State(app): State<App>, call: Call) -> Result<Response, PageError> {
    if call.actor().consumer().is_some() {
        return Ok(page::go("/phone/code"));
    }
    begin(&app, (StatusCode::OK, None), String::new()).await
}

async fn begin(
    app: &App,
    (status, error): (StatusCode, Option<&'static str>),
    phone: String,
) -> Result<Response, PageError> {
    let text = app.db.read_async(|tx| {
        let texts = consumers::consent_texts(tx)?;
        let text = texts.into_iter().find(|text| text.purpose == Purpose::Account);
        text.ok_or(ConsumersError::NotPrepared("consent text"))
    });
    page::html(status, &SignInPage { error, phone, text: text.await? })
}

/// The first form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneForm {
    phone: String,
    #[serde(default)]
    account_text_version: Option<u32>,
}

/// `POST /phone/sign-in/otp`
pub(super) async fn send_code(
    State(app): State<App>,
    call: Call,
    PageForm(form): PageForm<PhoneForm>,
) -> Result<Response, PageError> {
    let Ok(phone) = Phone::parse(&form.phone) else {
        let wrong = Some("手机号不对，请填写 11 位手机号。");
        return begin(&app, (StatusCode::UNPROCESSABLE_ENTITY, wrong), form.phone).await;
    };
    match auth::send_otp(&app, call, phone.clone()).await {
        Ok(_) => page::ok(&OtpPage::new(&phone, form.account_text_version, None)),
        Err(problem) if problem.code() == Code::RateLimited => {
            let wait = Some("获取验证码太频繁了，请 10 分钟后再试。");
            begin(&app, (StatusCode::TOO_MANY_REQUESTS, wait), form.phone).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// The second form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeForm {
    phone: String,
    code: String,
    #[serde(default)]
    account_text_version: Option<u32>,
}

/// `POST /phone/sign-in`
pub(super) async fn sign_in(
    State(app): State<App>,
    call: Call,
    PageForm(form): PageForm<CodeForm>,
) -> Result<Response, PageError> {
    let (keys, phone) = (keys(&app)?, Phone::parse(&form.phone)?);
    let request = SignIn::new(&app, phone.clone(), form.code.trim(), form.account_text_version)?;
    let session_s = request.session_s();
    let outcome = app.write_unkeyed(call, move |tx, act| consumers::sign_in(tx, act, &keys, &request)).await;
    match outcome {
        Ok(Some(session)) => {
            let way_on = if session.is_new { "/phone/consents?welcome=1" } else { "/phone/code" };
            let mut response = page::go(way_on);
            let cookie = auth::cookie(&app, Surface::Consumer, &session.token.text(), session_s);
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Ok(None) => {
            let wrong = Some("验证码不对或已过期，请再输一次，或返回重新获取。");
            page::html(StatusCode::UNAUTHORIZED, &OtpPage::new(&phone, form.account_text_version, wrong))
        }
        Err(problem) if is_about_consent(&problem) => {
            let agree = Some("请先阅读并同意《账号与券包服务》，再获取验证码。");
            begin(&app, (StatusCode::FORBIDDEN, agree), form.phone).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// The text was not agreed to, or was replaced meanwhile.
fn is_about_consent(problem: &Problem) -> bool {
    [Code::ConsentRequired, Code::Conflict].contains(&problem.code())
}

/// `POST /phone/sign-out`
pub(super) async fn sign_out(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let token = guard::token(&headers, Surface::Consumer.letter());
    if let Some(token) = token.as_deref().and_then(SessionToken::parse) {
        app.write_unkeyed(call, move |tx, act| auth::end_session(tx, act, &token)).await?;
    }
    let mut response = page::go("/phone/sign-in");
    let cookie = auth::cookie(&app, Surface::Consumer, "", 0);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

//! What every page has in common: its headers, its forms, and how a refusal looks to a person.

use crate::foundation::{
    error::{Code, Problem},
    request::Call,
};
use askama::Template;
use axum::{
    Form,
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::ids::ConsumerId;
use serde::de::DeserializeOwned;

/// Only our own files, no inline script or style, no frame around us, forms to ourselves only.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                              connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page.
pub(crate) fn html<T: Template>(status: StatusCode, template: &T) -> Result<Response, PageError> {
    let text = template.render().map_err(|error| Problem::internal(&error))?;
    let mut response = (status, Html(text)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// A page, as usual.
pub(crate) fn ok<T: Template>(template: &T) -> Result<Response, PageError> {
    html(StatusCode::OK, template)
}

/// On to another page, by `GET`.
pub(crate) fn go(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// The consumer who looks at the page, or the way to the sign-in page.
pub(crate) fn consumer(call: &Call) -> Result<ConsumerId, PageError> {
    call.actor().consumer().ok_or(PageError::SignIn)
}

/// A form as a browser sends it.
pub(crate) struct PageForm<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for PageForm<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<PageForm<T>, PageError> {
        let form = Form::<T>::from_request(request, state).await;
        form.map(|Form(form)| PageForm(form)).map_err(|_| PageError::Refused(Problem::new(Code::Malformed)))
    }
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum PageError {
    /// Nobody is signed in.
    SignIn,
    /// Anything else.
    Refused(Problem),
}

impl<E> From<E> for PageError
where
    Problem: From<E>,
{
    fn from(error: E) -> PageError {
        let problem = Problem::from(error);
        if problem.code() == Code::Unauthenticated { PageError::SignIn } else { PageError::Refused(problem) }
    }
}

#[derive(Template)]
#[template(path = "phone/problem.html")]
struct ProblemPage {
    title: &'static str,
    text: &'static str,
    way_on: &'static str,
    way_on_label: &'static str,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let problem = match self {
            PageError::SignIn => return go("/phone/sign-in"),
            PageError::Refused(problem) => problem,
        };
        let (title, text) = words(problem.code());
        let page = ProblemPage { title, text, way_on: "/phone", way_on_label: "返回首页" };
        // A template that cannot be rendered leaves the problem itself, which every client can read.
        match html(problem.code().status(), &page) {
            Ok(response) => response,
            Err(_) => problem.into_response(),
        }
    }
}

/// What a person is told.
pub(crate) fn words(code: Code) -> (&'static str, &'static str) {
    if code == Code::NotFound {
        ("没有找到", "这个页面不存在，或者不属于您的账号。")
    } else if code == Code::RateLimited {
        ("请稍等一会儿", "操作太频繁了，请过几分钟再试。")
    } else if code.status().is_server_error() {
        ("服务暂时不可用", "我们这边出了问题，请稍后再试；着急的话请到商场服务台。")
    } else {
        ("没有办成", "请返回后再试一次；仍然不行的话请到商场服务台。")
    }
}

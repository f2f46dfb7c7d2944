//! The merchant page: sign in, redeem a coupon, see today's redemptions.
//!
//! A cashier reads or types a code, types the bill, sees what the platform makes of it, and confirms. Forms are sent by
//! the browser itself; a confirmation leads on to a receipt of its own address, and sending it again leads to the same
//! receipt. The script only reads codes with the camera and moves the cursor.

mod records;
mod redeem;
mod sign_in;
mod words;

use super::page::{self, PageError};
use crate::{
    foundation::{
        act::Staff,
        app::App,
        error::{Code, Problem},
        guard::{Access, Row},
        request::Call,
    },
    modules::Module,
};
use askama::Template;
use axum::{
    response::{IntoResponse, Response},
    routing::{get, post},
};
use utoipa_axum::router::OpenApiRouter;

/// A form of a page: sent by the browser, guarded against other sites by its cookie's rules.
const fn form(path: &'static str) -> Row {
    let row =
        Row::post(path, Access::Public).unkeyed("a coupon is used up once, however often the form is sent");
    Row { documented: false, ..row }
}

const ACCESS: &[Row] = &[
    Row::page("/merchant", Access::Public),
    Row::page("/merchant/sign-in", Access::Public),
    form("/merchant/sign-in"),
    form("/merchant/sign-out"),
    form("/merchant/preview"),
    form("/merchant/confirm"),
    Row::page("/merchant/redemptions", Access::Public),
    Row::page("/merchant/redemptions/{redemption}", Access::Public),
];

/// The pages as the router takes them.
pub fn module() -> Module {
    let routes = OpenApiRouter::<App>::new()
        .route("/merchant", get(redeem::page))
        .route("/merchant/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/merchant/sign-out", post(sign_in::sign_out))
        .route("/merchant/preview", post(redeem::preview))
        .route("/merchant/confirm", post(redeem::confirm))
        .route("/merchant/redemptions", get(records::list))
        .route("/merchant/redemptions/{redemption}", get(records::receipt));
    Module::new(routes, ACCESS)
}

/// The cashier who looks at the page, or the way to the sign-in page. Other staff are nobody here.
fn cashier(call: &Call) -> Result<Staff, TillError> {
    call.actor().staff().filter(|staff| staff.merchant.is_some()).ok_or(TillError::SignIn)
}

/// Why there is no page.
#[derive(Debug)]
enum TillError {
    /// No cashier is signed in.
    SignIn,
    /// Anything else.
    Refused(Problem),
}

impl<E> From<E> for TillError
where
    Problem: From<E>,
{
    fn from(error: E) -> TillError {
        let problem = Problem::from(error);
        if problem.code() == Code::Unauthenticated { TillError::SignIn } else { TillError::Refused(problem) }
    }
}

#[derive(Template)]
#[template(path = "merchant/problem.html")]
struct ProblemPage {
    words: words::Words,
}

impl IntoResponse for TillError {
    fn into_response(self) -> Response {
        let problem = match self {
            TillError::SignIn => return page::go("/merchant/sign-in"),
            TillError::Refused(problem) => problem,
        };
        let shown = ProblemPage { words: words::of(&problem) };
        // A template that cannot be rendered leaves the problem itself, which every client can read.
        page::html(problem.code().status(), &shown).unwrap_or_else(|_| problem.into_response())
    }
}

/// A page of this console.
fn shown(page: Result<Response, PageError>) -> Result<Response, TillError> {
    page.map_err(|error| match error {
        PageError::SignIn => TillError::SignIn,
        PageError::Refused(problem) => TillError::Refused(problem),
    })
}

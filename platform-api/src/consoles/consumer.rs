//! The phone page: register, consent, fill the profile in, show the code, see the wallet.
//!
//! Forms are sent by the browser itself and answered with a way on, so every step works without a script and can be
//! gone back to. Sending a form twice does no more than sending it once.

mod code;
mod consents;
mod me;
mod offline;
mod profile;
mod sign_in;
mod ticket;
mod wallet;

use super::page::{self, PageError};
use crate::{
    foundation::{
        act::Role,
        app::App,
        guard::{Access, Row},
        request::Call,
    },
    modules::{
        Module,
        consumers::{ConsumersError, Keys},
    },
};
use axum::{
    response::Response,
    routing::{get, post},
};
use utoipa_axum::router::OpenApiRouter;

/// A form of a page: sent by the browser, idempotent by what it says.
const fn form(path: &'static str) -> Row {
    let row = Row::post(path, Access::Public).unkeyed("sending the same form again changes nothing more");
    Row { documented: false, ..row }
}

const ACCESS: &[Row] = &[
    Row::page("/phone", Access::Public),
    Row::page("/phone/code", Access::Public),
    // Asked for by the script, which reloads the page when it is refused.
    Row::page("/phone/code/panel", Access::Roles(&[Role::Consumer])),
    // Kept on the phone for when there is no network; they say nothing about anybody.
    Row::page("/phone/offline", Access::Public),
    Row::page("/phone/worker.js", Access::Public),
    Row::page("/phone/consents", Access::Public),
    form("/phone/consents"),
    Row::page("/phone/profile", Access::Public),
    form("/phone/profile"),
    Row::page("/phone/wallet", Access::Public),
    Row::page("/phone/coupons/{coupon}", Access::Public),
    Row::page("/phone/coupons/{coupon}/panel", Access::Roles(&[Role::Consumer])),
    Row::page("/phone/me", Access::Public),
    form("/phone/me/name"),
    Row::page("/phone/sign-in", Access::Public),
    form("/phone/sign-in"),
    form("/phone/sign-in/otp"),
    form("/phone/sign-out"),
];

/// The pages as the router takes them.
pub fn module() -> Module {
    let routes = OpenApiRouter::<App>::new()
        .route("/phone", get(home))
        .route("/phone/code", get(code::page))
        .route("/phone/code/panel", get(code::panel))
        .route("/phone/offline", get(offline::page))
        .route("/phone/worker.js", get(offline::worker))
        .route("/phone/consents", get(consents::page).post(consents::save))
        .route("/phone/profile", get(profile::page).post(profile::save))
        .route("/phone/wallet", get(wallet::page))
        .route("/phone/coupons/{coupon}", get(wallet::coupon))
        .route("/phone/coupons/{coupon}/panel", get(wallet::panel))
        .route("/phone/me", get(me::page))
        .route("/phone/me/name", post(me::rename))
        .route("/phone/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/phone/sign-in/otp", post(sign_in::send_code))
        .route("/phone/sign-out", post(sign_in::sign_out));
    Module::new(routes, ACCESS)
}

async fn home(call: Call) -> Response {
    page::go(if call.actor().consumer().is_some() { "/phone/code" } else { "/phone/sign-in" })
}

/// The keys pages need to issue and open.
fn keys(app: &App) -> Result<Keys, PageError> {
    Ok(Keys::of(app).map_err(ConsumersError::from)?)
}

//! The code without a network: a page that a phone keeps, and the worker that keeps it. Neither holds anything of a person.

use super::super::{page, page::PageError};
use askama::Template;
use axum::{
    http::{HeaderName, header},
    response::Response,
};

#[derive(Template)]
#[template(path = "phone/offline.html")]
struct OfflinePage {
    tab: &'static str,
    panel_address: &'static str,
    /// Drawn by the script.
    qr: &'static str,
}

/// `GET /phone/offline`
pub(super) async fn page() -> Result<Response, PageError> {
    page::ok(&OfflinePage { tab: "", panel_address: "/phone/code/panel", qr: "" })
}

/// `GET /phone/worker.js`: asked for anew each time, because a worker decides what a phone keeps.
pub(super) async fn worker() -> ([(HeaderName, &'static str); 3], &'static str) {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("../../../assets/worker.js"))
}

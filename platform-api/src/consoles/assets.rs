//! Styles, scripts and pictures, embedded in the binary.
//!
//! An address carries the hash of its content, so a browser keeps a file for ever and still gets a new one at once.

use crate::{
    foundation::{
        app::App,
        guard::{Access, Row},
    },
    modules::Module,
};
use axum::{
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;

/// One embedded file.
#[derive(Clone, Copy)]
pub(crate) struct Asset {
    path: &'static str,
    media_type: &'static str,
    content: &'static str,
}

/// The look of every page.
pub(crate) const STYLE: Asset = Asset {
    path: "/assets/pass.css",
    media_type: "text/css; charset=utf-8",
    content: include_str!("../../assets/pass.css"),
};
/// What keeps a code on a phone fresh.
pub(crate) const PHONE: Asset = Asset {
    path: "/assets/phone.js",
    media_type: "text/javascript; charset=utf-8",
    content: include_str!("../../assets/phone.js"),
};
/// What shows a code without a network.
pub(crate) const ROTATING: Asset = Asset {
    path: "/assets/rotating.js",
    media_type: "text/javascript; charset=utf-8",
    content: include_str!("../../assets/rotating.js"),
};
/// What draws that code: the library qrcode-generator, as published.
pub(crate) const QR_CODE: Asset = Asset {
    path: "/assets/qrcode.js",
    media_type: "text/javascript; charset=utf-8",
    content: include_str!("../../assets/vendor/qrcode-generator-2.0.4.js"),
};
/// What a till looks like besides.
pub(crate) const MERCHANT_STYLE: Asset = Asset {
    path: "/assets/merchant.css",
    media_type: "text/css; charset=utf-8",
    content: include_str!("../../assets/merchant.css"),
};
/// What reads codes at a till.
pub(crate) const MERCHANT: Asset = Asset {
    path: "/assets/merchant.js",
    media_type: "text/javascript; charset=utf-8",
    content: include_str!("../../assets/merchant.js"),
};
/// The mark in a browser's tab.
pub(crate) const ICON: Asset = Asset {
    path: "/assets/icon.svg",
    media_type: "image/svg+xml",
    content: include_str!("../../assets/icon.svg"),
};

const ACCESS: &[Row] = &[
    Row::page(STYLE.path, Access::Public),
    Row::page(PHONE.path, Access::Public),
    Row::page(ROTATING.path, Access::Public),
    Row::page(QR_CODE.path, Access::Public),
    Row::page(ICON.path, Access::Public),
    Row::page(MERCHANT_STYLE.path, Access::Public),
    Row::page(MERCHANT.path, Access::Public),
];

/// The files as the router takes them.
pub fn module() -> Module {
    let all = [STYLE, PHONE, ROTATING, QR_CODE, ICON, MERCHANT_STYLE, MERCHANT];
    let routes = all.into_iter().fold(OpenApiRouter::<App>::new(), |routes, asset| {
        routes.route(asset.path, get(move || async move { asset.answer() }))
    });
    Module::new(routes, ACCESS)
}

impl Asset {
    /// Its address, with the hash of its content.
    pub(crate) fn url(&self) -> String {
        let hash = Sha256::digest(self.content);
        format!("{}?v={}", self.path, hex::encode(&hash[..6]))
    }

    fn answer(self) -> Response {
        let kept = "public, max-age=31536000, immutable";
        let headers = [
            (header::CONTENT_TYPE, self.media_type),
            (header::CACHE_CONTROL, kept),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, self.content).into_response()
    }
}

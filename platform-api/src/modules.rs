//! The modules, one per business noun. A lower level never imports a higher one.
//!
//! 1 `auth` `devices` `ledger` `media` · 2 `consumers` `merchants` · 3 `catalog` `funds` `campaigns` · 4 `leases`, then `coupons` ·
//! 7 `feed` `fleet` `push`. Each face says what the module owns and promises; `store`, `http` and `rules` stay private.

pub mod auth;
pub mod campaigns;
pub mod catalog;
pub mod consumers;
pub mod coupons;
pub mod devices;
pub mod feed;
pub mod fleet;
pub mod funds;
pub mod leases;
pub mod ledger;
pub mod media;
pub mod merchants;
pub mod push;

use crate::foundation::{
    app::App,
    guard::{Authenticator, Row},
    jobs::Job,
    outbox::Handler,
};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// What a module hands to the router.
pub struct Module {
    /// Its routes, with full paths.
    pub routes: OpenApiRouter<App>,
    /// One row per route.
    pub access: &'static [Row],
    /// The kinds of caller it recognises.
    pub authenticators: Vec<Arc<dyn Authenticator>>,
    /// The events it listens to.
    pub handlers: &'static [Handler],
    /// The jobs that come round by themselves.
    pub jobs: &'static [Job],
}

impl Module {
    /// A module with these routes and rows, that recognises nobody and listens to nothing.
    pub fn new(routes: OpenApiRouter<App>, access: &'static [Row]) -> Module {
        Module { routes, access, authenticators: Vec::new(), handlers: &[], jobs: &[] }
    }
}

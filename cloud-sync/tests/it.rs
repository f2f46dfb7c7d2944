//! What a kiosk remembers and says to the platform.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

#[path = "it/claims.rs"]
mod claims;
#[path = "it/damage.rs"]
mod damage;
#[path = "it/desk.rs"]
mod desk;
#[path = "it/engine.rs"]
mod engine;
#[path = "it/enrolment.rs"]
mod enrolment;
#[path = "it/feed.rs"]
mod feed;
#[path = "it/http.rs"]
mod http;
#[path = "it/leases.rs"]
mod leases;
#[path = "it/network.rs"]
mod network;
#[path = "it/outbox.rs"]
mod outbox;
#[path = "it/promises.rs"]
mod promises;
#[path = "it/sessions.rs"]
mod sessions;
#[path = "it/time.rs"]
mod time;
#[path = "it/wire.rs"]
mod wire;

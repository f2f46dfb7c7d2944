//! What a kiosk remembers and says to the platform.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

#[path = "it/backoff.rs"]
mod backoff;
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
#[path = "it/fencing.rs"]
mod fencing;
#[path = "it/filters.rs"]
mod filters;
#[path = "it/http.rs"]
mod http;
#[path = "it/leases.rs"]
mod leases;
#[path = "it/media.rs"]
mod media;
#[path = "it/network.rs"]
mod network;
#[path = "it/outbox.rs"]
mod outbox;
#[path = "it/promises.rs"]
mod promises;
#[path = "it/push.rs"]
mod push;
#[path = "it/quota.rs"]
mod quota;
#[path = "it/room.rs"]
mod room;
#[path = "it/sessions.rs"]
mod sessions;
#[path = "it/snapshots.rs"]
mod snapshots;
#[path = "it/time.rs"]
mod time;
#[path = "it/tls.rs"]
mod tls;
#[path = "it/wire.rs"]
mod wire;

//! The platform from outside: the real router and the real database, one of its own per test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at once")]
#![allow(missing_docs, reason = "the names of tests say what they check")]

#[path = "it/auth.rs"]
mod auth;
#[path = "it/browser.rs"]
mod browser;
#[path = "it/campaigns.rs"]
mod campaigns;
#[path = "it/consumers.rs"]
mod consumers;
#[path = "it/coupons.rs"]
mod coupons;
#[path = "it/fleet.rs"]
mod fleet;
#[path = "it/foundation.rs"]
mod foundation;
#[path = "it/harness.rs"]
mod harness;
#[path = "it/kiosk.rs"]
mod kiosk;
#[path = "it/leases.rs"]
mod leases;
#[path = "it/ledger.rs"]
mod ledger;
#[path = "it/media.rs"]
mod media;
#[path = "it/merchants.rs"]
mod merchants;
#[path = "it/price.rs"]
mod price;
#[path = "it/push.rs"]
mod push;
#[path = "it/router.rs"]
mod router;
#[path = "it/seed.rs"]
mod seed;
#[path = "it/serve.rs"]
mod serve;
#[path = "it/town.rs"]
mod town;

//! The feed: pages of what changed, for kiosks.
//!
//! It owns no table: it reads the change log that the other modules write in their own transactions, and signs what it
//! gives out. A page never skips a change that concerns the kiosk, and asking again with the same cursor is always safe.

mod http;
mod rules;
mod service;

pub use http::module;

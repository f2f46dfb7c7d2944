//! Push: one stream per kiosk that says that there is something, never what.
//!
//! It owns no table. Each process has one relay, a job that reads the change log from its own cursor on and wakes the
//! streams that are concerned; so nothing happens inside the transactions that change something, and any number of
//! processes may share a database. A change is told after it is committed, at least once, or the stream ends: then the
//! kiosk asks by itself. A stream ends soon after the life of the kiosk that opened it.

mod http;
mod jobs;
mod service;
mod stream;

pub use http::module;
pub use jobs::{check_listeners, relay};

//! The platform: a modular monolith behind one HTTP API.
//!
//! Handlers convert, services decide inside one transaction, rules are pure, and only `store` files hold SQL. Modules
//! import lower modules only (`docs/ARCHITECTURE.md`); two that need each other talk through the outbox.

#![allow(unused_qualifications, reason = "what utoipa makes of `params(...)` is a qualified path")]

pub mod config;
mod consoles;
mod demo;
pub mod foundation;
pub mod modules;
pub mod price;
mod router;
pub mod seed;
pub mod serve;
pub mod start;

pub use router::{RouterError, build_router, handlers, jobs, openapi_document};

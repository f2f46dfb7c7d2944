//! What every module stands on: the database, time, identity of the caller, errors and the records kept of writes.
//!
//! Nothing here knows a module, a coupon or a merchant. SQL in here touches only the tables of `0001_foundation`.

pub mod act;
pub mod admission;
pub mod app;
pub mod audit;
pub mod change_log;
pub mod clock;
pub mod db;
pub mod entropy;
pub mod error;
pub mod guard;
pub mod idempotency;
pub mod jobs;
pub mod migrate;
pub mod openapi;
pub mod otp_sender;
pub mod outbox;
pub mod page;
pub mod rate_limit;
pub mod request;
pub mod secrets;
pub mod streams;

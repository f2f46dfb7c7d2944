//! The foundation's promises that need a database.

#[path = "foundation/audit.rs"]
mod audit;
#[path = "foundation/change_log.rs"]
mod change_log;
#[path = "foundation/commit_order.rs"]
mod commit_order;
#[path = "foundation/db.rs"]
mod db;
#[path = "foundation/migrate.rs"]
mod migrate;
#[path = "foundation/outbox.rs"]
mod outbox;
#[path = "foundation/secrets.rs"]
mod secrets;

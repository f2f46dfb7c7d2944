//! The demo city: one mall, its shops, people, funds and offers, from the files in `seed/`.
//!
//! The city is built through the services of the modules, never through their tables, in one transaction: it is there
//! whole or not at all. The same seed on the same Shanghai day gives the same city, ids included.

mod build;
mod drawings;
mod plan;

pub use build::{SeedError, plant};
pub use plan::{Cast, Plan, PlanError};

//! Work that comes round by itself: what it is called, how often, and what it does.
//!
//! A job is idempotent and does nothing when nothing is due, so it may run late, twice, or in two processes.

use super::{app::App, error::Problem};
use crate::config::Config;

/// One job.
#[derive(Clone, Copy)]
pub struct Job {
    /// Its name, for logs and as the actor of its acts.
    pub name: &'static str,
    /// Pause between two runs in milliseconds, from the settings.
    pub every_ms: fn(&Config) -> u64,
    /// One run. Blocks; opens its transactions itself, so that a long list need not be one transaction.
    pub run: fn(&App) -> Result<(), Problem>,
}

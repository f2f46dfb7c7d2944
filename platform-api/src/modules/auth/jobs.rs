//! What this module tidies by itself.

use super::service;
use crate::foundation::{app::App, error::Problem, jobs::Job};

/// Hourly: what is forgotten has long stopped to count.
const EVERY_MS: u64 = 3_600_000;

pub(super) const JOBS: &[Job] = &[Job { name: "forget-sessions", every_ms: |_| EVERY_MS, run: forget }];

fn forget(app: &App) -> Result<(), Problem> {
    let now = app.clock.now();
    Ok(app.db.write(move |tx| service::forget(tx, now))?)
}

//! Sweeping the folder: what was written for an upload that was never recorded.
//!
//! Invariant: a file that a row names is never taken away.

use super::{folder::Folder, model::MediaError, service};
use crate::foundation::{
    app::App,
    error::{Code, Problem},
    jobs::Job,
};

/// Once an hour: nothing waits for it.
const SWEEP_EVERY_MS: u64 = 3_600_000;
/// An upload is recorded seconds after its files are written; a day later it never will be.
const ORPHAN_AGE_MS: i64 = 24 * 3_600_000;

/// The jobs of this module.
pub(super) const JOBS: &[Job] = &[Job { name: "sweep-media", every_ms: |_| SWEEP_EVERY_MS, run: sweep }];

fn sweep(app: &App) -> Result<(), Problem> {
    let folder = Folder::of(&app.config.database.folder);
    let failed = |error: std::io::Error| Problem::internal(&error);
    let before_ms = app.clock.now().get().saturating_sub(ORPHAN_AGE_MS);
    for found in folder.list().map_err(failed)?.into_iter().filter(|found| found.written_at_ms < before_ms) {
        let named = match found.medium {
            Some(medium) => is_named(app.db.read(move |tx| service::medium(tx, medium)))?,
            None => false,
        };
        if !named {
            folder.remove(&found.name).map_err(failed)?;
            tracing::info!(file = found.name, "took away a file no picture names");
        }
    }
    Ok(())
}

fn is_named<T>(found: Result<T, MediaError>) -> Result<bool, Problem> {
    match found.map_err(Problem::from) {
        Ok(_) => Ok(true),
        Err(problem) if problem.code() == Code::NotFound => Ok(false),
        Err(problem) => Err(problem),
    }
}

//! What comes round by itself: filters of people, and forgetting tombstones nobody needs any more.

use super::service::{self, filters};
use crate::{
    foundation::{act::Actor, app::App, error::Problem, jobs::Job},
    modules::consumers::{ConsumersError, Keys},
};
use std::sync::Arc;

/// A withdrawal reaches kiosks that are online within a minute: this, and their next look at the feed (`I40`).
const FILTERS_EVERY_MS: u64 = 3_000;
/// Tombstones are kept for weeks, so hourly is soon enough.
const FORGET_EVERY_MS: u64 = 3_600_000;

pub(super) const JOBS: &[Job] = &[
    Job { name: "feed.filters", every_ms: |_| FILTERS_EVERY_MS, run: refresh_filters },
    Job { name: "feed.forget", every_ms: |_| FORGET_EVERY_MS, run: forget },
];

fn refresh_filters(app: &App) -> Result<(), Problem> {
    let act = app.act(Actor::System("feed.filters"), "feed.filters".to_owned())?;
    let now = act.now;
    let round = app.db.read(move |tx| filters::look(tx, now))?;
    if round.is_empty() {
        return Ok(());
    }
    let keys = Keys::of(app).map_err(ConsumersError::from)?;
    let built = filters::build(&act, &keys, &round).map_err(|error| Problem::internal(&error))?;
    let work = Arc::new((built, round));
    app.db.write(move |tx| {
        act.restart();
        filters::save(tx, &act, (&work.0, &work.1))
    })?;
    Ok(())
}

fn forget(app: &App) -> Result<(), Problem> {
    let now = app.clock.now();
    while app.db.write(move |tx| service::forget_some(tx, now))? {}
    Ok(())
}

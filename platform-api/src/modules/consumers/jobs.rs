//! What comes round by itself: a stocked key ring, and forgetting what must be forgotten.

use super::{ConsumersError, keys::Keys, service};
use crate::foundation::{
    act::{Act, Actor},
    app::App,
    error::Problem,
    jobs::Job,
};

/// Often enough that a kiosk learns of next week's key days ahead.
const ROTATE_EVERY_MS: u64 = 600_000;
/// Pseudonyms are kept by the day, so hourly is soon enough.
const FORGET_EVERY_MS: u64 = 3_600_000;

pub(super) const JOBS: &[Job] = &[
    Job { name: "consumers.rotate", every_ms: |_| ROTATE_EVERY_MS, run: rotate },
    Job { name: "consumers.forget", every_ms: |_| FORGET_EVERY_MS, run: forget },
];

fn rotate(app: &App) -> Result<(), Problem> {
    let (keys, act) = (Keys::of(app).map_err(ConsumersError::from)?, act(app, "consumers.rotate")?);
    app.db.write(move |tx| {
        act.restart();
        service::ring::rotate(tx, &act, &keys).map(drop)
    })?;
    Ok(())
}

fn forget(app: &App) -> Result<(), Problem> {
    let act = act(app, "consumers.forget")?;
    app.db.write(move |tx| service::codes::forget_expired(tx, &act).map(drop))?;
    Ok(())
}

fn act(app: &App, name: &'static str) -> Result<Act, Problem> {
    app.act(Actor::System(name), name.to_owned())
}

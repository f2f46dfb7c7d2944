//! The relay: from the change log to the streams of this process.

use super::service;
use crate::foundation::{app::App, change_log, error::Problem, jobs::Job, streams::Listener};
use protocol::push::Push;
use std::collections::BTreeMap;

/// How long a change waits before the first kiosk hears of it.
const RELAY_EVERY_MS: u64 = 200;
/// How long a stream may outlive the trust in its kiosk.
const CHECK_EVERY_MS: u64 = 2_000;
/// Changes read at once.
const CHANGES_MAX: u32 = 1_000;
/// Readings of one round: what is left is told in the next.
const READINGS_MAX: usize = 20;
/// Kiosks looked at in one transaction.
const LISTENERS_MAX: usize = 200;

pub(super) const JOBS: &[Job] = &[
    Job { name: "push-relay", every_ms: |_| RELAY_EVERY_MS, run: relay },
    Job { name: "push-check", every_ms: |_| CHECK_EVERY_MS, run: check_listeners },
];

/// Wakes the streams concerned by what was committed since the last round.
///
/// # Errors
/// When the database fails; the next round begins where this one did.
pub fn relay(app: &App) -> Result<(), Problem> {
    for _ in 0..READINGS_MAX {
        let Some(cursor) = app.streams.cursor() else { return Ok(()) };
        let read = app.db.read(move |tx| change_log::scopes_since(tx, cursor, CHANGES_MAX));
        let changes = read.map_err(Problem::from)?;
        let Some((newest, _)) = changes.last() else { return Ok(()) };
        let (newest, full) = (*newest, changes.len() >= usize::try_from(CHANGES_MAX).unwrap_or(usize::MAX));
        // In order of place: the last one of a scope stays.
        let scopes: BTreeMap<String, i64> = changes.into_iter().map(|(seq, scope)| (scope, seq)).collect();
        app.streams.relay(newest, &scopes);
        if !full {
            break;
        }
    }
    Ok(())
}

/// Ends the streams of kiosks that were revoked, fenced, enrolled again or moved.
///
/// # Errors
/// When the database fails; the streams are looked at again in the next round.
pub fn check_listeners(app: &App) -> Result<(), Problem> {
    let mut after = None;
    loop {
        let listeners = app.streams.listeners(after, LISTENERS_MAX);
        let Some(last) = listeners.last() else { return Ok(()) };
        after = Some(last.device);
        let ended = app.db.read(move |tx| {
            let mut ended = Vec::new();
            for listener in &listeners {
                ended.extend(service::verdict(tx, listener)?.map(|why| (listener.clone(), why)));
            }
            Ok::<Vec<(Listener, Push)>, Problem>(ended)
        })?;
        for (listener, why) in ended {
            app.streams.end(&listener, why);
        }
    }
}

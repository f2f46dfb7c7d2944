//! Reclaim: at R, and never before, unspoken slots go back to stock.

use super::{rules, service::LeaseError, store};
use crate::{
    foundation::{
        act::{Act, Actor},
        app::App,
        db::Tx,
        error::Problem,
        jobs::Job,
    },
    modules::campaigns,
};

pub(super) const JOBS: &[Job] = &[Job {
    name: "reclaim-leases",
    every_ms: |config| config.leases.reclaim_every_s * 1_000,
    run: reclaim_all,
}];

/// Leases reclaimed in one transaction, so that a long backlog never holds the writer for long.
const LEASES_MAX: u32 = 100;

/// Reclaims leases whose R has passed by the platform's clock; gives how many. Call again while it gives some.
pub fn reclaim_due(tx: &mut Tx<'_>, act: &Act) -> Result<u32, LeaseError> {
    let due = store::due(tx, act.now, LEASES_MAX)?;
    for lease in &due {
        let returned = rules::returned_at_reclaim(lease, store::spoken_for(tx, lease.id, 0)?);
        store::set_reclaimed(tx, lease.id, act.now)?;
        campaigns::return_stock(tx, lease.batch, returned, lease.counted)?;
        tracing::info!(lease.id = %lease.id, returned, "reclaimed lease {}", lease.id);
    }
    Ok(u32::try_from(due.len()).unwrap_or(u32::MAX))
}

fn reclaim_all(app: &App) -> Result<(), Problem> {
    loop {
        let act = app.act(Actor::System("reclaim-leases"), "reclaim-leases".to_owned())?;
        let reclaimed = app.db.write(move |tx| reclaim_due(tx, &act))?;
        if reclaimed < LEASES_MAX {
            return Ok(());
        }
    }
}

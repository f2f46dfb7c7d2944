//! Reclaim: at R, and never before, unspoken slots go back to stock.

use super::{rules, service::LeaseError, store};
use crate::{
    foundation::{act::Act, db::Tx},
    modules::campaigns,
};

/// Leases reclaimed in one transaction, so that a long backlog never holds the writer for long.
const LEASES_MAX: u32 = 100;

/// Reclaims leases whose R has passed by the platform's clock; gives how many. Call again while it gives some.
pub fn reclaim_due(tx: &mut Tx<'_>, act: &Act) -> Result<u32, LeaseError> {
    let due = store::due(tx, act.now, LEASES_MAX)?;
    for lease in &due {
        let returned = rules::returned_at_reclaim(lease, store::spoken_for(tx, lease.id, 0)?);
        store::set_reclaimed(tx, lease.id, act.now)?;
        campaigns::return_stock(tx, lease.batch, returned)?;
        tracing::info!(lease.id = %lease.id, returned, "reclaimed lease {}", lease.id);
    }
    Ok(u32::try_from(due.len()).unwrap_or(u32::MAX))
}

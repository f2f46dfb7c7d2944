//! Expiry and recall: coupons whose end has passed, or whose batch was recalled, are written down as what they are.

use super::service;
use crate::foundation::{act::Actor, app::App, error::Problem, jobs::Job};

/// A coupon's end is looked at whenever it is used, so an hour late harms nobody.
const EVERY_MS: u64 = 3_600_000;
/// A recall holds from its approval on; the wallets' rows follow.
const VOID_EVERY_MS: u64 = 60_000;

/// The jobs of this module.
pub(super) const JOBS: &[Job] = &[
    Job { name: "expire-coupons", every_ms: |_| EVERY_MS, run: expire },
    Job { name: "void-recalled-coupons", every_ms: |_| VOID_EVERY_MS, run: void },
];

fn void(app: &App) -> Result<(), Problem> {
    loop {
        let act = app.act(Actor::System("void-recalled-coupons"), "void-recalled-coupons".to_owned())?;
        let more = app.db.write(move |tx| {
            act.restart();
            service::void_recalled(tx, &act)
        })?;
        if !more {
            return Ok(());
        }
    }
}

fn expire(app: &App) -> Result<(), Problem> {
    loop {
        let act = app.act(Actor::System("expire-coupons"), "expire-coupons".to_owned())?;
        let expired = app.db.write(move |tx| {
            act.restart();
            service::expire_due(tx, &act)
        })?;
        if expired == 0 {
            return Ok(());
        }
    }
}

//! Expiry: coupons whose end has passed are written down as expired.

use super::service;
use crate::foundation::{act::Actor, app::App, error::Problem, jobs::Job};

/// A coupon's end is looked at whenever it is used, so an hour late harms nobody.
const EVERY_MS: u64 = 3_600_000;

/// The jobs of this module.
pub(super) const JOBS: &[Job] = &[Job { name: "expire-coupons", every_ms: |_| EVERY_MS, run: expire }];

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

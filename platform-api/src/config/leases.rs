//! How long lent stock lives.

use super::{ConfigError, within};
use serde::Deserialize;

/// The life of a lease: E, until which a kiosk issues, and V, for which a voucher then still counts; R = E + V.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeaseConfig {
    /// `PLATFORM_LEASES_ISSUE_S`: seconds a kiosk may issue from a lease, 60 to 86400.
    pub issue_s: u32,
    /// `PLATFORM_LEASES_VOUCHER_S`: seconds a voucher counts after that without a report, 600 to 604800.
    pub voucher_s: u32,
    /// `PLATFORM_LEASES_RECLAIM_EVERY_S`: how often ended leases are looked for, 1 to 3600.
    pub reclaim_every_s: u64,
}

impl Default for LeaseConfig {
    fn default() -> LeaseConfig {
        LeaseConfig { issue_s: 4 * 3_600, voucher_s: 24 * 3_600, reclaim_every_s: 60 }
    }
}

impl LeaseConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within(self.issue_s, 60..=86_400, ("leases.issue_s", "60 to 86400"))?;
        within(self.voucher_s, 600..=604_800, ("leases.voucher_s", "600 to 604800"))?;
        within(self.reclaim_every_s, 1..=3_600, ("leases.reclaim_every_s", "1 to 3600"))
    }
}

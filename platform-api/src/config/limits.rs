//! Limits on callers.

use super::{ConfigError, within};
use serde::Deserialize;

/// How much a caller may send.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// `PLATFORM_LIMITS_BODY_BYTES_MAX`: bytes of a request body, 1 KiB to 1 MiB. A full report of a kiosk, 200
    /// claims, takes 90 KiB.
    pub body_bytes_max: usize,
    /// `PLATFORM_LIMITS_REQUESTS_PER_MINUTE`: requests of one caller (account, kiosk or address), at least 60.
    pub requests_per_minute: u32,
}

impl Default for LimitsConfig {
    fn default() -> LimitsConfig {
        LimitsConfig { body_bytes_max: 131_072, requests_per_minute: 1_200 }
    }
}

impl LimitsConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within(self.body_bytes_max, 1024..=1_048_576, ("limits.body_bytes_max", "1024 to 1048576"))?;
        within(self.requests_per_minute, 60..=u32::MAX, ("limits.requests_per_minute", "at least 60"))
    }
}

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
    /// `PLATFORM_LIMITS_STREAMS_MAX`: push streams this process holds open, 1 to 100000.
    pub streams_max: usize,
    /// `PLATFORM_LIMITS_KIOSK_CALLS_MAX`: calls of kiosks in work at once, 2 to 4096; fetching takes at most half.
    pub kiosk_calls_max: usize,
    /// `PLATFORM_LIMITS_KIOSK_RETURNS_PER_S`: of those sent away, so many may come back in one second, 1 to 10000.
    pub kiosk_returns_per_s: u32,
}

impl Default for LimitsConfig {
    fn default() -> LimitsConfig {
        LimitsConfig {
            body_bytes_max: 131_072,
            requests_per_minute: 1_200,
            streams_max: 5_000,
            kiosk_calls_max: 8,
            kiosk_returns_per_s: 50,
        }
    }
}

impl LimitsConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within(self.body_bytes_max, 1024..=1_048_576, ("limits.body_bytes_max", "1024 to 1048576"))?;
        within(self.requests_per_minute, 60..=u32::MAX, ("limits.requests_per_minute", "at least 60"))?;
        within(self.streams_max, 1..=100_000, ("limits.streams_max", "1 to 100000"))?;
        within(self.kiosk_calls_max, 2..=4_096, ("limits.kiosk_calls_max", "2 to 4096"))?;
        within(self.kiosk_returns_per_s, 1..=10_000, ("limits.kiosk_returns_per_s", "1 to 10000"))
    }
}

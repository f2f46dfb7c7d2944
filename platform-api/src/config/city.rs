//! The city this platform serves.

use super::{ConfigError, within};
use domain::ids::CityCode;
use serde::Deserialize;

/// Which city it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CityConfig {
    /// `PLATFORM_CITY_CODE`: administrative division code (GB/T 2260), six digits.
    pub code: u32,
}

impl Default for CityConfig {
    fn default() -> CityConfig {
        CityConfig { code: 330_200 }
    }
}

impl CityConfig {
    /// The code in its own type.
    pub const fn id(&self) -> CityCode {
        CityCode::new(self.code)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within(self.code, 100_000..=999_999, ("city.code", "six digits"))
    }
}

//! Serving: where the platform listens and how long an answer may take.

use super::{ConfigError, within};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};

/// How requests are served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// `PLATFORM_HTTP_LISTEN`: address and port.
    pub listen: SocketAddr,
    /// `PLATFORM_HTTP_TIMEOUT_S`: seconds until an answer must have begun, 1 to 300.
    pub timeout_s: u64,
}

impl Default for HttpConfig {
    fn default() -> HttpConfig {
        HttpConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), timeout_s: 30 }
    }
}

impl HttpConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within(self.timeout_s, 1..=300, ("http.timeout_s", "1 to 300"))
    }
}

//! Signing in: how long codes and sessions last, and how often one may try.

use super::{ConfigError, within};
use serde::Deserialize;

/// Sessions and one-time passwords.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// `PLATFORM_AUTH_OTP_TTL_S`: how long a one-time password holds, 30 to 900 s.
    pub otp_ttl_s: u32,
    /// `PLATFORM_AUTH_OTP_ATTEMPTS_MAX`: wrong tries until it is void, 1 to 10.
    pub otp_attempts_max: u32,
    /// `PLATFORM_AUTH_OTP_REQUESTS_MAX`: how many a phone gets within ten minutes, 1 to 20.
    pub otp_requests_max: u32,
    /// `PLATFORM_AUTH_STAFF_SESSION_S`: how long staff stay signed in, at most 8 h.
    pub staff_session_s: u32,
    /// `PLATFORM_AUTH_CONSUMER_SESSION_S`: how long consumers stay signed in, at most 90 days.
    pub consumer_session_s: u32,
    /// `PLATFORM_AUTH_COOKIE_SECURE`: send the session cookie over HTTPS only; `--demo` turns it off.
    pub cookie_secure: bool,
}

impl Default for AuthConfig {
    fn default() -> AuthConfig {
        AuthConfig {
            otp_ttl_s: 300,
            otp_attempts_max: 5,
            otp_requests_max: 5,
            staff_session_s: 8 * 3600,
            consumer_session_s: 30 * 86_400,
            cookie_secure: true,
        }
    }
}

impl AuthConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within(self.otp_ttl_s, 30..=900, ("auth.otp_ttl_s", "30 to 900"))?;
        within(self.otp_attempts_max, 1..=10, ("auth.otp_attempts_max", "1 to 10"))?;
        within(self.otp_requests_max, 1..=20, ("auth.otp_requests_max", "1 to 20"))?;
        within(self.staff_session_s, 60..=8 * 3600, ("auth.staff_session_s", "60 to 28800"))?;
        within(self.consumer_session_s, 60..=90 * 86_400, ("auth.consumer_session_s", "60 to 7776000"))
    }
}

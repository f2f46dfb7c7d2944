//! The people of the panel and the platform behind them.
//!
//! Everything here waits for the network, so it never runs on the thread of the windows.

use crate::story::{
    arrive,
    city::City,
    clocks,
    people::Shopper,
    platform::{Platform, PlatformClock},
    report::Broken,
};
use domain::time::UtcMillis;
use std::collections::BTreeMap;
use tokio::sync::{Mutex, OnceCell};

const MINUTE_MS: i64 = 60_000;

/// Where to move the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMove {
    /// This many minutes on, or back when negative.
    Minutes(i64),
    /// To this time of the same day: hour and minute.
    To(i64, i64),
}

impl ClockMove {
    /// Where it leads from `now`.
    pub fn from(self, now: UtcMillis) -> UtcMillis {
        match self {
            ClockMove::Minutes(minutes) => now.plus_ms(minutes.saturating_mul(MINUTE_MS)),
            ClockMove::To(hour, minute) => clocks::evening(now, hour, minute),
        }
    }
}

/// A demo city and the phones of its people.
pub struct Town {
    platform: Platform,
    city: OnceCell<City>,
    phones: Mutex<BTreeMap<String, Shopper>>,
}

impl Town {
    /// The city at `origin`; `writer` tells this process from earlier ones.
    pub fn new(origin: &str, writer: String) -> Result<Town, Broken> {
        let platform = Platform::at(origin, writer)?;
        Ok(Town { platform, city: OnceCell::new(), phones: Mutex::default() })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        self.platform.origin()
    }

    /// Who and what is there; asked once.
    pub async fn city(&self) -> Result<&City, Broken> {
        self.city.get_or_try_init(|| self.platform.get("/demo/city", None)).await
    }

    /// What the platform takes for the time.
    pub async fn clock(&self) -> Result<PlatformClock, Broken> {
        self.platform.clock().await
    }

    /// Moves the platform's clock.
    pub async fn move_clock(&self, by: ClockMove) -> Result<PlatformClock, Broken> {
        let now = self.platform.clock().await?.now_ms;
        self.platform.set_clock(by.from(now)).await
    }

    /// What the phone of the person called `key` shows now.
    pub async fn code(&self, key: &str) -> Result<String, Broken> {
        let mut phones = self.phones.lock().await;
        if let Some(phone) = phones.get(key)
            && let Ok(code) = phone.code(&self.platform).await
        {
            return Ok(code);
        }
        // Never signed in, or signed out meanwhile: a clock that was moved ends sign-ins.
        let phone = Shopper::sign_in(&self.platform, self.city().await?, key).await?;
        let code = phone.code(&self.platform).await?;
        phones.insert(key.to_owned(), phone);
        Ok(code)
    }

    /// A fresh code to pair a kiosk with.
    pub async fn pairing_code(&self) -> Result<String, Broken> {
        let pairing = arrive::pairing_code(&self.platform, self.city().await?).await?;
        Ok(pairing.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_moves_by_minutes_or_to_a_time_of_the_same_day() {
        let at = |text: &str| UtcMillis::parse_rfc3339(text).unwrap();
        let now = at("2026-11-22T23:30:15+08:00");
        assert_eq!(ClockMove::Minutes(60).from(now), at("2026-11-23T00:30:15+08:00"));
        assert_eq!(ClockMove::Minutes(-1).from(now), at("2026-11-22T23:29:15+08:00"));
        assert_eq!(ClockMove::To(20, 0).from(now), at("2026-11-22T20:00:00+08:00"));
    }
}

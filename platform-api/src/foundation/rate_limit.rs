//! How often somebody may do something: counts per key in fixed windows, in memory.
//!
//! A process that restarts forgets its counts; what must survive a restart (one-time passwords) is counted in the
//! database by its module. The number of keys is bounded: past it the oldest window is dropped first.

use domain::time::UtcMillis;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Keys counted at once. A key is some 100 bytes, so this stays below 10 MB.
const KEYS_MAX: usize = 50_000;

/// The limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {retry_after_s} s")]
pub struct TooMany {
    /// Seconds until the window ends, at least 1.
    pub retry_after_s: u32,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends_at: UtcMillis,
    count: u32,
}

impl Window {
    /// A clock set back must not lock anybody out, hence the second test.
    fn is_live(&self, window_ms: i64, now: UtcMillis) -> bool {
        self.ends_at > now && self.ends_at.since(now) <= window_ms
    }

    fn too_many(&self, now: UtcMillis) -> TooMany {
        let left_s = (self.ends_at.since(now) + 999) / 1000;
        TooMany { retry_after_s: u32::try_from(left_s).unwrap_or(1).max(1) }
    }
}

/// Counts per key.
#[derive(Debug, Default)]
pub struct RateLimiter {
    windows: Mutex<HashMap<String, Window>>,
}

impl RateLimiter {
    /// Refuses if `key` has reached `limit` within `window_ms`; counts nothing.
    pub fn check(&self, key: &str, limit: u32, window_ms: i64, now: UtcMillis) -> Result<(), TooMany> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        match windows.get(key) {
            Some(window) if window.is_live(window_ms, now) && window.count >= limit => {
                Err(window.too_many(now))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Counts one more for `key`; refuses past `limit` within `window_ms`. A refused call is not counted.
    pub fn count(&self, key: &str, limit: u32, window_ms: i64, now: UtcMillis) -> Result<(), TooMany> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEYS_MAX && !windows.contains_key(key) {
            make_room(&mut windows, now);
        }
        let fresh = Window { ends_at: now.plus_ms(window_ms), count: 0 };
        let window = windows.entry(key.to_owned()).or_insert(fresh);
        if !window.is_live(window_ms, now) {
            *window = fresh;
        }
        if window.count >= limit {
            return Err(window.too_many(now));
        }
        window.count += 1;
        Ok(())
    }
}

fn make_room(windows: &mut HashMap<String, Window>, now: UtcMillis) {
    windows.retain(|_, window| window.ends_at > now);
    if windows.len() < KEYS_MAX {
        return;
    }
    let mut ends: Vec<UtcMillis> = windows.values().map(|window| window.ends_at).collect();
    let middle = ends.len() / 2;
    let (_, median, _) = ends.select_nth_unstable(middle);
    let cut = *median;
    windows.retain(|_, window| window.ends_at > cut);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;

    #[test]
    fn the_limit_holds_per_key_until_the_window_ends() {
        let limiter = RateLimiter::default();
        let start = UtcMillis::new(0);
        assert_eq!(limiter.count("a", 2, MINUTE_MS, start), Ok(()));
        assert_eq!(limiter.count("a", 2, MINUTE_MS, start.plus_ms(30_500)), Ok(()));
        let refused = limiter.count("a", 2, MINUTE_MS, start.plus_ms(30_500));
        assert_eq!(refused, Err(TooMany { retry_after_s: 30 }));
        assert_eq!(limiter.count("b", 2, MINUTE_MS, start), Ok(()));
        assert_eq!(limiter.count("a", 2, MINUTE_MS, start.plus_ms(MINUTE_MS)), Ok(()));
    }

    #[test]
    fn memory_stays_bounded_when_keys_flood_in() {
        let limiter = RateLimiter::default();
        for index in 0..i64::try_from(KEYS_MAX).unwrap() + 10 {
            limiter.count(&index.to_string(), 1, MINUTE_MS, UtcMillis::new(index)).unwrap();
        }
        assert!(limiter.windows.lock().unwrap().len() <= KEYS_MAX);
    }
}

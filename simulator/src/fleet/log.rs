//! What happened: hashed line by line, the last lines of each kiosk kept for whoever reads a failure.
//!
//! The fingerprint of a run is the hash of all its lines, so two runs with the same one did the same.

use sha2::{Digest, Sha256};
use std::{collections::VecDeque, fmt, io::Write};

/// Lines remembered of each kiosk, and of the world beside them: a failure rarely begins earlier.
const REMEMBERED_MAX: usize = 60;

/// The history of one world.
pub struct Log {
    hash: Sha256,
    lines: u64,
    recent: Vec<VecDeque<String>>,
    spoken: bool,
}

impl Log {
    /// An empty log of `kiosks` kiosks; a `spoken` one prints every line.
    pub fn new(kiosks: usize, spoken: bool) -> Log {
        Log { hash: Sha256::new(), lines: 0, recent: vec![VecDeque::new(); kiosks + 1], spoken }
    }

    /// One kiosk more.
    pub fn grow(&mut self) {
        self.recent.push(VecDeque::new());
    }

    /// Notes what happened at `at_ms` to `kiosk` (or, without one, to the world).
    pub fn note(&mut self, at_ms: i64, kiosk: Option<usize>, what: fmt::Arguments<'_>) {
        let line = match kiosk {
            Some(kiosk) => format!("{} k{kiosk:02} {what}", Instant(at_ms)),
            None => format!("{} --- {what}", Instant(at_ms)),
        };
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        self.lines += 1;
        if self.spoken {
            // A reader that went away (`| head`) ends nothing.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
        let place = kiosk.map_or(0, |kiosk| kiosk + 1);
        if let Some(recent) = self.recent.get_mut(place) {
            if recent.len() == REMEMBERED_MAX {
                recent.pop_front();
            }
            recent.push_back(line);
        }
    }

    /// The last lines of the kiosk and of the world, oldest first.
    pub fn recent(&self, kiosk: Option<usize>) -> Vec<String> {
        let own = kiosk.and_then(|kiosk| self.recent.get(kiosk + 1));
        let mut lines: Vec<String> = own.into_iter().chain(self.recent.first()).flatten().cloned().collect();
        lines.sort();
        lines
    }

    /// The hash of everything so far.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// How many lines were noted.
    pub fn lines(&self) -> u64 {
        self.lines
    }
}

/// A virtual instant as `day hour:minute:second.millis`, sortable as text.
#[derive(Clone, Copy, Debug)]
pub struct Instant(pub i64);

impl fmt::Display for Instant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1_000, self.0 % 1_000);
        let (minutes, hours) = (seconds / 60, seconds / 3_600);
        write!(out, "{:03}d{:02}:{:02}:{:02}.{millis:03}", hours / 24, hours % 24, minutes % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_history_has_another_fingerprint() {
        let told = |text: &str| {
            let mut log = Log::new(1, false);
            log.note(90_061_001, Some(0), format_args!("{text}"));
            (log.fingerprint(), log.recent(Some(0)))
        };
        assert_eq!(told("a"), told("a"));
        assert_ne!(told("a").0, told("b").0);
        assert_eq!(told("a").1, ["001d01:01:01.001 k00 a"]);
    }
}

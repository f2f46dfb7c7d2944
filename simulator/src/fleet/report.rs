//! What a run found: figures for machines, the story of the first harm for people.

use super::{
    faults::{Family, Kind},
    log::Instant,
    setting::Setting,
    world::{Violation, World},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write};

/// What a run found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was played.
    pub setting: Setting,
    /// Faults that hit.
    pub faults: BTreeMap<Kind, u64>,
    /// Things counted.
    pub counters: BTreeMap<&'static str, u64>,
    /// The first harm of each world that found one, with the setting that plays it again.
    pub violations: Vec<(Setting, Violation)>,
    /// Hash of the whole history.
    pub fingerprint: [u8; 32],
    /// Lines of the history.
    pub lines: u64,
}

impl Report {
    /// What a world found.
    pub(super) fn of(world: &World) -> Report {
        Report {
            setting: world.setting.clone(),
            faults: world.faults.counts().clone(),
            counters: world.counters.clone(),
            violations: world.violation.iter().map(|found| (world.setting.clone(), found.clone())).collect(),
            fingerprint: world.log.fingerprint(),
            lines: world.log.lines(),
        }
    }

    /// Both together.
    #[must_use]
    pub(super) fn join(mut self, other: Report) -> Report {
        self.setting.kiosks += other.setting.kiosks;
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (what, count) in other.counters {
            *self.counters.entry(what).or_default() += count;
        }
        self.violations.extend(other.violations);
        let mut hash = Sha256::new();
        hash.update(self.fingerprint);
        hash.update(other.fingerprint);
        self.fingerprint = hash.finalize().into();
        self.lines += other.lines;
        self
    }

    /// True if nothing wrong was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }

    /// How often something was counted.
    #[must_use]
    pub fn counter(&self, what: &str) -> u64 {
        self.counters.get(what).copied().unwrap_or(0)
    }

    /// Faults of one family.
    #[must_use]
    pub fn of_family(&self, family: Family) -> u64 {
        self.faults.iter().filter(|(kind, _)| kind.family() == family).map(|(_, count)| count).sum()
    }

    /// The summary, one line of JSON; `seconds` is how long it took.
    #[must_use]
    pub fn summary(&self, seed: u64, seconds: f64) -> String {
        let families: Map<String, Value> = Family::EVERY
            .iter()
            .filter(|family| self.setting.families.contains(family))
            .map(|family| (family.name().to_owned(), json!(self.of_family(*family))))
            .collect();
        let kinds: Map<String, Value> =
            self.faults.iter().map(|(kind, count)| (kind.name().to_owned(), json!(count))).collect();
        let fingerprint = self.fingerprint.iter().fold(String::new(), |mut text, byte| {
            // Writing to a text never fails.
            let _ = write!(text, "{byte:02x}");
            text
        });
        json!({
            "kiosks": self.setting.kiosks,
            "days": days(self.setting.hours),
            "seed": seed,
            "shown": self.counter("shown"),
            "honoured": self.counter("honoured"),
            "lost": self.counter("lost"),
            "doubled": self.counter("doubled"),
            "over_issued": self.counter("over_issued"),
            "stuck": self.counter("stuck"),
            "broken": self.counter("broken"),
            "faults_total": self.faults.values().sum::<u64>(),
            "faults": families,
            "kinds": kinds,
            "counters": self.counters,
            "fingerprint": fingerprint,
            "seconds": (seconds * 1_000.0).round() / 1_000.0,
        })
        .to_string()
    }

    /// The story of each harm, and how to play it again.
    #[must_use]
    pub fn story(&self) -> String {
        let mut text = String::new();
        for (setting, found) in &self.violations {
            let place = found.kiosk.map_or("the platform".to_owned(), |kiosk| format!("kiosk {kiosk}"));
            let families: Vec<&str> = setting.families.iter().map(|family| family.name()).collect();
            // Writing to a text never fails.
            let _ = writeln!(
                text,
                "{} ({}) at {} of seed {}, {place}:\n  {}\nthe last lines about it:",
                found.harm.name(),
                found.rule,
                Instant(found.at_ms),
                setting.seed,
                found.what
            );
            for line in &found.recent {
                let _ = writeln!(text, "  {line}");
            }
            let _ = writeln!(
                text,
                "replay: simulator replay {} --kiosks {} --hours {} --faults {}",
                setting.seed,
                setting.kiosks,
                setting.hours,
                families.join(",")
            );
        }
        text
    }
}

/// A whole number where it is one.
fn days(hours: i64) -> Value {
    if hours % 24 == 0 { json!(hours / 24) } else { json!(hours as f64 / 24.0) }
}

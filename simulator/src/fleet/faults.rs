//! What may go wrong, and how often it did.
//!
//! A fault is counted where it hits: a request in the air, a transaction in work, a person in the middle of something.
//! A cut cable that nobody noticed is no fault.

use std::{collections::BTreeMap, fmt, str::FromStr};

macro_rules! families {
    ($($(#[$doc:meta])* $family:ident = $text:literal { $($(#[$kind_doc:meta])* $kind:ident = $kind_text:literal),+ $(,)? }),+ $(,)?) => {
        /// A family of faults.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Family { $($(#[$doc])* $family),+ }

        impl Family {
            /// Every family.
            pub const EVERY: &'static [Family] = &[$(Family::$family),+];

            /// Its name on the command line and in the summary.
            pub const fn name(self) -> &'static str {
                match self { $(Family::$family => $text),+ }
            }
        }

        /// One kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($($(#[$kind_doc])* $kind),+),+ }

        impl Kind {
            /// The family it belongs to.
            pub const fn family(self) -> Family {
                match self { $($(Kind::$kind => Family::$family),+),+ }
            }

            /// Its name in logs and in the summary.
            pub const fn name(self) -> &'static str {
                match self { $($(Kind::$kind => $kind_text),+),+ }
            }
        }
    };
}

families! {
    /// What cables and radio do.
    Network = "network" {
        /// The request never arrives.
        DropRequest = "drop_request",
        /// The platform has done it; the answer is lost.
        DropAnswer = "drop_answer",
        /// The request arrives twice.
        Duplicate = "duplicate",
        /// The request arrives after the one sent later.
        Reorder = "reorder",
        /// Request or answer takes up to ten timeouts.
        Delay = "delay",
        /// Somebody else answers: 200 with a page of their own.
        Portal = "portal",
        /// The answer ends in the middle.
        Truncate = "truncate",
        /// Nothing goes through for 1 s to 72 h.
        Partition = "partition",
        /// A word on an open push stream does not arrive.
        PushLost = "push_lost",
    },
    /// What ends the kiosk's process.
    Kiosk = "kiosk" {
        /// After the claim's commit, before anybody saw the voucher.
        KillBeforeShow = "kill_before_show",
        /// After the platform's answer, before the row left the outbox.
        KillBeforeDelete = "kill_before_delete",
        /// With a request in the air.
        KillInFlight = "kill_in_flight",
        /// A panic while somebody stands before the screen.
        Panic = "panic",
    },
    /// What disks do.
    Disk = "disk" {
        /// The current fails in the middle of a transaction.
        PowerCut = "power_cut",
        /// No room is left.
        Full = "full",
        /// The file system goes read-only.
        ReadOnly = "read_only",
        /// Reads and writes fail.
        InputOutput = "input_output",
        /// A new, empty disk stands in its place.
        Loss = "loss",
    },
    /// What clocks do.
    Clock = "clock" {
        /// Up to two minutes off.
        Minutes = "minutes",
        /// A day ahead.
        DayAhead = "day_ahead",
        /// A day behind.
        DayBehind = "day_behind",
        /// The battery is empty: 1970.
        Epoch = "epoch",
        /// It jumps back a little, as a careless time server makes it.
        JumpBack = "jump_back",
        /// Another year.
        Year = "year",
    },
    /// What servers do.
    Platform = "platform" {
        /// An instance dies between commit and answer.
        Crash = "crash",
        /// The disk of the platform is slow.
        SlowDisk = "slow_disk",
        /// The other instance answers the retry.
        OtherInstance = "other_instance",
        /// The ring key of a code being shown is revoked.
        KeyRotation = "key_rotation",
    },
    /// What is held before a camera.
    Input = "input" {
        /// A code nobody signed.
        Forged = "forged",
        /// A code past its time.
        Expired = "expired",
        /// A code that was used here.
        Replayed = "replayed",
        /// Four kilobytes of letters.
        Huge = "huge",
        /// One code at two kiosks.
        TwoKiosks = "two_kiosks",
        /// A photograph of a code, or of a voucher, in another hand.
        Screenshot = "screenshot",
    },
    /// What people decide meanwhile.
    People = "people" {
        /// A batch is held back while somebody claims from it.
        BatchPaused = "batch_paused",
        /// A batch gets less stock than kiosks hold of it.
        StockCut = "stock_cut",
        /// A merchant is suspended while somebody redeems there.
        MerchantDisabled = "merchant_disabled",
        /// A kiosk is carried to another mall.
        KioskMoved = "kiosk_moved",
        /// A kiosk is locked out while it talks.
        KioskRevoked = "kiosk_revoked",
        /// A configuration is pushed.
        ConfigPushed = "config_pushed",
    },
    /// An old disk comes back.
    Rollback = "rollback" {
        /// The kiosk goes on with an image of its disk.
        DiskRolledBack = "disk_rolled_back",
    },
    /// One disk in two kiosks.
    Clone = "clone" {
        /// A second kiosk runs with a copy of the disk.
        DiskCloned = "disk_cloned",
    },
    /// The platform goes back to a backup.
    Restore = "restore" {
        /// What followed the backup is gone.
        PlatformRestored = "platform_restored",
    },
}

impl Family {
    /// What `all` means: everything a protocol can hide. The last three run apart.
    pub fn hideable() -> Vec<Family> {
        Family::EVERY.iter().copied().filter(|family| !family.is_apart()).collect()
    }

    /// True for what no protocol can hide.
    pub const fn is_apart(self) -> bool {
        matches!(self, Family::Rollback | Family::Clone | Family::Restore)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// There is no such family.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no fault family `{0}`")]
pub struct NoSuchFamily(String);

impl FromStr for Family {
    type Err = NoSuchFamily;
    fn from_str(text: &str) -> Result<Family, NoSuchFamily> {
        let found = Family::EVERY.iter().copied().find(|family| family.name() == text);
        found.ok_or_else(|| NoSuchFamily(text.to_owned()))
    }
}

/// Reads `network,disk`, `all` or `none`.
///
/// # Errors
/// [`NoSuchFamily`].
pub fn parse_families(text: &str) -> Result<Vec<Family>, NoSuchFamily> {
    let mut families = Vec::new();
    for word in text.split(',').filter(|word| !word.is_empty()) {
        match word {
            "all" => families.extend(Family::hideable()),
            "none" => {}
            name => families.push(name.parse()?),
        }
    }
    families.sort();
    families.dedup();
    Ok(families)
}

/// Which families are on, until when, and what has hit so far.
#[derive(Clone, Debug)]
pub struct Faults {
    on: Vec<Family>,
    until_ms: i64,
    last_ms: i64,
    counts: BTreeMap<Kind, u64>,
}

impl Faults {
    /// These families, until `until_ms`.
    pub fn new(on: Vec<Family>, until_ms: i64) -> Faults {
        Faults { on, until_ms, last_ms: 0, counts: BTreeMap::new() }
    }

    /// True if a fault of this kind may happen at `now_ms`.
    pub fn may(&self, kind: Kind, now_ms: i64) -> bool {
        now_ms < self.until_ms && self.on.contains(&kind.family())
    }

    /// Counts a fault that hit.
    pub fn hit(&mut self, kind: Kind, now_ms: i64) {
        *self.counts.entry(kind).or_default() += 1;
        self.last_ms = self.last_ms.max(now_ms);
    }

    /// What has hit so far.
    pub fn counts(&self) -> &BTreeMap<Kind, u64> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_means_what_a_protocol_can_hide() {
        let all = parse_families("all").unwrap();
        assert_eq!(all.len(), 7);
        assert!(!all.contains(&Family::Restore));
        assert_eq!(parse_families("clone,disk,disk").unwrap(), [Family::Disk, Family::Clone]);
        assert_eq!(parse_families("none").unwrap(), []);
        assert!(parse_families("weather").is_err());
    }

    #[test]
    fn after_the_end_nothing_more_may_happen() {
        let faults = Faults::new(vec![Family::Disk], 10);
        assert!(faults.may(Kind::Full, 9));
        assert!(!faults.may(Kind::Full, 10));
        assert!(!faults.may(Kind::Crash, 9));
    }
}

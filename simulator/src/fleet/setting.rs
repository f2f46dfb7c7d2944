//! What a world is like: its seed, its size, what may go wrong in it.

use super::faults::Family;

/// Hours a lease may be granted ahead, is issued from, and a voucher then still counts, with the time reclaim may take:
/// every R that was granted at an instant has passed this long after it.
pub const RECLAIM_MS: i64 = (1 + 4 + 24) * 3_600_000 + 10 * 60_000;

/// What a world is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The seed all its chance comes from.
    pub seed: u64,
    /// Kiosks.
    pub kiosks: usize,
    /// Hours with faults.
    pub hours: i64,
    /// Families that are on.
    pub families: Vec<Family>,
}

impl Setting {
    /// The instant after which nothing goes wrong any more.
    pub fn faults_until_ms(&self) -> i64 {
        self.hours * 3_600_000
    }

    /// True for worlds in which promises may be broken within bounds.
    pub fn is_apart(&self) -> bool {
        self.families.iter().any(|family| family.is_apart())
    }
}

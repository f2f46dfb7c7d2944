//! How large a world is searched, and which one rule is broken in it.

use super::state::{REQUESTS_MAX, SLOTS_MAX};

/// The bounds of one complete search. Times are ticks of the platform's clock.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Slots of the one batch.
    pub stock: u8,
    /// Most slots of a lease; the platform lends any number up to it.
    pub lease_slots: u8,
    /// E is so long after the grant.
    pub life: u8,
    /// R is so long after E.
    pub promise: u8,
    /// A kiosk's clock is at most so far off, differently each time it is read.
    pub skew: u8,
    /// The last tick.
    pub time_end: u8,
    /// Coupons one person may hold.
    pub limit: u8,
    /// Lease requests of one kiosk in one epoch.
    pub requests: u8,
    /// Leases granted in all.
    pub leases: u8,
    /// Disks lost in all.
    pub disks_lost: u8,
    /// Disks set back to an older image in all.
    pub disks_restored: u8,
}

/// Small and complete: seconds without optimisation.
pub const SMALL: Scope = Scope {
    stock: 2,
    lease_slots: 1,
    life: 1,
    promise: 2,
    skew: 1,
    time_end: 3,
    limit: 1,
    requests: 1,
    leases: 2,
    disks_lost: 1,
    disks_restored: 0,
};

/// Leases of up to two slots, and time to lend again what came back at R.
pub const WIDE: Scope = Scope { lease_slots: SLOTS_MAX, leases: 3, time_end: 4, ..SMALL };

/// Leases of one slot, two of them in one epoch.
pub const LONG: Scope = Scope { leases: 3, requests: REQUESTS_MAX, ..SMALL };

/// No disk is lost, but one is set back to an older image. Each image of each moment may come back at each later one, so
/// the other bounds are narrow.
pub const RESTORED: Scope = Scope { disks_lost: 0, disks_restored: 1, ..SMALL };

/// The same with one lease.
pub const RESTORED_SMALL: Scope = Scope { leases: 1, ..RESTORED };

impl Scope {
    /// What differs between the scopes, for the report.
    pub fn words(&self) -> String {
        let fault = if self.disks_restored > 0 { "one disk set back" } else { "one disk lost" };
        let Scope { stock, lease_slots, leases, requests, time_end, .. } = self;
        format!(
            "stock {stock}, {leases} leases of up to {lease_slots} slots, {requests} requests an epoch, {time_end} ticks, {fault}"
        )
    }
}

/// One rule of the protocol broken, everything else left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// N0
    StockNotReserved,
    /// N1
    ReclaimedAtExpiry,
    /// N2
    ReclaimedAfterSkew,
    /// N3
    ReportCountedAgain,
    /// N4
    ShownBeforeCommit,
    /// N5
    EpochKept,
    /// N6
    GrantOfAnyEpoch,
    /// N7
    CloseSentBeforeCommit,
    /// N8
    LimitOnKioskOnly,
    /// N9
    UploadKeyedByNumber,
    /// R
    NotFenced,
}

/// What must hold in every state (`docs/OFFLINE.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// Never more coupons than stock.
    I1,
    /// Never more coupons for a person than the limit.
    I2,
    /// A shown voucher in date is redeemable.
    I3,
    /// Free, leased and issued slots are the stock.
    I4,
    /// What survives arrives, and nothing is stuck after R.
    I5,
    /// I3 where a disk was set back: broken promises are bounded.
    I3Restored,
}

impl Mutant {
    /// Every mutant, in order.
    pub const ALL: [Mutant; 11] = [
        Mutant::StockNotReserved,
        Mutant::ReclaimedAtExpiry,
        Mutant::ReclaimedAfterSkew,
        Mutant::ReportCountedAgain,
        Mutant::ShownBeforeCommit,
        Mutant::EpochKept,
        Mutant::GrantOfAnyEpoch,
        Mutant::CloseSentBeforeCommit,
        Mutant::LimitOnKioskOnly,
        Mutant::UploadKeyedByNumber,
        Mutant::NotFenced,
    ];

    /// Its name on the command line, the rule it breaks, and the invariant that must notice.
    pub const fn describe(self) -> (&'static str, &'static str, Invariant) {
        match self {
            Mutant::StockNotReserved => {
                ("N0", "a kiosk sells from a count of the stock, nothing is reserved", Invariant::I1)
            }
            Mutant::ReclaimedAtExpiry => ("N1", "a lease is reclaimed at E", Invariant::I3),
            Mutant::ReclaimedAfterSkew => {
                ("N2", "a lease is reclaimed at E and the bound of the skew", Invariant::I3)
            }
            Mutant::ReportCountedAgain => ("N3", "a report that arrives again counts again", Invariant::I4),
            Mutant::ShownBeforeCommit => ("N4", "a voucher is shown before it is committed", Invariant::I3),
            Mutant::EpochKept => ("N5", "a kiosk that lost its disk keeps its epoch", Invariant::I3),
            Mutant::GrantOfAnyEpoch => ("N6", "a kiosk takes a grant of any epoch", Invariant::I3),
            Mutant::CloseSentBeforeCommit => ("N7", "a close is sent before it is committed", Invariant::I5),
            Mutant::LimitOnKioskOnly => ("N8", "only the kiosk counts what a person holds", Invariant::I2),
            Mutant::UploadKeyedByNumber => {
                ("N9", "an upload is known by kiosk and number, counted from 1 on a new disk", Invariant::I5)
            }
            Mutant::NotFenced => {
                ("R", "the platform does not notice a disk that was set back", Invariant::I3)
            }
        }
    }

    /// The mutant with this name on the command line.
    pub fn named(name: &str) -> Option<Mutant> {
        Mutant::ALL.into_iter().find(|mutant| mutant.describe().0 == name)
    }
}

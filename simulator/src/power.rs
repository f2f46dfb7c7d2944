//! `simulator power`: the shipped store on a disk that loses its power, again and again.
//!
//! A kiosk works on its store; at a random change of the disk the power goes, in the middle of a claim, of a page, of
//! folding the log, of opening, of the recovery from the cut before. Then the store is opened again and compared with a
//! twin that never lost power: `ledger.db` must hold exactly what was acknowledged, or that and the whole of
//! the one operation under way; `content.db` exactly some state it was in, so its cursor is never ahead of its rows.

mod dump;
mod report;
mod town;
mod trial;
mod work;

pub use report::{Report, StoreReport};

use crate::disk::VirtualDisk;
use cloud_sync::disk::Flush;
use std::{
    io::{self, Write},
    time::Instant,
};
use trial::Trial;

/// Cuts one kiosk lives through before the next one begins with an empty disk.
const CUTS_PER_KIOSK: u64 = 20;

/// Kiosks that may break down before it is clear enough that something is wrong.
const BREAKDOWNS_MAX: u64 = 2_000;

/// What to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Power cuts; each hits both stores of one kiosk.
    pub cuts: u64,
    /// Where chance begins; the same seed cuts at the same places.
    pub seed: u64,
    /// When commits to the ledger reach the disk. What is shipped is [`Flush::EveryCommit`]; anything else must fail.
    pub ledger_flush: Flush,
}

/// Tries, and prints what came of it; true if nothing was lost or damaged.
///
/// # Errors
/// When it cannot be printed.
pub fn run(options: &Options, out: &mut impl Write) -> io::Result<bool> {
    let (report, seconds) = timed(options);
    report.print(options, seconds, out)?;
    Ok(report.is_clean())
}

#[expect(clippy::disallowed_methods, reason = "says how long it took; nothing is decided by it")]
fn timed(options: &Options) -> (Report, f64) {
    let begun = Instant::now();
    let report = try_out(options);
    (report, begun.elapsed().as_secs_f64())
}

/// Tries, and gives what came of it. The same options give the same report.
#[must_use]
pub fn try_out(options: &Options) -> Report {
    let mut report = Report::default();
    let mut kiosk = 0;
    while report.cuts < options.cuts && kiosk < options.cuts / CUTS_PER_KIOSK + BREAKDOWNS_MAX {
        let seed = options.seed.wrapping_mul(1_000_003).wrapping_add(kiosk);
        let disk = VirtualDisk::with_ledger_flush(options.ledger_flush);
        let until = options.cuts.min(report.cuts + CUTS_PER_KIOSK);
        Trial::new(disk, seed).run(until, &mut report);
        kiosk += 1;
    }
    report
}

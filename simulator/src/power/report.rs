//! What the cuts did, counted.

use super::Options;
use crate::disk::{Cut, Sectors};
use cloud_sync::disk::Flush;
use std::io::{self, Write};

/// What came of it. All is well if nothing was lost or damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Power cuts.
    pub cuts: u64,
    /// Of those, in the middle of opening or recovering.
    pub cuts_in_opening: u64,
    /// Programs killed in the middle of a change instead, with the power on.
    pub kills: u64,
    /// Changes made to disks: writes, resizes, syncs, names.
    pub changes: u64,
    /// Changes of names that were lost.
    pub names_lost: u64,
    /// Vouchers shown.
    pub vouchers_shown: u64,
    /// Vouchers shown and not there any more.
    pub vouchers_lost: u64,
    /// Times the device key was not the one the ledger had pinned.
    pub keys_wrong: u64,
    /// Times the store said something else than its twin.
    pub diverged: u64,
    /// `ledger.db`.
    pub ledger: StoreReport,
    /// `content.db`.
    pub content: StoreReport,
    /// The first thing that went wrong: which kiosk, after how many cuts, and what.
    pub first_fault: Option<String>,
}

/// What came of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreReport {
    /// Cuts in the middle of a change to it or its log.
    pub cuts_inside: u64,
    /// Its sectors that were not durable when the power went.
    pub sectors: Sectors,
    /// Operations acknowledged.
    pub acknowledged: u64,
    /// Rows of the last acknowledged state that were not there any more.
    pub rows_lost: u64,
    /// Operations acknowledged and undone. The content may fall back and is fetched again; the ledger may not.
    pub undone: u64,
    /// Times it was damaged, or in a state it had never been in.
    pub corrupt: u64,
}

impl Report {
    /// True if nothing was lost, damaged or muddled.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let ledger = self.ledger.rows_lost + self.ledger.undone + self.ledger.corrupt + self.vouchers_lost;
        ledger + self.content.corrupt + self.keys_wrong + self.diverged == 0
    }

    pub(super) fn fault(&mut self, what: impl FnOnce() -> String) {
        self.first_fault.get_or_insert_with(what);
    }

    pub(super) fn note(&mut self, cut: &Cut) {
        self.cuts += 1;
        self.names_lost += cut.names_lost;
        for (store, name) in [(&mut self.ledger, "ledger.db"), (&mut self.content, "content.db")] {
            let inside = cut.inside.as_ref().is_some_and(|inside| inside.starts_with(name));
            store.cuts_inside += u64::from(inside);
            let files = cut.sectors.iter().filter(|(file, _)| file.starts_with(name));
            files.for_each(|(_, sectors)| store.sectors.add(*sectors));
        }
    }

    pub(super) fn print(&self, options: &Options, seconds: f64, out: &mut impl Write) -> io::Result<()> {
        let flush = match options.ledger_flush {
            Flush::EveryCommit => "full",
            Flush::Checkpoint => "normal",
        };
        writeln!(out, "seed {}, ledger synchronous {flush}, {seconds:.1} s", options.seed)?;
        writeln!(
            out,
            "{} power cuts ({} while opening), {} kills, {} changes of the disk, {} names lost",
            self.cuts, self.cuts_in_opening, self.kills, self.changes, self.names_lost
        )?;
        for (name, store) in [("ledger.db", &self.ledger), ("content.db", &self.content)] {
            let Sectors { kept, lost, torn } = store.sectors;
            writeln!(
                out,
                "{name}: {} cuts inside; sectors kept {kept}, lost {lost}, torn {torn}; operations acknowledged {}, \
                 undone {}; rows lost {}; corrupt {}",
                store.cuts_inside, store.acknowledged, store.undone, store.rows_lost, store.corrupt
            )?;
        }
        writeln!(
            out,
            "vouchers shown {}, lost {}; device keys wrong {}; answers unlike the twin's {}",
            self.vouchers_shown, self.vouchers_lost, self.keys_wrong, self.diverged
        )?;
        if let Some(fault) = &self.first_fault {
            writeln!(out, "first fault: {fault}")?;
        }
        let summary = serde_json::json!({
            "cuts": self.cuts,
            "operations": self.changes,
            "torn": self.ledger.sectors.torn + self.content.sectors.torn,
            "acknowledged": self.ledger.acknowledged,
            "lost": self.ledger.undone,
            "vouchers_lost": self.vouchers_lost,
            "corrupt": self.ledger.corrupt + self.content.corrupt,
            "clean": self.is_clean(),
        });
        writeln!(out, "{summary}")
    }
}

//! The shipped store keeps its word through power cuts, and the test would notice if it did not.

use cloud_sync::disk::Flush;
use simulator::power::{Options, try_out};

const SHIPPED: Options = Options { cuts: 60, seed: 7, ledger_flush: Flush::EveryCommit };

#[test]
fn no_power_cut_takes_an_acknowledged_row_or_damages_a_store() {
    let report = try_out(&SHIPPED);
    assert!(report.is_clean(), "{report:?}");
    assert!(report.cuts >= 60 && report.vouchers_shown > 60, "{report:?}");
    assert!(report.ledger.cuts_inside > 10 && report.content.cuts_inside > 2, "{report:?}");
    assert!(report.ledger.sectors.torn > 0 && report.content.sectors.torn > 0, "{report:?}");
    assert!(report.cuts_in_opening > 0 && report.kills > 0, "{report:?}");
}

#[test]
fn a_ledger_that_does_not_wait_for_the_disk_loses_rows_and_is_seen() {
    let report = try_out(&Options { ledger_flush: Flush::Checkpoint, ..SHIPPED });
    assert!(!report.is_clean());
    assert!(report.ledger.undone > 0 && report.vouchers_lost > 0, "{report:?}");
    assert_eq!((report.ledger.corrupt, report.content.corrupt), (0, 0), "late, and still in order");
}

#[test]
fn the_same_seed_cuts_at_the_same_places() {
    let few = Options { cuts: 12, ..SHIPPED };
    assert_eq!(try_out(&few), try_out(&few));
}

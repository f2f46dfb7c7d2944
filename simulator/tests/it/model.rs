//! What the model of the lease protocol must find, and must not find, in its small scope.

use simulator::model::{Invariant, Mutant, Size, check, check_mutant, check_restored};

#[test]
fn the_protocol_holds_in_every_state_of_the_small_scope() {
    for verdict in check(Size::Small) {
        assert_eq!(verdict.trace, Vec::<String>::new());
        // A scope that shrinks by mistake would prove less and still pass.
        assert!(verdict.states > 190_000, "{} states", verdict.states);
    }
}

#[test]
fn every_mutant_breaks_the_invariant_it_is_there_for() {
    for mutant in Mutant::ALL {
        let (name, _, expected) = mutant.describe();
        let verdict = check_mutant(mutant, Size::Small);
        assert!(
            verdict.broken.contains(&expected),
            "{name} broke {:?}: {:#?}",
            verdict.broken,
            verdict.trace
        );
    }
}

#[test]
fn a_trace_is_the_shortest_and_reads_as_a_story() {
    let verdict = check_mutant(Mutant::EpochKept, Size::Small);
    assert_eq!(verdict.depth, 10);
    assert!(
        verdict.trace[5].ends_with("Kiosk A loses its disk, and enrols again into epoch 1."),
        "{:#?}",
        verdict.trace
    );
    assert!(verdict.trace[9].contains("The report of Mr Wang's voucher for slot 1 of lease 1 arrives"));
    assert!(verdict.trace[10].contains("I3 is broken"));
}

#[test]
fn a_disk_set_back_never_over_issues_even_without_fencing() {
    assert_eq!(check_restored(false, Size::Small, false).trace, Vec::<String>::new());
}

#[test]
fn fencing_bounds_the_promises_a_disk_set_back_can_break() {
    assert_eq!(check_restored(true, Size::Small, true).trace, Vec::<String>::new());
    let unfenced = check_restored(false, Size::Small, true);
    assert_eq!(unfenced.broken, [Invariant::I3Restored]);
}

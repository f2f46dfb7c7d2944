//! Whatever goes wrong, never more promises than slots, and no promise lost.

use super::desk::{BATCH, Desk, STOCK};
use cloud_sync::{core::Event, testing::Fault};
use domain::ids::LeaseId;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Act {
    Claim(u8),
    Pass(u32),
    Nudge,
    LoseRequest,
    LoseAnswer,
    Cut(bool),
    Restart,
    ReEnrol,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => any::<u8>().prop_map(Act::Claim),
        4 => (1..120_u32).prop_map(Act::Pass),
        1 => (14_000..15_000_u32).prop_map(Act::Pass),
        2 => Just(Act::Nudge),
        2 => Just(Act::LoseRequest),
        3 => Just(Act::LoseAnswer),
        1 => Just(Act::Cut(true)),
        2 => Just(Act::Cut(false)),
        1 => Just(Act::Restart),
        1 => Just(Act::ReEnrol),
    ]
}

struct Shown {
    slots: BTreeSet<(LeaseId, u32)>,
}

fn carry_out(desk: &mut Desk, act: Act, shown: &mut Shown) {
    match act {
        Act::Claim(person) => {
            if let Ok(voucher) = desk.claim(person) {
                assert!(shown.slots.insert((voucher.lease, voucher.slot)), "a slot was issued twice");
            }
        }
        Act::Pass(seconds) => desk.pass_s(seconds),
        Act::Nudge => desk.event(Event::Nudged),
        Act::LoseRequest => desk.platform.fault(Fault::LoseRequest),
        Act::LoseAnswer => desk.platform.fault(Fault::LoseAnswer),
        Act::Cut(cut) => desk.platform.cut(cut),
        Act::Restart => {
            desk.restart();
        }
        Act::ReEnrol => {
            let device = desk.identity().device;
            desk.platform.pair("EEEE6666", Some(device));
            desk.ask_to_enrol("EEEE6666");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn promises_never_exceed_slots_and_all_arrive_when_the_network_is_back(
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let mut desk = Desk::in_stock();
        let mut shown = Shown { slots: BTreeSet::new() };
        for act in acts {
            carry_out(&mut desk, act, &mut shown);
            let granted: u32 = desk.platform.granted().iter().map(|grant| grant.slots).sum();
            prop_assert!(shown.slots.len() <= granted as usize);
            prop_assert!(granted <= STOCK + returned(&desk));
        }
        // The faults are over; a kiosk that lost the answer to its last enrolment is paired once more.
        desk.platform.cut(false);
        desk.platform.no_more_faults();
        carry_out(&mut desk, Act::ReEnrol, &mut shown);
        desk.pass_s(600);
        let arrived: BTreeSet<(LeaseId, u32)> =
            desk.platform.coupons().iter().map(|(voucher, _)| (voucher.lease, voucher.slot)).collect();
        prop_assert_eq!(&arrived, &shown.slots);
        prop_assert!(desk.store().pending(200).unwrap().is_empty());
        for grant in desk.platform.granted() {
            let used = shown.slots.iter().filter(|(lease, _)| *lease == grant.lease).count();
            prop_assert!(used <= grant.slots as usize);
        }
    }
}

/// Slots that were lent, given back and may be lent again.
fn returned(desk: &Desk) -> u32 {
    let lent: u32 = desk.platform.granted().iter().map(|grant| grant.slots).sum();
    lent + desk.platform.stock(BATCH) - STOCK
}

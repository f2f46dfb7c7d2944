//! What must hold after every step, I1 to I5, asked of one state.

use super::{
    platform::slot_of,
    scope::Invariant,
    state::{LEASES_MAX, PEOPLE, Slot, State, Voucher},
    steps::World,
};

impl World {
    /// Those of the invariants that do not hold.
    pub fn broken(&self, state: &State, asked: &[Invariant]) -> Vec<Invariant> {
        asked.iter().copied().filter(|invariant| !self.holds(state, *invariant)).collect()
    }

    fn holds(&self, state: &State, invariant: Invariant) -> bool {
        match invariant {
            Invariant::I1 => self.promised(state) <= self.scope.stock,
            Invariant::I2 => (0..PEOPLE).all(|person| state.platform.held(person) <= self.scope.limit),
            Invariant::I3 => self.broken_promises(state) == 0,
            Invariant::I4 => {
                state.platform.free + state.platform.leased() + state.platform.issued == self.scope.stock
            }
            Invariant::I5 => self.settles(state),
            Invariant::I3Restored => {
                let unseen = state.kiosks.iter().map(|kiosk| kiosk.past.unseen).sum();
                self.broken_promises(state) <= unseen
            }
        }
    }

    /// Coupons honoured, vouchers that may still be, and coupons issued online. Two vouchers of one slot count once,
    /// because a slot is honoured once.
    fn promised(&self, state: &State) -> u8 {
        let mut promised: u8 = state.platform.online.iter().sum();
        for (lease, slot) in (0..LEASES_MAX).flat_map(|lease| [(lease, 0), (lease, 1)]) {
            let vouchers = [0, 1].map(|person| Voucher { lease, slot, person });
            let is_held = slot_of(state, vouchers[0]).is_some_and(|slot| slot.holder().is_some());
            let is_honourable =
                |voucher: &Voucher| state.shown.contains(*voucher) && self.is_redeemable(state, *voucher);
            promised += u8::from(is_held || vouchers.iter().any(is_honourable));
        }
        promised
    }

    /// Shown vouchers in date that the platform would refuse although their person is below the limit.
    fn broken_promises(&self, state: &State) -> u8 {
        let is_broken = |voucher: &Voucher| {
            self.is_in_date(state, *voucher)
                && state.platform.held(voucher.person) < self.scope.limit
                && !self.is_redeemable(state, *voucher)
                && slot_of(state, *voucher) != Some(Slot::Redeemed(voucher.person))
        };
        state.shown.iter().map(|voucher| u8::from(is_broken(&voucher))).sum()
    }

    /// Delivers what survived in the outboxes and had no answer yet, and lets R pass: whoever was shown a voucher has the coupon, and no slot is
    /// stuck.
    fn settles(&self, state: &State) -> bool {
        let mut settled = *state;
        let mut due = Vec::new();
        for kiosk in &state.kiosks {
            for voucher in kiosk.disk.vouchers.iter() {
                if state.shown.contains(voucher) && self.is_in_date(state, voucher) {
                    due.push(voucher);
                }
                if slot_of(&settled, voucher).and_then(Slot::holder) != Some(voucher.person) {
                    // What a refused report should have done is asked below.
                    let _filed = self.take_report(&mut settled, voucher);
                }
            }
        }
        settled.time = u8::MAX;
        for lease in 0..LEASES_MAX {
            let _reclaimed = self.reclaim(&mut settled, lease);
        }
        let is_on_ledger = |voucher: &Voucher| {
            let holder = slot_of(&settled, *voucher).and_then(Slot::holder);
            holder == Some(voucher.person) || settled.platform.held(voucher.person) >= self.scope.limit
        };
        settled.platform.free + settled.platform.issued == self.scope.stock && due.iter().all(is_on_ledger)
    }
}

//! What the platform does: lend, file, redeem, take back. Its own clock decides.

use super::{
    scope::Mutant,
    state::{Lease, Slot, State, Voucher},
    steps::{Possible, World, only_if},
};

impl World {
    /// R: the end of the promise printed on the vouchers of a lease.
    pub fn promised_until(&self, lease: &Lease) -> u8 {
        lease.expires + self.scope.promise
    }

    /// A coupon without any kiosk: straight from the free stock.
    pub(super) fn claim_online(&self, state: &mut State, person: u8) -> Possible {
        only_if(state.platform.free > 0 && state.platform.held(person) < self.scope.limit)?;
        state.platform.free -= 1;
        state.platform.issued += 1;
        state.platform.online[usize::from(person)] += 1;
        Some(())
    }

    /// Lends stock. Rule 1: the slots are taken out of the free stock before anybody hears of them. The same request is
    /// answered with the lease it was given before, which needs no step: that grant is on its way already.
    pub(super) fn grant(&self, state: &mut State, asked: (u8, u8, u8), slots: u8) -> Possible {
        let (kiosk, epoch, request) = asked;
        only_if(state.kiosk(kiosk).disk.epoch == epoch)?;
        let leases = &state.platform.leases;
        let answers = |lease: &Lease| (lease.kiosk, lease.epoch, lease.request) == asked;
        only_if(!leases.iter().flatten().any(answers))?;
        let next = leases.iter().position(Option::is_none)?;
        only_if(next < usize::from(self.scope.leases) && slots <= state.platform.free)?;
        let reserved = !self.breaks(Mutant::StockNotReserved);
        if reserved {
            state.platform.free -= slots;
        }
        let expires = state.time + self.scope.life;
        let slots = [0, 1].map(|slot| (slot < slots).then_some(Slot::Open));
        state.platform.leases[next] =
            Some(Lease { kiosk, epoch, request, expires, reserved, closed: false, slots });
        Some(())
    }

    /// Files a report by (lease, slot): the first one makes a coupon, any other changes nothing.
    pub fn take_report(&self, state: &mut State, voucher: Voucher) -> Possible {
        if self.breaks(Mutant::UploadKeyedByNumber) {
            self.hear_number(state, voucher)?;
        }
        let slot = slot_of(state, voucher)?;
        if self.breaks(Mutant::ReportCountedAgain) && slot.holder() == Some(voucher.person) {
            state.platform.issued = (state.platform.issued + 1).min(self.scope.stock + 1);
            return Some(());
        }
        only_if(slot == Slot::Open && self.is_in_date(state, voucher))?;
        only_if(self.is_below_limit(state, voucher.person))?;
        self.make_coupon(state, voucher, Slot::Reported(voucher.person))
    }

    /// A merchant asks, always online. Rule 3: a slot is honoured once. Rule 6: the limit counts here for good.
    pub(super) fn redeem(&self, state: &mut State, voucher: Voucher) -> Possible {
        if slot_of(state, voucher)? == Slot::Reported(voucher.person) {
            return set_slot(state, voucher, Slot::Redeemed(voucher.person));
        }
        only_if(self.is_redeemable(state, voucher) && self.is_below_limit(state, voucher.person))?;
        self.make_coupon(state, voucher, Slot::Redeemed(voucher.person))
    }

    /// Gives back what the kiosk says it did not use, once, and only while its epoch lasts.
    pub(super) fn take_close(&self, state: &mut State, lease: u8, used: u8) -> Possible {
        let known = *state.lease(lease)?;
        only_if(!known.closed && state.kiosk(known.kiosk).disk.epoch == known.epoch)?;
        let rest = usize::from(used)..known.lent().count();
        // A kiosk that lost count must not give back what somebody holds.
        only_if(rest.clone().all(|slot| known.slots[slot].is_some_and(|slot| slot.holder().is_none())))?;
        let known = state.platform.leases[usize::from(lease)].as_mut()?;
        known.closed = true;
        return_slots(state, lease, rest)
    }

    /// Rule 4: nothing is taken back before R.
    pub(super) fn reclaim(&self, state: &mut State, lease: u8) -> Possible {
        let known = *state.lease(lease)?;
        let due = if self.breaks(Mutant::ReclaimedAtExpiry) {
            known.expires
        } else if self.breaks(Mutant::ReclaimedAfterSkew) {
            known.expires + self.scope.skew
        } else {
            self.promised_until(&known)
        };
        only_if(state.time >= due)?;
        return_slots(state, lease, 0..known.lent().count())
    }

    /// Would the platform honour this voucher, if its person is below the limit?
    pub fn is_redeemable(&self, state: &State, voucher: Voucher) -> bool {
        match slot_of(state, voucher) {
            Some(Slot::Open) => self.is_in_date(state, voucher),
            Some(Slot::Reported(person)) => person == voucher.person,
            Some(Slot::Redeemed(_) | Slot::Returned) | None => false,
        }
    }

    /// True before the date printed on the voucher.
    pub fn is_in_date(&self, state: &State, voucher: Voucher) -> bool {
        state.lease(voucher.lease).is_some_and(|lease| state.time < self.promised_until(lease))
    }

    fn is_below_limit(&self, state: &State, person: u8) -> bool {
        self.breaks(Mutant::LimitOnKioskOnly) || state.platform.held(person) < self.scope.limit
    }

    fn make_coupon(&self, state: &mut State, voucher: Voucher, slot: Slot) -> Possible {
        state.platform.issued += 1;
        if !state.lease(voucher.lease)?.reserved {
            // Mutant N0 pays when it hears of the sale, from whatever is left then.
            state.platform.free = state.platform.free.saturating_sub(1);
        }
        set_slot(state, voucher, slot)
    }

    /// Mutant N9: an upload whose number was heard before is taken for a repetition.
    fn hear_number(&self, state: &mut State, voucher: Voucher) -> Possible {
        let lease = state.lease(voucher.lease)?;
        let kiosk = usize::from(lease.kiosk);
        let issued_before = state.platform.leases[..usize::from(voucher.lease)].iter().flatten();
        let same_disk =
            issued_before.filter(|other| (other.kiosk, other.epoch) == (lease.kiosk, lease.epoch));
        let number = same_disk.map(|other| other.lent().count()).sum::<usize>() + usize::from(voucher.slot);
        let heard = state.platform.numbers_heard[kiosk];
        only_if(heard & 1 << number == 0)?;
        state.platform.numbers_heard[kiosk] = heard | 1 << number;
        Some(())
    }
}

/// Where the voucher's slot stands.
pub fn slot_of(state: &State, voucher: Voucher) -> Option<Slot> {
    state.lease(voucher.lease)?.slots[usize::from(voucher.slot)]
}

fn set_slot(state: &mut State, voucher: Voucher, slot: Slot) -> Possible {
    let lease = state.platform.leases[usize::from(voucher.lease)].as_mut()?;
    lease.slots[usize::from(voucher.slot)] = Some(slot);
    Some(())
}

/// Those of the slots that are still open go back to the free stock.
fn return_slots(state: &mut State, lease: u8, which: std::ops::Range<usize>) -> Possible {
    let lease = state.platform.leases[usize::from(lease)].as_mut()?;
    for slot in &mut lease.slots[which] {
        if *slot == Some(Slot::Open) {
            *slot = Some(Slot::Returned);
            state.platform.free += u8::from(lease.reserved);
        }
    }
    Some(())
}

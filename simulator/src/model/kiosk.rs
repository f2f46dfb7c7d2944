//! What a kiosk does, and what can happen to it. It decides from its disk alone, and its clock may be wrong.

use super::{
    scope::Mutant,
    state::{Book, Disk, Hand, Kiosk, Past, State, Voucher},
    steps::{Possible, World, only_if},
};

impl World {
    /// Sends a request whose number is on the disk already, so that asking again is the same request.
    pub(super) fn ask(&self, state: &mut State, kiosk: u8) -> Possible {
        let disk = idle_disk(state, kiosk)?;
        only_if(!disk.is_waiting && disk.request < self.scope.requests)?;
        disk.request += 1;
        disk.is_waiting = true;
        let (epoch, request) = (disk.epoch, disk.request);
        state.network.send_request(kiosk, epoch, request);
        Some(())
    }

    /// Takes a grant only if it answers the open request of this epoch, and the lease was never seen (rule 5).
    pub(super) fn take_grant(&self, state: &mut State, lease: u8) -> Possible {
        let grant = *state.lease(lease)?;
        let disk = idle_disk(state, grant.kiosk)?;
        only_if(disk.epoch == grant.epoch || self.breaks(Mutant::GrantOfAnyEpoch))?;
        let book = &mut disk.books[usize::from(lease)];
        only_if(disk.is_waiting && disk.request == grant.request && *book == Book::Unseen)?;
        *book = Book::Open(0);
        disk.is_waiting = false;
        Some(())
    }

    /// The next slot becomes a voucher. Rule 2: commit, then show. The clock keeps a kiosk from printing what is dead
    /// already; it may be wrong by the skew, to either side, so this step is possible a little after E too.
    pub(super) fn issue(&self, state: &mut State, kiosk: u8, lease: u8, person: u8) -> Possible {
        let time = state.time;
        let grant = *state.lease(lease)?;
        let limit = self.scope.limit;
        let disk = idle_disk(state, kiosk)?;
        let Book::Open(slot) = disk.books[usize::from(lease)] else { return None };
        only_if(usize::from(slot) < grant.lent().count() && time < grant.expires + self.scope.skew)?;
        only_if(disk.vouchers.of(person) < limit)?;
        let voucher = Voucher { lease, slot, person };
        if self.breaks(Mutant::ShownBeforeCommit) {
            state.shown.insert(voucher);
            state.kiosk(kiosk).hand = Hand::ToCommit(voucher);
        } else {
            commit(state, kiosk, voucher);
            state.kiosk(kiosk).hand = Hand::ToShow(voucher);
        }
        Some(())
    }

    /// The second half: what was committed is shown. In mutants, what was shown or sent is committed.
    pub(super) fn finish(&self, state: &mut State, kiosk: u8) -> Possible {
        match std::mem::replace(&mut state.kiosk(kiosk).hand, Hand::Empty) {
            Hand::Empty => return None,
            Hand::ToShow(voucher) => state.shown.insert(voucher),
            Hand::ToCommit(voucher) => commit(state, kiosk, voucher),
            Hand::ToClose(lease) => state.kiosk(kiosk).disk.books[usize::from(lease)] = Book::Closed,
        }
        Some(())
    }

    /// What was in the hand is gone. Between two transactions a crash changes nothing, because all else is on the disk.
    pub(super) fn crash(&self, state: &mut State, kiosk: u8) -> Possible {
        state.kiosk(kiosk).hand = Hand::Empty;
        Some(())
    }

    /// The lease is closed on the disk first, then the platform is told.
    pub(super) fn close(&self, state: &mut State, kiosk: u8, lease: u8) -> Possible {
        let disk = idle_disk(state, kiosk)?;
        let book = &mut disk.books[usize::from(lease)];
        let Book::Open(used) = *book else { return None };
        if self.breaks(Mutant::CloseSentBeforeCommit) {
            state.kiosk(kiosk).hand = Hand::ToClose(lease);
        } else {
            *book = Book::Closed;
        }
        state.network.send_close(lease, used);
        let rest = state.lease(lease)?.lent().skip(usize::from(used)).map(|_| 1).sum();
        state.kiosk(kiosk).past.dispose(rest);
        Some(())
    }

    /// The disk is gone: new key, next epoch, empty books. Old leases wait for R.
    pub(super) fn lose_disk(&self, state: &mut State, kiosk: u8) -> Possible {
        only_if(state.disks_lost < self.scope.disks_lost)?;
        let epoch = state.kiosk(kiosk).disk.epoch + u8::from(!self.breaks(Mutant::EpochKept));
        let disk = Disk { epoch, ..Disk::default() };
        *state.kiosk(kiosk) = Kiosk { disk, hand: Hand::Empty, image: None, past: Past::default() };
        state.disks_lost += 1;
        Some(())
    }

    /// Somebody copies the disk, to put it back later.
    pub(super) fn keep_image(&self, state: &mut State, kiosk: u8) -> Possible {
        only_if(state.disks_restored < self.scope.disks_restored)?;
        only_if(state.kiosks.iter().all(|kiosk| kiosk.image.is_none()))?;
        let kiosk = state.kiosk(kiosk);
        kiosk.image = Some(kiosk.disk);
        Some(())
    }

    /// The kiosk runs on from the older disk, without noticing.
    pub(super) fn restore_image(&self, state: &mut State, kiosk: u8) -> Possible {
        let kiosk = state.kiosk(kiosk);
        kiosk.disk = kiosk.image.take()?;
        kiosk.hand = Hand::Empty;
        kiosk.past.is_restored = true;
        state.disks_restored += 1;
        Some(())
    }

    /// One signed call and its answer. A counter that the platform has heard before can only come from an older disk, so
    /// the kiosk is told to stop. The answer is signed over a challenge: a packet that is merely late is never taken
    /// for such a call, and therefore call and answer are one step here. One call of each disk is enough, because only
    /// their order counts.
    pub(super) fn speak(&self, state: &mut State, kiosk: u8) -> Possible {
        let heard = state.platform.counter_heard[usize::from(kiosk)];
        let is_of_interest = state.kiosk(kiosk).image.is_some() || state.kiosk(kiosk).past.is_restored;
        let disk = idle_disk(state, kiosk)?;
        only_if(is_of_interest && disk.counter == 0)?;
        disk.counter += 1;
        if disk.counter > heard {
            state.platform.counter_heard[usize::from(kiosk)] = disk.counter;
        } else if !self.breaks(Mutant::NotFenced) {
            disk.is_fenced = true;
        }
        let kiosk = state.kiosk(kiosk);
        kiosk.past.spoke_after_restore = kiosk.past.is_restored;
        kiosk.past.spoke_after_image |= kiosk.image.is_some();
        Some(())
    }
}

/// The disk of a kiosk that may work and is not in the middle of something.
fn idle_disk(state: &mut State, kiosk: u8) -> Option<&mut Disk> {
    let kiosk = state.kiosk(kiosk);
    (kiosk.hand == Hand::Empty && !kiosk.disk.is_fenced).then_some(&mut kiosk.disk)
}

/// One transaction: slot, voucher, count and outbox row. From here on the report may arrive.
fn commit(state: &mut State, kiosk: u8, voucher: Voucher) {
    let kiosk = state.kiosk(kiosk);
    kiosk.disk.vouchers.insert(voucher);
    kiosk.disk.books[usize::from(voucher.lease)] = Book::Open(voucher.slot + 1);
    kiosk.past.dispose(1);
    state.network.reports.insert(voucher);
}

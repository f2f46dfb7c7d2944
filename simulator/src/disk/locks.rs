//! SQLite's locks on a database file, and the memory its write-ahead log shares between connections.
//!
//! Both live as long as the program that holds them: a power cut or a killed process leaves neither.

use super::machine::Trouble;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::AtomicU64},
};

/// Names one open file.
pub(super) type HandleId = u64;

/// How far a connection has locked a file; each step includes those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}

/// Who has locked one file how far (`sqlite3_io_methods.xLock`).
#[derive(Default)]
pub(super) struct Locks(BTreeMap<HandleId, Level>);

impl Locks {
    pub(super) fn lock(&mut self, handle: HandleId, wanted: Level) -> Result<(), Trouble> {
        let own = self.0.get(&handle).copied().unwrap_or(Level::None);
        if own >= wanted {
            return Ok(());
        }
        let others = self.0.iter().filter(|(other, _)| **other != handle).map(|(_, level)| *level);
        let highest = others.max().unwrap_or(Level::None);
        let free = match wanted {
            Level::None => true,
            Level::Shared => highest < Level::Pending,
            Level::Reserved => highest < Level::Reserved,
            Level::Pending | Level::Exclusive => highest == Level::None,
        };
        if free {
            self.0.insert(handle, wanted);
            return Ok(());
        }
        if wanted == Level::Exclusive && highest < Level::Reserved {
            // Readers may finish; no new one is let in.
            self.0.insert(handle, Level::Pending);
        }
        Err(Trouble::Busy)
    }

    pub(super) fn unlock(&mut self, handle: HandleId, to: Level) {
        match to {
            Level::None => self.0.remove(&handle),
            Level::Shared | Level::Reserved | Level::Pending | Level::Exclusive => self.0.insert(handle, to),
        };
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.0.values().any(|level| *level >= Level::Reserved)
    }
}

/// Locks of a write-ahead log (`SQLITE_SHM_NLOCK`).
const SLOTS: usize = 8;

/// The shared memory of one database.
#[derive(Default)]
pub(super) struct SharedMemory {
    regions: Mutex<Vec<Arc<[AtomicU64]>>>,
    slots: Mutex<[Slot; SLOTS]>,
}

#[derive(Default)]
struct Slot {
    exclusive: Option<HandleId>,
    shared: Vec<HandleId>,
}

/// What a connection wants with a run of locks (`xShmLock`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShmWish {
    Share,
    Exclude,
    Release,
}

impl SharedMemory {
    /// The region of this number, made of zeros when it is not there and `extend` is set. Its memory stays where it is as
    /// long as this lives.
    pub(super) fn region(&self, number: usize, bytes: usize, extend: bool) -> Option<*mut u64> {
        let mut regions = super::lock(&self.regions);
        while extend && regions.len() <= number {
            regions.push((0..bytes.div_ceil(8)).map(|_| AtomicU64::new(0)).collect());
        }
        regions.get(number).map(|region| region.as_ptr().cast::<u64>().cast_mut())
    }

    pub(super) fn lock(
        &self,
        handle: HandleId,
        first: usize,
        count: usize,
        wish: ShmWish,
    ) -> Result<(), Trouble> {
        let mut slots = super::lock(&self.slots);
        let run = slots.get_mut(first..first + count).ok_or(Trouble::Io)?;
        let excluded = |slot: &Slot| slot.exclusive.is_some_and(|other| other != handle);
        let shared = |slot: &Slot| slot.shared.iter().any(|other| *other != handle);
        let busy = match wish {
            ShmWish::Release => false,
            ShmWish::Share => run.iter().any(excluded),
            ShmWish::Exclude => run.iter().any(|slot| excluded(slot) || shared(slot)),
        };
        if busy {
            return Err(Trouble::Busy);
        }
        for slot in run {
            slot.shared.retain(|other| *other != handle);
            match wish {
                ShmWish::Share => slot.shared.push(handle),
                ShmWish::Exclude => slot.exclusive = Some(handle),
                ShmWish::Release => slot.exclusive = slot.exclusive.filter(|other| *other != handle),
            }
        }
        Ok(())
    }

    pub(super) fn release_all(&self, handle: HandleId) {
        // The run is all there is, and releasing is never refused.
        let _ = self.lock(handle, 0, SLOTS, ShmWish::Release);
    }
}

//! One simulated machine's disk at work: files behind a gate that counts every operation and lets troubles in.
//!
//! What must hold: after the power went, nothing more reaches the files until it is back, and a program from before
//! never touches them again.

use super::{
    cut::{self, Cut},
    files::{FileId, Files},
    locks::{HandleId, Level, Locks, SharedMemory},
};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The device failed, or the power is off.
    Io,
    /// No room is left.
    Full,
    /// Nothing may be changed.
    ReadOnly,
    /// Another connection holds it.
    Busy,
    /// There is no such file.
    Missing,
}

/// What is wrong with a disk until it is mended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ailments {
    /// Bytes it holds at most, all files together; `None` is without end.
    pub bytes_max: Option<u64>,
    /// Nothing can be changed.
    pub read_only: bool,
    /// A sync says that it is done and does nothing.
    pub lying_sync: bool,
}

pub(super) struct Machine {
    pub(super) files: Files,
    pub(super) ailments: Ailments,
    /// Changes (writes, resizes, syncs, names) since the disk was made.
    pub(super) changes: u64,
    /// Operations of any kind since the disk was made.
    pub(super) operations: u64,
    pub(super) cut_at: Option<u64>,
    pub(super) fail_at: Option<u64>,
    /// Operations that an ailment or [`Machine::fail_at`] has hit.
    pub(super) troubles: u64,
    is_on: bool,
    /// The file in whose change the power went.
    interrupted: Option<String>,
    /// Which life of the program may use the files.
    life: u64,
    handles: HandleId,
    locks: BTreeMap<FileId, Locks>,
    memories: BTreeMap<FileId, Weak<SharedMemory>>,
}

/// Whether the power stays on during an operation that was let through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Power {
    Stays,
    Goes,
}

impl Power {
    /// Nobody hears of an operation in whose middle the power went.
    fn answer<T>(self, done: T) -> Result<T, Trouble> {
        match self {
            Power::Stays => Ok(done),
            Power::Goes => Err(Trouble::Io),
        }
    }
}

impl Machine {
    pub(super) fn new(files: Files) -> Machine {
        Machine {
            files,
            ailments: Ailments::default(),
            changes: 0,
            operations: 0,
            cut_at: None,
            fail_at: None,
            troubles: 0,
            is_on: true,
            interrupted: None,
            life: 0,
            handles: 0,
            locks: BTreeMap::new(),
            memories: BTreeMap::new(),
        }
    }

    pub(super) fn life(&self) -> u64 {
        self.life
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    pub(super) fn cut_now(&mut self) {
        self.is_on = false;
    }

    /// The power comes back; what was not durable is as [`cut::cut`] leaves it.
    pub(super) fn restore_power(&mut self, seed: u64) -> Cut {
        let inside = self.interrupted.take();
        self.cut_at = None;
        let cut = cut::cut(&mut self.files, inside, &mut ChaCha8Rng::seed_from_u64(seed));
        self.begin_life();
        cut
    }

    /// The program is gone without a word; what it wrote is in the hands of the system.
    pub(super) fn kill(&mut self) {
        self.files.let_go_all();
        self.begin_life();
    }

    /// Puts other files in the place of those held.
    pub(super) fn replace(&mut self, files: Files) {
        self.files = files;
        self.begin_life();
    }

    fn begin_life(&mut self) {
        self.is_on = true;
        self.interrupted = None;
        self.life += 1;
        self.locks.clear();
        self.memories.clear();
    }

    pub(super) fn read(&mut self, life: u64, file: FileId) -> Result<&[u8], Trouble> {
        self.pass(life)?;
        Ok(self.files.bytes(file))
    }

    pub(super) fn find(&mut self, life: u64, name: &str) -> Result<Option<FileId>, Trouble> {
        self.pass(life)?;
        Ok(self.files.find(name))
    }

    pub(super) fn create(&mut self, life: u64, name: &str) -> Result<FileId, Trouble> {
        let power = self.pass_change(life, None)?;
        let file = self.files.create(name);
        power.answer(file)
    }

    pub(super) fn remove(&mut self, life: u64, name: &str) -> Result<bool, Trouble> {
        let power = self.pass_change(life, None)?;
        let was_there = self.files.remove(name);
        power.answer(was_there)
    }

    pub(super) fn rename(&mut self, life: u64, from: &str, to: &str) -> Result<(), Trouble> {
        let power = self.pass_change(life, None)?;
        if self.files.rename(from, to) { power.answer(()) } else { Err(Trouble::Missing) }
    }

    pub(super) fn write(&mut self, life: u64, file: FileId, at: usize, bytes: &[u8]) -> Result<(), Trouble> {
        let power = self.pass_change(life, Some(file))?;
        let fits = self.fitting(file, at, bytes.len());
        self.files.write(file, at, &bytes[..fits]);
        if fits < bytes.len() { self.hurt(Trouble::Full) } else { power.answer(()) }
    }

    pub(super) fn resize(&mut self, life: u64, file: FileId, length: usize) -> Result<(), Trouble> {
        let power = self.pass_change(life, Some(file))?;
        self.files.resize(file, length);
        power.answer(())
    }

    pub(super) fn sync(&mut self, life: u64, file: FileId) -> Result<(), Trouble> {
        self.pass_sync(life, Some(file), |files| files.sync(file))
    }

    pub(super) fn sync_folder(&mut self, life: u64) -> Result<(), Trouble> {
        self.pass_sync(life, None, Files::sync_folder)
    }

    /// A sync in whose middle the power goes is as good as none.
    fn pass_sync(
        &mut self,
        life: u64,
        file: Option<FileId>,
        sync: impl FnOnce(&mut Files),
    ) -> Result<(), Trouble> {
        if self.pass_change(life, file)? == Power::Goes {
            return Err(Trouble::Io);
        }
        if self.ailments.lying_sync {
            self.troubles += 1;
        } else {
            sync(&mut self.files);
        }
        Ok(())
    }

    /// Counts an operation and lets it through, or not.
    fn pass(&mut self, life: u64) -> Result<(), Trouble> {
        if !self.is_on || life != self.life {
            return Err(Trouble::Io);
        }
        self.operations += 1;
        if self.fail_at.is_some_and(|at| at <= self.operations) {
            self.fail_at = None;
            return self.hurt(Trouble::Io);
        }
        Ok(())
    }

    fn pass_change(&mut self, life: u64, file: Option<FileId>) -> Result<Power, Trouble> {
        self.pass(life)?;
        if self.ailments.read_only {
            return self.hurt(Trouble::ReadOnly);
        }
        self.changes += 1;
        if self.cut_at.is_some_and(|at| at <= self.changes) {
            (self.is_on, self.cut_at) = (false, None);
            self.interrupted = file.and_then(|file| self.files.name_of(file));
            return Ok(Power::Goes);
        }
        Ok(Power::Stays)
    }

    fn hurt<T>(&mut self, trouble: Trouble) -> Result<T, Trouble> {
        self.troubles += 1;
        Err(trouble)
    }

    /// How many of `count` bytes at `at` there is room for.
    fn fitting(&self, file: FileId, at: usize, count: usize) -> usize {
        let Some(bytes_max) = self.ailments.bytes_max else { return count };
        let growth = (at + count).saturating_sub(self.files.bytes(file).len());
        let left = usize::try_from(bytes_max.saturating_sub(self.files.used())).unwrap_or(usize::MAX);
        count.saturating_sub(growth.saturating_sub(left))
    }

    /// A new handle on a file, for the program of now.
    pub(super) fn hold(&mut self, file: FileId) -> HandleId {
        self.files.hold(file);
        self.handles += 1;
        self.handles
    }

    /// The handle is closed. Files of a life before are none of its business.
    pub(super) fn let_go(&mut self, life: u64, file: FileId, handle: HandleId) {
        if life == self.life {
            self.unlock(life, (file, handle), Level::None);
            self.files.let_go(file);
        }
    }

    pub(super) fn lock(
        &mut self,
        life: u64,
        (file, handle): (FileId, HandleId),
        wanted: Level,
    ) -> Result<(), Trouble> {
        if !self.is_on || life != self.life {
            return Err(Trouble::Io);
        }
        self.locks.entry(file).or_default().lock(handle, wanted)
    }

    pub(super) fn unlock(&mut self, life: u64, (file, handle): (FileId, HandleId), to: Level) {
        if life == self.life
            && let Some(locks) = self.locks.get_mut(&file)
        {
            locks.unlock(handle, to);
        }
    }

    pub(super) fn is_reserved(&self, file: FileId) -> bool {
        self.locks.get(&file).is_some_and(Locks::is_reserved)
    }

    /// The memory that connections to a database share; new when none holds it. A disk that cannot be written has no place
    /// for a new one.
    pub(super) fn memory(&mut self, life: u64, file: FileId) -> Result<Arc<SharedMemory>, Trouble> {
        if !self.is_on || life != self.life {
            return Err(Trouble::Io);
        }
        if let Some(memory) = self.memories.get(&file).and_then(Weak::upgrade) {
            return Ok(memory);
        }
        if self.ailments.read_only {
            return self.hurt(Trouble::ReadOnly);
        }
        let memory = Arc::<SharedMemory>::default();
        self.memories.insert(file, Arc::downgrade(&memory));
        Ok(memory)
    }
}

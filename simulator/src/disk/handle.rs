//! A file that SQLite has opened on a simulated disk.

use super::{
    SharedMachine,
    files::{FileId, Files},
    lock,
    locks::{HandleId, Level, SharedMemory, ShmWish},
    machine::{Machine, Trouble},
};
use std::sync::{Arc, Mutex};

/// How a file is to be opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    /// It is made when it is not there.
    pub create: bool,
    /// There must be none of this name yet.
    pub exclusive: bool,
    /// It is to be written, if the disk can be.
    pub write: bool,
    /// It goes with its handle.
    pub delete_on_close: bool,
    /// It is a journal: SQLite's own file system for Unix syncs the folder after the first sync of one.
    pub journal: bool,
}

/// An open file.
pub(super) struct Handle {
    machine: SharedMachine,
    life: u64,
    file: FileId,
    id: HandleId,
    delete_on_close: Option<String>,
    sync_folder: bool,
    pub(super) read_only: bool,
    memory: Option<Arc<SharedMemory>>,
}

impl Handle {
    /// Opens the file of this name on a machine.
    pub(super) fn open(machine: SharedMachine, name: &str, opening: Opening) -> Result<Handle, Trouble> {
        let mut disk = lock(&machine);
        let life = disk.life();
        let file = match disk.find(life, name)? {
            Some(_) if opening.create && opening.exclusive => return Err(Trouble::Io),
            Some(file) => file,
            None if opening.create => disk.create(life, name)?,
            None => return Err(Trouble::Missing),
        };
        let id = disk.hold(file);
        let read_only = disk.ailments.read_only || !opening.write;
        let delete_on_close = opening.delete_on_close.then(|| name.to_owned());
        drop(disk);
        let sync_folder = opening.journal && opening.create;
        Ok(Handle { machine, life, file, id, delete_on_close, sync_folder, read_only, memory: None })
    }

    /// A file without a name, on no machine's disk: what SQLite sorts in.
    pub(super) fn scratch() -> Result<Handle, Trouble> {
        let machine = Arc::new(Mutex::new(Machine::new(Files::default())));
        let opening =
            Opening { create: true, exclusive: false, write: true, delete_on_close: false, journal: false };
        Handle::open(machine, "scratch", opening)
    }

    /// Fills `buffer` from `at`; what lies behind the end is zeros. False if that is any of it.
    pub(super) fn read(&self, buffer: &mut [u8], at: usize) -> Result<bool, Trouble> {
        let mut disk = lock(&self.machine);
        let bytes = disk.read(self.life, self.file)?;
        let there = bytes.get(at..).unwrap_or_default();
        let there = &there[..there.len().min(buffer.len())];
        let (found, missing) = buffer.split_at_mut(there.len());
        found.copy_from_slice(there);
        missing.fill(0);
        Ok(missing.is_empty())
    }

    pub(super) fn write(&self, bytes: &[u8], at: usize) -> Result<(), Trouble> {
        lock(&self.machine).write(self.life, self.file, at, bytes)
    }

    pub(super) fn resize(&self, length: usize) -> Result<(), Trouble> {
        lock(&self.machine).resize(self.life, self.file, length)
    }

    pub(super) fn sync(&mut self) -> Result<(), Trouble> {
        let mut disk = lock(&self.machine);
        disk.sync(self.life, self.file)?;
        if std::mem::take(&mut self.sync_folder) {
            disk.sync_folder(self.life)?;
        }
        Ok(())
    }

    pub(super) fn length(&self) -> Result<usize, Trouble> {
        lock(&self.machine).read(self.life, self.file).map(<[u8]>::len)
    }

    pub(super) fn lock(&self, wanted: Level) -> Result<(), Trouble> {
        lock(&self.machine).lock(self.life, (self.file, self.id), wanted)
    }

    pub(super) fn unlock(&self, to: Level) {
        lock(&self.machine).unlock(self.life, (self.file, self.id), to);
    }

    pub(super) fn is_reserved(&self) -> bool {
        lock(&self.machine).is_reserved(self.file)
    }

    /// Where a region of the shared memory lies; `None` when it is not there and not to be made. It stays there until
    /// [`Handle::leave_memory`].
    pub(super) fn map_memory(
        &mut self,
        region: usize,
        bytes: usize,
        extend: bool,
    ) -> Result<Option<*mut u64>, Trouble> {
        let memory = match &self.memory {
            Some(memory) => memory,
            None => self.memory.insert(lock(&self.machine).memory(self.life, self.file)?),
        };
        Ok(memory.region(region, bytes, extend))
    }

    pub(super) fn lock_memory(&self, first: usize, count: usize, wish: ShmWish) -> Result<(), Trouble> {
        self.memory.as_ref().ok_or(Trouble::Io)?.lock(self.id, first, count, wish)
    }

    pub(super) fn leave_memory(&mut self) {
        if let Some(memory) = self.memory.take() {
            memory.release_all(self.id);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.leave_memory();
        let mut disk = lock(&self.machine);
        if let Some(name) = &self.delete_on_close {
            // A program without power deletes nothing.
            let _ = disk.remove(self.life, name);
        }
        disk.let_go(self.life, self.file, self.id);
    }
}

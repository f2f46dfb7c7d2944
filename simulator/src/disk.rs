//! A machine's disk in memory: it can lose its power in the middle of anything, fill up, fail, be copied and be put back.
//!
//! SQLite uses it through a file system of its own (`vfs`), the store's small files through [`Disk`]. There is no clock and
//! no chance in it but the seeds it is given: the same calls leave the same bytes. Model of what survives: a file's
//! bytes after its sync, its name after a sync of the folder, everything else by chance (`cut`).

mod cut;
mod files;
mod handle;
mod locks;
mod machine;
mod vfs;

pub use cut::{Cut, SECTOR_BYTES, Sectors, Style};
pub use machine::Ailments;

use cloud_sync::disk::{Disk, Flush, FolderLock};
use files::Files;
use machine::{Machine, Trouble};
use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

type SharedMachine = Arc<Mutex<Machine>>;

/// The disk of one simulated machine. Clones are the same disk; [`VirtualDisk::copy`] is another with the same files.
#[derive(Clone)]
pub struct VirtualDisk {
    place: Arc<vfs::Place>,
    machine: SharedMachine,
    ledger_flush: Flush,
}

/// All files of a disk at one instant.
#[derive(Clone)]
pub struct Snapshot(Files);

impl Default for VirtualDisk {
    fn default() -> VirtualDisk {
        VirtualDisk::new()
    }
}

impl VirtualDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> VirtualDisk {
        VirtualDisk::with(Files::default(), Flush::EveryCommit)
    }

    /// An empty disk on which commits to the ledger wait less than what is shipped: the negative control.
    #[must_use]
    pub fn with_ledger_flush(flush: Flush) -> VirtualDisk {
        VirtualDisk::with(Files::default(), flush)
    }

    fn with(files: Files, ledger_flush: Flush) -> VirtualDisk {
        let machine = Arc::new(Mutex::new(Machine::new(files)));
        VirtualDisk { place: vfs::Place::take(&machine), machine, ledger_flush }
    }

    /// Writes, resizes, syncs and changes of names so far: what a cut can be put at.
    #[must_use]
    pub fn changes(&self) -> u64 {
        lock(&self.machine).changes
    }

    /// Operations of any kind so far, reads too: what [`VirtualDisk::fail_after`] counts by.
    #[must_use]
    pub fn operations(&self) -> u64 {
        lock(&self.machine).operations
    }

    /// Operations so far that an ailment or a failure has hit.
    #[must_use]
    pub fn troubles(&self) -> u64 {
        lock(&self.machine).troubles
    }

    /// The power will go in the middle of the `changes`-th change from now; 1 is the next one.
    pub fn cut_after(&self, changes: u64) {
        let mut machine = lock(&self.machine);
        machine.cut_at = Some(machine.changes + changes.max(1));
    }

    /// The power goes now.
    pub fn cut_power(&self) {
        lock(&self.machine).cut_now();
    }

    /// Whether the power is off: every operation fails.
    #[must_use]
    pub fn is_off(&self) -> bool {
        !lock(&self.machine).is_on()
    }

    /// The power went, if it had not yet, and is back. What was not durable survives or not, by the seed. Files opened
    /// before stay dead.
    pub fn restore_power(&self, seed: u64) -> Cut {
        lock(&self.machine).restore_power(seed)
    }

    /// The program is killed: its open files stay dead, what it wrote is all there and still not durable.
    pub fn kill(&self) {
        lock(&self.machine).kill();
    }

    /// The `operations`-th operation from now fails, once, with an I/O error; 1 is the next one.
    pub fn fail_after(&self, operations: u64) {
        let mut machine = lock(&self.machine);
        machine.fail_at = Some(machine.operations + operations.max(1));
    }

    /// What is wrong with it from now on; the default mends it.
    pub fn ail(&self, ailments: Ailments) {
        let mut machine = lock(&self.machine);
        machine.ailments = ailments;
        machine.fail_at = None;
    }

    /// Bytes of all files together.
    #[must_use]
    pub fn bytes_used(&self) -> u64 {
        lock(&self.machine).files.used()
    }

    /// An image of the disk. Taken while a program runs it is what the system holds, as if all of it were durable.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(lock(&self.machine).files.at_rest())
    }

    /// Puts an image in place of all files; whatever ran on it is dead.
    pub fn restore(&self, snapshot: &Snapshot) {
        lock(&self.machine).replace(snapshot.0.clone());
    }

    /// Another disk with the same files.
    #[must_use]
    pub fn copy(&self) -> VirtualDisk {
        VirtualDisk::with(self.snapshot().0, self.ledger_flush)
    }

    /// All files are gone; whatever ran on it is dead.
    pub fn lose(&self) {
        lock(&self.machine).replace(Files::default());
    }

    fn ask<T>(&self, job: impl FnOnce(&mut Machine, u64) -> Result<T, Trouble>) -> io::Result<T> {
        let mut machine = lock(&self.machine);
        let life = machine.life();
        job(&mut machine, life).map_err(|trouble| {
            io::Error::from(match trouble {
                Trouble::Io => ErrorKind::Other,
                Trouble::Full => ErrorKind::StorageFull,
                Trouble::ReadOnly => ErrorKind::ReadOnlyFilesystem,
                Trouble::Busy => ErrorKind::ResourceBusy,
                Trouble::Missing => ErrorKind::NotFound,
            })
        })
    }
}

impl Disk for VirtualDisk {
    fn vfs(&self) -> Option<&str> {
        Some(vfs::NAME)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    fn prepare(&self) -> io::Result<()> {
        self.place.ready()
    }

    fn lock(&self) -> io::Result<Option<FolderLock>> {
        Ok(Some(FolderLock::unshared()))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.ask(|machine, life| machine.find(life, name)).map(|found| found.is_some())
    }

    fn read(&self, name: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        self.ask(|machine, life| {
            let Some(file) = machine.find(life, name)? else { return Ok(None) };
            let bytes = machine.read(life, file)?;
            Ok(Some(bytes[..bytes.len().min(bytes_max)].to_vec()))
        })
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.ask(|machine, life| {
            if machine.find(life, name)?.is_some() {
                machine.remove(life, name)?;
            }
            let file = machine.create(life, name)?;
            machine.write(life, file, 0, bytes)
        })
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.ask(|machine, life| {
            let file = machine.find(life, name)?.ok_or(Trouble::Missing)?;
            machine.sync(life, file)
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.ask(|machine, life| machine.rename(life, from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.ask(|machine, life| machine.remove(life, name)).map(drop)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.ask(Machine::sync_folder)
    }

    fn ledger_flush(&self) -> Flush {
        self.ledger_flush
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

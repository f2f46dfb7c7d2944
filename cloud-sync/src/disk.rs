//! Where the store's files lie: a folder of the machine, or a simulated one that can lose its power.
//!
//! What must hold: a file is durable only after [`Disk::sync`], its name only after [`Disk::sync_folder`]. Whoever needs
//! both, whole or not at all, uses [`write_durably`].

use crate::media::{FolderMedia, MediaFiles};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Holds nothing; whoever has it locked owns the folder.
const LOCK_FILE: &str = "lock";

/// One folder of files, and the databases in it.
pub trait Disk: Send + Sync {
    /// SQLite's name of the file system the databases lie on; `None` is the machine's own.
    fn vfs(&self) -> Option<&str>;
    /// The path of a file, as SQLite and messages name it.
    fn path(&self, name: &str) -> PathBuf;
    /// Makes the folder when it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    fn prepare(&self) -> io::Result<()>;
    /// Takes the folder for the caller alone, until what it is given is dropped or its process ends; `None` while
    /// another has it.
    ///
    /// # Errors
    /// When that cannot be told.
    fn lock(&self) -> io::Result<Option<FolderLock>>;
    /// Whether there is a file of this name.
    ///
    /// # Errors
    /// When that cannot be told.
    fn exists(&self, name: &str) -> io::Result<bool>;
    /// The first `bytes_max` bytes of a file; `None` when there is none of this name.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn read(&self, name: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>>;
    /// Makes a file that only its owner can read, in place of any of this name. Nothing of it is durable yet.
    ///
    /// # Errors
    /// When it cannot be made; a part of it may be there.
    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes what a file holds durable.
    ///
    /// # Errors
    /// When it may not be.
    fn sync(&self, name: &str) -> io::Result<()>;
    /// Gives a file another name, in place of any file of that name.
    ///
    /// # Errors
    /// When nothing was changed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Takes a file away; one that is not there is no error.
    ///
    /// # Errors
    /// When it is still there.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes names made, changed and taken away durable.
    ///
    /// # Errors
    /// When they may not be.
    fn sync_folder(&self) -> io::Result<()>;
    /// Where media lie on this disk; `None` for one that keeps none.
    fn media(&self) -> Option<Box<dyn MediaFiles>> {
        None
    }
    /// When a commit to `ledger.db` reaches the disk. Nobody ships another answer than this one; the power test gives
    /// one, to show that it would notice.
    fn ledger_flush(&self) -> Flush {
        Flush::EveryCommit
    }
}

/// A folder is the holder's alone while this lives.
pub struct FolderLock {
    /// Closing it gives the folder back, as the end of the process does however it comes.
    _file: Option<File>,
}

impl FolderLock {
    /// For a disk in memory, which nobody else can open.
    #[must_use]
    pub fn unshared() -> FolderLock {
        FolderLock { _file: None }
    }
}

/// When commits reach the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Before the commit returns (`synchronous=FULL`).
    EveryCommit,
    /// When the log is folded into the database (`synchronous=NORMAL`): a power cut takes the last commits, in order.
    Checkpoint,
}

/// Writes a small file durably: after a power cut it is there as before or whole.
///
/// # Errors
/// When it may not be durable; the file of this name is then the old one or the whole new one.
pub fn write_durably(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let draft = format!("{name}.draft");
    disk.create(&draft, bytes)?;
    disk.sync(&draft)?;
    disk.rename(&draft, name)?;
    disk.sync_folder()
}

/// A folder of the machine.
#[derive(Clone, Debug)]
pub struct FolderDisk(PathBuf);

impl FolderDisk {
    /// The folder at this path; it need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> FolderDisk {
        FolderDisk(folder.into())
    }
}

impl Disk for FolderDisk {
    fn vfs(&self) -> Option<&str> {
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn prepare(&self) -> io::Result<()> {
        if self.0.try_exists()? {
            return Ok(());
        }
        fs::create_dir_all(&self.0)?;
        self.0.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync)
    }

    fn lock(&self) -> io::Result<Option<FolderLock>> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(self.path(LOCK_FILE))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FolderLock { _file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.path(name).try_exists()
    }

    fn read(&self, name: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match File::open(self.path(name)) {
            Ok(file) => file.take(bytes_max as u64).read_to_end(&mut bytes).map(|_| Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // A file that is there keeps its rights, so it is not written over.
        self.remove(name)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path(name))?;
        file.write_all(bytes)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        sync(&self.path(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn sync_folder(&self) -> io::Result<()> {
        sync(&self.0)
    }

    fn media(&self) -> Option<Box<dyn MediaFiles>> {
        Some(Box::new(FolderMedia::new(self.0.join("media"))))
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_written_durably_is_whole_and_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(folder.path().join("new"));
        disk.prepare().unwrap();
        fs::write(disk.path("key.draft"), "left by a cut, for everybody to read").unwrap();
        write_durably(&disk, "key", &[1; 32]).unwrap();
        write_durably(&disk, "key", &[2; 32]).unwrap();
        assert_eq!(disk.read("key", 33).unwrap(), Some(vec![2; 32]));
        assert_eq!(fs::metadata(disk.path("key")).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!disk.exists("key.draft").unwrap());
    }

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (FolderDisk::new(folder.path()), FolderDisk::new(folder.path()));
        let held = first.lock().unwrap();
        assert!(held.is_some());
        assert!(second.lock().unwrap().is_none());
        drop(held);
        assert!(second.lock().unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_not_there_reads_as_none_and_is_taken_away_without_fuss() {
        let folder = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(folder.path());
        assert_eq!(disk.read("nothing", 9).unwrap(), None);
        disk.remove("nothing").unwrap();
    }
}

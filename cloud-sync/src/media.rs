//! Where media lie: a folder of the machine, or whatever a test puts in its place.
//!
//! Each operation is durable when it returns. What is in a file is believed only by its hash; see `store`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

/// Room on the disk the media lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes this process may still write.
    pub free_bytes: u64,
    /// Bytes of the whole disk.
    pub total_bytes: u64,
}

/// One folder of media.
pub trait MediaFiles: Send {
    /// Name and length of every file.
    ///
    /// # Errors
    /// When the folder cannot be read.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;
    /// The first `bytes_max` bytes of a file.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>>;
    /// Cuts a file off at `from` and goes on with `bytes`; makes it when there is none.
    ///
    /// # Errors
    /// When not all of it is durable; then nothing behind `from` counts.
    fn write(&self, name: &str, from: u64, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file another name, in place of any file of that name.
    ///
    /// # Errors
    /// When the new name may not be durable.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Takes a file away; one that is not there is no error.
    ///
    /// # Errors
    /// When it is still there.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// The room there is.
    ///
    /// # Errors
    /// When that cannot be told.
    fn space(&self) -> io::Result<Space>;
    /// Where a file is, for whoever shows it.
    fn path(&self, name: &str) -> PathBuf;
}

/// A folder of the machine.
#[derive(Clone, Debug)]
pub struct FolderMedia(PathBuf);

impl FolderMedia {
    /// The folder at this path; it is made when the first medium comes.
    pub fn new(folder: impl Into<PathBuf>) -> FolderMedia {
        FolderMedia(folder.into())
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

impl MediaFiles for FolderMedia {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                files.push((name, entry.metadata()?.len()));
            }
        }
        files.sort();
        Ok(files)
    }

    fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.path(name))?.take(bytes_max).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write(&self, name: &str, from: u64, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let path = self.path(name);
        let is_new = !path.try_exists()?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.set_len(from)?;
        file.seek(SeekFrom::Start(from))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        if is_new { self.sync_folder() } else { Ok(()) }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))?;
        self.sync_folder()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn space(&self) -> io::Result<Space> {
        // Before the first medium the folder is not there yet: its parent lies on the same disk.
        let folder = if self.0.try_exists()? { &*self.0 } else { self.0.parent().unwrap_or(&self.0) };
        let disk = rustix::fs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Ok(Space { free_bytes: bytes(disk.f_bavail), total_bytes: bytes(disk.f_blocks) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_on_where_its_durable_part_ends() {
        let folder = tempfile::tempdir().unwrap();
        let media = FolderMedia::new(folder.path().join("media"));
        assert_eq!(media.list().unwrap(), []);
        media.write("a.part", 0, b"0123xx").unwrap();
        media.write("a.part", 4, b"4567").unwrap();
        media.rename("a.part", "a").unwrap();
        assert_eq!(media.read("a", 100).unwrap(), b"01234567");
        assert_eq!(media.list().unwrap(), [("a".to_owned(), 8)]);
        media.remove("a").unwrap();
        media.remove("a").unwrap();
        let space = media.space().unwrap();
        assert!(space.free_bytes <= space.total_bytes && space.total_bytes > 0);
    }
}

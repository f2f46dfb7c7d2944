//! The folder of media: one file a medium, named by its hash, whole or not there.

use protocol::media::MediaHash;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    ops::Range,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

/// Ends the name of a file that is being written.
const DRAFT: &str = ".draft";
/// Makes the drafts of one process differ.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// The folder `media` of a data folder.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

/// A file of the folder that is no medium's home yet, or perhaps no more.
#[derive(Debug)]
pub(super) struct Found {
    /// Its name.
    pub(super) name: String,
    /// The medium, when the name is one.
    pub(super) medium: Option<MediaHash>,
    /// When it was last written, in milliseconds since 1970.
    pub(super) written_at_ms: i64,
}

impl Folder {
    pub(super) fn of(data: &Path) -> Folder {
        Folder(data.join("media"))
    }

    /// Keeps `bytes` under their hash; when it returns they survive a power cut. What is there already stays as it is.
    pub(super) fn keep(&self, medium: MediaHash, bytes: &[u8]) -> io::Result<()> {
        let path = self.0.join(medium.to_string());
        if fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            return Ok(());
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = self.0.join(format!("{medium}.{}-{number}{DRAFT}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let written =
            file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&draft, &path));
        if written.is_err() {
            // Best effort: what stays is swept later.
            let _ = fs::remove_file(&draft);
        }
        written?;
        File::open(&self.0)?.sync_all()
    }

    /// These bytes of a medium; `None` when it is not there.
    pub(super) fn read(&self, medium: MediaHash, range: Range<u64>) -> io::Result<Option<Vec<u8>>> {
        let mut file = match File::open(self.0.join(medium.to_string())) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(range.start))?;
        let length = range.end.saturating_sub(range.start);
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == length { Ok(Some(bytes)) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    /// Every file, in the order of their names.
    pub(super) fn list(&self) -> io::Result<Vec<Found>> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let age = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let written_at_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            found.push(Found { medium: name.parse().ok(), name, written_at_ms });
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// Takes a file away.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_medium_is_whole_or_not_there() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::of(data.path());
        let medium = MediaHash::of(b"0123456789");
        assert_eq!(folder.read(medium, 0..10).unwrap(), None);
        folder.keep(medium, b"0123456789").unwrap();
        folder.keep(medium, b"0123456789").unwrap();
        assert_eq!(folder.read(medium, 3..5).unwrap().as_deref(), Some(&b"34"[..]));
        assert!(folder.read(medium, 5..11).is_err(), "shorter than its row says");
        let found = folder.list().unwrap();
        assert_eq!(found.iter().map(|one| one.medium).collect::<Vec<_>>(), [Some(medium)]);
    }

    #[test]
    fn a_file_left_short_by_a_disk_of_old_is_written_anew() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::of(data.path());
        let medium = MediaHash::of(b"0123456789");
        folder.keep(medium, b"0123456789").unwrap();
        fs::write(data.path().join("media").join(medium.to_string()), b"01").unwrap();
        folder.keep(medium, b"0123456789").unwrap();
        assert_eq!(folder.read(medium, 0..10).unwrap().as_deref(), Some(&b"0123456789"[..]));
    }
}

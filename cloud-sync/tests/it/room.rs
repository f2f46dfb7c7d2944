//! A folder whose disk has as much room as a test says.

use cloud_sync::{
    disk::{Disk, FolderDisk, FolderLock},
    media::{FolderMedia, MediaFiles, Space},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

const TOTAL: u64 = 1 << 30;

/// The room a disk has, and the media files in it.
#[derive(Clone)]
pub struct Room {
    folder: PathBuf,
    space: Arc<Mutex<Space>>,
}

impl Room {
    /// A disk of 1 GiB with nothing on it.
    pub fn plenty(folder: &Path) -> Room {
        let space = Space { free_bytes: TOTAL, total_bytes: TOTAL };
        Room { folder: folder.to_owned(), space: Arc::new(Mutex::new(space)) }
    }

    /// From now on so much is free, media not counted; media take their part of it.
    pub fn set_free(&self, free_bytes: u64) {
        self.space.lock().unwrap().free_bytes = free_bytes;
    }

    pub fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(ScarceDisk { disk: FolderDisk::new(&self.folder), room: self.clone() })
    }

    pub fn media(&self) -> FolderMedia {
        FolderMedia::new(self.folder.join("media"))
    }
}

struct ScarceDisk {
    disk: FolderDisk,
    room: Room,
}

impl Disk for ScarceDisk {
    fn vfs(&self) -> Option<&str> {
        self.disk.vfs()
    }
    fn path(&self, name: &str) -> PathBuf {
        self.disk.path(name)
    }
    fn prepare(&self) -> io::Result<()> {
        self.disk.prepare()
    }
    fn lock(&self) -> io::Result<Option<FolderLock>> {
        self.disk.lock()
    }
    fn exists(&self, name: &str) -> io::Result<bool> {
        self.disk.exists(name)
    }
    fn read(&self, name: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        self.disk.read(name, bytes_max)
    }
    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.disk.create(name, bytes)
    }
    fn sync(&self, name: &str) -> io::Result<()> {
        self.disk.sync(name)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }
    fn sync_folder(&self) -> io::Result<()> {
        self.disk.sync_folder()
    }
    fn media(&self) -> Option<Box<dyn MediaFiles>> {
        Some(Box::new(ScarceMedia(self.room.clone())))
    }
}

struct ScarceMedia(Room);

impl MediaFiles for ScarceMedia {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        self.0.media().list()
    }
    fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        self.0.media().read(name, bytes_max)
    }
    fn write(&self, name: &str, from: u64, bytes: &[u8]) -> io::Result<()> {
        if self.space()?.free_bytes < bytes.len() as u64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.media().write(name, from, bytes)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.media().rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.media().remove(name)
    }
    fn space(&self) -> io::Result<Space> {
        let used: u64 = self.list()?.iter().map(|(_, bytes)| bytes).sum();
        let Space { free_bytes, total_bytes } = *self.0.space.lock().unwrap();
        Ok(Space { free_bytes: free_bytes.saturating_sub(used), total_bytes })
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.media().path(name)
    }
}

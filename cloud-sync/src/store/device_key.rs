//! The device's Ed25519 key: made here, kept in a file only its owner can read, never sent.
//!
//! `device.key` signs; `device-next.key` is the key of an enrolment under way. Which of the two is right after a crash
//! is told by the public key the ledger pinned.

use super::{StoreError, files::at};
use ed25519_dalek::SigningKey;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

pub(super) struct DeviceKey {
    directory: PathBuf,
    current: SigningKey,
    next: Option<SigningKey>,
}

impl DeviceKey {
    /// Finds the key that belongs to `pinned`, or makes one. A new ledger gets a new key, whatever lies there.
    pub(super) fn open(
        directory: &Path,
        pinned: Option<[u8; 32]>,
        ledger_is_new: bool,
        key_seed: [u8; 32],
    ) -> Result<DeviceKey, StoreError> {
        let (current, next) = match ledger_is_new {
            true => (None, None),
            false => (read(&directory.join(CURRENT))?, read(&directory.join(NEXT))?),
        };
        let current = match current {
            Some(key) => key,
            None => make(directory, CURRENT, key_seed)?,
        };
        let mut key = DeviceKey { directory: directory.to_owned(), current, next };
        if pinned.is_some() && key.next.as_ref().map(public) == pinned {
            key.promote()?;
        }
        Ok(key)
    }

    /// The key that signs requests and vouchers.
    pub(super) fn current(&self) -> &SigningKey {
        &self.current
    }

    /// Public half of the key for the next enrolment: a first one uses the key at hand, a later one a key of its own.
    pub(super) fn candidate(&mut self, enrolled: bool, key_seed: [u8; 32]) -> Result<[u8; 32], StoreError> {
        if enrolled && self.next.is_none() {
            self.next = Some(make(&self.directory, NEXT, key_seed)?);
        }
        Ok(self.candidate_public())
    }

    /// Public half of the key last given by [`DeviceKey::candidate`].
    pub(super) fn candidate_public(&self) -> [u8; 32] {
        public(self.next.as_ref().unwrap_or(&self.current))
    }

    /// The candidate is pinned: from here on it is the key.
    pub(super) fn promote(&mut self) -> Result<(), StoreError> {
        if let Some(next) = self.next.take() {
            let path = self.directory.join(CURRENT);
            fs::rename(self.directory.join(NEXT), &path).map_err(at(&path))?;
            sync_directory(&self.directory)?;
            self.current = next;
        }
        Ok(())
    }
}

const CURRENT: &str = "device.key";
const NEXT: &str = "device-next.key";

fn public(key: &SigningKey) -> [u8; 32] {
    key.verifying_key().to_bytes()
}

/// Reads a key; a file of another length is no key (a power cut may leave an empty one).
fn read(path: &Path) -> Result<Option<SigningKey>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error)),
    };
    let mut bytes = Vec::with_capacity(33);
    file.take(33).read_to_end(&mut bytes).map_err(at(path))?;
    Ok(<[u8; 32]>::try_from(bytes).ok().map(|secret| SigningKey::from_bytes(&secret)))
}

/// Makes a key and writes it under `name`, durably and whole or not at all.
fn make(directory: &Path, name: &str, secret: [u8; 32]) -> Result<SigningKey, StoreError> {
    let (path, draft) = (directory.join(name), directory.join(format!("{name}.draft")));
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&draft)(error)),
        Ok(()) | Err(_) => {}
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(at(&draft))?;
    file.write_all(&secret).and_then(|()| file.sync_all()).map_err(at(&draft))?;
    fs::rename(&draft, &path).map_err(at(&path))?;
    sync_directory(directory)?;
    Ok(SigningKey::from_bytes(&secret))
}

fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    File::open(directory).and_then(|folder| folder.sync_all()).map_err(at(directory))
}

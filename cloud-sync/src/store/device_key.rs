//! The device's Ed25519 key: made here, kept in a file only its owner can read, never sent.
//!
//! `device.key` signs; `device-next.key` is the key of an enrolment under way. Which of the two is right after a crash
//! is told by the public key the ledger pinned. Both go before a new ledger is begun.

use super::{StoreError, files::at};
use crate::disk::{Disk, write_durably};
use ed25519_dalek::SigningKey;
use std::sync::Arc;

pub(super) struct DeviceKey {
    disk: Arc<dyn Disk>,
    current: SigningKey,
    next: Option<SigningKey>,
}

impl DeviceKey {
    /// Finds the key that belongs to `pinned`, or makes one.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        pinned: Option<[u8; 32]>,
        key_seed: [u8; 32],
    ) -> Result<DeviceKey, StoreError> {
        let current = match read(&*disk, CURRENT)? {
            Some(key) => key,
            None => make(&*disk, CURRENT, key_seed)?,
        };
        let next = read(&*disk, NEXT)?;
        let mut key = DeviceKey { disk, current, next };
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
            self.next = Some(make(&*self.disk, NEXT, key_seed)?);
        }
        Ok(self.candidate_public())
    }

    /// Public half of the key last given by [`DeviceKey::candidate`].
    pub(super) fn candidate_public(&self) -> [u8; 32] {
        public(self.next.as_ref().unwrap_or(&self.current))
    }

    /// The candidate is pinned: from here on it is the key.
    pub(super) fn promote(&mut self) -> Result<(), StoreError> {
        if let Some(next) = &self.next {
            let moved = self.disk.rename(NEXT, CURRENT).and_then(|()| self.disk.sync_folder());
            moved.map_err(at(&*self.disk, CURRENT))?;
            self.current = next.clone();
            self.next = None;
        }
        Ok(())
    }
}

/// Takes every key away, durably: what comes after has nothing to do with what was signed before.
pub(super) fn forget(disk: &dyn Disk) -> Result<(), StoreError> {
    let mut there = false;
    for name in [CURRENT, NEXT] {
        if disk.exists(name).map_err(at(disk, name))? {
            disk.remove(name).map_err(at(disk, name))?;
            there = true;
        }
    }
    if there { disk.sync_folder().map_err(at(disk, CURRENT)) } else { Ok(()) }
}

const CURRENT: &str = "device.key";
const NEXT: &str = "device-next.key";

fn public(key: &SigningKey) -> [u8; 32] {
    key.verifying_key().to_bytes()
}

/// Reads a key; a file of another length is no key.
fn read(disk: &dyn Disk, name: &str) -> Result<Option<SigningKey>, StoreError> {
    let bytes = disk.read(name, 33).map_err(at(disk, name))?;
    let secret = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    Ok(secret.map(|secret| SigningKey::from_bytes(&secret)))
}

/// Makes a key and writes it under `name`, durably and whole or not at all.
fn make(disk: &dyn Disk, name: &str, secret: [u8; 32]) -> Result<SigningKey, StoreError> {
    write_durably(disk, name, &secret).map_err(at(disk, name))?;
    Ok(SigningKey::from_bytes(&secret))
}

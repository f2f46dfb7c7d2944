//! Keys that stay on the server: one file per key, readable by its owner alone.
//!
//! A key file is created the first time it is asked for. Keys are never logged, served or put into the database.

use super::entropy::{Entropy, EntropyError};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A key file could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file system refused.
    #[error("key file `{name}` could not be read or made")]
    #[expect(missing_docs, reason = "said above")]
    File { name: &'static str, source: io::Error },
    /// The file does not hold 32 bytes.
    #[error("key file `{name}` does not hold 32 bytes")]
    #[expect(missing_docs, reason = "said above")]
    Length { name: &'static str },
    /// No chance to make a key from.
    #[error("no key could be made")]
    Entropy(#[from] EntropyError),
}

/// The folder of the key files, and the keys read so far.
pub struct Secrets {
    folder: PathBuf,
    known: Mutex<BTreeMap<&'static str, [u8; 32]>>,
}

impl Secrets {
    /// Key files live in `folder`, which is made (mode 0700) when missing.
    pub fn open(folder: &Path) -> Result<Secrets, SecretError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| SecretError::File { name: "folder", source })?;
        Ok(Secrets { folder: folder.to_owned(), known: Mutex::default() })
    }

    /// The key `name`; made from `entropy` and written with mode 0600 if there is none yet.
    pub fn key(&self, name: &'static str, entropy: &dyn Entropy) -> Result<[u8; 32], SecretError> {
        // Held while the file is made, so that two callers never make two keys.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(name) {
            return Ok(*key);
        }
        let key = self.read_or_make(name, entropy)?;
        known.insert(name, key);
        Ok(key)
    }

    fn read_or_make(&self, name: &'static str, entropy: &dyn Entropy) -> Result<[u8; 32], SecretError> {
        let path = self.folder.join(format!("{name}.key"));
        match fs::read(&path) {
            Ok(bytes) => bytes.try_into().map_err(|_| SecretError::Length { name }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = entropy.seed()?;
                write_durably(&path, &key).map_err(|source| SecretError::File { name, source })?;
                Ok(key)
            }
            Err(source) => Err(SecretError::File { name, source }),
        }
    }
}

fn write_durably(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// HMAC-SHA-256 of `text` under `key`, as 64 hex digits: how a phone number is known without being kept.
pub fn keyed_hash(key: &[u8; 32], text: &str) -> String {
    // HMAC takes keys of any length, so the error arm is never reached; an empty text would match nothing.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

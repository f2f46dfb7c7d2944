//! Media: what the catalogue names is fetched in parts, checked whole, and kept while there is room.
//!
//! Invariants: a file stands under the name of its hash only after all its bytes hashed to it; what is durable of a part
//! is asked for never again; content gives way to the ledger, never the other way round. The index may be lost: then
//! a file counts again once it was hashed.

mod plan;

pub use plan::MediaPolicy;

use super::{Catalogue, StoreError, sql::Kept, value::stored};
use crate::media::{MediaFiles, Space};
use domain::time::UtcMillis;
use plan::{Evictable, Plan};
use protocol::media::{MEDIUM_BYTES_MAX, MediaHash, MediaRef, for_width};
use rusqlite::{Connection, params};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, ErrorKind},
    path::PathBuf,
};

/// Ends the name of a file of which only a part is here.
const PART: &str = ".part";
/// Missing media told of at once: enough to get past those that rest.
const MISSING_MAX: usize = 16;
/// How old the remembered time of use may be.
const USED_MS: i64 = 3_600_000;
/// Below this the feed is not fetched either: what is left belongs to the ledger and its log.
const LEDGER_RESERVE_BYTES: u64 = 32 << 20;

/// How the disk is doing, as far as content has to give way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// There is room.
    #[default]
    Fine,
    /// Media give way: the disk is below its floor, or not all that is named fits.
    Low,
    /// Nearly full: the feed is put off as well; claims go on.
    Full,
}

/// What the core needs to know of media.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaFacts {
    /// Named, not here, and there would be room; the most wanted first.
    pub missing: Vec<MissingMedium>,
    /// Media must go to give the disk its floor back.
    pub crowded: bool,
    /// How the disk is doing.
    pub storage: Storage,
}

/// A medium that is named and not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingMedium {
    /// Which.
    pub sha256: MediaHash,
    /// Bytes that are here durably.
    pub durable: u32,
    /// Bytes in all.
    pub bytes: u32,
    /// A file of this name and length lies here, unchecked: look at it before fetching.
    pub unchecked: bool,
}

impl MissingMedium {
    /// The part to fetch next, of at most `bytes_max` bytes: its first byte and the one behind its last.
    pub fn next_part(&self, bytes_max: u32) -> (u32, u32) {
        (self.durable, self.bytes.min(self.durable.saturating_add(bytes_max)))
    }
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartOutcome {
    /// It is durable; more is to come.
    More,
    /// It was the last, and the hash fits: the medium can be shown.
    Whole,
    /// It was the last, and the hash does not fit: all parts are gone.
    WrongHash,
    /// Nobody names the medium any more, or the part does not go on where the last one ended.
    NotWanted,
    /// No room.
    NoRoom,
}

struct Entry {
    bytes: u32,
    durable: u32,
    used_at_ms: i64,
}

impl Entry {
    fn is_whole(&self) -> bool {
        self.durable == self.bytes
    }
}

/// The folder of media with its index.
pub(super) struct Media {
    files: Option<Box<dyn MediaFiles>>,
    policy: MediaPolicy,
    named: Vec<MediaRef>,
    entries: BTreeMap<MediaHash, Entry>,
    unchecked: BTreeMap<MediaHash, u64>,
}

impl Media {
    /// Compares index and folder: rows without their file go, files without a row wait to be checked.
    pub(super) fn open(
        content: &Connection,
        files: Option<Box<dyn MediaFiles>>,
    ) -> Result<Media, StoreError> {
        let mut media = Media {
            files,
            policy: MediaPolicy::default(),
            named: Vec::new(),
            entries: load(content)?,
            unchecked: BTreeMap::new(),
        };
        // A folder that cannot be read costs pictures, not the start.
        let found = media.files.as_ref().map(|files| files.list()).transpose().unwrap_or_else(|error| {
            tracing::error!(%error, "the media folder cannot be read");
            media.files = None;
            None
        });
        media.reconcile(content, found.unwrap_or_default())?;
        Ok(media)
    }

    fn reconcile(&mut self, content: &Connection, found: Vec<(String, u64)>) -> Result<(), StoreError> {
        let lengths: BTreeMap<String, u64> = found.into_iter().collect();
        let mut lost = Vec::new();
        for (medium, entry) in &mut self.entries {
            let length = lengths.get(&file_name(*medium, entry.is_whole())).copied();
            match length {
                Some(length) if length >= u64::from(entry.durable) => {}
                // The disk forgot the end of a part: what is left of it counts, and the hash decides.
                Some(length) if !entry.is_whole() => entry.durable = u32::try_from(length).unwrap_or(0),
                Some(_) | None => lost.push(*medium),
            }
        }
        for medium in lost {
            self.entries.remove(&medium);
            drop_row(content, medium)?;
        }
        for (name, length) in lengths {
            match name.parse::<MediaHash>() {
                Ok(medium) if self.entries.get(&medium).is_some_and(Entry::is_whole) => {}
                Ok(medium) => drop(self.unchecked.insert(medium, length)),
                Err(_) if self.is_known_part(&name) => {}
                Err(_) => self.remove(&name),
            }
        }
        Ok(())
    }

    fn is_known_part(&self, name: &str) -> bool {
        let medium = name.strip_suffix(PART).and_then(|stem| stem.parse::<MediaHash>().ok());
        medium.and_then(|medium| self.entries.get(&medium)).is_some_and(|entry| !entry.is_whole())
    }

    pub(super) fn set_policy(&mut self, policy: MediaPolicy, catalogue: &Catalogue) {
        self.policy = policy;
        self.name_anew(catalogue);
    }

    /// Takes note of what the catalogue names: of each picture the variant for this screen, the newest offers first.
    pub(super) fn name_anew(&mut self, catalogue: &Catalogue) {
        let batches = catalogue.batches.values().rev().map(|batch| &batch.pictures);
        let stores = catalogue.stores.values().map(|store| &store.pictures);
        let mut seen = BTreeSet::new();
        self.named = batches
            .chain(stores)
            .filter_map(|pictures| for_width(pictures, self.policy.screen_width_px))
            .filter(|media| seen.insert(media.sha256))
            .cloned()
            .collect();
    }

    /// What there is to do. Cheap: it looks at memory and asks the disk for its free space.
    pub(super) fn facts(&self) -> MediaFacts {
        let Some(space) = self.space() else { return MediaFacts::default() };
        let files = self.evictable();
        let room = |bytes: u32| plan::plan(&files, space, &self.policy, u64::from(bytes)).fits;
        let absent = || self.named.iter().filter(|media| !self.is_here(media.sha256));
        let missing = absent().map(|media| self.missing(media));
        let (fitting, waiting): (Vec<_>, Vec<_>) =
            missing.partition(|medium| medium.unchecked || room(medium.bytes - medium.durable));
        let crowded = !plan::plan(&files, space, &self.policy, 0).evict.is_empty();
        MediaFacts {
            missing: fitting.into_iter().take(MISSING_MAX).collect(),
            crowded,
            storage: match (space.free_bytes < LEDGER_RESERVE_BYTES, crowded || !waiting.is_empty()) {
                (true, _) => Storage::Full,
                (false, true) => Storage::Low,
                (false, false) => Storage::Fine,
            },
        }
    }

    fn missing(&self, media: &MediaRef) -> MissingMedium {
        let durable = self.entries.get(&media.sha256).filter(|entry| entry.bytes == media.bytes);
        MissingMedium {
            sha256: media.sha256,
            durable: durable.map_or(0, |entry| entry.durable),
            bytes: media.bytes,
            unchecked: self.unchecked.get(&media.sha256) == Some(&u64::from(media.bytes)),
        }
    }

    /// Adds a part; with the last one the whole is hashed before it gets its name.
    pub(super) fn add_part(
        &mut self,
        content: &Connection,
        (medium, from, part): (MediaHash, u32, &[u8]),
        now: UtcMillis,
    ) -> Result<PartOutcome, StoreError> {
        let Some(wanted) =
            self.named.iter().find(|media| media.sha256 == medium).map(|media| self.missing(media))
        else {
            return Ok(PartOutcome::NotWanted);
        };
        let durable = u64::from(from) + part.len() as u64;
        if self.is_here(medium)
            || from != wanted.durable
            || part.is_empty()
            || durable > u64::from(wanted.bytes)
        {
            return Ok(PartOutcome::NotWanted);
        }
        if !self.make_room(content, u64::from(wanted.bytes - wanted.durable)) {
            return Ok(PartOutcome::NoRoom);
        }
        match self.write(medium, from, part) {
            Err(error) if is_full(&error) => return Ok(PartOutcome::NoRoom),
            written => written.map_err(|source| self.failed(medium, source))?,
        }
        let durable = u32::try_from(durable).map_err(|_| StoreError::TooLarge)?;
        let entry = Entry { bytes: wanted.bytes, durable, used_at_ms: now.get() };
        if entry.is_whole() {
            return self.finish(content, medium, entry);
        }
        save(content, medium, &entry)?;
        self.entries.insert(medium, entry);
        Ok(PartOutcome::More)
    }

    fn finish(
        &mut self,
        content: &Connection,
        medium: MediaHash,
        entry: Entry,
    ) -> Result<PartOutcome, StoreError> {
        let part = file_name(medium, false);
        if !self.hashes_to(&part, medium).map_err(|source| self.failed(medium, source))? {
            self.forget(content, medium)?;
            return Ok(PartOutcome::WrongHash);
        }
        if let Some(files) = &self.files {
            files.rename(&part, &file_name(medium, true)).map_err(|source| self.failed(medium, source))?;
        }
        self.entries.insert(medium, Entry { ..entry });
        if let Some(entry) = self.entries.get(&medium) {
            save(content, medium, entry)?;
        }
        Ok(PartOutcome::Whole)
    }

    /// Looks at a file that has no row: it counts from here on, or it is gone. True if it counts.
    pub(super) fn check(
        &mut self,
        content: &Connection,
        medium: MediaHash,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let Some(length) = self.unchecked.remove(&medium) else { return Ok(false) };
        let bytes = u32::try_from(length).ok().filter(|bytes| (1..=MEDIUM_BYTES_MAX).contains(bytes));
        let name = file_name(medium, true);
        match bytes {
            Some(bytes) if self.hashes_to(&name, medium).map_err(|source| self.failed(medium, source))? => {
                let entry = Entry { bytes, durable: bytes, used_at_ms: now.get() };
                save(content, medium, &entry)?;
                self.remove(&file_name(medium, false));
                self.entries.insert(medium, entry);
                Ok(true)
            }
            Some(_) | None => {
                self.remove(&name);
                Ok(false)
            }
        }
    }

    /// Throws away what there is of a medium that is not whole.
    pub(super) fn forget(&mut self, content: &Connection, medium: MediaHash) -> Result<(), StoreError> {
        if !self.is_here(medium) {
            self.remove(&file_name(medium, false));
            self.entries.remove(&medium);
            drop_row(content, medium)?;
        }
        Ok(())
    }

    /// Where a medium is, for whoever shows it now.
    pub(super) fn path(
        &mut self,
        content: &Connection,
        medium: MediaHash,
        now: UtcMillis,
    ) -> Option<PathBuf> {
        let path = self.files.as_ref()?.path(&file_name(medium, true));
        let entry = self.entries.get_mut(&medium).filter(|entry| entry.is_whole())?;
        if now.get().saturating_sub(entry.used_at_ms) > USED_MS {
            entry.used_at_ms = now.get();
            // Only the order of eviction depends on it.
            if let Err(error) = save(content, medium, entry) {
                tracing::warn!(%error, "the use of a medium was not noted");
            }
        }
        Some(path)
    }

    /// Gives the disk its floor back, as far as media can.
    pub(super) fn shrink(&mut self, content: &Connection) {
        self.make_room(content, 0);
    }

    /// Gives up everything: the ledger needs the room.
    pub(super) fn give_up_all(&mut self, content: &Connection) {
        let all: Vec<MediaHash> = self.entries.keys().copied().collect();
        let unchecked: Vec<MediaHash> = std::mem::take(&mut self.unchecked).into_keys().collect();
        unchecked.iter().for_each(|medium| self.remove(&file_name(*medium, true)));
        self.evict(content, all);
    }

    /// Takes away files that nobody names and no row knows, and parts that nobody wants any more.
    pub(super) fn sweep(&mut self, content: &Connection) {
        let named: BTreeSet<MediaHash> = self.named.iter().map(|media| media.sha256).collect();
        let strange: Vec<MediaHash> =
            self.unchecked.keys().copied().filter(|medium| !named.contains(medium)).collect();
        for medium in strange {
            self.unchecked.remove(&medium);
            self.remove(&file_name(medium, true));
        }
        let parts =
            self.entries.iter().filter(|(medium, entry)| !entry.is_whole() && !named.contains(medium));
        let parts = parts.map(|(medium, _)| *medium).collect();
        self.evict(content, parts);
    }

    fn is_here(&self, medium: MediaHash) -> bool {
        self.entries.get(&medium).is_some_and(Entry::is_whole)
    }

    fn space(&self) -> Option<Space> {
        self.files.as_ref()?.space().ok().filter(|space| space.total_bytes > 0)
    }

    fn evictable(&self) -> Vec<Evictable> {
        let named: BTreeSet<MediaHash> = self.named.iter().map(|media| media.sha256).collect();
        let evictable = |(medium, entry): (&MediaHash, &Entry)| Evictable {
            medium: *medium,
            bytes: u64::from(entry.durable),
            named: named.contains(medium),
            used_at_ms: entry.used_at_ms,
        };
        self.entries.iter().map(evictable).collect()
    }

    fn make_room(&mut self, content: &Connection, incoming_bytes: u64) -> bool {
        let Some(space) = self.space() else { return false };
        let Plan { evict, fits } = plan::plan(&self.evictable(), space, &self.policy, incoming_bytes);
        self.evict(content, evict);
        fits
    }

    /// The file goes before its row: a disk that is full may refuse the row, and a row without a file is found at start.
    fn evict(&mut self, content: &Connection, media: Vec<MediaHash>) {
        for medium in media {
            let Some(entry) = self.entries.remove(&medium) else { continue };
            self.remove(&file_name(medium, entry.is_whole()));
            if let Err(error) = drop_row(content, medium) {
                tracing::warn!(%error, "a medium is gone, its row not yet");
            }
        }
    }

    fn write(&self, medium: MediaHash, from: u32, part: &[u8]) -> io::Result<()> {
        match &self.files {
            Some(files) => files.write(&file_name(medium, false), u64::from(from), part),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn hashes_to(&self, name: &str, medium: MediaHash) -> io::Result<bool> {
        let Some(files) = &self.files else { return Ok(false) };
        let bytes = files.read(name, u64::from(MEDIUM_BYTES_MAX) + 1)?;
        Ok(MediaHash::of(&bytes) == medium)
    }

    /// What cannot be taken away is tried again at the next start.
    fn remove(&self, name: &str) {
        if let Some(Err(error)) = self.files.as_ref().map(|files| files.remove(name)) {
            tracing::warn!(%error, file = name, "a medium could not be taken away");
        }
    }

    fn failed(&self, medium: MediaHash, source: io::Error) -> StoreError {
        let name = file_name(medium, false);
        let path = self.files.as_ref().map(|files| files.path(&name)).unwrap_or_default();
        StoreError::File { path, source }
    }
}

/// True for a disk without room, or a quota used up.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

fn file_name(medium: MediaHash, whole: bool) -> String {
    if whole { medium.to_string() } else { format!("{medium}{PART}") }
}

fn load(content: &Connection) -> Result<BTreeMap<MediaHash, Entry>, StoreError> {
    let mut query = content.prepare_cached("SELECT sha256, bytes, durable, used_at_ms FROM media_file")?;
    let rows = query.query_map([], |row| {
        let entry = Entry { bytes: row.get(1)?, durable: row.get(2)?, used_at_ms: row.get(3)? };
        Ok((MediaHash::from_bytes(row.get(0)?), entry))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn save(content: &Connection, medium: MediaHash, entry: &Entry) -> Result<(), StoreError> {
    content.run(
        "INSERT OR REPLACE INTO media_file (sha256, bytes, durable, used_at_ms) VALUES (?1, ?2, ?3, ?4)",
        params![medium.bytes(), stored(entry.bytes)?, stored(entry.durable)?, entry.used_at_ms],
    )?;
    Ok(())
}

fn drop_row(content: &Connection, medium: MediaHash) -> Result<(), StoreError> {
    content.run("DELETE FROM media_file WHERE sha256 = ?1", [medium.bytes()])?;
    Ok(())
}

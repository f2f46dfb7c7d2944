//! The feed's rows on disk, and the whole of them in memory for instant decisions.
//!
//! A page is applied in one transaction with its cursor. A row this build does not understand is left out, and the
//! row it would have replaced is dropped, because that one is no longer true.

use super::{StoreError, config, cursor};
use domain::{
    ids::{BatchId, StoreId},
    key_ring::KeyRing,
};
use protocol::{
    device::KioskConfig,
    feed::{BatchRow, CONFIG, Change, KEY_RING, MallRow, PAGE_CHANGES_MAX, Page, Reading, Row, StoreRow},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

/// The one id under which the key ring and the configuration are kept: there is only ever one of each.
const ONLY: &str = "";

/// Everything public this kiosk knows, at one place of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The feed's cursor: another number means another content.
    pub version: u64,
    /// The mall it stands in; absent before the first page.
    pub mall: Option<MallRow>,
    /// Its shops.
    pub stores: BTreeMap<StoreId, StoreRow>,
    /// Its coupon batches.
    pub batches: BTreeMap<BatchId, BatchRow>,
    /// The keys consumer codes are verified with; absent before the first page.
    pub ring: Option<KeyRing>,
    /// The configuration in use; the built-in one before a pushed one.
    pub config: KioskConfig,
}

/// What a page did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Rows put in place.
    pub put: u32,
    /// Rows dropped.
    pub dropped: u32,
    /// Rows of a newer platform, and rings or configurations no newer than the ones held.
    pub skipped: u32,
    /// More pages wait at the platform right now.
    pub more: bool,
}

impl Applied {
    /// True if the catalogue may be another one now.
    pub fn changed(&self) -> bool {
        self.put + self.dropped + self.skipped > 0
    }
}

/// Why a page is not applied.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PageRefused {
    /// It does not follow the cursor: rows would be missing.
    #[error("the page does not follow the cursor")]
    NotNext,
    /// It goes back, stands still although it holds changes or promises more, or holds too many.
    #[error("the page makes no sense")]
    Malformed,
}

/// Applies a page and moves the cursor; the caller commits. A refused page changes nothing.
pub(super) fn apply(content: &Connection, page: &Page) -> Result<Result<Applied, PageRefused>, StoreError> {
    if page.since != cursor::load(content)? {
        return Ok(Err(PageRefused::NotNext));
    }
    let stands_still = page.next == page.since && (page.more || !page.changes.is_empty());
    if page.next < page.since || stands_still || page.changes.len() > PAGE_CHANGES_MAX {
        return Ok(Err(PageRefused::Malformed));
    }
    let mut applied = Applied { more: page.more, ..Applied::default() };
    for change in &page.changes {
        apply_change(content, change, &mut applied)?;
    }
    cursor::save(content, page.next)?;
    Ok(Ok(applied))
}

fn apply_change(content: &Connection, change: &Change, applied: &mut Applied) -> Result<(), StoreError> {
    let id = if is_single(&change.kind) { ONLY } else { &change.id };
    match change.read() {
        Reading::Put(row) if may_replace(content, &row)? => {
            put(content, change, id)?;
            applied.put += 1;
        }
        // A ring or configuration that is not newer, or the wish to drop one: the one held stays.
        Reading::Put(_) => applied.skipped += 1,
        Reading::Drop | Reading::NotUnderstood if is_single(&change.kind) => applied.skipped += 1,
        Reading::Drop => applied.dropped += drop_row(content, &change.kind, id)?,
        Reading::NotUnderstood => {
            drop_row(content, &change.kind, id)?;
            applied.skipped += 1;
        }
    }
    Ok(())
}

fn is_single(kind: &str) -> bool {
    kind == KEY_RING || kind == CONFIG
}

fn may_replace(content: &Connection, row: &Row) -> Result<bool, StoreError> {
    Ok(match row {
        Row::Mall(_) | Row::Store(_) | Row::Batch(_) => true,
        Row::KeyRing(newer) => match held(content, KEY_RING)? {
            Some(Row::KeyRing(ring)) => ring.accepts(newer),
            Some(_) | None => true,
        },
        Row::Config(newer) => match held(content, CONFIG)? {
            Some(Row::Config(in_use)) => config::accepts(&in_use, newer),
            Some(_) | None => config::accepts(&KioskConfig::default(), newer),
        },
    })
}

fn held(content: &Connection, kind: &str) -> Result<Option<Row>, StoreError> {
    let text: Option<String> = content
        .query_row("SELECT row FROM feed_row WHERE kind = ?1 AND id = ?2", params![kind, ONLY], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(text) = text else { return Ok(None) };
    Ok(read(kind.to_owned(), ONLY.to_owned(), &text)?)
}

fn put(content: &Connection, change: &Change, id: &str) -> Result<(), StoreError> {
    content.execute(
        "INSERT OR REPLACE INTO feed_row (kind, id, row) VALUES (?1, ?2, ?3)",
        params![change.kind, id, serde_json::to_string(&change.row)?],
    )?;
    Ok(())
}

fn drop_row(content: &Connection, kind: &str, id: &str) -> Result<u32, StoreError> {
    let dropped = content.execute("DELETE FROM feed_row WHERE kind = ?1 AND id = ?2", params![kind, id])?;
    Ok(u32::from(dropped > 0))
}

/// Reads everything into memory.
pub(super) fn load(content: &Connection) -> Result<Catalogue, StoreError> {
    let mut catalogue = Catalogue { version: cursor::load(content)?, ..Catalogue::default() };
    let mut query = content.prepare("SELECT kind, id, row FROM feed_row ORDER BY kind, id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(2)?;
        match read(row.get(0)?, row.get(1)?, &text)? {
            Some(Row::Mall(mall)) => catalogue.mall = Some(mall),
            Some(Row::Store(store)) => drop(catalogue.stores.insert(store.id, store)),
            Some(Row::Batch(batch)) => drop(catalogue.batches.insert(batch.id, *batch)),
            Some(Row::KeyRing(ring)) => catalogue.ring = Some(ring),
            Some(Row::Config(config)) => catalogue.config = config,
            // Written by another build, which understood it.
            None => {}
        }
    }
    Ok(catalogue)
}

fn read(kind: String, id: String, text: &str) -> Result<Option<Row>, serde_json::Error> {
    let change = Change { kind, id, row: Some(serde_json::from_str(text)?) };
    Ok(match change.read() {
        Reading::Put(row) => Some(row),
        Reading::Drop | Reading::NotUnderstood => None,
    })
}

//! How a page becomes rows: changes in place, parts of a snapshot aside until the last one has come.
//!
//! The caller commits; a refused page changes nothing.

use super::{Applied, PageRefused, understand};
use crate::store::{StoreError, config, cursor, sql::Kept};
use protocol::{
    device::KioskConfig,
    feed::{
        CONFIG, Change, ContentSum, KEY_RING, PAGE_CHANGES_MAX, Page, Place, Reading, Row, SnapshotPart,
        is_part,
    },
};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

/// What applying a page came to.
type Verdict = Result<Result<Applied, PageRefused>, StoreError>;

/// Applies a page and moves the place reached. `checked` is the sum last found right, of just these rows.
pub(in crate::store) fn apply(
    content: &Connection,
    page: &Page,
    checked: &mut Option<ContentSum>,
) -> Verdict {
    if page.changes.len() > PAGE_CHANGES_MAX {
        return Ok(Err(PageRefused::Malformed));
    }
    match &page.snapshot {
        Some(part) => stage(content, page, part, checked),
        None => follow(content, page, checked),
    }
}

/// The changes after the place reached.
fn follow(content: &Connection, page: &Page, checked: &mut Option<ContentSum>) -> Verdict {
    let held = cursor::held(content)?;
    let other_view = held.since > 0 && page.view.is_some_and(|view| view != held.view);
    if page.since != held.since || other_view {
        return Ok(Err(PageRefused::NotNext));
    }
    let stands_still = page.next == page.since && (page.more || !page.changes.is_empty());
    if page.next < page.since || stands_still {
        return Ok(Err(PageRefused::Malformed));
    }
    let mut applied = Applied { more: page.more, ..Applied::default() };
    for change in &page.changes {
        apply_change(content, change, &mut applied)?;
        *checked = None;
    }
    applied.doubted = is_doubted(content, page, checked)?;
    let mark = if applied.doubted { Default::default() } else { page.mark.unwrap_or_default() };
    cursor::end_fetch(content)?;
    cursor::save(
        content,
        &Place { since: page.next, mark, view: page.view.unwrap_or_default(), part: None },
    )?;
    Ok(Ok(applied))
}

/// True if the rows held are not those the platform names. The rows are read from the disk unless they were found right
/// before and nothing was written since.
fn is_doubted(
    content: &Connection,
    page: &Page,
    checked: &mut Option<ContentSum>,
) -> Result<bool, StoreError> {
    let Some(expected) = page.content.map(ContentSum::from_fingerprint).filter(|_| !page.more) else {
        return Ok(false);
    };
    if *checked == Some(expected) {
        return Ok(false);
    }
    let right = sum(content)? == expected;
    *checked = right.then_some(expected);
    if !right {
        tracing::error!(
            cursor = page.next,
            "the content is not what the platform says, asking for a snapshot"
        );
    }
    Ok(!right)
}

fn sum(content: &Connection) -> Result<ContentSum, StoreError> {
    let mut sum = ContentSum::default();
    let mut query = content.prepare_cached("SELECT kind, id, row FROM feed_row")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, id, text): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // A row that is no JSON any more counts as none, which makes the sum wrong.
        let value = serde_json::from_str::<Value>(&text).unwrap_or_default();
        sum.add(&kind, &id, &value);
    }
    Ok(sum)
}

/// One part of a snapshot: put aside, or with the last one in place of everything.
fn stage(
    content: &Connection,
    page: &Page,
    part: &SnapshotPart,
    checked: &mut Option<ContentSum>,
) -> Verdict {
    let (Some(mark), Some(view)) = (page.mark, page.view) else {
        return Ok(Err(PageRefused::Malformed));
    };
    let stands_still = part.to.as_ref().is_some_and(|to| *to == part.from || !is_part(to));
    if page.since != page.next || stands_still || page.changes.iter().any(|change| change.row.is_none()) {
        return Ok(Err(PageRefused::Malformed));
    }
    let place = Place { since: page.next, mark, view, part: part.to.clone() };
    if part.from.is_empty() {
        cursor::end_fetch(content)?;
    } else {
        let asked = Place { part: Some(part.from.clone()), ..place.clone() };
        if cursor::fetched(content)? != Some(asked) {
            return Ok(Err(PageRefused::NotNext));
        }
    }
    for change in &page.changes {
        put(content, STAGE, change)?;
    }
    if part.to.is_some() {
        cursor::save(content, &place)?;
        return Ok(Ok(Applied { more: true, ..Applied::default() }));
    }
    let applied = take_over(content)?;
    *checked = None;
    cursor::end_fetch(content)?;
    cursor::save(content, &place)?;
    // What changed since the snapshot began is still to come.
    Ok(Ok(Applied { more: true, ..applied }))
}

/// The snapshot takes the place of all rows.
fn take_over(content: &Connection) -> Result<Applied, StoreError> {
    let dropped = content.run(
        "DELETE FROM feed_row WHERE NOT EXISTS (SELECT 1 FROM feed_staged
         WHERE feed_staged.kind = feed_row.kind AND feed_staged.id = feed_row.id)",
        [],
    )?;
    content
        .run("INSERT OR REPLACE INTO feed_row (kind, id, row) SELECT kind, id, row FROM feed_staged", [])?;
    let dropped = u32::try_from(dropped).unwrap_or(u32::MAX);
    let mut applied = Applied { dropped, ..Applied::default() };
    let mut query = content.prepare_cached("SELECT kind, id, row FROM feed_staged")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(2)?;
        let change = Change { kind: row.get(0)?, id: row.get(1)?, row: Some(serde_json::from_str(&text)?) };
        count(content, &change, &mut applied)?;
    }
    Ok(applied)
}

fn apply_change(content: &Connection, change: &Change, applied: &mut Applied) -> Result<(), StoreError> {
    if change.row.is_some() {
        put(content, PUT, change)?;
        return count(content, change, applied);
    }
    let sql = "DELETE FROM feed_row WHERE kind = ?1 AND id = ?2";
    let dropped = content.run(sql, params![change.kind, change.id])?;
    match change.kind.as_str() {
        // The one in use stays.
        KEY_RING | CONFIG => applied.skipped += 1,
        _ => applied.dropped += u32::from(dropped > 0),
    }
    Ok(())
}

/// Counts a row that was put by what this build makes of it, and keeps the newest key ring and configuration.
fn count(content: &Connection, change: &Change, applied: &mut Applied) -> Result<(), StoreError> {
    let used = match change.read() {
        Reading::Put(row) => keep(content, &row, change)?,
        Reading::Drop | Reading::NotUnderstood => false,
    };
    if used {
        applied.put += 1;
    } else {
        applied.skipped += 1;
    }
    Ok(())
}

/// True if the row is used from now on: a ring or configuration only if it is newer than the one in use.
fn keep(content: &Connection, row: &Row, change: &Change) -> Result<bool, StoreError> {
    let newer = match row {
        Row::Mall(_) | Row::Store(_) | Row::Batch(_) | Row::Deny(_) | Row::HoldOut(_) => return Ok(true),
        Row::KeyRing(newer) => match kept(content, KEY_RING)? {
            Some(Row::KeyRing(ring)) => ring.accepts(newer),
            Some(_) | None => true,
        },
        Row::Config(newer) => match kept(content, CONFIG)? {
            Some(Row::Config(in_use)) => config::accepts(&in_use, newer),
            Some(_) | None => config::accepts(&KioskConfig::default(), newer),
        },
    };
    if newer {
        let text = serde_json::to_string(&change.row)?;
        content.run(
            "INSERT OR REPLACE INTO feed_kept (kind, row) VALUES (?1, ?2)",
            params![change.kind, text],
        )?;
    }
    Ok(newer)
}

fn kept(content: &Connection, kind: &str) -> Result<Option<Row>, StoreError> {
    let sql = "SELECT row FROM feed_kept WHERE kind = ?1";
    let text: Option<String> = content.one(sql, [kind], |row| row.get(0)).optional()?;
    Ok(text.and_then(|text| understand(kind.to_owned(), String::new(), &text)))
}

const PUT: &str = "INSERT OR REPLACE INTO feed_row (kind, id, row) VALUES (?1, ?2, ?3)";
const STAGE: &str = "INSERT OR REPLACE INTO feed_staged (kind, id, row) VALUES (?1, ?2, ?3)";

fn put(content: &Connection, sql: &str, change: &Change) -> Result<(), StoreError> {
    let text = serde_json::to_string(&change.row)?;
    content.run(sql, params![change.kind, change.id, text])?;
    Ok(())
}

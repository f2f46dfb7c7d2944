//! One page of the feed: the changes after a place, or a part of a snapshot when the place cannot be gone on from.

pub(super) mod filters;

use super::rules::{self, Reached, Reader};
use crate::{
    foundation::{
        act::Act,
        change_log,
        db::{DbError, Tx},
        error::{Code, Problem},
    },
    modules::fleet,
};
use domain::time::UtcMillis;
use ed25519_dalek::SigningKey;
use protocol::{
    feed::{ContentSum, Fingerprint, PAGE_CHANGES_MAX, Page, SnapshotPart},
    signed::{Purpose, Signed},
};

/// Tombstones are kept this long: a kiosk that was away for longer takes a snapshot.
const TOMBSTONES_KEPT_MS: i64 = 30 * 86_400_000;
/// Rows forgotten in one transaction, so that nobody waits long for the writer.
const FORGET_MAX: u32 = 5_000;

/// From where a kiosk reads on. An old build says no more than the number.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) since: u64,
    pub(super) mark: Option<Fingerprint>,
    pub(super) view: Option<Fingerprint>,
    pub(super) part: Option<String>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum FeedError {
    /// The caller is no kiosk of the fleet.
    #[error("the kiosk is not enrolled")]
    NotEnrolled,
    /// A saved row is no JSON.
    #[error("a row of the change log cannot be read")]
    Encoding(#[from] serde_json::Error),
    /// The database failed.
    #[error("the change log was not read")]
    Database(#[from] DbError),
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Problem {
        match error {
            FeedError::NotEnrolled => Problem::new(Code::DeviceRefused),
            FeedError::Database(error) => Problem::from(error),
            FeedError::Encoding(_) => Problem::internal(&error),
        }
    }
}

/// What the calling kiosk reads next, signed.
pub(super) fn page(tx: &mut Tx<'_>, act: &Act, key: &SigningKey, asked: &Asked) -> Result<Signed, FeedError> {
    let device = act.actor.kiosk().ok_or(FeedError::NotEnrolled)?;
    let mall = fleet::mall_of(tx, device)?.ok_or(FeedError::NotEnrolled)?;
    let reader = Reader { device, mall, groups: fleet::groups_of(tx, device)? };
    let page = read(tx, &reader.scopes(), asked)?;
    Ok(Signed::seal(&page, Purpose::FeedPage, key)?)
}

/// The page for whoever sees `scopes`.
fn read(tx: &mut Tx<'_>, scopes: &[String], asked: &Asked) -> Result<Page, FeedError> {
    let view = rules::view(scopes);
    // A number past 63 bits lies behind every change.
    let since = i64::try_from(asked.since).unwrap_or(i64::MAX);
    let head = change_log::newest_seq(tx)?;
    let place = Place { scopes, view, since, head };
    let Some(mark) = asked.mark else {
        return changes(tx, &place);
    };
    let begins = since == 0 && head == 0;
    let known = since > 0 && asked.view == Some(view) && change_log::mark_at(tx, since)? == Some(mark);
    match asked.part.as_deref() {
        None if known || begins => changes(tx, &place),
        Some(part) if known && Reached::from_part(part).is_some() => snapshot(tx, &place, part),
        Some(_) | None => snapshot(tx, &Place { since: head, ..place }, ""),
    }
}

/// Where to read, and for whom.
struct Place<'a> {
    scopes: &'a [String],
    view: Fingerprint,
    since: i64,
    head: i64,
}

fn changes(tx: &mut Tx<'_>, place: &Place<'_>) -> Result<Page, FeedError> {
    let limit = one_more_than_a_page();
    let mut waiting = Vec::new();
    for scope in place.scopes {
        waiting.extend(change_log::read_since(tx, scope, place.since, limit)?);
    }
    waiting.sort_unstable_by_key(|change| change.seq);
    let (changes, more) = rules::fill(waiting);
    let end = place.head.max(place.since);
    let next = changes.last().filter(|_| more).map_or(end, |change| change.seq);
    let content = if more { None } else { Some(content(tx, place.scopes)?.fingerprint()) };
    Ok(Page {
        since: number(place.since),
        next: number(next),
        more,
        changes: rules::to_wire(&changes)?,
        mark: change_log::mark_at(tx, next)?,
        view: Some(place.view),
        content,
        snapshot: None,
    })
}

/// The things held now. Those that change while a snapshot is fetched part by part come again with the changes after
/// the place it began at.
fn snapshot(tx: &mut Tx<'_>, place: &Place<'_>, part: &str) -> Result<Page, FeedError> {
    let reached = Reached::from_part(part).unwrap_or_default();
    let limit = one_more_than_a_page();
    let mut waiting = Vec::new();
    for scope in place.scopes.iter().filter(|scope| **scope >= reached.scope) {
        let after = if *scope == reached.scope { (&*reached.kind, &*reached.id) } else { ("", "") };
        waiting.extend(change_log::read_held(tx, scope, after, limit)?);
        if waiting.len() > PAGE_CHANGES_MAX {
            break;
        }
    }
    let (rows, more) = rules::fill(waiting);
    let to = rows.last().filter(|_| more).map(|row| Reached::after(row).to_part());
    Ok(Page {
        since: number(place.since),
        next: number(place.since),
        more: true,
        changes: rules::to_wire(&rows)?,
        mark: change_log::mark_at(tx, place.since)?,
        view: Some(place.view),
        content: None,
        snapshot: Some(SnapshotPart { from: part.to_owned(), to }),
    })
}

fn content(tx: &mut Tx<'_>, scopes: &[String]) -> Result<ContentSum, DbError> {
    let mut sum = ContentSum::default();
    for scope in scopes {
        sum.add_all(change_log::content_sum(tx, scope)?);
    }
    Ok(sum)
}

fn one_more_than_a_page() -> u32 {
    u32::try_from(PAGE_CHANGES_MAX + 1).unwrap_or(u32::MAX)
}

fn number(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// Forgets old tombstones, a bite at a time; true if more are left.
pub(super) fn forget_some(tx: &mut Tx<'_>, now: UtcMillis) -> Result<bool, DbError> {
    let forgotten = change_log::forget_before(tx, now.plus_ms(-TOMBSTONES_KEPT_MS), FORGET_MAX)?;
    Ok(forgotten >= u64::from(FORGET_MAX))
}

//! The feed's rows on disk, and the whole of them in memory for instant decisions.
//!
//! A page is applied in one transaction with its place. The rows on disk are exactly those the platform names, so that
//! their sum can be compared with the platform's; one that this build does not understand is kept for the build that
//! will, and offered to nobody. The key ring and the configuration in use are kept apart, because they never go back.

mod apply;

pub(super) use apply::apply;

use super::{StoreError, cursor};
use domain::{
    consumer_code::{IdentifyCode, Pseudonym},
    ids::{BatchId, CampaignId, StoreId},
    key_ring::KeyRing,
    time::{ShanghaiDay, UtcMillis},
};
use protocol::{
    device::KioskConfig,
    feed::{BatchRow, Change, DenyRow, HoldOutRow, MallRow, Reading, Row, StoreRow},
};
use rusqlite::Connection;
use std::collections::BTreeMap;

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
    /// Who is turned away, and whose tags are not used, by the day of their codes.
    pub deny: BTreeMap<ShanghaiDay, DenyRow>,
    /// To whom a campaign is not shown, by the day of their codes.
    pub hold_outs: BTreeMap<(CampaignId, ShanghaiDay), HoldOutRow>,
}

/// How a person with a verified code is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// As the code says.
    Welcome,
    /// Without the tags the code carries: consent to them was taken back (`I40`).
    WithoutTags,
    /// Not: the service desk helps.
    Denied,
    /// Not by this code: the pass it was made from was taken back, and the phone has a newer one to show.
    PassRevoked,
}

impl Catalogue {
    /// How the bearer of a verified code is received. Of a day nothing is known about everybody is welcome: a kiosk
    /// that has heard nothing for days has no stock to give either.
    pub fn admission(&self, code: &IdentifyCode) -> Admission {
        let (person, day) = (code.head.pseudonym, code.head.issued_at.day());
        // A pass of yesterday still names its person as of yesterday.
        let days = [Some(day), code.pass.map(|_| day.plus_days(-1))];
        let rows: Vec<&DenyRow> = days.into_iter().flatten().filter_map(|day| self.deny.get(&day)).collect();
        let is_revoked =
            |row: &&DenyRow| code.pass.is_some_and(|anchor| row.passes.contains(DenyRow::pass(anchor)));
        if rows.iter().any(|row| row.blocked.contains(person)) {
            return Admission::Denied;
        }
        if rows.iter().any(is_revoked) {
            return Admission::PassRevoked;
        }
        let is_withdrawn = rows.iter().any(|row| row.withdrawn.contains(person));
        if is_withdrawn { Admission::WithoutTags } else { Admission::Welcome }
    }

    /// True if this batch is neither to be shown to a person nor claimed by them. `now` is of the day of their code or
    /// shortly after its midnight.
    pub fn holds_out(&self, batch: &BatchRow, pseudonym: Pseudonym, now: UtcMillis) -> bool {
        [now.day(), now.day().plus_days(-1)].into_iter().any(|day| {
            let row = self.hold_outs.get(&(batch.campaign, day));
            row.is_some_and(|row| row.held_out.contains(pseudonym))
        })
    }
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
    /// The content is not what the platform says it must be: a snapshot is asked for next.
    pub doubted: bool,
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
    /// It does not follow the place reached: rows would be missing.
    #[error("the page does not follow the place reached")]
    NotNext,
    /// It goes back, stands still although it holds changes or promises more, holds too many, or drops rows in a
    /// snapshot.
    #[error("the page makes no sense")]
    Malformed,
}

/// Reads everything into memory.
pub(super) fn load(content: &Connection) -> Result<Catalogue, StoreError> {
    let mut catalogue = Catalogue { version: cursor::held(content)?.since, ..Catalogue::default() };
    let mut query = content.prepare_cached(
        "SELECT kind, id, row FROM feed_row UNION ALL SELECT kind, '', row FROM feed_kept ORDER BY 1, 2",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, id, text): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        match understand(kind, id.clone(), &text) {
            Some(Row::Mall(mall)) => catalogue.mall = Some(mall),
            Some(Row::Store(store)) => drop(catalogue.stores.insert(store.id, store)),
            Some(Row::Batch(batch)) => drop(catalogue.batches.insert(batch.id, *batch)),
            // Only what was kept counts: the platform's own may be an older one.
            Some(Row::KeyRing(ring)) if id.is_empty() => catalogue.ring = Some(ring),
            Some(Row::Config(config)) if id.is_empty() => catalogue.config = config,
            Some(Row::KeyRing(_) | Row::Config(_)) => {}
            Some(Row::Deny(row)) => drop(catalogue.deny.insert(row.day, row)),
            Some(Row::HoldOut(row)) => drop(catalogue.hold_outs.insert((row.campaign, row.day), row)),
            // Of a newer platform, for a newer build.
            None => {}
        }
    }
    Ok(catalogue)
}

/// A stored row, as far as this build understands it.
fn understand(kind: String, id: String, text: &str) -> Option<Row> {
    // A row the disk has mangled is none; the next sum will not be right, and a snapshot mends it.
    let row = serde_json::from_str(text).ok()?;
    match (Change { kind, id, row: Some(row) }).read() {
        Reading::Put(row) => Some(row),
        Reading::Drop | Reading::NotUnderstood => None,
    }
}

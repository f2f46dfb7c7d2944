//! The feed: everything public to a kiosk, as ordered pages of changes.
//!
//! A page is a [`crate::signed::Signed`] [`Page`], purpose `FeedPage`. Each row is read on its own: one that this
//! build does not understand is skipped and named, so that a newer platform never stops an older kiosk.
//!
//! A kiosk asks from a [`Place`]. The platform answers with the changes after it, or, when it cannot go on from there (a
//! newcomer, another history, another mall, tombstones already forgotten), with the parts of a snapshot, which replaces
//! all the kiosk holds once it is whole. The page that reaches the newest change names the sum of all rows the kiosk
//! must hold then, so that whatever was missed or mangled on either side is noticed, and mended by a snapshot.

mod filters;
mod fingerprint;
mod place;

pub use filters::{DenyRow, HoldOutRow};
pub use fingerprint::{ContentSum, Fingerprint, NoFingerprint};
pub use place::{PART_BYTES_MAX, Place, is_part};

use crate::{
    device::KioskConfig,
    media::{self, MediaRef},
};
use domain::{
    batch::BatchTerms,
    ids::{BatchId, CampaignId, MallId, MerchantId, StoreId},
    key_ring::KeyRing,
    pricing::Party,
    window::Window,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most changes in one page.
pub const PAGE_CHANGES_MAX: usize = 500;

/// One page: the changes after `since`, in order; or a part of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The cursor that was asked for; in a snapshot the same as `next`.
    pub since: u64,
    /// The cursor to ask with next; in a snapshot, once it is whole.
    pub next: u64,
    /// More is waiting right now.
    pub more: bool,
    /// The changes; in a snapshot rows to hold, none to drop.
    pub changes: Vec<Change>,
    /// Stands for all changes up to `next`, of this very history. To be said with the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Fingerprint>,
    /// Stands for what this kiosk is to see (city, mall, groups, itself). To be said with the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Fingerprint>,
    /// The [`ContentSum`] of all rows the kiosk holds after this page; only where nothing more waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Fingerprint>,
    /// Which part of a snapshot this is; absent on a page of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotPart>,
}

/// A part of a snapshot. The kiosk puts the rows aside and uses them once the last part has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotPart {
    /// The part that was asked for; empty for the first, which begins anew.
    #[serde(default)]
    pub from: String,
    /// The part to ask for next; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// One row put or dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What kind of row, for example `batch`.
    pub kind: String,
    /// Which one, unique within its kind.
    pub id: String,
    /// The whole row; absent when it is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Value>,
}

/// A row as this build understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The mall the kiosk stands in.
    Mall(MallRow),
    /// A shop.
    Store(StoreRow),
    /// A coupon batch.
    Batch(Box<BatchRow>),
    /// The ring of consumer-code keys.
    KeyRing(KeyRing),
    /// The kiosk's configuration.
    Config(KioskConfig),
    /// Who is turned away on a day, and whose tags are not used.
    Deny(DenyRow),
    /// To whom a campaign is not shown on a day.
    HoldOut(HoldOutRow),
}

/// What a change says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Put this row in place of any of the same kind and id.
    Put(Row),
    /// Drop the row of this kind and id.
    Drop,
    /// Of a newer platform, or wrong: keep nothing of it.
    NotUnderstood,
}

impl Change {
    /// A change that puts a row.
    pub fn put(id: impl Into<String>, row: &Row) -> Result<Change, serde_json::Error> {
        let (kind, value) = match row {
            Row::Mall(row) => (MALL, serde_json::to_value(row)?),
            Row::Store(row) => (STORE, serde_json::to_value(row)?),
            Row::Batch(row) => (BATCH, serde_json::to_value(row)?),
            Row::KeyRing(row) => (KEY_RING, serde_json::to_value(row)?),
            Row::Config(row) => (CONFIG, serde_json::to_value(row)?),
            Row::Deny(row) => (DENY, serde_json::to_value(row)?),
            Row::HoldOut(row) => (HOLD_OUT, serde_json::to_value(row)?),
        };
        Ok(Change { kind: kind.to_owned(), id: id.into(), row: Some(value) })
    }

    /// Reads the change.
    pub fn read(&self) -> Reading {
        let Some(value) = &self.row else {
            return Reading::Drop;
        };
        let row = match self.kind.as_str() {
            MALL => MallRow::deserialize(value).map(Row::Mall),
            STORE => StoreRow::deserialize(value).map(Row::Store),
            BATCH => BatchRow::deserialize(value).map(|row| Row::Batch(Box::new(row))),
            KEY_RING => KeyRing::deserialize(value).map(Row::KeyRing),
            CONFIG => KioskConfig::deserialize(value).map(Row::Config),
            DENY => DenyRow::deserialize(value).map(Row::Deny),
            HOLD_OUT => HoldOutRow::deserialize(value).map(Row::HoldOut),
            _ => return Reading::NotUnderstood,
        };
        match row {
            Ok(Row::Batch(batch)) if batch.terms.check().is_err() => Reading::NotUnderstood,
            Ok(row) => Reading::Put(row),
            Err(_) => Reading::NotUnderstood,
        }
    }
}

/// Kind of [`MallRow`].
pub const MALL: &str = "mall";
/// Kind of [`StoreRow`].
pub const STORE: &str = "store";
/// Kind of [`BatchRow`].
pub const BATCH: &str = "batch";
/// Kind of [`KeyRing`].
pub const KEY_RING: &str = "key_ring";
/// Kind of [`KioskConfig`].
pub const CONFIG: &str = "config";
/// Kind of [`DenyRow`].
pub const DENY: &str = "deny";
/// Kind of [`HoldOutRow`].
pub const HOLD_OUT: &str = "hold_out";

/// The mall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MallRow {
    /// Its id.
    pub id: MallId,
    /// Its name.
    pub name: String,
    /// The number to call for help.
    pub hotline: String,
    /// Where people are helped, for example 一层服务台.
    pub service_desk: String,
}

/// A shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRow {
    /// Its id.
    pub id: StoreId,
    /// Whose shop it is.
    pub merchant: MerchantId,
    /// Its name on the door.
    pub name: String,
    /// Floor as written in the lift, for example B1 or 3F.
    pub floor: String,
    /// Place on the floor, for example B1-08.
    pub place: String,
    /// What it sells, for example 餐饮.
    pub category: String,
    /// When it is open; empty means always.
    #[serde(default)]
    pub open: Vec<Window>,
    /// Its picture in several widths; empty for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "media::readable")]
    pub pictures: Vec<MediaRef>,
}

/// A coupon batch as a kiosk offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    /// Its id.
    pub id: BatchId,
    /// Version of its terms.
    pub version: u32,
    /// The campaign that pays for it.
    pub campaign: CampaignId,
    /// Whose coupon it is; absent for one that holds in many shops.
    #[serde(default)]
    pub merchant: Option<MerchantId>,
    /// Where it can be used; empty means in every shop of its merchant or, when it has none, in the whole mall.
    #[serde(default)]
    pub stores: Vec<StoreId>,
    /// What it is called, at most 16 汉字.
    pub title: String,
    /// Why the person sees it, for example 为夜归的年轻人准备; shown as is.
    pub why: String,
    /// What must be known, at most five lines.
    pub terms_text: Vec<String>,
    /// Who funds it, for the badge; absent when no public money is in it.
    #[serde(default)]
    pub funded_by: Option<String>,
    /// It may be claimed now; false while paused.
    pub active: bool,
    /// How many slots a kiosk should hold.
    pub lease_slots: u32,
    /// The terms both sides decide by.
    pub terms: BatchTerms,
    /// Its picture in several widths; empty for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "media::readable")]
    pub pictures: Vec<MediaRef>,
}

impl BatchRow {
    /// True if the city pays a part.
    pub fn is_government_funded(&self) -> bool {
        self.terms.funding.iter().any(|funder| funder.party == Party::Gov)
    }
}

//! What a campaign, a batch, a version and a stock are.

use crate::{
    foundation::db::DbError,
    modules::{consumers::ConsumersError, ledger::LedgerError, media::PictureId},
};
use domain::{
    batch::{BatchTerms, TermsError},
    ids::{BatchId, CampaignId, FundId, MallId, MerchantId, StoreId},
    money::Fen,
    quota::Period,
    time::UtcMillis,
};
use serde::{Deserialize, Serialize};

/// A government budget to be spent on batches for a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewCampaign`")]
pub struct Campaign {
    pub id: CampaignId,
    pub fund: FundId,
    pub name: String,
    pub purpose: String,
    pub allocated_fen: Fen,
    pub from_at: UtcMillis,
    pub until_at: UtcMillis,
    /// What was not spent has gone back to the fund.
    pub closed: bool,
    pub holdout_bp: u32,
}

/// A campaign to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCampaign {
    /// Where the money comes from.
    pub fund: FundId,
    /// What it is called, 1 to 40 characters.
    pub name: String,
    /// What it is for, 1 to 200 characters.
    pub purpose: String,
    /// What it may spend.
    pub budget_fen: Fen,
    /// Its first instant.
    pub from_at: UtcMillis,
    /// The first instant after it.
    pub until_at: UtcMillis,
    /// The part of all people it is not shown to, so that its effect can be measured; 0 to 10000.
    pub holdout_bp: u32,
}

/// Whom a running campaign is not shown to (`I46`).
///
/// Drawn once and for all from those who were registered a while before it began: so every kiosk, offline ones too, has
/// heard of each of them when it begins, and nobody is shown it first and held out later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOut {
    /// The campaign.
    pub campaign: CampaignId,
    /// Only who was registered before is drawn.
    pub registered_before: UtcMillis,
    /// The first instant after the campaign.
    pub until_at: UtcMillis,
    pub(super) part_bp: u32,
    pub(super) salt: [u8; 16],
}

/// What a version of a batch says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchContent {
    /// What it is called, 1 to 16 characters.
    pub title: String,
    /// Why a person sees it, at most 30 characters.
    pub why: String,
    /// What must be known, at most five lines.
    pub terms_text: Vec<String>,
    /// Where it can be used; empty means every store of the merchant, or of the mall when there is none.
    pub stores: Vec<StoreId>,
    /// The brand that pays, when one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The picture kiosks show with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureId>,
    /// The terms both sides decide by.
    pub terms: BatchTerms,
}

/// A batch to be drafted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBatch {
    /// Who pays for it.
    pub campaign: CampaignId,
    /// Whose kiosks offer it.
    pub mall: MallId,
    /// Whose coupon it is; `None` for one that holds in many shops.
    pub merchant: Option<MerchantId>,
    /// How many coupons there will ever be, 1 to 10,000,000.
    pub stock_total: u32,
    /// How many slots a kiosk should hold, 1 to 50.
    pub lease_slots: u32,
    /// What its first version says.
    pub content: BatchContent,
}

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// Who pays for it.
    pub campaign: CampaignId,
    /// Whose kiosks offer it.
    pub mall: MallId,
    /// Whose coupon it is; `None` for one that holds in many shops.
    pub merchant: Option<MerchantId>,
    /// Where its life stands.
    pub state: BatchState,
    /// The version in force; `None` before the first approval.
    pub version: Option<u32>,
    /// How many slots a kiosk should hold.
    pub lease_slots: u32,
    /// Its stock.
    pub stock: Stock,
    /// What it may cost the government in all, by what was approved.
    pub committed_fen: Fen,
    /// What it has cost the government.
    pub spent_fen: Fen,
    /// Coupons that leave the stock as they come back, because it was cut while they were out.
    pub cut_due: u32,
    /// Why it was recalled; `None` when it was not.
    pub recalled: Option<String>,
}

/// A recall that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// Why, in words a shopper may read.
    pub reason: String,
    /// Who asked.
    pub asked_by: String,
    /// What the second person said; `None` while nobody has.
    pub approved: Option<bool>,
    /// Every coupon nobody had used is taken back.
    pub is_done: bool,
}

/// Where the coupons of a batch are; free + leased + issued = total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct Stock {
    pub total: u32,
    pub free: u32,
    pub leased: u32,
    pub issued: u32,
}

/// One version of a batch. What it says never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchVersion {
    /// The batch.
    pub batch: BatchId,
    /// Counts from 1.
    pub version: u32,
    /// What it says.
    pub content: BatchContent,
    /// Where its approval stands.
    pub approval: Approval,
    /// Who wrote it, as audit rows name actors.
    pub drafted_by: String,
    /// Who approved or rejected it.
    pub decided_by: Option<String>,
}

/// What a kiosk may be lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lendable {
    /// Whose kiosks offer it.
    pub mall: MallId,
    /// The version in force.
    pub version: u32,
    /// How many slots a kiosk should hold.
    pub lease_slots: u32,
    /// What the version says.
    pub terms: BatchTerms,
}

/// The quotas some stock counts against: when its day and its window began; without any it counts against none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct Counted {
    pub day_from: Option<UtcMillis>,
    pub window_from: Option<UtcMillis>,
}

impl Counted {
    /// The quotas of a period.
    pub fn of(period: &Period) -> Counted {
        Counted {
            day_from: period.day.map(|share| share.from),
            window_from: period.window.map(|share| share.from),
        }
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The stable text stored and sent.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// Reads the text back.
            pub fn from_name(name: &str) -> Option<$name> {
                [$($name::$variant),+].into_iter().find(|each| each.name() == name)
            }
        }
    };
}

named! {
    /// The life of a batch (`docs/ARCHITECTURE.md`): draft → submitted → approved → active ⇄ paused → ended → closed.
    BatchState {
        /// Being written; nothing is approved yet.
        Draft = "draft",
        /// Waits for approval.
        Submitted = "submitted",
        /// Refused; another version may be drafted.
        Rejected = "rejected",
        /// Approved, not yet offered.
        Approved = "approved",
        /// Offered.
        Active = "active",
        /// Not offered for the time being; coupons hold.
        Paused = "paused",
        /// Offered no more; coupons hold until their end.
        Ended = "ended",
        /// Over: no coupon can be used any more, its promise is released.
        Closed = "closed",
    }
}

named! {
    /// What may happen to a batch.
    BatchMove {
        /// Its first version is handed in.
        Submit = "submit",
        /// Its first version is approved.
        Approve = "approve",
        /// Its first version is refused.
        Reject = "reject",
        /// A version is drafted after a refusal.
        Redraft = "redraft",
        /// It is offered from now on.
        Activate = "activate",
        /// It is held back.
        Pause = "pause",
        /// It is offered again.
        Resume = "resume",
        /// It is offered no more.
        End = "end",
        /// Its promise is released.
        Close = "close",
    }
}

named! {
    /// Where the approval of a version stands.
    Approval {
        /// Written, not handed in.
        Draft = "draft",
        /// Waits for a second person.
        Submitted = "submitted",
        /// In force, or replaced by a later one.
        Approved = "approved",
        /// Refused.
        Rejected = "rejected",
    }
}

/// A second person's word on a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It comes into force.
    Approve,
    /// It does not.
    Reject,
}

/// Why stock is not moved.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    /// More than there is; nothing was moved.
    #[error("the stock does not hold this much")]
    Short,
    /// Not recorded.
    #[error("stock not recorded")]
    Database(#[from] DbError),
}

/// Why something about campaigns is refused.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// A field breaks its limits.
    #[error("the field {0} breaks its limits")]
    Field(&'static str),
    /// No such campaign, batch, version, mall, merchant or store.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The terms cannot be honoured as written.
    #[error("the terms are refused")]
    Terms(#[from] TermsError),
    /// Government money without an upper bound on one coupon.
    #[error("a percentage that public money pays for needs a cap")]
    Uncapped,
    /// The campaign cannot pay for what the batch promises.
    #[error("the batch promises {shortfall_fen} more than the campaign has")]
    Budget {
        /// What is missing.
        shortfall_fen: Fen,
    },
    /// The batch or version is in a state that does not allow this.
    #[error("not from the state {0}")]
    State(&'static str),
    /// The same person wrote and approves it.
    #[error("nobody approves their own draft")]
    SelfApproval,
    /// The role may not make this move.
    #[error("not for this role")]
    Role,
    /// Something is still open: leases, coupons that can be used, batches.
    #[error("something is still open: {0}")]
    StillOpen(&'static str),
    /// The targeting names a crowd that may not be named.
    #[error("the targeting is refused")]
    Targeting(#[from] ConsumersError),
    /// The ledger refused.
    #[error("the ledger refused")]
    Ledger(#[from] LedgerError),
    /// Not recorded.
    #[error("not recorded")]
    Database(#[from] DbError),
    /// A row could not be written as JSON.
    #[error("a row could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

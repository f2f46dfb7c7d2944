//! Campaigns (活动) and coupon batches (券批次): a budget, what is promised under it, and how much of it is left.
//!
//! Owns the tables `campaign`, `batch`, `batch_version`, `batch_quota`, `batch_recall`. Promises: the stock of a batch is free, lent to a kiosk, or
//! issued, and the three add up at every commit; in no period of a quota is more lent and issued than it says; nobody approves what they drafted; what a version says never changes;
//! approved batches together never promise more government money than the campaign has; kiosks learn of each change by
//! the feed.

mod http;
mod model;
mod rules;
mod service;
mod store;

pub use http::module;
pub use model::{
    Approval, Batch, BatchContent, BatchMove, BatchState, BatchVersion, Campaign, CampaignError, Counted,
    Decision, HoldOut, Lendable, NewBatch, NewCampaign, Recall, Stock, StockError,
};
pub use service::{
    allocate, ask_recall, batch, batch_version, batch_versions, batches, campaign, campaigns, close,
    confirm_stock, cut_stock, decide, decide_recall, draft_batch, draft_version, figures, finish_recall,
    hold_outs, lendable, move_batch, recall_to_finish, record_spend, reserve_stock, return_stock, stock_left,
    submit,
};

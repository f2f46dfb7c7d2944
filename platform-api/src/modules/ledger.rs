//! The ledger (总账): every movement of money as balanced, immutable double entries.
//!
//! Owns the tables `ledger_account`, `ledger_transaction`, `ledger_entry`. Promises: each transaction adds up to zero,
//! happens once per business key, is never changed or removed, and leaves no account that must not be negative below
//! zero. Code checks all of it first, to answer with a typed error; the database checks it again.
//!
//! Other modules post business events ([`grant_fund`], [`allocate_campaign`], [`reserve`], [`redeem`], …), never bare
//! entries of their own making, so the posting table stands in one place, `rules`.

mod http;
mod model;
mod rules;
mod service;
mod store;

pub use http::module;
pub use model::{
    Account, AccountBalance, CampaignBalances, CampaignMoney, Event, FundGrant, FundMoney, LedgerError, Leg,
    Redeemed, Transaction, TrialBalance,
};
pub use service::{
    accounts, allocate_campaign, balance, campaign_balances, grant_fund, post, redeem, release, reserve,
    return_campaign, return_fund, trial_balance,
};

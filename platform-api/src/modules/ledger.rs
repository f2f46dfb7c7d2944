//! The ledger (总账): every movement of money as balanced, immutable double entries.
//!
//! Owns the tables `ledger_account`, `ledger_transaction`, `ledger_entry`. Promises: each transaction adds up to zero,
//! happens once per business key, is never changed or removed, and leaves no account that must not be negative below
//! zero. Code checks all of it first, to answer with a typed error; the database checks it again.
//!
//! Other modules post business events ([`grant_fund`], [`allocate_campaign`], [`reserve`], [`redeem`], …), never bare
//! entries of their own making, so the posting table stands in one place, `rules`:
//!
//! | Event | Debit | Credit |
//! |---|---|---|
//! | E01 fund granted | 1002 trust account, or 1301 commitment | 2001 fund, available |
//! | E02 campaign allocated | 2001 | 2002 campaign, available |
//! | E03 reserved, E03r released | 2002, 2003 | 2003 campaign, reserved, 2002 |
//! | E05 government's part | 2003 | 2102 merchant, pending |
//! | E05p platform's part | 5002 promotion | 2102 |
//! | E05b brand's part | 1302 brand, receivable | 2102 |
//! | E05c commission | 2102 | 4001 commission income |
//! | E13 campaign, E13f fund give back | 2002, 2001 | 2001, 1002 or 1301 |
//!
//! The merchant's own part of a discount is a memo of the redemption: no money moves. Income and expense (4001, 5002) may
//! stand on either side of zero, every other account only on its own.

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

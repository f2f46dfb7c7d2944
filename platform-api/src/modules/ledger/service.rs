//! Posting business events and reading what they left.

use super::{
    model::{
        Account, AccountBalance, CampaignBalances, CampaignMoney, Event, FundGrant, LedgerError, Redeemed,
        Transaction, TrialBalance,
    },
    rules, store,
};
use crate::foundation::{
    act::Act,
    db::{DbError, Tx},
};
use domain::{
    ids::{CampaignId, FundId, LedgerTxId},
    money::{self, Fen},
};

/// Posts a transaction: once per business key, balanced, and never past what an account holds.
pub fn post(tx: &mut Tx<'_>, act: &Act, transaction: &Transaction) -> Result<LedgerTxId, LedgerError> {
    rules::check(transaction)?;
    for leg in &transaction.legs {
        let balance = store::open_account(tx, &leg.account)?;
        rules::check_funds(leg, balance)?;
    }
    store::insert(tx, act, transaction)
}

/// E01: a fund is granted.
pub fn grant_fund(tx: &mut Tx<'_>, act: &Act, grant: &FundGrant) -> Result<LedgerTxId, LedgerError> {
    post(tx, act, &rules::fund_granted(grant)?)
}

/// E02: a campaign gets its budget from a fund, once.
pub fn allocate_campaign(
    tx: &mut Tx<'_>,
    act: &Act,
    fund_and_campaign: (FundId, CampaignId),
    amount: Fen,
) -> Result<LedgerTxId, LedgerError> {
    post(tx, act, &rules::campaign_allocated(fund_and_campaign, amount)?)
}

/// E03: money of a campaign is reserved for a purpose, once.
pub fn reserve(tx: &mut Tx<'_>, act: &Act, money: &CampaignMoney<'_>) -> Result<LedgerTxId, LedgerError> {
    post(tx, act, &rules::reserved(money)?)
}

/// E03: a reservation is given back, once.
pub fn release(tx: &mut Tx<'_>, act: &Act, money: &CampaignMoney<'_>) -> Result<LedgerTxId, LedgerError> {
    post(tx, act, &rules::released(money)?)
}

/// E03, E05, E05p, E05b, E05c: a voucher is redeemed without an order; the merchant is owed the funded parts less
/// commission.
pub fn redeem(tx: &mut Tx<'_>, act: &Act, redeemed: &Redeemed<'_>) -> Result<(), LedgerError> {
    for transaction in rules::redeemed(redeemed)? {
        post(tx, act, &transaction)?;
    }
    Ok(())
}

/// E13: a campaign gives `amount` back to its fund, once.
pub fn return_campaign(
    tx: &mut Tx<'_>,
    act: &Act,
    fund_and_campaign: (FundId, CampaignId),
    amount: Fen,
) -> Result<LedgerTxId, LedgerError> {
    post(tx, act, &rules::campaign_returned(fund_and_campaign, amount)?)
}

/// E13: a fund gives back what no campaign needs, once.
pub fn return_fund(tx: &mut Tx<'_>, act: &Act, grant: &FundGrant) -> Result<LedgerTxId, LedgerError> {
    post(tx, act, &rules::fund_returned(grant)?)
}

/// The signed balance of an account: + debit, − credit; zero for one nothing was posted to.
pub fn balance(tx: &mut Tx<'_>, account: &Account) -> Result<Fen, DbError> {
    store::balance(tx, account)
}

/// Where a campaign's money is.
pub fn campaign_balances(tx: &mut Tx<'_>, campaign: CampaignId) -> Result<CampaignBalances, DbError> {
    let (available, reserved) = (Account::CampaignAvailable(campaign), Account::CampaignReserved(campaign));
    Ok(CampaignBalances {
        allocated_fen: magnitude(store::moved(tx, &available, Event::CampaignAllocated)?),
        available_fen: magnitude(store::balance(tx, &available)?),
        reserved_fen: magnitude(store::balance(tx, &reserved)?),
        spent_fen: magnitude(store::moved(tx, &reserved, Event::Redeemed)?),
        returned_fen: magnitude(store::moved(tx, &available, Event::CampaignReturned)?),
    })
}

/// The amount without its side.
fn magnitude(amount: Fen) -> Fen {
    Fen::new(amount.get().saturating_abs())
}

/// Accounts with names after `after`, at most `limit`.
pub fn accounts(tx: &mut Tx<'_>, after: &str, limit: u32) -> Result<Vec<AccountBalance>, DbError> {
    store::accounts(tx, after, limit)
}

/// Adds everything up again from the entries.
pub fn trial_balance(tx: &mut Tx<'_>) -> Result<TrialBalance, LedgerError> {
    let codes = store::sums_by_code(tx)?;
    let total_fen = money::sum(codes.iter().map(|(_, sum)| *sum));
    Ok(TrialBalance {
        codes,
        total_fen: total_fen.ok_or(LedgerError::NotBalanced("the total does not fit"))?,
        transactions: store::count_transactions(tx, true)?,
        differing_accounts: store::differing_accounts(tx)?,
        unposted_transactions: store::count_transactions(tx, false)?,
    })
}

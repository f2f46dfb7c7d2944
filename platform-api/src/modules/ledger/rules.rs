//! What a transaction must be, and which legs each business event has.

use super::model::{
    Account, CampaignMoney, Event, FundGrant, FundMoney, LedgerError, Leg, Redeemed, Transaction,
};
use domain::{
    ids::{CampaignId, FundId},
    money::{self, Fen},
    pricing::Party,
};
use std::collections::BTreeSet;

/// Legs of one transaction at most: the widest event has seven.
const LEGS_MAX: usize = 32;

/// Accepts legs that make a balanced transaction.
pub(super) fn check(transaction: &Transaction) -> Result<(), LedgerError> {
    let legs = &transaction.legs;
    if legs.len() < 2 || legs.len() > LEGS_MAX {
        return Err(LedgerError::NotBalanced("2 to 32 legs"));
    }
    if legs.iter().any(|leg| leg.amount_fen == Fen::ZERO) {
        return Err(LedgerError::NotBalanced("a leg of zero"));
    }
    let accounts: BTreeSet<&Account> = legs.iter().map(|leg| &leg.account).collect();
    if accounts.len() != legs.len() {
        return Err(LedgerError::NotBalanced("two legs on one account"));
    }
    match money::sum(legs.iter().map(|leg| leg.amount_fen)) {
        Some(Fen::ZERO) => Ok(()),
        Some(_) => Err(LedgerError::NotBalanced("the sum is not zero")),
        None => Err(LedgerError::NotBalanced("the sum does not fit")),
    }
}

/// Accepts a leg that leaves its account, now at `balance`, on the right side of zero.
pub(super) fn check_funds(leg: &Leg, balance: Fen) -> Result<(), LedgerError> {
    let after =
        balance.checked_add(leg.amount_fen).ok_or(LedgerError::NotBalanced("the balance does not fit"))?;
    let held = after.get().saturating_mul(leg.account.normal());
    if !leg.account.no_negative() || held >= 0 {
        return Ok(());
    }
    let shortfall_fen = Fen::new(held.saturating_neg());
    Err(LedgerError::InsufficientFund { account: leg.account.name(), shortfall_fen })
}

/// Moves `amount` from the credit side to the debit side.
fn transfer(
    business_key: String,
    event: Event,
    (debit, credit): (Account, Account),
    amount: Fen,
) -> Result<Transaction, LedgerError> {
    if amount <= Fen::ZERO {
        return Err(LedgerError::NotBalanced("an amount that is not above zero"));
    }
    let negative = amount.checked_neg().ok_or(LedgerError::NotBalanced("an amount that does not fit"))?;
    let legs =
        vec![Leg { account: debit, amount_fen: amount }, Leg { account: credit, amount_fen: negative }];
    Ok(Transaction { business_key, event, legs })
}

fn fund_asset(grant: &FundGrant) -> Account {
    match &grant.money {
        FundMoney::Prefunded => Account::GovTrust(grant.fund),
        FundMoney::Promised(department) => Account::GovCommitment(department.clone()),
    }
}

/// E01.
pub(super) fn fund_granted(grant: &FundGrant) -> Result<Transaction, LedgerError> {
    let accounts = (fund_asset(grant), Account::GovAvailable(grant.fund));
    transfer(format!("E01/{}", grant.fund), Event::FundGranted, accounts, grant.amount_fen)
}

/// E02.
pub(super) fn campaign_allocated(
    (fund, campaign): (FundId, CampaignId),
    amount: Fen,
) -> Result<Transaction, LedgerError> {
    let accounts = (Account::GovAvailable(fund), Account::CampaignAvailable(campaign));
    transfer(format!("E02/{campaign}"), Event::CampaignAllocated, accounts, amount)
}

/// E03, reserving.
pub(super) fn reserved(money: &CampaignMoney<'_>) -> Result<Transaction, LedgerError> {
    let accounts = (Account::CampaignAvailable(money.campaign), Account::CampaignReserved(money.campaign));
    transfer(format!("E03/{}", money.purpose), Event::Reserved, accounts, money.amount_fen)
}

/// E03, releasing.
pub(super) fn released(money: &CampaignMoney<'_>) -> Result<Transaction, LedgerError> {
    let accounts = (Account::CampaignReserved(money.campaign), Account::CampaignAvailable(money.campaign));
    transfer(format!("E03r/{}", money.purpose), Event::Released, accounts, money.amount_fen)
}

/// E03, E05, E05p, E05b and E05c of a voucher redeemed without an order: the funded legs only, because the cash was
/// paid at the till. Parts of zero and the merchant's own part move no money.
pub(super) fn redeemed(redeemed: &Redeemed<'_>) -> Result<Vec<Transaction>, LedgerError> {
    let pending = || Account::MerchantPending(redeemed.merchant);
    let id = redeemed.redemption;
    let mut transactions = Vec::new();
    for share in redeemed.shares.iter().filter(|share| share.amount_fen != Fen::ZERO) {
        let amount = share.amount_fen;
        match share.party {
            Party::Gov => {
                let purpose = format!("redemption:{id}");
                let reserve =
                    CampaignMoney { campaign: redeemed.campaign, purpose: &purpose, amount_fen: amount };
                let accounts = (Account::CampaignReserved(redeemed.campaign), pending());
                transactions.push(reserved(&reserve)?);
                transactions.push(transfer(format!("E05/{id}"), Event::Redeemed, accounts, amount)?);
            }
            Party::Platform => {
                let accounts = (Account::PlatformPromotion, pending());
                transactions.push(transfer(format!("E05p/{id}"), Event::PlatformFunded, accounts, amount)?);
            }
            Party::Brand => {
                let brand =
                    redeemed.brand.ok_or(LedgerError::NotBalanced("a brand's part without a brand"))?;
                let accounts = (Account::BrandReceivable(brand.to_owned()), pending());
                transactions.push(transfer(format!("E05b/{id}"), Event::BrandFunded, accounts, amount)?);
            }
            Party::Merchant => {}
        }
    }
    if redeemed.commission_fen != Fen::ZERO {
        let accounts = (pending(), Account::CommissionIncome);
        transactions.push(transfer(
            format!("E05c/{id}"),
            Event::Commission,
            accounts,
            redeemed.commission_fen,
        )?);
    }
    Ok(transactions)
}

/// E13, first step.
pub(super) fn campaign_returned(
    (fund, campaign): (FundId, CampaignId),
    amount: Fen,
) -> Result<Transaction, LedgerError> {
    let accounts = (Account::CampaignAvailable(campaign), Account::GovAvailable(fund));
    transfer(format!("E13/{campaign}"), Event::CampaignReturned, accounts, amount)
}

/// E13, second step.
pub(super) fn fund_returned(grant: &FundGrant) -> Result<Transaction, LedgerError> {
    let accounts = (Account::GovAvailable(grant.fund), fund_asset(grant));
    transfer(format!("E13f/{}", grant.fund), Event::FundReturned, accounts, grant.amount_fen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        ids::{MerchantId, RedemptionId},
        pricing::FunderShare,
    };

    const CAMPAIGN: CampaignId = CampaignId::from_bytes([1; 16]);

    fn leg(account: Account, fen: i64) -> Leg {
        Leg { account, amount_fen: Fen::new(fen) }
    }

    fn transaction(legs: Vec<Leg>) -> Transaction {
        Transaction { business_key: "k".to_owned(), event: Event::Reserved, legs }
    }

    #[test]
    fn only_legs_that_add_up_to_zero_are_a_transaction() {
        let (a, b) = (Account::CommissionIncome, Account::PlatformPromotion);
        assert!(check(&transaction(vec![leg(a.clone(), 5), leg(b.clone(), -5)])).is_ok());
        for wrong in [
            vec![],
            vec![leg(a.clone(), 5), leg(b.clone(), -4)],
            vec![leg(a.clone(), 5), leg(a.clone(), -5)],
            vec![leg(a.clone(), 0), leg(b.clone(), 0)],
            vec![leg(a, i64::MAX), leg(b, i64::MAX)],
        ] {
            assert!(matches!(check(&transaction(wrong)), Err(LedgerError::NotBalanced(_))));
        }
    }

    #[test]
    fn an_account_short_of_money_says_by_how_much() {
        let take = leg(Account::CampaignAvailable(CAMPAIGN), 4000);
        assert!(check_funds(&take, Fen::new(-4000)).is_ok());
        let short = check_funds(&take, Fen::new(-3999)).unwrap_err();
        assert!(
            matches!(short, LedgerError::InsufficientFund { shortfall_fen, .. } if shortfall_fen == Fen::new(1))
        );
        assert!(
            check_funds(&leg(Account::CommissionIncome, 1), Fen::ZERO).is_ok(),
            "commission may be given back"
        );
    }

    #[test]
    fn a_redemption_pays_the_merchant_every_funded_part_less_commission() {
        let merchant = MerchantId::from_bytes([2; 16]);
        let share = |party, fen| FunderShare { party, amount_fen: Fen::new(fen) };
        let shares = [
            share(Party::Gov, 4000),
            share(Party::Platform, 700),
            share(Party::Brand, 300),
            share(Party::Merchant, 1500),
        ];
        let posted = redeemed(&Redeemed {
            redemption: RedemptionId::from_bytes([3; 16]),
            campaign: CAMPAIGN,
            merchant,
            brand: Some("茶"),
            shares: &shares,
            commission_fen: Fen::new(100),
        })
        .unwrap();
        let events: Vec<&str> = posted.iter().map(|each| each.event.name()).collect();
        assert_eq!(events, ["E03", "E05", "E05p", "E05b", "E05c"]);
        assert!(posted.iter().all(|each| check(each).is_ok()));
        let pending = posted.iter().flat_map(|each| &each.legs);
        let pending = pending.filter(|leg| leg.account == Account::MerchantPending(merchant));
        assert_eq!(money::sum(pending.map(|leg| leg.amount_fen)), Some(Fen::new(-4900)));
    }

    #[test]
    fn an_amount_that_is_not_above_zero_moves_nothing() {
        for fen in [0, -1, i64::MIN] {
            let money = CampaignMoney { campaign: CAMPAIGN, purpose: "order:1", amount_fen: Fen::new(fen) };
            assert!(matches!(reserved(&money), Err(LedgerError::NotBalanced(_))), "{fen}");
        }
    }
}

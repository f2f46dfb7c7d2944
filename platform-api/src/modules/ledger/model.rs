//! Accounts, transactions and what is asked of them. Amounts of legs and balances are signed: + debit, − credit.

use crate::foundation::{
    db::DbError,
    error::{Code, Problem},
};
use domain::{
    ids::{CampaignId, FundId, MerchantId, RedemptionId},
    money::Fen,
    pricing::FunderShare,
};

/// An account of the chart (see [`super`]), with its holder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// 1002: the trust account of a prefunded fund.
    GovTrust(FundId),
    /// 1301: what a department has promised, paid after reimbursement.
    GovCommitment(String),
    /// 1302: what a brand owes.
    BrandReceivable(String),
    /// 2001: granted money not yet given to a campaign.
    GovAvailable(FundId),
    /// 2002: a campaign's money that nothing has reserved.
    CampaignAvailable(CampaignId),
    /// 2003: a campaign's money reserved for a redemption or an order.
    CampaignReserved(CampaignId),
    /// 2102: what a merchant has earned and no statement has closed.
    MerchantPending(MerchantId),
    /// 4001: commission.
    CommissionIncome,
    /// 5002: discounts the platform pays.
    PlatformPromotion,
}

impl Account {
    /// The number in the chart.
    pub const fn code(&self) -> &'static str {
        match self {
            Account::GovTrust(_) => "1002",
            Account::GovCommitment(_) => "1301",
            Account::BrandReceivable(_) => "1302",
            Account::GovAvailable(_) => "2001",
            Account::CampaignAvailable(_) => "2002",
            Account::CampaignReserved(_) => "2003",
            Account::MerchantPending(_) => "2102",
            Account::CommissionIncome => "4001",
            Account::PlatformPromotion => "5002",
        }
    }

    /// Whose account it is; empty for the platform's own.
    pub fn holder(&self) -> String {
        match self {
            Account::GovTrust(fund) | Account::GovAvailable(fund) => fund.to_string(),
            Account::GovCommitment(name) | Account::BrandReceivable(name) => name.clone(),
            Account::CampaignAvailable(campaign) | Account::CampaignReserved(campaign) => {
                campaign.to_string()
            }
            Account::MerchantPending(merchant) => merchant.to_string(),
            Account::CommissionIncome | Account::PlatformPromotion => String::new(),
        }
    }

    /// The name it is stored under: `code` or `code:holder`.
    pub fn name(&self) -> String {
        match self.holder() {
            holder if holder.is_empty() => self.code().to_owned(),
            holder => format!("{}:{holder}", self.code()),
        }
    }

    /// 1 where debits raise it (assets, expenses), −1 where credits do (liabilities, income).
    pub const fn normal(&self) -> i64 {
        match self {
            Account::GovTrust(_)
            | Account::GovCommitment(_)
            | Account::BrandReceivable(_)
            | Account::PlatformPromotion => 1,
            Account::GovAvailable(_)
            | Account::CampaignAvailable(_)
            | Account::CampaignReserved(_)
            | Account::MerchantPending(_)
            | Account::CommissionIncome => -1,
        }
    }

    /// True if it may never stand on the wrong side of zero.
    pub const fn no_negative(&self) -> bool {
        match self {
            Account::GovTrust(_)
            | Account::GovCommitment(_)
            | Account::BrandReceivable(_)
            | Account::GovAvailable(_)
            | Account::CampaignAvailable(_)
            | Account::CampaignReserved(_)
            | Account::MerchantPending(_) => true,
            Account::CommissionIncome | Account::PlatformPromotion => false,
        }
    }
}

/// The business event of a transaction (see [`super`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// E01: a fund is granted.
    FundGranted,
    /// E02: a campaign gets its budget.
    CampaignAllocated,
    /// E03: money is reserved.
    Reserved,
    /// E03: a reservation is given back.
    Released,
    /// E05: the government's part of a redemption.
    Redeemed,
    /// E05p: the platform's part.
    PlatformFunded,
    /// E05b: a brand's part.
    BrandFunded,
    /// E05c: commission.
    Commission,
    /// E13: a campaign gives back what is left.
    CampaignReturned,
    /// E13: a fund gives back what is left.
    FundReturned,
}

impl Event {
    /// The stable text stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Event::FundGranted => "E01",
            Event::CampaignAllocated => "E02",
            Event::Reserved => "E03",
            Event::Released => "E03r",
            Event::Redeemed => "E05",
            Event::PlatformFunded => "E05p",
            Event::BrandFunded => "E05b",
            Event::Commission => "E05c",
            Event::CampaignReturned => "E13",
            Event::FundReturned => "E13f",
        }
    }
}

/// One entry: an account and what moves on it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct Leg {
    pub account: Account,
    pub amount_fen: Fen,
}

/// Entries that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Makes it happen once, for example `E02/<campaign>`.
    pub business_key: String,
    /// What happened.
    pub event: Event,
    /// 2 to 32 legs on different accounts that add up to zero, none of them zero.
    pub legs: Vec<Leg>,
}

/// Where the money of a fund comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FundMoney {
    /// Paid into a trust account beforehand.
    Prefunded,
    /// Promised by this department.
    Promised(String),
}

/// A fund as it is granted or given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundGrant {
    /// The fund.
    pub fund: FundId,
    /// Where its money comes from.
    pub money: FundMoney,
    /// How much, above zero.
    pub amount_fen: Fen,
}

/// Money of a campaign that moves for one business thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignMoney<'a> {
    /// The campaign.
    pub campaign: CampaignId,
    /// The thing, for example `redemption:<id>` or `order:<id>`; one reservation and one release each.
    pub purpose: &'a str,
    /// How much, above zero.
    pub amount_fen: Fen,
}

/// A redemption whose money moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed<'a> {
    /// The redemption.
    pub redemption: RedemptionId,
    /// Whose money the government's part is.
    pub campaign: CampaignId,
    /// Who is paid.
    pub merchant: MerchantId,
    /// The brand, where one pays a part.
    pub brand: Option<&'a str>,
    /// Who pays which part of the discount; the merchant's own part moves no money.
    pub shares: &'a [FunderShare],
    /// Commission, at most what the merchant is paid; zero for none.
    pub commission_fen: Fen,
}

/// Where a campaign's money is: allocated = available + reserved + spent + returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CampaignBalances {
    /// Given to the campaign.
    pub allocated_fen: Fen,
    /// Nothing has reserved it.
    pub available_fen: Fen,
    /// Reserved and not yet spent or released.
    pub reserved_fen: Fen,
    /// Paid towards redemptions.
    pub spent_fen: Fen,
    /// Given back to the fund.
    pub returned_fen: Fen,
}

/// An account with its balance, read from the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBalance {
    /// `code` or `code:holder`.
    pub account: String,
    /// The number in the chart.
    pub code: String,
    /// Whose account it is; empty for the platform's own.
    pub holder: String,
    /// Signed: + debit, − credit.
    pub balance_fen: Fen,
}

/// The sum of everything, recomputed from the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialBalance {
    /// Per number of the chart: the sum of the balances of its accounts.
    pub codes: Vec<(String, Fen)>,
    /// All balances together; anything but zero is an alarm.
    pub total_fen: Fen,
    /// Transactions posted.
    pub transactions: u32,
    /// Accounts whose stored balance differs from the sum of their posted entries; anything but zero is an alarm.
    pub differing_accounts: u32,
    /// Transactions begun and not posted; anything but zero is an alarm.
    pub unposted_transactions: u32,
}

impl TrialBalance {
    /// True if nothing in it is an alarm.
    pub const fn is_sound(&self) -> bool {
        self.total_fen.get() == 0 && self.differing_accounts == 0 && self.unposted_transactions == 0
    }
}

/// Why nothing was posted.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The account does not hold this much.
    #[error("account {account} is {shortfall_fen} short")]
    #[expect(missing_docs, reason = "said above")]
    InsufficientFund { account: String, shortfall_fen: Fen },
    /// The business key has been posted.
    #[error("{0} has been posted already")]
    AlreadyPosted(String),
    /// The legs do not add up to zero, or are too few, too many, zero, or twice on one account.
    #[error("the legs are no balanced transaction: {0}")]
    NotBalanced(&'static str),
    /// Not recorded.
    #[error("not recorded")]
    Database(#[from] DbError),
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Problem {
        match error {
            LedgerError::InsufficientFund { shortfall_fen, .. } => {
                Problem::new(Code::InsufficientFund).field("shortfall_fen", shortfall_fen.get())
            }
            LedgerError::AlreadyPosted(_) => Problem::new(Code::AlreadyExists),
            LedgerError::NotBalanced(_) => Problem::internal(&error),
            LedgerError::Database(error) => error.into(),
        }
    }
}

//! What a fund is.

use crate::{foundation::db::DbError, modules::ledger::LedgerError};
use domain::{ids::FundId, money::Fen};

/// Money a department has granted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewFund`")]
pub struct Fund {
    pub id: FundId,
    pub department: String,
    pub mode: FundMode,
    pub document_no: String,
    pub granted_fen: Fen,
}

/// A grant to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFund {
    /// Who grants, for example 市商务局; 1 to 40 characters, shown on coupons.
    pub department: String,
    /// Whether the money is there already.
    pub mode: FundMode,
    /// The number of the document that grants it, 1 to 60 characters; one grant a document.
    pub document_no: String,
    /// How much.
    pub granted_fen: Fen,
}

/// Where the money of a grant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FundMode {
    /// Paid into a trust account beforehand.
    Prefund,
    /// Promised, and paid after each audited reimbursement.
    Arrears,
}

impl FundMode {
    /// The stable text stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            FundMode::Prefund => "prefund",
            FundMode::Arrears => "arrears",
        }
    }

    /// Reads [`FundMode::name`] back.
    pub fn from_name(name: &str) -> Option<FundMode> {
        [FundMode::Prefund, FundMode::Arrears].into_iter().find(|mode| mode.name() == name)
    }
}

/// Where the money of a fund is, in fen: granted = allocated + available, because nothing has been given back (`I07`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundFigures {
    /// Granted by the document.
    pub granted_fen: Fen,
    /// Given to campaigns, less what closed campaigns gave back.
    pub allocated_fen: Fen,
    /// Left.
    pub available_fen: Fen,
}

/// Why something about funds is refused.
#[derive(Debug, thiserror::Error)]
pub enum FundError {
    /// A field breaks its limits.
    #[error("the field {0} breaks its limits")]
    Field(&'static str),
    /// No such fund.
    #[error("there is no such fund")]
    Unknown,
    /// The document has granted already.
    #[error("this document has granted already")]
    DocumentUsed,
    /// The ledger refused.
    #[error("the ledger refused")]
    Ledger(#[from] LedgerError),
    /// Not recorded.
    #[error("not recorded")]
    Database(#[from] DbError),
}

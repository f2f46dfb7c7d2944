//! Why something about a consumer was refused, and the problem a caller is told.

use super::{
    keys::SealedError,
    model::Purpose,
    rules::{rule_set::RuleSetError, targeting::TargetingError},
};
use crate::foundation::{
    db::DbError,
    error::{Code, Problem},
    secrets::SecretError,
};
use domain::consumer_code::CodeError;

/// A refusal of this module.
#[derive(Debug, thiserror::Error)]
pub enum ConsumersError {
    /// There is no such consumer.
    #[error("no such consumer")]
    Unknown,
    /// A field breaks its limits.
    #[error("field {0} breaks its limits")]
    Field(&'static str),
    /// A live consent is missing; the version is that of the newest text.
    #[error("consent {} is missing", purpose.as_str())]
    #[expect(missing_docs, reason = "said above")]
    ConsentRequired { purpose: Purpose, text_version: u32 },
    /// The text consented to is not the newest one.
    #[error("the text of {} was replaced", purpose.as_str())]
    #[expect(missing_docs, reason = "said above")]
    TextReplaced { purpose: Purpose, text_version: u32 },
    /// An operator has blocked the person; the service desk helps.
    #[error("the person is blocked")]
    Blocked,
    /// The account rests on this consent: it ends with the account only.
    #[error("the account rests on this consent")]
    AccountRestsOnIt,
    /// The person may be under 14 and is not profiled.
    #[error("the person may be under 14")]
    Minor,
    /// No profile was filled in.
    #[error("there is no profile")]
    NoProfile,
    /// As many passes live as one person may have.
    #[error("too many passes are live")]
    TooManyPasses,
    /// A rule set is wrong, or not the next version.
    #[error("the rule set is refused")]
    RuleSet(#[from] RuleSetError),
    /// A consent text is wrong, or differs from the one published under its version.
    #[error("the consent texts are refused: {0}")]
    ConsentTexts(String),
    /// A predicate must not be used.
    #[error("the predicate is refused")]
    Targeting(#[from] TargetingError),
    /// A sealed value does not open.
    #[error("a sealed value does not open")]
    Sealed(#[from] SealedError),
    /// The key file cannot be reached.
    #[error("the keys of consumers cannot be reached")]
    Secrets(#[from] SecretError),
    /// No key signs now, or nothing was prepared at the start.
    #[error("this platform was not prepared: {0} is missing")]
    NotPrepared(&'static str),
    /// A stored document cannot be read or written.
    #[error("a stored document is not understood")]
    Document(#[from] serde_json::Error),
    /// The database failed.
    #[error("consumers could not be read or saved")]
    Database(#[from] DbError),
}

impl From<ConsumersError> for Problem {
    fn from(error: ConsumersError) -> Problem {
        match error {
            ConsumersError::Unknown => Problem::new(Code::NotFound),
            ConsumersError::Blocked => {
                Problem::new(Code::Forbidden).detail("the account is blocked: please ask at a service desk")
            }
            ConsumersError::Field(name) => Problem::new(Code::Invalid).field("field", name),
            ConsumersError::ConsentRequired { purpose, text_version } => Problem::new(Code::ConsentRequired)
                .field("purpose", purpose.as_str())
                .field("text_version", text_version),
            ConsumersError::TextReplaced { purpose, text_version } => Problem::new(Code::Conflict)
                .detail("show the newest text and ask again")
                .field("purpose", purpose.as_str())
                .field("text_version", text_version),
            ConsumersError::AccountRestsOnIt => {
                Problem::new(Code::Conflict).detail("P1 ends with the account; close the account instead")
            }
            ConsumersError::Minor => {
                Problem::new(Code::NotEligible).detail("people who may be under 14 are not profiled")
            }
            ConsumersError::NoProfile => Problem::new(Code::NotFound).detail("no profile was filled in"),
            ConsumersError::TooManyPasses => Problem::new(Code::RateLimited).detail("use the pass at hand"),
            ConsumersError::Targeting(error) => Problem::new(Code::Invalid).detail(error.to_string()),
            ConsumersError::Database(error) => error.into(),
            ConsumersError::RuleSet(_)
            | ConsumersError::ConsentTexts(_)
            | ConsumersError::Sealed(_)
            | ConsumersError::Secrets(_)
            | ConsumersError::NotPrepared(_)
            | ConsumersError::Document(_) => Problem::internal(&error),
        }
    }
}

/// Why a scanned code was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It is no valid code of ours for this purpose.
    #[error("the code is refused")]
    Code(#[from] CodeError),
    /// It was made from a pass that was taken back.
    #[error("the pass was taken back")]
    PassRevoked,
    /// Somebody else has used it.
    #[error("the code has been used")]
    Replayed,
    /// The database failed.
    #[error("the code could not be checked")]
    Database(#[from] DbError),
}

impl From<ScanError> for Problem {
    fn from(error: ScanError) -> Problem {
        let refused = |reason: &str| Problem::new(Code::CodeInvalid).field("reason", reason);
        match error {
            ScanError::Replayed => Problem::new(Code::CodeReplayed),
            ScanError::PassRevoked => refused("PASS_REVOKED"),
            ScanError::Database(error) => error.into(),
            ScanError::Code(CodeError::Expired) => Problem::new(Code::CodeExpired),
            ScanError::Code(CodeError::TooLong) => refused("TOO_LONG"),
            ScanError::Code(CodeError::PaymentCode) => refused("PAYMENT_CODE"),
            ScanError::Code(CodeError::Link) => refused("LINK"),
            ScanError::Code(CodeError::Voucher) => refused("VOUCHER"),
            ScanError::Code(CodeError::Unknown) => refused("UNKNOWN"),
            ScanError::Code(CodeError::Malformed) => refused("MALFORMED"),
            ScanError::Code(CodeError::OtherCity) => refused("OTHER_CITY"),
            ScanError::Code(CodeError::UnknownKey) => refused("UNKNOWN_KEY"),
            ScanError::Code(CodeError::Forged) => refused("FORGED"),
            ScanError::Code(CodeError::WrongPurpose) => refused("WRONG_PURPOSE"),
            ScanError::Code(CodeError::NotYetValid) => refused("NOT_YET_VALID"),
        }
    }
}

//! What signing in is about. Nothing here prints a phone number, a code or a token.

use super::password::PasswordHash;
use crate::foundation::{
    act::Role,
    app::App,
    db::DbError,
    error::{Code, Problem},
    secrets::keyed_hash,
};
use domain::{
    ids::{ConsumerId, MerchantId, StaffId},
    time::UtcMillis,
};
use sha2::{Digest, Sha256};
use std::fmt;

/// A mobile number of mainland China: eleven digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Reads eleven digits that begin with 13 to 19; spaces and dashes between them do not matter.
    pub fn parse(text: &str) -> Result<Phone, AuthError> {
        let digits: String = text.chars().filter(|char| !matches!(char, ' ' | '-')).collect();
        let bytes = digits.as_bytes();
        let plausible = bytes.len() == 11
            && bytes.iter().all(u8::is_ascii_digit)
            && bytes[0] == b'1'
            && (b'3'..=b'9').contains(&bytes[1]);
        if plausible { Ok(Phone(digits)) } else { Err(AuthError::Field("phone")) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How this module knows the phone.
    pub(super) fn hash(&self, key: &[u8; 32]) -> String {
        keyed_hash(key, &self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Phone(…)")
    }
}

/// A phone and the code its holder typed, both as keyed hashes.
#[derive(Clone, PartialEq, Eq)]
pub struct OtpProof {
    pub(super) phone_hash: String,
    pub(super) code_hash: String,
}

impl OtpProof {
    /// Hashes what was typed with this server's key.
    pub fn new(app: &App, phone: &Phone, code: &str) -> Result<OtpProof, Problem> {
        Ok(OtpProof::keyed(&otp_key(app)?, phone, code))
    }

    /// The proof under `key`.
    pub(super) fn keyed(key: &[u8; 32], phone: &Phone, code: &str) -> OtpProof {
        let phone_hash = phone.hash(key);
        let code_hash = keyed_hash(key, &format!("{phone_hash}:{code}"));
        OtpProof { phone_hash, code_hash }
    }
}

/// The key under which phones and codes are hashed.
pub(super) fn otp_key(app: &App) -> Result<[u8; 32], Problem> {
    app.secrets.key("otp", app.entropy.as_ref()).map_err(|error| Problem::internal(&error))
}

/// What a typed code is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtpVerdict {
    /// It was right; it cannot be used again.
    Accepted,
    /// It was wrong, too old, used, or there is none. The try is counted: save the transaction.
    Refused,
}

/// What a request for a code comes to.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct IssuedOtp {
    /// Six digits, to be sent after the commit and then forgotten.
    pub(super) code: String,
}

/// Limits of one-time passwords, from the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OtpLimits {
    pub(super) ttl_s: u32,
    pub(super) attempts_max: u32,
    pub(super) requests_max: u32,
}

/// The newest code of a phone, as stored.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct StoredOtp {
    pub(super) code_hash: String,
    pub(super) expires_at: UtcMillis,
    pub(super) attempts_left: u32,
}

/// What a signed-in caller shows: 32 random bytes, 64 hex digits as text.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// Wraps the bytes.
    pub(super) const fn new(bytes: [u8; 32]) -> SessionToken {
        SessionToken(bytes)
    }

    /// Reads 64 hex digits; `None` for anything else.
    pub fn parse(text: &str) -> Option<SessionToken> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| SessionToken(bytes))
    }

    /// The 64 hex digits.
    pub fn text(&self) -> String {
        hex::encode(self.0)
    }

    /// How it is stored.
    pub(super) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SessionToken(…)")
    }
}

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A consumer's.
    Consumer(ConsumerId),
    /// A member of staff's.
    Staff(StaffId),
}

/// The part of the API somebody signs in to; each keeps its session in a cookie of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `/api/c`.
    Consumer,
    /// `/api/m`.
    Merchant,
    /// `/api/o`.
    Operator,
    /// `/api/g`.
    Government,
}

impl Surface {
    /// The letter in the paths.
    pub const fn letter(self) -> &'static str {
        match self {
            Surface::Consumer => "c",
            Surface::Merchant => "m",
            Surface::Operator => "o",
            Surface::Government => "g",
        }
    }

    /// Where a role signs in; `None` for a kiosk, which never does.
    pub const fn of(role: Role) -> Option<Surface> {
        match role {
            Role::Consumer => Some(Surface::Consumer),
            Role::MerchantCashier | Role::MerchantManager => Some(Surface::Merchant),
            Role::OpSuper
            | Role::OpMerchantReviewer
            | Role::OpFleet
            | Role::OpCampaignEditor
            | Role::OpCampaignApprover
            | Role::OpAuditor => Some(Surface::Operator),
            Role::GovBudgetOwner | Role::GovAuditor => Some(Surface::Government),
            Role::Kiosk => None,
        }
    }
}

/// A member of staff to be added.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// What they type, 3 to 40 characters of `a-z 0-9 . _ -`.
    pub login: String,
    /// What others read, 1 to 40 characters.
    pub name: String,
    /// What they do; neither consumer nor kiosk.
    pub role: Role,
    /// For whom; given exactly for the roles of a merchant.
    pub merchant: Option<MerchantId>,
    /// Their password, hashed outside any transaction.
    pub password: PasswordHash,
    /// True if a code of an authenticator app is asked for as well.
    pub totp: bool,
}

/// A member of staff as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewStaff`")]
pub struct StaffAccount {
    pub id: StaffId,
    pub login: String,
    pub name: String,
    pub role: Role,
    pub merchant: Option<MerchantId>,
    /// True if they may no longer sign in.
    pub disabled: bool,
}

/// What is compared when staff sign in.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) account: StaffAccount,
    pub(super) password: PasswordHash,
    pub(super) totp_generation: Option<i64>,
    pub(super) totp_step: i64,
}

/// The server's key from which the secrets of authenticator apps follow.
#[derive(Clone)]
pub struct TotpKey(pub(super) [u8; 32]);

impl TotpKey {
    /// The key of this server.
    pub fn of(app: &App) -> Result<TotpKey, Problem> {
        let key = app.secrets.key("totp", app.entropy.as_ref());
        key.map(TotpKey).map_err(|error| Problem::internal(&error))
    }
}

/// Staff who want to sign in, their password already compared.
#[derive(Clone)]
pub(super) struct SignIn {
    /// The account whose password was right, as it was when it was compared.
    pub(super) credentials: Credentials,
    /// Six digits of the authenticator app.
    pub(super) totp: Option<String>,
    pub(super) surface: Surface,
    pub(super) session_s: u32,
    pub(super) totp_key: TotpKey,
}

/// Why somebody is not signed in, or an account not made.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// A field breaks its limits.
    #[error("the field {0} breaks its limits")]
    Field(&'static str),
    /// Too many codes were asked for.
    #[error("too many one-time passwords were asked for")]
    #[expect(missing_docs, reason = "seconds until the next one is sent")]
    TooManyOtp { retry_after_s: u32 },
    /// Name, password or code is wrong.
    #[error("name, password or code is wrong")]
    WrongCredentials,
    /// The code of the authenticator app is missing.
    #[error("the code of the authenticator app is missing")]
    TotpRequired,
    /// The login is taken.
    #[error("the login is taken")]
    LoginTaken,
    /// No such member of staff.
    #[error("there is no such member of staff")]
    Unknown,
    /// Not recorded.
    #[error("not recorded")]
    Database(#[from] DbError),
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Problem {
        match error {
            AuthError::Field(name) => Problem::new(Code::Invalid).field("field", name),
            AuthError::TooManyOtp { retry_after_s } => {
                Problem::new(Code::RateLimited).retry_after_s(retry_after_s)
            }
            AuthError::WrongCredentials => Problem::new(Code::WrongCredentials),
            AuthError::TotpRequired => Problem::new(Code::WrongCredentials).field("totp_required", true),
            AuthError::LoginTaken => Problem::new(Code::AlreadyExists).field("field", "login"),
            AuthError::Unknown => Problem::new(Code::NotFound),
            AuthError::Database(error) => error.into(),
        }
    }
}

//! What a caller is told when something is refused: RFC 9457 problem+json with a stable code.
//!
//! A [`Problem`] never carries a cause's text: causes are logged, once, where the problem is rendered. The request id
//! is added on the way out by [`super::request`].

use super::{db::DbError, rate_limit::TooMany};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};
use std::error::Error;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:ident, $title:literal;)+) => {
        /// The stable codes. A module adds its own here; a code is never renamed or given another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the title of each code says it")]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// The text callers compare with.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// The HTTP status it is sent with.
            pub const fn status(self) -> StatusCode {
                match self { $(Code::$name => StatusCode::$status,)+ }
            }

            /// What it means, in one sentence that is the same every time.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)+ }
            }
        }
    };
}

codes! {
    // The request itself.
    Malformed = "MALFORMED", BAD_REQUEST, "The request cannot be read";
    Invalid = "INVALID", UNPROCESSABLE_ENTITY, "A field breaks its limits";
    NotFound = "NOT_FOUND", NOT_FOUND, "There is no such thing, or not for you";
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, "This address does not take this method";
    TooLarge = "TOO_LARGE", PAYLOAD_TOO_LARGE, "The body is too large";
    RangeNotSatisfiable = "RANGE_NOT_SATISFIABLE", RANGE_NOT_SATISFIABLE, "The range begins behind the end";
    UnsupportedMedia = "UNSUPPORTED_MEDIA", UNSUPPORTED_MEDIA_TYPE, "The body is not of the expected type";
    Timeout = "TIMEOUT", REQUEST_TIMEOUT, "The request took too long";
    KeyRequired = "IDEMPOTENCY_KEY_REQUIRED", BAD_REQUEST, "This write needs an Idempotency-Key";
    KeyMismatch = "IDEMPOTENCY_MISMATCH", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another body";
    Conflict = "CONFLICT", CONFLICT, "The state of the thing does not allow this";
    AlreadyExists = "ALREADY_EXISTS", CONFLICT, "There is one already";
    // Who asks.
    Unauthenticated = "UNAUTHENTICATED", UNAUTHORIZED, "Sign in first";
    Forbidden = "FORBIDDEN", FORBIDDEN, "Your role may not do this";
    CrossSite = "CROSS_SITE", FORBIDDEN, "The request came from another site";
    WrongCredentials = "WRONG_CREDENTIALS", UNAUTHORIZED, "Name, password or code is wrong";
    SelfApproval = "SELF_APPROVAL", FORBIDDEN, "Nobody approves their own draft";
    RateLimited = "RATE_LIMITED", TOO_MANY_REQUESTS, "Too many requests";
    DeviceRefused = "DEVICE_REFUSED", UNAUTHORIZED, "The kiosk is unknown, revoked or its signature does not fit";
    ClockSkew = "CLOCK_SKEW", UNAUTHORIZED, "The time of the request is too far from ours";
    EpochEnded = "EPOCH_ENDED", CONFLICT, "The kiosk was enrolled again elsewhere";
    PairingRefused = "PAIRING_REFUSED", FORBIDDEN, "The pairing code is wrong, used or too old";
    CounterBehind = "COUNTER_BEHIND", CONFLICT, "The request is older than one served before";
    DeviceFenced = "DEVICE_FENCED", FORBIDDEN, "The kiosk or a copy of it has an older disk; pair it again";
    // Offers and coupons.
    BudgetExhausted = "BUDGET_EXHAUSTED", CONFLICT, "The budget is used up";
    BatchExhausted = "BATCH_EXHAUSTED", CONFLICT, "All coupons of the batch are taken";
    BatchNotActive = "BATCH_NOT_ACTIVE", CONFLICT, "The batch is paused or over";
    BatchRecalled = "BATCH_RECALLED", CONFLICT, "The batch was recalled; its coupons are worth nothing any more";
    UserLimit = "USER_LIMIT", CONFLICT, "The person has as many as one person may have";
    QuotaSlotFull = "QUOTA_SLOT_FULL", CONFLICT, "The quota of this time slot is used up";
    NotEligible = "NOT_ELIGIBLE", FORBIDDEN, "The offer is not meant for this person";
    OutOfWindow = "OUT_OF_WINDOW", CONFLICT, "Not within the hours of the offer";
    OutOfArea = "OUT_OF_AREA", CONFLICT, "Not within the area of the offer";
    ThresholdNotMet = "THRESHOLD_NOT_MET", CONFLICT, "The bill is below the threshold";
    StackConflict = "STACK_CONFLICT", CONFLICT, "These coupons cannot be used together";
    StaleQuote = "STALE_QUOTE", CONFLICT, "The price has changed since the quote";
    LockExpired = "LOCK_EXPIRED", CONFLICT, "The reservation has ended";
    AlreadyRedeemed = "ALREADY_REDEEMED", CONFLICT, "The coupon has been redeemed";
    CodeExpired = "CODE_EXPIRED", GONE, "The code has expired";
    CodeReplayed = "CODE_REPLAYED", CONFLICT, "The code has been used";
    CodeInvalid = "CODE_INVALID", UNPROCESSABLE_ENTITY, "The code is not one of ours";
    CouponExpired = "COUPON_EXPIRED", CONFLICT, "The coupon's own life is over";
    NoEffect = "NO_EFFECT", CONFLICT, "The coupon takes nothing off this bill";
    OtherStore = "OTHER_STORE", CONFLICT, "The coupon does not hold at this store";
    OtherHolder = "OTHER_HOLDER", CONFLICT, "The voucher belongs to another person";
    HolderCodeRequired = "HOLDER_CODE_REQUIRED", UNPROCESSABLE_ENTITY, "A voucher needs its holder's own code";
    VoucherEnded = "VOUCHER_ENDED", CONFLICT, "The voucher's printed end has passed";
    NotYourTill = "NOT_YOUR_TILL", FORBIDDEN, "You do not work at this store";
    StoreSuspended = "STORE_SUSPENDED", FORBIDDEN, "The store or its merchant is suspended";
    LeaseExhausted = "LEASE_EXHAUSTED", CONFLICT, "The kiosk's lease is used up";
    ConsentRequired = "CONSENT_REQUIRED", FORBIDDEN, "The person has not consented to this";
    RiskHold = "RISK_HOLD", FORBIDDEN, "Held back for a check";
    AmountMismatch = "AMOUNT_MISMATCH", CONFLICT, "The amounts differ";
    InsufficientFund = "INSUFFICIENT_FUND", CONFLICT, "The account does not hold this much";
    // Pricing.
    MalformedCase = "MALFORMED_CASE", UNPROCESSABLE_ENTITY, "The case cannot be priced as it is written";
    LimitExceeded = "LIMIT_EXCEEDED", UNPROCESSABLE_ENTITY, "The cart is larger than can be priced";
    RefundExceedsRemaining = "REFUND_EXCEEDS_REMAINING", UNPROCESSABLE_ENTITY, "More units are returned than remain";
    // Ourselves.
    Internal = "INTERNAL", INTERNAL_SERVER_ERROR, "Something failed on our side";
    Overloaded = "OVERLOADED", SERVICE_UNAVAILABLE, "Too much to do at the moment; try again";
}

/// A refusal on its way to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    fields: Map<String, Value>,
    retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem with this code and nothing more.
    pub fn new(code: Code) -> Problem {
        Problem { code, detail: None, fields: Map::new(), retry_after_s: None }
    }

    /// Adds what is particular to this case, for the developer who reads it. Never personal data, never a cause.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a machine field such as `shortfall_fen`; the unit is the last word of its name.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Says when to try again, as `Retry-After` and as the field `retry_after_s`.
    #[must_use]
    pub fn retry_after_s(mut self, seconds: u32) -> Problem {
        self.retry_after_s = Some(seconds);
        self.field("retry_after_s", seconds)
    }

    /// The failure of something on our side: logs the whole chain of `cause` and tells the caller nothing of it.
    pub fn internal(cause: &(dyn Error + 'static)) -> Problem {
        tracing::error!(cause = chain(cause), "a request failed on our side");
        Problem::new(Code::Internal)
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// A machine field, for a page that puts it into words.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The JSON a caller receives; with the id of the request that was refused, if there was one.
    pub(crate) fn body(&self, request_id: Option<&str>) -> protocol::problem::Problem {
        protocol::problem::Problem {
            kind: format!("urn:problem:{}", self.code.as_str().to_ascii_lowercase().replace('_', "-")),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code.as_str().to_owned(),
            detail: self.detail.clone(),
            request_id: request_id.map(str::to_owned),
            fields: self.fields.clone(),
        }
    }
}

/// `error: cause: cause`, for the log.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl IntoResponse for Problem {
    /// An empty answer that carries the problem; [`super::request::render`] writes the body.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DbError> for Problem {
    /// A full queue and a collision may be tried again; everything else is our fault. A service maps the constraints
    /// it expects before it comes to this.
    fn from(error: DbError) -> Problem {
        match error {
            DbError::Overloaded | DbError::Conflict => Problem::new(Code::Overloaded).retry_after_s(1),
            DbError::Unique { .. }
            | DbError::Check { .. }
            | DbError::Reference { .. }
            | DbError::NotOneRow { .. }
            | DbError::Column { .. }
            | DbError::Panicked
            | DbError::Closed
            | DbError::NotCommitted { .. }
            | DbError::Failed { .. } => Problem::internal(&error),
        }
    }
}

impl From<TooMany> for Problem {
    fn from(error: TooMany) -> Problem {
        Problem::new(Code::RateLimited).retry_after_s(error.retry_after_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_codes_share_a_text() {
        let texts: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    #[test]
    fn every_code_a_kiosk_acts_on_is_one_the_platform_sends() {
        use protocol::problem::code;
        let known = [
            code::CLOCK_SKEW,
            code::DEVICE_REFUSED,
            code::PAIRING_REFUSED,
            code::EPOCH_ENDED,
            code::COUNTER_BEHIND,
            code::DEVICE_FENCED,
            code::BATCH_EXHAUSTED,
            code::BATCH_NOT_ACTIVE,
            code::RATE_LIMITED,
        ];
        for text in known {
            assert!(Code::ALL.iter().any(|code| code.as_str() == text), "{text}");
        }
    }

    #[test]
    fn a_problem_shows_its_machine_fields_beside_the_standard_ones() {
        let problem =
            Problem::new(Code::ThresholdNotMet).field("shortfall_fen", 500).detail("bill too small");
        let expected = serde_json::json!({
            "type": "urn:problem:threshold-not-met", "title": "The bill is below the threshold", "status": 409,
            "code": "THRESHOLD_NOT_MET", "detail": "bill too small", "request_id": "r1", "shortfall_fen": 500,
        });
        assert_eq!(serde_json::to_value(problem.body(Some("r1"))).unwrap(), expected);
    }
}

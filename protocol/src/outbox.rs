//! What a kiosk reports: claims, at least once, applied once.

use domain::{
    ids::{EventId, LeaseId},
    time::UtcMillis,
};
use serde::{Deserialize, Serialize};

/// Most claims in one request.
pub const CLAIMS_MAX: usize = 200;

/// `POST /api/k/v1/claims:batch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// The enrolment that speaks; each claim names its own lease, which names its own epoch.
    pub epoch: u32,
    /// At most [`CLAIMS_MAX`], oldest first.
    pub claims: Vec<ClaimReport>,
}

/// One claim. Its truth is the signed voucher; the other fields only say which row the answer is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimReport {
    /// The outbox row.
    pub event: EventId,
    /// The lease.
    pub lease: LeaseId,
    /// The slot; (lease, slot) is what makes a report one and the same.
    pub slot: u32,
    /// The voucher's text, `CV1:…`.
    pub voucher: String,
}

/// The answer to [`ClaimsRequest`], one outcome a claim, in the same order: a [`crate::signed::Signed`] one, purpose
/// `Claims`, bound to its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsAnswer {
    /// What became of each claim.
    pub outcomes: Vec<ClaimOutcome>,
}

/// What became of one claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimOutcome {
    /// The outbox row it answers.
    pub event: EventId,
    /// What became of it.
    pub verdict: Verdict,
}

/// The platform's word on a claim. Every verdict is final: the row may leave the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It is a coupon in the person's wallet.
    Issued {
        /// End of the coupon.
        ends_at: UtcMillis,
    },
    /// It is a coupon, but somebody should look at it.
    Suspect {
        /// Why, for example `CLOCK_SKEW`.
        code: String,
    },
    /// It is no coupon.
    Rejected {
        /// Why, for example `USER_LIMIT`.
        code: String,
    },
    /// A verdict of a newer platform: final, not understood.
    #[serde(other)]
    Unknown,
}

//! Stock lent to a kiosk: request, grant, close (`docs/ARCHITECTURE.md`, the offline promise).

use domain::{
    ids::{BatchId, DeviceId, LeaseId},
    time::UtcMillis,
};
use serde::{Deserialize, Serialize};

/// Most slots in one lease: what a busy screen issues in two hours, and all that a lost screen can hold back.
pub const LEASE_SLOTS_MAX: u32 = 50;

/// How long before a period begins its stock may be fetched, so that a kiosk cut off at the opening has some.
pub const LEASE_LEAD_MS: i64 = 3_600_000;

/// `POST /api/k/v1/leases`: a kiosk asks for stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRequest {
    /// The enrolment it asks for.
    pub epoch: u32,
    /// Counts its requests; durable before it is sent. The same number gets the same lease.
    pub request_no: u64,
    /// The batch.
    pub batch: BatchId,
    /// How many slots it would like.
    pub want: u32,
    /// For the period of the batch's quota that this instant lies in, at most [`LEASE_LEAD_MS`] ahead; absent for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UtcMillis>,
}

/// The answer: a [`crate::signed::Signed`] grant, purpose `Grant`.
///
/// The slots are `0..slots`. Taken only if device, epoch and request number are the kiosk's own and the lease was
/// never seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The lease.
    pub lease: LeaseId,
    /// Who may use it.
    pub device: DeviceId,
    /// The enrolment it is bound to.
    pub epoch: u32,
    /// The request it answers.
    pub request_no: u64,
    /// The batch.
    pub batch: BatchId,
    /// The version of the batch's terms whose promise the platform keeps for these slots; 0 from a platform of before
    /// versions were named.
    #[serde(default)]
    pub version: u32,
    /// How many slots; at least one.
    pub slots: u32,
    /// From here on the kiosk issues; a quota may begin later than the grant.
    #[serde(default)]
    pub valid_from: UtcMillis,
    /// E: from here on the kiosk issues no more.
    pub expires_at: UtcMillis,
    /// R: before it the platform never hands a slot to anybody else.
    pub reclaim_at: UtcMillis,
}

/// `POST /api/k/v1/leases:close`: a kiosk gives back what it will not use. Closed durably on the kiosk before sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseRequest {
    /// The enrolment.
    pub epoch: u32,
    /// The lease.
    pub lease: LeaseId,
    /// Slots `0..used` were issued; the others are given back.
    pub used: u32,
}

/// What a close brings back: a [`crate::signed::Signed`] one, purpose `Close`, bound to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseAnswer {
    /// Slots that went back to stock, now or at an earlier identical close.
    pub returned: u32,
}

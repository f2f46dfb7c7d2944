//! Every reason for a no that a shopper is told. What to say about each is in `view/refused.rs`.

use cloud_sync::store::ClaimRefused;
use domain::consumer_code::CodeError;
use domain::eligibility::Refusal;
use domain::ids::BatchId;
use domain::time::UtcMillis;

/// A no. None of them carries anything of the code or the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The code is not accepted.
    Code(CodeError),
    /// The code opened a session before.
    Replayed,
    /// The platform has blocked this person: the service desk helps.
    Denied,
    /// The pass this code was made from, by a phone without a network, was taken back.
    PassRevoked,
    /// The keys to check codes with have not arrived.
    NoKeys,
    /// The time is not known, so no code can be judged and nothing issued.
    TimeUnknown,
    /// The disk refused: no session.
    SessionNotKept,
    /// There is no coupon of this batch.
    Claim {
        /// The batch.
        batch: BatchId,
        /// Why not.
        why: NoCoupon,
    },
}

/// Why there is no coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCoupon {
    /// No slot is left here.
    LeaseEmpty,
    /// Slots are left, but their time is over.
    LeaseExpired,
    /// The person has as many as one may have.
    UserLimit,
    /// Too early, between two windows, or over.
    WindowClosed {
        /// When it opens next.
        opens_at: Option<UtcMillis>,
    },
    /// The batch is paused or gone.
    NotRunning,
    /// It is meant for others.
    ForOthers,
    /// The time is not known.
    TimeUnknown,
    /// The kiosk belongs to no platform any more.
    NotEnrolled,
    /// The disk refused: nothing was kept.
    NotKept,
}

impl From<ClaimRefused> for NoCoupon {
    fn from(refused: ClaimRefused) -> Self {
        match refused {
            ClaimRefused::NotEnrolled => Self::NotEnrolled,
            ClaimRefused::UnknownBatch | ClaimRefused::NotActive => Self::NotRunning,
            ClaimRefused::TimeUnknown => Self::TimeUnknown,
            ClaimRefused::UserLimit => Self::UserLimit,
            ClaimRefused::LeaseExhausted => Self::LeaseEmpty,
            ClaimRefused::LeaseExpired => Self::LeaseExpired,
        }
    }
}

impl From<Refusal> for NoCoupon {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotActive => Self::NotRunning,
            Refusal::NotEligible => Self::ForOthers,
            Refusal::OutOfWindow { opens_at } => Self::WindowClosed { opens_at },
            Refusal::UserLimit => Self::UserLimit,
            Refusal::Exhausted => Self::LeaseEmpty,
            // The last three are about using a coupon; for a claim they say that it is over.
            Refusal::Expired | Refusal::ThresholdNotMet { .. } | Refusal::NoEffect => {
                Self::WindowClosed { opens_at: None }
            }
        }
    }
}

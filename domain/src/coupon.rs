//! The life of a coupon: issued, redeemed, expired, voided.
//!
//! A coupon claimed offline has no row of its own before its report reaches the platform; the kiosk calls it
//! provisional on the screen, and the platform creates it as issued.

use serde::{Deserialize, Serialize};

/// Where a coupon stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponState {
    /// In a wallet, to be used.
    Issued,
    /// Held by an unpaid order.
    Locked,
    /// Used.
    Redeemed,
    /// Its life ended unused.
    Expired,
    /// Taken back by the operator.
    Voided,
}

/// What happens to a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponMove {
    /// An order takes it.
    Lock,
    /// The order lets it go.
    Release,
    /// A merchant redeems it.
    Redeem,
    /// Its end passes.
    Expire,
    /// The operator takes it back.
    Void,
}

/// The move is not allowed from this state.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a coupon that is {from:?} cannot {step:?}")]
pub struct MoveError {
    /// The state it is in.
    pub from: CouponState,
    /// The move asked for.
    pub step: CouponMove,
}

impl CouponState {
    /// The state after a move; an error for any move not named here.
    pub fn after(self, step: CouponMove) -> Result<CouponState, MoveError> {
        match (self, step) {
            (CouponState::Issued, CouponMove::Lock) => Ok(CouponState::Locked),
            (CouponState::Locked, CouponMove::Release) => Ok(CouponState::Issued),
            (CouponState::Issued | CouponState::Locked, CouponMove::Redeem) => Ok(CouponState::Redeemed),
            (CouponState::Issued, CouponMove::Expire) => Ok(CouponState::Expired),
            (CouponState::Issued, CouponMove::Void) => Ok(CouponState::Voided),
            (from, step) => Err(MoveError { from, step }),
        }
    }

    /// The stable text stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            CouponState::Issued => "issued",
            CouponState::Locked => "locked",
            CouponState::Redeemed => "redeemed",
            CouponState::Expired => "expired",
            CouponState::Voided => "voided",
        }
    }

    /// Reads [`CouponState::name`] back.
    pub fn from_name(name: &str) -> Option<CouponState> {
        const ALL: [CouponState; 5] = [
            CouponState::Issued,
            CouponState::Locked,
            CouponState::Redeemed,
            CouponState::Expired,
            CouponState::Voided,
        ];
        ALL.into_iter().find(|state| state.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coupon_is_redeemed_once_and_never_after_its_end() {
        assert_eq!(CouponState::Issued.after(CouponMove::Redeem), Ok(CouponState::Redeemed));
        for dead in [CouponState::Redeemed, CouponState::Expired, CouponState::Voided] {
            for step in [CouponMove::Lock, CouponMove::Redeem, CouponMove::Expire, CouponMove::Void] {
                assert_eq!(dead.after(step), Err(MoveError { from: dead, step }));
            }
        }
    }

    #[test]
    fn a_locked_coupon_cannot_expire() {
        assert!(CouponState::Locked.after(CouponMove::Expire).is_err());
    }

    #[test]
    fn names_read_back() {
        assert_eq!(CouponState::from_name("voided"), Some(CouponState::Voided));
        assert_eq!(CouponState::from_name("gone"), None);
    }
}

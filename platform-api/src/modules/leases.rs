//! Leases: stock lent to kiosks, so that they can issue coupons without a network and never too many.
//!
//! A batch's stock is moved from free to leased when a lease is granted, from leased to issued when one of its slots is
//! reported or redeemed, and back to free when the kiosk closes the lease or the reclaim instant R has passed.
//!
//! Invariants: free + issued + leased = stock at every commit (I4); a slot is confirmed at most once; no slot returns to
//! stock before R by this platform's clock unless the kiosk itself gave it back; a grant is bound to one epoch; the same
//! (device, epoch, request number) is answered with the same bytes.

mod http;
mod jobs;
mod model;
mod rules;
mod service;
mod store;

pub use http::module;
pub use jobs::reclaim_due;
pub use model::{SlotClaim, SlotState, VoucherRefused};
pub use service::{LeaseError, mark_redeemed, mark_reported, slot_for_voucher};

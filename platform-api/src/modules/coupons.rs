//! Coupons (消费券) and their redemption (核销): what is in a wallet, how a kiosk's report becomes a coupon, and how a
//! merchant uses one up.
//!
//! Owns the tables `coupon`, `claim_rejected`, `voucher_seen`, `redeem_pin`, `redemption`, `redemption_share`. Promises: a slot of a
//! lease becomes at most one coupon, however often it is reported; a coupon is redeemed at most once; whoever redeems
//! is told discount, payers and amount by the platform and by nobody else; coupon, redemption, ledger, audit and event
//! are one transaction, so that either all of them happened or none; two vouchers for one slot are kept and shown, and the
//! first is honoured.

mod http;
mod jobs;
mod model;
mod rules;
mod service;
mod store;

pub use http::{Refused, count_pin, module};
pub use model::{
    Conflict, Coupon, CouponError, CouponView, Origin, Presented, Preview, Redemption, RedemptionQuery,
    SeenVoucher, ShownCode, Summary,
};
pub use rules::tidy;
pub use service::{
    confirm, coupon, expire_due, preview, redemption, redemption_summary, redemptions, report_claims,
    show_code, void_recalled, wallet,
};

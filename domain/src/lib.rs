//! Rules and value types that kiosk and platform must agree on.
//!
//! Nothing here performs I/O, reads a clock or draws a random number; no amount of money is a float. A function
//! fails only with a reason a person could be told.

pub mod batch;
pub mod consumer_code;
pub mod coupon;
pub mod eligibility;
pub mod ids;
pub mod key_ring;
pub mod money;
pub mod person_filter;
pub mod pricing;
pub mod quota;
pub mod quote;
pub mod ranking;
pub mod rotating_code;
pub mod sealed;
pub mod segment;
pub mod time;
pub mod voucher;
pub mod window;

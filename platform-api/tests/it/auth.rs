//! Signing in, and what a caller may do: codes, staff, the table of roles, writes that happen once.

#[path = "auth/guard.rs"]
mod guard;
#[path = "auth/idempotency.rs"]
mod idempotency;
#[path = "auth/otp.rs"]
mod otp;
#[path = "auth/staff.rs"]
mod staff;

pub use staff::token_of;

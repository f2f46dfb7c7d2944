//! Signing in.

#[path = "auth/guard.rs"]
mod guard;
#[path = "auth/idempotency.rs"]
mod idempotency;
#[path = "auth/otp.rs"]
mod otp;
#[path = "auth/staff.rs"]
mod staff;

//! Signing in: one-time passwords for consumers, passwords for staff, and the sessions of both.
//!
//! Owns the tables `staff`, `session`, `otp`, `otp_request`. Promises: no phone number, code, password or token is
//! stored, only hashes; a token that was revoked, has expired or belongs to disabled staff is nobody; a phone is sent
//! at most so many codes in ten minutes, counted in the database; a code works once and only for a few tries.
//!
//! Who a consumer *is* belongs to the module `consumers`: it checks the code with [`verify_otp`], finds or makes the
//! consumer, opens a session with [`open_session`] in the same transaction, and answers with [`signed_in`].
//!
//! ```text
//! let proof = OtpProof::new(&app, &Phone::parse(&request.phone)?, &request.code)?;
//! let session_s = app.config.auth.consumer_session_s;
//! let outcome = app.write_unkeyed(call, move |tx, act| match auth::verify_otp(tx, act, &proof)? {
//!     OtpVerdict::Accepted => { … auth::open_session(tx, act, Holder::Consumer(id), session_s).map(Some) … }
//!     OtpVerdict::Refused => Ok(None),        // `Ok`, because the used-up try must be saved
//! });
//! ```

mod authenticator;
mod http;
mod jobs;
mod model;
mod password;
mod rules;
mod service;
mod store;

pub use http::{cookie, module, send_otp, sign_in_staff, signed_in};
pub use model::{
    AuthError, Holder, NewStaff, OtpProof, OtpVerdict, Phone, SessionToken, StaffAccount, Surface, TotpKey,
};
pub use password::PasswordHash;
pub use service::{
    create_staff, disable_staff, end_session, end_sessions_of, open_session, staff, verify_otp,
};

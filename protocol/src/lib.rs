//! What travels between kiosk and platform.
//!
//! Additive only: a field is added with a default, never renamed, never given another meaning. A kiosk in a mall may
//! run last year's build, so `tests/samples` keeps one message of each kind as it was first sent, and every build must
//! still read them. What a reader does not understand it skips and says so; it never fails a whole page.

pub mod device;
pub mod feed;
pub mod lease;
pub mod media;
pub mod outbox;
pub mod problem;
pub mod push;
pub mod signed;

mod base64_bytes;

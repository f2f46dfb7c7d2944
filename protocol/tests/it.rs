//! Old messages stay readable: one committed sample of each kind, as it was first sent.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

#[path = "it/samples.rs"]
mod samples;

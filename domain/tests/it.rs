//! What pricing promises, on cases with known answers and on random ones.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at once")]

#[path = "it/quote_cases.rs"]
mod quote_cases;
#[path = "it/quote_properties.rs"]
mod quote_properties;

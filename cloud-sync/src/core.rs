//! What to say to the platform, and when: a pure state machine.
//!
//! `step(state, event, now) → effects`. It reads no clock, draws no chance but from its seed, and does no I/O.

mod news;

pub use news::{Link, News, PairingNeeded};

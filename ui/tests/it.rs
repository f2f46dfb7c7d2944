//! Every screen opens without a display, with real pixels and pinned fonts, and is looked at by these tests.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed step is a failed test")]

mod it {
    pub mod fonts;
    pub mod look;
    pub mod scenes;
    pub mod screens;
    pub mod stage;
    pub mod taps;
}

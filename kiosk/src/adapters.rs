//! Adapters: the ports, done with real devices and libraries.

pub mod picture_file;
pub mod qr_ladder;
pub mod system_clock;

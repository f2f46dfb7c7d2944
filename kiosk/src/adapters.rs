//! Adapters: the ports, done with real devices and libraries.

#[cfg(feature = "hardware")]
pub mod nokhwa_camera;
pub mod picture_file;
pub mod qr_ladder;
pub mod replay_camera;
pub mod system_clock;

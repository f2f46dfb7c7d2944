//! Adapters: the ports, done with real devices and libraries.

#[cfg(feature = "hardware")]
pub mod nokhwa_camera;
pub mod picture_file;
pub mod qr_ladder;
pub mod replay_camera;
#[cfg(any(feature = "desktop", feature = "hardware"))]
pub mod rodio_speaker;
pub mod silent_speaker;
pub mod system_chance;
pub mod system_clock;
pub mod tones;

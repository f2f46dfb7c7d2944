//! `simulator`: the city on a desk, where every device, clock and cable is ours.

#[cfg_attr(not(feature = "screens"), expect(dead_code, reason = "stories with screens use the rest"))]
pub mod cast;
pub mod clock;
pub mod command;
#[cfg(feature = "screens")]
pub mod control;
#[cfg(feature = "screens")]
pub mod desktop;
#[cfg(feature = "screens")]
pub mod device;
#[cfg(feature = "screens")]
pub mod devices;
pub mod disk;
pub mod fleet;
pub mod model;
#[cfg(feature = "screens")]
pub mod network;
pub mod power;
pub mod proxy;
#[cfg(feature = "screens")]
pub mod story;
pub mod wire;
pub mod words;

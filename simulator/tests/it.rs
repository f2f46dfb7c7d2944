//! What the simulated devices promise, a simulated kiosk as a whole, and the proofs.

#[cfg(feature = "screens")]
#[path = "it/camera.rs"]
mod camera;
#[cfg(feature = "screens")]
#[path = "it/device.rs"]
mod device;
#[path = "it/disk.rs"]
mod disk;
#[path = "it/fleet.rs"]
mod fleet;
#[path = "it/model.rs"]
mod model;
#[path = "it/power.rs"]
mod power;
#[path = "it/troubles.rs"]
mod troubles;
#[path = "it/wire.rs"]
mod wire;
#[path = "it/wiring.rs"]
mod wiring;

//! What the simulated devices promise, and a simulated kiosk as a whole.

#[path = "it/camera.rs"]
mod camera;
#[path = "it/device.rs"]
mod device;

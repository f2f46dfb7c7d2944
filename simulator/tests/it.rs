//! What the simulated devices promise.

#[path = "it/camera.rs"]
mod camera;

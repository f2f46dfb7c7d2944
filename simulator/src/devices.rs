//! The devices of a kiosk, made of seeded arithmetic.

pub mod camera;
mod kit;

pub use kit::{World, kiosk_parts};

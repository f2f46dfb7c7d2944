//! The devices of a kiosk, made of seeded arithmetic.

pub mod camera;

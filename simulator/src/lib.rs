//! `simulator`: the city on a desk, where every device, clock and cable is ours.

pub mod clock;
pub mod command;
pub mod control;
pub mod desktop;
pub mod device;
pub mod devices;
pub mod network;
pub mod story;
pub mod words;

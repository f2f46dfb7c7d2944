//! Adapters: the ports, done with real devices and libraries.

pub mod system_clock;

//! `simulator`: the city on a desk, where every device, clock and stroke of luck is ours.

pub mod devices;

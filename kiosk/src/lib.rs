//! `kiosk`: the screen in the mall. It reads a shopper's code, shows the offers meant for them and claims one.

pub mod adapters;
pub mod decode;
pub mod ports;
pub mod scanner;

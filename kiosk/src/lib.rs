//! `kiosk`: the screen in the mall. It reads a shopper's code, shows the offers meant for them and claims one.

pub mod adapters;
pub mod app;
pub mod commands;
pub mod config;
pub mod decode;
pub mod ports;
pub mod scanner;
pub mod shell;
pub mod window;

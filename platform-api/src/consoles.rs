//! Pages: what people see in a browser. They convert, call services and convert; no SQL, no rules.
//!
//! Every page works without a script; a script only keeps what is on the screen fresh. Nothing is loaded from elsewhere,
//! no script or style stands inside a page, and the header says so to the browser.

pub(crate) mod assets;
pub mod consumer;
pub mod merchant;
pub(crate) mod page;
pub(crate) mod qr;

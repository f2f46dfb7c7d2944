//! Screens of the kiosk: markup and the types Slint generates from it.
//!
//! Nothing of ours is imported and no backend is chosen here. Each screen is reached through its door, one exported
//! global (`Scan`, `Offers`, ...), which takes plain properties in and gives callbacks out; `Nav` picks the screen.

pub mod fonts;
mod language;

pub use language::Language;

slint::include_modules!();

//! Screens of the kiosk: markup and the types Slint generates from it.
//!
//! Nothing of ours is imported and no backend is chosen here; each screen is reached through its door, one exported
//! global (`Scan`, `Offers`, ...), which takes plain properties in and gives callbacks out.

pub mod fonts;

slint::include_modules!();

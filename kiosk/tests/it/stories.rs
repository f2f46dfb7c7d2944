//! The core as stories: what shoppers do, what they are shown, and what is left of them. No disk, no window, no time.

#[path = "stories/claims.rs"]
mod claims;
#[path = "stories/codes.rs"]
mod codes;
#[path = "stories/play.rs"]
mod play;
#[path = "stories/stays.rs"]
mod stays;

pub use play::Play;

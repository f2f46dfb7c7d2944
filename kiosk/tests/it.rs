//! The kiosk from outside: what it reads in pictures, and how its scanner lives with broken devices.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "it/decode_command.rs"]
mod decode_command;
#[path = "it/decoder.rs"]
mod decoder;
#[path = "it/desk.rs"]
mod desk;
#[path = "it/frames.rs"]
mod frames;
#[path = "it/idle_scene.rs"]
mod idle_scene;
#[path = "it/lifeline.rs"]
mod lifeline;
#[path = "it/mall.rs"]
mod mall;
#[path = "it/photographs.rs"]
mod photographs;
#[path = "it/scanner.rs"]
mod scanner;
#[path = "it/stories.rs"]
mod stories;
#[path = "it/window.rs"]
mod window;

//! The programs and people a story is played with, and how it is told: shared by all stories, with screens or without.

pub(crate) mod city;
pub(crate) mod people;
pub(crate) mod platform;
pub(crate) mod process;
pub(crate) mod report;

pub use report::Broken;

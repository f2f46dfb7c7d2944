//! `simulator`: a desktop window.

use std::path::PathBuf;

/// What `simulator` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The platform's address.
    pub platform: Option<String>,
    /// Where the kiosk keeps its data.
    pub data: PathBuf,
    /// Makes the mall before its camera.
    pub seed: u64,
}

/// Opens the window.
pub fn run(_: &Options) -> Result<(), std::io::Error> {
    Err(std::io::Error::other("not yet"))
}

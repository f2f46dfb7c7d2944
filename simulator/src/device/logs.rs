//! Logs of a simulated kiosk: to stderr, and beside its databases, where a search for traces of people finds them.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Mutex,
};
use tracing_subscriber::EnvFilter;

/// The file in the data folder.
const FILE: &str = "kiosk.log";

/// Sends every line to two places.
struct Both(File);

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(bytes)?;
        io::stderr().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Starts logging; `RUST_LOG` says how much.
pub fn start(data: &Path) -> io::Result<()> {
    let file = File::options().create(true).append(true).open(data.join(FILE))?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,kiosk=debug"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(Both(file)))
        .try_init();
    started.map_err(io::Error::other)
}

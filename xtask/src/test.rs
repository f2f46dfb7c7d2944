//! `test`: every test of the workspace, headless, after `setup`.

use crate::process::{self, Failure, cargo};
use crate::setup;

/// Installs what the tests need, then runs the tests of all crates against the committed lock file.
pub fn run() -> Result<(), Failure> {
    setup::run()?;
    process::run(&mut cargo(["test", "--workspace", "--locked"]))
}

//! The chores of this workspace: `cargo xtask <task>`.
//!
//! Builds with Rust and a C linker alone, because it is what installs everything else; imports none of
//! the workspace's own crates, so it still runs when one of them does not compile.

mod bench;
mod ci;
mod demo;
mod mutants;
mod process;
mod setup;
mod test;
mod tidy;
mod workspace;

use process::Failure;
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <task>

  setup                 install the system packages that are missing (Debian: apt)
  demo [--listen ADDR]  start the platform and the simulator's window, print the addresses of the pages
  demo --check          run the whole story headless and check every step
  test                  every test of the workspace
  ci                    what the build machine runs: format, lints, docs, tests, demo, licences, house rules
  tidy                  the house rules no compiler knows: who imports whom, where SQL lives, sizes, markup
  mutants [NAME...]     break the code on purpose, one rule at a time, and demand that the proofs notice
  bench [ID...]         the benchmark figures, against their bars";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            let mut cause = failure.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Failure> {
    let Some((task, options)) = arguments.split_first() else {
        return Err(Failure::Usage(USAGE.to_owned()));
    };
    match task.as_str() {
        "setup" => without_options(options).and_then(|()| setup::run()),
        "demo" => demo::run(options),
        "test" => without_options(options).and_then(|()| test::run()),
        "ci" => without_options(options).and_then(|()| ci::run()),
        "tidy" => without_options(options).and_then(|()| tidy::run()),
        "mutants" => mutants::run(options),
        "bench" => bench::run(options),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        unknown => Err(Failure::Usage(format!("there is no task `{unknown}`\n\n{USAGE}"))),
    }
}

fn without_options(options: &[String]) -> Result<(), Failure> {
    match options.first() {
        None => Ok(()),
        Some(option) => Err(Failure::Usage(format!("`{option}` is not understood\n\n{USAGE}"))),
    }
}

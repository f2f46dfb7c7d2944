//! The kiosk's command line: it reads the arguments and hands over to the library.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use kiosk::adapters::{qr_ladder, system_clock::SystemClock};
use kiosk::commands;
use kiosk::decode::decode_files;
use kiosk::ports::Monotonic;

fn main() -> ExitCode {
    qr_ladder::silence_guarded_panics();
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<OsString> = arguments.collect();
    match (command.to_str(), rest.as_slice()) {
        (Some("decode"), [_, ..]) => decode(rest.into_iter().map(PathBuf::from).collect()),
        (Some("run"), _) => told(commands::run(&rest)),
        (Some("pair"), _) => told(commands::pair(&rest)),
        _ => fail(commands::USAGE),
    }
}

fn told(outcome: Result<(), commands::Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("kiosk: {}", chain(error.as_ref()))),
    }
}

fn decode(files: Vec<PathBuf>) -> ExitCode {
    let clock: Arc<dyn Monotonic> = Arc::new(SystemClock::new());
    match decode_files(&files, &clock, &mut io::stdout().lock(), &mut io::stderr().lock()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(unreadable) => fail(&format!("kiosk decode: {unreadable} of {} files not readable", files.len())),
        Err(error) => fail(&format!("kiosk decode: output not written: {error}")),
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn fail(message: &str) -> ExitCode {
    // Nothing is left to tell when stderr itself is gone.
    let _ = writeln!(io::stderr(), "{message}");
    ExitCode::FAILURE
}

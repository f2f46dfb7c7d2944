//! The kiosk's command line: it reads the arguments and hands over to the library.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use kiosk::adapters::{qr_ladder, system_clock::SystemClock};
use kiosk::commands;
use kiosk::config::Config;
use kiosk::decode::decode_files;
use kiosk::ports::Monotonic;

const USAGE: &str = "usage: kiosk run [--config FILE]
       kiosk pair [--config FILE] [--platform URL] --code CODE
       kiosk decode IMAGE...";

fn main() -> ExitCode {
    qr_ladder::silence_guarded_panics();
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<OsString> = arguments.collect();
    match (command.to_str(), rest.as_slice()) {
        (Some("decode"), [_, ..]) => decode(rest.into_iter().map(PathBuf::from).collect()),
        (Some("run"), _) => with_options(&rest, &["--config"], |config, _| commands::run(config)),
        (Some("pair"), _) => with_options(&rest, &["--config", "--platform", "--code"], |config, options| {
            let code = option(options, "--code").ok_or(USAGE)?;
            commands::pair(config, option(options, "--platform"), &code)
        }),
        _ => fail(USAGE),
    }
}

type Options = [(String, String)];

/// Runs a command that takes `--name VALUE` pairs.
fn with_options(
    rest: &[OsString],
    known: &[&str],
    command: impl FnOnce(&Config, &Options) -> Result<(), commands::Failure>,
) -> ExitCode {
    let text = |argument: &OsString| argument.to_str().map(str::to_owned);
    let pairs = rest.chunks(2).map(|pair| Some((text(&pair[0])?, text(pair.get(1)?)?)));
    let Some(options) = pairs.collect::<Option<Vec<_>>>() else { return fail(USAGE) };
    if options.iter().any(|(name, _)| !known.contains(&name.as_str())) {
        return fail(USAGE);
    }
    let file = option(&options, "--config").map(PathBuf::from);
    let outcome = Config::load(file.as_deref(), std::env::var_os)
        .map_err(commands::Failure::from)
        .and_then(|config| command(&config, &options));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("kiosk: {}", chain(error.as_ref()))),
    }
}

fn option(options: &Options, name: &str) -> Option<String> {
    options.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
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

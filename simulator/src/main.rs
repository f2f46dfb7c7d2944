//! `simulator [device | story]`: reads the command line and calls the library.

use simulator::{
    command::{self, Command, HELP},
    desktop, device, story,
    words::chain,
};
use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    kiosk::adapters::qr_ladder::silence_guarded_panics();
    match command::parse(std::env::args().skip(1)).map_err(Into::into).and_then(run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to tell when stderr itself is gone.
            let _ = writeln!(io::stderr(), "simulator: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<bool, Box<dyn Error>> {
    match command {
        Command::Desktop(options) => desktop::run(&options)?,
        Command::Device(options) => device::run(&options)?,
        Command::Story(options) => return Ok(story::run(&options)?),
        Command::Help => writeln!(io::stdout(), "{HELP}")?,
    }
    Ok(true)
}

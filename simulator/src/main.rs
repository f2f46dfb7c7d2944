//! `simulator [device | story | model | power | run | replay | wire | proxy]`: reads the command line and calls the library.

use simulator::{
    command::{self, Command, HELP, RunOptions},
    fleet, model, power, proxy, wire,
    words::chain,
};
#[cfg(feature = "screens")]
use simulator::{desktop, device, story};
use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    #[cfg(feature = "screens")]
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
        #[cfg(feature = "screens")]
        Command::Desktop(options) => desktop::run(&options)?,
        #[cfg(feature = "screens")]
        Command::Device(options) => device::run(&options)?,
        #[cfg(feature = "screens")]
        Command::Story(options) => return Ok(story::run(&options)?),
        Command::Proxy(options) => proxy::run(&options)?,
        Command::Wire(options) => return Ok(wire::run(&options)?),
        Command::Model(options) => return Ok(model::run(&options, &mut io::stdout())?),
        Command::Power(options) => return Ok(power::run(&options, &mut io::stdout())?),
        Command::Run(options) => return play_fleet(&options),
        Command::Help => writeln!(io::stdout(), "{HELP}")?,
    }
    Ok(true)
}

/// Plays a fleet; the summary is the last line of stdout.
#[expect(clippy::disallowed_methods, reason = "how long a run takes is no part of it")]
fn play_fleet(options: &RunOptions) -> Result<bool, Box<dyn Error>> {
    let began = std::time::Instant::now();
    let report = fleet::run(&options.setting, options.threads, options.spoken)?;
    let seconds = began.elapsed().as_secs_f64();
    write!(io::stdout(), "{}", report.story())?;
    writeln!(io::stdout(), "{}", report.summary(options.setting.seed, seconds))?;
    Ok(report.is_sound())
}

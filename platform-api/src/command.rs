//! The command line.

use std::{net::SocketAddr, path::PathBuf};

/// What `--help` prints.
pub const HELP: &str = "\
platform-api serve [--demo [--seed N]] [--listen ADDR] [--data DIR] [--config FILE]
platform-api seed [--seed N] [--data DIR] [--config FILE]
platform-api migrate [--data DIR] [--config FILE]
platform-api openapi
platform-api price CASE.json...

serve    answers requests; --demo opens the demo door and, with --seed, repeats the same chance
seed     plants the demo city, unless it stands already, and ends
migrate  brings the tables up to date and ends
openapi  prints the API document
price    prices case files (docs/PRICING.md), one result a line";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Answer requests.
    Serve(ServeOptions),
    /// Plant the demo city.
    Seed(ServeOptions),
    /// Bring the tables up to date.
    Migrate { config: Option<PathBuf>, data: Option<PathBuf> },
    /// Print the API document.
    OpenApi,
    /// Price case files.
    Price(Vec<PathBuf>),
    /// Print how to call this.
    Help,
}

/// How to serve.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ServeOptions {
    /// Open the demo door.
    pub demo: bool,
    /// Chance that repeats; only in a demo.
    pub seed: Option<u64>,
    /// Address and port, before the settings.
    pub listen: Option<SocketAddr>,
    /// The data folder, before the settings.
    pub data: Option<PathBuf>,
    /// The settings file.
    pub config: Option<PathBuf>,
}

/// The command line is wrong.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CommandError {
    /// Not a word this program knows.
    #[error("unknown word `{0}`; see --help")]
    Unknown(String),
    /// An option without, or with a wrong, value.
    #[error("{0} needs a value of its kind")]
    Value(&'static str),
    /// An option that does not go with the others.
    #[error("{0}")]
    Misplaced(&'static str),
}

/// Reads the words after the program's name.
pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Command, CommandError> {
    let mut words = words.into_iter();
    let command = words.next().unwrap_or_else(|| "--help".to_owned());
    if command == "price" {
        return price(words);
    }
    let options = parse_options(words)?;
    match command.as_str() {
        "serve" if options.seed.is_some() && !options.demo => {
            Err(CommandError::Misplaced("--seed makes tokens guessable and goes with --demo only"))
        }
        "serve" => Ok(Command::Serve(options)),
        "seed" if options.demo || options.listen.is_some() => {
            Err(CommandError::Misplaced("seed takes --seed, --data and --config only"))
        }
        "seed" => Ok(Command::Seed(options)),
        "migrate" if options.demo || options.seed.is_some() || options.listen.is_some() => {
            Err(CommandError::Misplaced("migrate takes --data and --config only"))
        }
        "migrate" => Ok(Command::Migrate { config: options.config, data: options.data }),
        "openapi" if options == ServeOptions::default() => Ok(Command::OpenApi),
        "openapi" => Err(CommandError::Misplaced("openapi takes no option")),
        "help" | "--help" | "-h" => Ok(Command::Help),
        _ => Err(CommandError::Unknown(command)),
    }
}

fn price(words: impl Iterator<Item = String>) -> Result<Command, CommandError> {
    let files: Vec<PathBuf> = words.map(PathBuf::from).collect();
    if files.is_empty() { Err(CommandError::Value("price")) } else { Ok(Command::Price(files)) }
}

fn parse_options(mut words: impl Iterator<Item = String>) -> Result<ServeOptions, CommandError> {
    let mut options = ServeOptions::default();
    while let Some(word) = words.next() {
        let mut value = |name| words.next().ok_or(CommandError::Value(name));
        match word.as_str() {
            "--demo" => options.demo = true,
            "--seed" => options.seed = Some(read(&value("--seed")?, "--seed")?),
            "--listen" => options.listen = Some(read(&value("--listen")?, "--listen")?),
            "--data" => options.data = Some(value("--data")?.into()),
            "--config" => options.config = Some(value("--config")?.into()),
            _ => return Err(CommandError::Unknown(word)),
        }
    }
    Ok(options)
}

fn read<T: std::str::FromStr>(text: &str, name: &'static str) -> Result<T, CommandError> {
    text.parse().map_err(|_| CommandError::Value(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command, CommandError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_seed_without_the_demo_is_refused() {
        assert!(matches!(parse_line("serve --seed 7"), Err(CommandError::Misplaced(_))));
        let Ok(Command::Serve(options)) = parse_line("serve --demo --seed 7 --listen 127.0.0.1:0 --data d")
        else {
            panic!("not a serve command");
        };
        assert_eq!((options.demo, options.seed), (true, Some(7)));
    }

    #[test]
    fn seeding_takes_no_address() {
        assert!(matches!(parse_line("seed --seed 7 --data d"), Ok(Command::Seed(_))));
        assert!(matches!(parse_line("seed --listen 127.0.0.1:0"), Err(CommandError::Misplaced(_))));
    }

    #[test]
    fn unknown_words_and_wrong_values_are_refused() {
        assert_eq!(parse_line("dance"), Err(CommandError::Unknown("dance".to_owned())));
        assert_eq!(parse_line("serve --listen here"), Err(CommandError::Value("--listen")));
        assert_eq!(parse_line("serve --data"), Err(CommandError::Value("--data")));
        assert!(parse_line("openapi --demo").is_err());
        assert_eq!(parse_line("price"), Err(CommandError::Value("price")));
    }
}

//! The command line: three ways to run the simulator, and what each is told.

use crate::{desktop, device, story};
use std::{net::SocketAddr, path::PathBuf};

/// What `--help` prints.
pub const HELP: &str = "\
usage:
  simulator [--platform URL] [--data DIR] [--seed N]
      a window with a kiosk, and a panel to play its shoppers
  simulator device --data DIR [--clock-offset-ms N] [--network true|false] [--seed N] [--control ADDR]
      one kiosk without a display; prints `control socket ADDR` when it is ready
  simulator story --platform-bin FILE --out DIR [--data DIR]
      plays the whole story; pictures and logs go to DIR";

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The window.
    Desktop(desktop::Options),
    /// A kiosk without a display.
    Device(device::Options),
    /// The story.
    Story(story::Options),
    /// Say how it is used.
    Help,
}

/// The command line is not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UsageError {
    /// There is no such option.
    #[error("`{0}` is not understood")]
    Unknown(String),
    /// The option needs a value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// The option's value is of another kind.
    #[error("`{0}` cannot be `{1}`")]
    WrongValue(String, String),
    /// The option must be given.
    #[error("`{0}` is missing")]
    Missing(&'static str),
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// [`UsageError`].
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, UsageError> {
    let mut words = arguments.peekable();
    match words.peek().map(String::as_str) {
        Some("device") => device(Words::read(words.skip(1))?).map(Command::Device),
        Some("story") => story(Words::read(words.skip(1))?).map(Command::Story),
        Some("--help" | "-h" | "help") => Ok(Command::Help),
        Some(_) | None => desktop(Words::read(words)?).map(Command::Desktop),
    }
}

fn device(mut words: Words) -> Result<device::Options, UsageError> {
    let options = device::Options {
        data: words.required("--data")?,
        clock_offset_ms: words.or("--clock-offset-ms", 0)?,
        network: words.or("--network", true)?,
        seed: words.or("--seed", 1)?,
        control: words.or("--control", SocketAddr::from(([127, 0, 0, 1], 0)))?,
    };
    words.end().map(|()| options)
}

fn story(mut words: Words) -> Result<story::Options, UsageError> {
    let platform_bin = words.required("--platform-bin")?;
    let out: PathBuf = words.required("--out")?;
    let data = words.take("--data")?.unwrap_or_else(|| out.join("data"));
    words.end().map(|()| story::Options { platform_bin, out, data })
}

fn desktop(mut words: Words) -> Result<desktop::Options, UsageError> {
    let options = desktop::Options {
        platform: words.take("--platform")?,
        data: words.or("--data", PathBuf::from("target/simulator"))?,
        seed: words.or("--seed", 1)?,
    };
    words.end().map(|()| options)
}

/// Options with their values, in the order given: `--name value` or `--name=value`.
struct Words(Vec<(String, String)>);

impl Words {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Words, UsageError> {
        let mut pairs = Vec::new();
        while let Some(word) = words.next() {
            if !word.starts_with("--") {
                return Err(UsageError::Unknown(word));
            }
            let pair = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => {
                    let value = words.next().ok_or_else(|| UsageError::NoValue(word.clone()))?;
                    (word, value)
                }
            };
            pairs.push(pair);
        }
        Ok(Words(pairs))
    }

    fn take<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, UsageError> {
        let Some(place) = self.0.iter().position(|(given, _)| given == name) else {
            return Ok(None);
        };
        let (name, value) = self.0.remove(place);
        value.parse().map(Some).map_err(|_| UsageError::WrongValue(name, value))
    }

    fn or<T: std::str::FromStr>(&mut self, name: &str, otherwise: T) -> Result<T, UsageError> {
        Ok(self.take(name)?.unwrap_or(otherwise))
    }

    fn required<T: std::str::FromStr>(&mut self, name: &'static str) -> Result<T, UsageError> {
        self.take(name)?.ok_or(UsageError::Missing(name))
    }

    /// Whatever is left was not understood.
    fn end(self) -> Result<(), UsageError> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(UsageError::Unknown(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, UsageError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_device_takes_its_options_in_both_forms() {
        let Ok(Command::Device(options)) = parsed("device --data d --clock-offset-ms=-5 --network false")
        else {
            panic!("a device");
        };
        assert_eq!((options.clock_offset_ms, options.network, options.data), (-5, false, PathBuf::from("d")));
        assert_eq!(options.control.to_string(), "127.0.0.1:0");
    }

    #[test]
    fn a_story_keeps_its_data_below_its_pictures() {
        let Ok(Command::Story(options)) = parsed("story --platform-bin p --out o") else {
            panic!("a story");
        };
        assert_eq!(options.data, PathBuf::from("o/data"));
    }

    #[test]
    fn without_a_word_the_window_opens() {
        assert!(matches!(parsed(""), Ok(Command::Desktop(options)) if options.platform.is_none()));
        let Ok(Command::Desktop(options)) = parsed("--platform http://127.0.0.1:1 --data d") else {
            panic!("a window");
        };
        assert_eq!(options.platform.as_deref(), Some("http://127.0.0.1:1"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(parsed("device --data d --colour red"), Err(UsageError::Unknown("--colour".into())));
        assert_eq!(parsed("device"), Err(UsageError::Missing("--data")));
        assert_eq!(parsed("story --out"), Err(UsageError::NoValue("--out".into())));
        let wrong = UsageError::WrongValue("--seed".into(), "x".into());
        assert_eq!(parsed("device --data d --seed=x"), Err(wrong));
        assert_eq!(parsed("dance"), Err(UsageError::Unknown("dance".into())));
    }
}

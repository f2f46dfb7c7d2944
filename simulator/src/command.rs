//! The command line: the ways to run the simulator, and what each is told.

#[cfg(feature = "screens")]
use crate::{desktop, device, story};
use crate::{
    fleet::{
        Setting,
        faults::{Family, parse_families},
    },
    model, power,
    proxy::{self, Fault},
    wire,
};
use cloud_sync::disk::Flush;
use std::net::SocketAddr;
#[cfg(feature = "screens")]
use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
usage:
  simulator [--platform URL] [--data DIR] [--seed N]
      a window with a kiosk, and a panel to play its shoppers
  simulator device --data DIR [--clock-offset-ms N] [--network true|false] [--seed N] [--control ADDR]
      one kiosk without a display; prints `control socket ADDR` when it is ready
  simulator story --platform-bin FILE --out DIR [--data DIR]
      plays the whole story; pictures and logs go to DIR
  simulator model [--mutant N0|N1|N2|N3|N4|N5|N6|N7|N8|N9|R] [--scope small|full]
      tries the lease protocol in every order; a mutant breaks one rule and must fail
  simulator power [--cuts N] [--seed N] [--synchronous full|normal]
      cuts the power of a kiosk's disk N times; `normal` must lose rows, so that the test is known to see
  simulator run [--kiosks K] [--days D | --hours H] [--seed S] [--faults FAMILY,...|all|none] [--threads N]
      a fleet of kiosks and the platform on one virtual clock, with everything that goes wrong; families: network,
      kiosk, disk, clock, platform, input, people (all), and apart: rollback, clone, restore
  simulator replay SEED [--kiosks K] [--days D | --hours H] [--faults FAMILY,...]
      plays one world again and prints every line of its history
  simulator wire --platform-bin FILE --out DIR
      a real kiosk and a real platform, with every fault of a network between them
  simulator proxy --to ADDR [--listen ADDR] [--seed N] [--one-in N] [--faults NAME,…] [--tls-ca FILE]
      such a network alone, before a platform at ADDR; prints `listening on URL` when it is ready.
      --tls-ca makes it end TLS, and writes the authority to pin to FILE";

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The window.
    #[cfg(feature = "screens")]
    Desktop(desktop::Options),
    /// A kiosk without a display.
    #[cfg(feature = "screens")]
    Device(device::Options),
    /// The story.
    #[cfg(feature = "screens")]
    Story(story::Options),
    /// The model of the lease protocol.
    Model(model::Options),
    /// Power cuts.
    Power(power::Options),
    /// Play a fleet.
    Run(RunOptions),
    /// A kiosk and a platform with a fault proxy between them.
    Wire(wire::Options),
    /// The fault proxy alone.
    Proxy(proxy::Options),
    /// Say how it is used.
    Help,
}

/// How a fleet is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// What it is like.
    pub setting: Setting,
    /// Threads that play its worlds; the result does not depend on it.
    pub threads: usize,
    /// Every line of the history is printed.
    pub spoken: bool,
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
        #[cfg(feature = "screens")]
        Some("device") => device(Words::read(words.skip(1))?).map(Command::Device),
        #[cfg(feature = "screens")]
        Some("story") => story(Words::read(words.skip(1))?).map(Command::Story),
        Some("model") => model(Words::read(words.skip(1))?).map(Command::Model),
        Some("power") => power(Words::read(words.skip(1))?).map(Command::Power),
        Some("run") => run(Words::read(words.skip(1))?).map(Command::Run),
        Some("replay") => replay(words.skip(1)).map(Command::Run),
        Some("wire") => wire(Words::read(words.skip(1))?).map(Command::Wire),
        Some("proxy") => proxy(Words::read(words.skip(1))?).map(Command::Proxy),
        Some("--help" | "-h" | "help") => Ok(Command::Help),
        #[cfg(feature = "screens")]
        Some(_) | None => desktop(Words::read(words)?).map(Command::Desktop),
        #[cfg(not(feature = "screens"))]
        Some(word) => Err(UsageError::Unknown(word.to_owned())),
        #[cfg(not(feature = "screens"))]
        None => Ok(Command::Help),
    }
}

#[cfg(feature = "screens")]
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

#[cfg(feature = "screens")]
fn story(mut words: Words) -> Result<story::Options, UsageError> {
    let platform_bin = words.required("--platform-bin")?;
    let out: PathBuf = words.required("--out")?;
    let data = words.take("--data")?.unwrap_or_else(|| out.join("data"));
    words.end().map(|()| story::Options { platform_bin, out, data })
}

#[cfg(feature = "screens")]
fn desktop(mut words: Words) -> Result<desktop::Options, UsageError> {
    let options = desktop::Options {
        platform: words.take("--platform")?,
        data: words.or("--data", PathBuf::from("target/simulator"))?,
        seed: words.or("--seed", 1)?,
    };
    words.end().map(|()| options)
}

fn model(mut words: Words) -> Result<model::Options, UsageError> {
    let mutant = words.take::<String>("--mutant")?.map(|name| {
        let unknown = UsageError::WrongValue("--mutant".to_owned(), name.clone());
        model::Mutant::named(&name).ok_or(unknown)
    });
    let size = match words.take::<String>("--scope")?.as_deref() {
        None | Some("full") => model::Size::Full,
        Some("small") => model::Size::Small,
        Some(other) => return Err(UsageError::WrongValue("--scope".to_owned(), other.to_owned())),
    };
    let options = model::Options { mutant: mutant.transpose()?, size };
    words.end().map(|()| options)
}

fn power(mut words: Words) -> Result<power::Options, UsageError> {
    let synchronous: String = words.or("--synchronous", "full".to_owned())?;
    let ledger_flush = match synchronous.as_str() {
        "full" => Flush::EveryCommit,
        "normal" => Flush::Checkpoint,
        _ => return Err(UsageError::WrongValue("--synchronous".to_owned(), synchronous)),
    };
    let options =
        power::Options { cuts: words.or("--cuts", 1_000)?, seed: words.or("--seed", 1)?, ledger_flush };
    words.end().map(|()| options)
}

fn run(mut words: Words) -> Result<RunOptions, UsageError> {
    let seed = words.or("--seed", 1)?;
    let setting = setting(&mut words, seed)?;
    let threads = words.or("--threads", 2)?;
    words.end().map(|()| RunOptions { setting, threads, spoken: false })
}

fn replay(mut words: impl Iterator<Item = String>) -> Result<RunOptions, UsageError> {
    let seed = words.next().ok_or(UsageError::Missing("SEED"))?;
    let seed = seed.parse().map_err(|_| UsageError::WrongValue("SEED".to_owned(), seed))?;
    let mut words = Words::read(words)?;
    let setting = setting(&mut words, seed)?;
    words.end().map(|()| RunOptions { setting, threads: 1, spoken: true })
}

/// `--days`, or `--hours` for less than one.
fn hours(words: &mut Words) -> Result<i64, UsageError> {
    let days: Option<i64> = words.take("--days")?;
    words.or("--hours", days.unwrap_or(2) * 24)
}

fn setting(words: &mut Words, seed: u64) -> Result<Setting, UsageError> {
    let faults: String = words.or("--faults", "all".to_owned())?;
    let families: Vec<Family> =
        parse_families(&faults).map_err(|_| UsageError::WrongValue("--faults".to_owned(), faults))?;
    Ok(Setting { seed, kiosks: words.or("--kiosks", 10)?, hours: hours(words)?, families })
}

fn wire(mut words: Words) -> Result<wire::Options, UsageError> {
    let options =
        wire::Options { platform_bin: words.required("--platform-bin")?, out: words.required("--out")? };
    words.end().map(|()| options)
}

fn proxy(mut words: Words) -> Result<proxy::Options, UsageError> {
    let faults = match words.take::<String>("--faults")? {
        None => Fault::ALL.to_vec(),
        Some(names) => {
            let unknown = |name: &str| UsageError::WrongValue("--faults".to_owned(), name.to_owned());
            names
                .split(',')
                .map(|name| Fault::named(name).ok_or_else(|| unknown(name)))
                .collect::<Result<_, _>>()?
        }
    };
    let options = proxy::Options {
        to: words.required("--to")?,
        listen: words.or("--listen", SocketAddr::from(([127, 0, 0, 1], 0)))?,
        seed: words.or("--seed", 1)?,
        one_in: words.or("--one-in", 5)?,
        faults,
        tls_ca: words.take("--tls-ca")?,
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

#[cfg(all(test, feature = "screens"))]
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
    fn a_proxy_takes_faults_by_their_names() {
        let Ok(Command::Proxy(options)) = parsed("proxy --to 127.0.0.1:1 --faults portal,reset --one-in 2")
        else {
            panic!("a proxy");
        };
        assert_eq!(options.faults, [Fault::Portal, Fault::ResetAnswer]);
        let wrong = UsageError::WrongValue("--faults".into(), "rain".into());
        assert_eq!(parsed("proxy --to 127.0.0.1:1 --faults rain"), Err(wrong));
    }

    #[test]
    fn a_mutant_is_named_by_its_number() {
        let options =
            model::Options { mutant: Some(model::Mutant::UploadKeyedByNumber), size: model::Size::Small };
        assert_eq!(parsed("model --mutant N9 --scope small"), Ok(Command::Model(options)));
        assert_eq!(parsed("model"), Ok(Command::Model(model::Options::default())));
        let unknown = UsageError::WrongValue("--mutant".into(), "N10".into());
        assert_eq!(parsed("model --mutant N10"), Err(unknown));
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

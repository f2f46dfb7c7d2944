//! `kiosk run` and `kiosk pair`: the shipped kiosk, built from the adapters of this machine.

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;

use cloud_sync::core::{About, News};
use cloud_sync::disk::FolderDisk;
use cloud_sync::engine;
use cloud_sync::owner::StoreHandle;
use cloud_sync::store::Store;
use cloud_sync::transport::{Transport, http::HttpTransport, origin::Origin};
use tracing_subscriber::EnvFilter;

use crate::adapters::qr_ladder::LiveDecoder;
use crate::adapters::silent_speaker::SilentSpeaker;
use crate::adapters::system_chance::SystemChance;
use crate::adapters::system_clock::SystemClock;
use crate::app::view::pairing_failure;
use crate::config::{Config, LogConfig, PlatformConfig};
use crate::ports::{CameraError, Chance, Decoder, FrameSource, MakeChance, OpenCamera, Speaker};
use crate::scanner::ScannerLimits;
use crate::shell::{Kiosk, Parts};
use crate::window;

/// How the program is called.
pub const USAGE: &str = "usage: kiosk run [--config FILE]
       kiosk pair [--config FILE] [--platform URL] --code CODE
       kiosk decode IMAGE...";

/// What a command fails with: shown to whoever typed it.
pub type Failure = Box<dyn Error>;

/// Serves shoppers until the window is closed.
///
/// # Errors
/// When the data folder or the display cannot be used; without camera, sound card or network it runs.
pub fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let config = Options::read(arguments, &["--config"])?.config()?;
    start_log(&config.log)?;
    window::choose_backend()?;
    let clock = Arc::new(SystemClock::new());
    let (camera_clock, decoder_clock, camera_index) = (clock.clone(), clock.clone(), config.camera.index);
    let kiosk = Kiosk::start(Parts {
        clock: clock.clone(),
        stopwatch: clock,
        chance: make_chance(),
        camera: Arc::new(move || open_camera(camera_index, &camera_clock)) as Arc<dyn OpenCamera>,
        decoder: Arc::new(move || Box::new(LiveDecoder::new(decoder_clock.clone())) as Box<dyn Decoder>),
        scanner_limits: ScannerLimits::default(),
        speaker: speaker(config.sound.muted)?,
        transport: transport(&config.platform)?,
        data: config.data.folder.clone(),
        media: config.media.policy(),
        about: about(),
    })?;
    Ok(kiosk.run()?)
}

/// Pairs this machine with a platform and waits for its answer. The kiosk must not be running.
///
/// # Errors
/// With the platform's code when it refuses.
pub fn pair(arguments: &[OsString]) -> Result<(), Failure> {
    let options = Options::read(arguments, &["--config", "--platform", "--code"])?;
    let config = options.config()?;
    let pairing_code = options.value("--code").ok_or(USAGE)?;
    let named = options.value("--platform").map(Origin::parse).transpose()?;
    let platform = named.or_else(|| config.platform.url.clone());
    let platform = platform.ok_or("no platform is named: --platform URL")?;
    start_log(&config.log)?;
    let (store, _) = Store::open(Arc::new(FolderDisk::new(&config.data.folder)), &mut SystemChance)?;
    let (store, _thread) = StoreHandle::start(store)?;
    let (sync, news) = engine::start(engine::Parts {
        store,
        transport: transport(&config.platform)?,
        clock: Arc::new(SystemClock::new()),
        chance: make_chance()(),
        about: about(),
    })?;
    // A machine that is paired already says so first; the order comes after that.
    let standing = news.iter().find(|news| matches!(news, News::Enrolled | News::NotEnrolled(_)));
    tracing::debug!(?standing, "before pairing");
    sync.enrol(&platform, pairing_code);
    for told in news {
        match told {
            News::Enrolled => {
                tracing::info!("paired with {platform}");
                sync.stop();
                return Ok(());
            }
            News::EnrolFailed { code } => {
                return Err(format!("pairing failed: {}", pairing_failure(&code)).into());
            }
            News::NotEnrolled(_)
            | News::Link(_)
            | News::Time { .. }
            | News::CatalogueChanged
            | News::MediaChanged
            | News::Storage(_)
            | News::StockChanged
            | News::ClaimSettled(_) => {}
        }
    }
    Err("the sync engine ended without an answer".into())
}

/// `--name VALUE` pairs.
struct Options(Vec<(String, String)>);

impl Options {
    fn read(arguments: &[OsString], known: &[&str]) -> Result<Self, Failure> {
        let text = |argument: &OsString| argument.to_str().map(str::to_owned);
        let pairs = arguments.chunks(2).map(|pair| Some((text(&pair[0])?, text(pair.get(1)?)?)));
        let pairs: Vec<_> = pairs.collect::<Option<_>>().ok_or(USAGE)?;
        if pairs.iter().any(|(name, _)| !known.contains(&name.as_str())) {
            return Err(USAGE.into());
        }
        Ok(Self(pairs))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn config(&self) -> Result<Config, Failure> {
        Ok(Config::load(self.value("--config").map(Path::new), std::env::var_os)?)
    }
}

fn start_log(log: &LogConfig) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&log.filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if log.json { lines.json().try_init() } else { lines.try_init() };
    started.map_err(|error| -> Failure { error })
}

fn about() -> About {
    About { build: env!("CARGO_PKG_VERSION").to_owned(), hardware: hardware() }
}

/// What the board calls itself: device tree on ARM, DMI on PCs.
fn hardware() -> String {
    const NAMES: [&str; 2] = ["/proc/device-tree/model", "/sys/class/dmi/id/product_name"];
    const LENGTH_MAX: usize = 64;
    let named = NAMES.iter().find_map(|name| std::fs::read_to_string(name).ok());
    let name = named.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    name.trim_matches(|letter: char| letter == '\0' || letter.is_whitespace())
        .chars()
        .take(LENGTH_MAX)
        .collect()
}

fn make_chance() -> MakeChance {
    Arc::new(|| Box::new(SystemChance) as Box<dyn Chance>)
}

fn transport(platform: &PlatformConfig) -> Result<Arc<dyn Transport>, Failure> {
    let pem = platform.ca_file.as_ref().map(std::fs::read).transpose()?;
    Ok(Arc::new(HttpTransport::new(pem.as_deref())?))
}

#[cfg(feature = "hardware")]
fn open_camera(index: u32, clock: &Arc<SystemClock>) -> Result<Box<dyn FrameSource>, CameraError> {
    let camera = crate::adapters::nokhwa_camera::NokhwaCamera::open(index, clock.clone())?;
    Ok(Box::new(camera))
}

#[cfg(not(feature = "hardware"))]
fn open_camera(_: u32, _: &Arc<SystemClock>) -> Result<Box<dyn FrameSource>, CameraError> {
    Err(CameraError::Absent("this build has no camera support".to_owned()))
}

#[cfg(any(feature = "desktop", feature = "hardware"))]
fn speaker(muted: bool) -> io::Result<Box<dyn Speaker>> {
    Ok(if muted {
        Box::new(SilentSpeaker)
    } else {
        Box::new(crate::adapters::rodio_speaker::RodioSpeaker::start()?)
    })
}

#[cfg(not(any(feature = "desktop", feature = "hardware")))]
fn speaker(_: bool) -> io::Result<Box<dyn Speaker>> {
    Ok(Box::new(SilentSpeaker))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options, Failure> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        Options::read(&arguments, &["--config", "--code"])
    }

    #[test]
    fn options_come_in_pairs_of_known_names() {
        let options = read(&["--code", "K7QF2M9D"]).unwrap();
        assert_eq!((options.value("--code"), options.value("--config")), (Some("K7QF2M9D"), None));
        for wrong in [&["--code"][..], &["--kode", "K7QF2M9D"], &["K7QF2M9D"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}

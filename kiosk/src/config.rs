//! The configuration of one machine: a TOML file, then the environment, read once at start.
//!
//! What concerns shoppers is pushed by the platform (`KioskConfig`); here is only what that machine must know before
//! it can ask. Secrets are none: the device key is made on the device.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cloud_sync::store::MediaPolicy;
use cloud_sync::transport::origin::{Origin, OriginError};
use serde::Deserialize;

/// More than this and no picture would ever fit.
const FLOOR_PERCENT_MAX: u16 = 90;

/// Everything one machine must know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The folder of the databases and the device key.
    pub data: DataConfig,
    /// The way to the platform.
    pub platform: PlatformConfig,
    /// The camera.
    pub camera: CameraConfig,
    /// Pictures.
    pub media: MediaConfig,
    /// The loudspeaker.
    pub sound: SoundConfig,
    /// The log on standard error.
    pub log: LogConfig,
}

/// The folder of the databases and the device key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Made when it is missing.
    pub folder: PathBuf,
}

/// The way to the platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformConfig {
    /// Scheme, host and port that `kiosk pair` asks when its command line names none; a paired kiosk remembers its own.
    pub url: Option<Origin>,
    /// A PEM file of the only authorities that are trusted; without one, those of the system.
    pub ca_file: Option<PathBuf>,
}

/// The camera.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CameraConfig {
    /// 0 is `/dev/video0`.
    pub index: u32,
}

/// Pictures: for which screen, and how much of the disk they may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// Pixels across the panel: of each picture the narrowest variant that need not be enlarged is fetched.
    pub screen_width_px: u32,
    /// MiB that pictures may take.
    pub budget_mib: u32,
    /// Part of the disk that stays free, in percent, at most 90.
    pub floor_percent: u16,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self { screen_width_px: 1_080, budget_mib: 2_048, floor_percent: 15 }
    }
}

impl MediaConfig {
    /// The same in the store's units.
    pub fn policy(&self) -> MediaPolicy {
        MediaPolicy {
            screen_width_px: self.screen_width_px,
            budget_bytes: u64::from(self.budget_mib) << 20,
            floor_bp: self.floor_percent.saturating_mul(100),
        }
    }
}

/// The loudspeaker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoundConfig {
    /// No sound at all.
    pub muted: bool,
}

/// The log on standard error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// What is logged, as `tracing` filters say it.
    pub filter: String,
    /// One JSON object a line instead of text.
    pub json: bool,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self { folder: PathBuf::from("/var/lib/city-kiosk") }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned(), json: false }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file says something that is not understood.
    #[error("cannot understand {path}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where and why not.
        source: Box<toml::de::Error>,
    },
    /// The environment names no platform that a kiosk may talk to.
    #[error("KIOSK_PLATFORM_URL cannot be used")]
    Platform(#[source] OriginError),
    /// A variable of the environment cannot be used.
    #[error("{name} cannot be used: {why}")]
    Variable {
        /// Which one.
        name: &'static str,
        /// Why not.
        why: &'static str,
    },
}

impl Config {
    /// Reads `file`, or takes the defaults without one, then what `variable` gives for the names of the environment.
    ///
    /// # Errors
    /// [`ConfigError`]: a configuration that is half understood is not used at all.
    pub fn load(
        file: Option<&Path>,
        variable: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let mut config = file.map_or_else(|| Ok(Self::default()), Self::read)?;
        config.override_with(&variable)?;
        config.check()?;
        Ok(config)
    }

    fn read(file: &Path) -> Result<Self, ConfigError> {
        let path = || file.to_owned();
        let text = fs::read_to_string(file).map_err(|source| ConfigError::File { path: path(), source })?;
        toml::from_str(&text).map_err(|source| ConfigError::Syntax { path: path(), source: Box::new(source) })
    }

    fn override_with(
        &mut self,
        variable: &impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<(), ConfigError> {
        let text = |name| {
            let read = |value: OsString| value.into_string().map_err(|_| not(name, "it is no text"));
            variable(name).map(read).transpose()
        };
        if let Some(folder) = variable("KIOSK_DATA") {
            self.data.folder = folder.into();
        }
        if let Some(file) = variable("KIOSK_CA_FILE") {
            self.platform.ca_file = Some(file.into());
        }
        if let Some(url) = text("KIOSK_PLATFORM_URL")? {
            let origin = Origin::parse(&url).map_err(ConfigError::Platform)?;
            self.platform.url = Some(origin);
        }
        if let Some(index) = text("KIOSK_CAMERA")? {
            self.camera.index = index.parse().map_err(|_| not("KIOSK_CAMERA", "it is no number"))?;
        }
        if let Some(muted) = text("KIOSK_MUTED")? {
            self.sound.muted =
                muted.parse().map_err(|_| not("KIOSK_MUTED", "it is neither true nor false"))?;
        }
        if let Some(filter) = text("KIOSK_LOG")? {
            self.log.filter = filter;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.data.folder.as_os_str().is_empty() {
            return Err(not("KIOSK_DATA", "the folder has no name"));
        }
        if self.media.floor_percent > FLOOR_PERCENT_MAX {
            return Err(not("media.floor_percent", "it must be at most 90"));
        }
        Ok(())
    }
}

const fn not(name: &'static str, why: &'static str) -> ConfigError {
    ConfigError::Variable { name, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/kiosk.example.toml");

    fn nothing(_: &'static str) -> Option<OsString> {
        None
    }

    #[test]
    fn the_example_names_every_setting_and_shows_the_defaults() {
        let config = Config::load(Some(Path::new(EXAMPLE)), nothing).unwrap();
        let shown = PlatformConfig {
            url: Some(Origin::parse("https://pass.example.cn").unwrap()),
            ca_file: Some("/etc/city-kiosk/platform-ca.pem".into()),
        };
        assert_eq!(config, Config { platform: shown, ..Config::default() });
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let variable = |name| match name {
            "KIOSK_DATA" => Some("/tmp/kiosk".into()),
            "KIOSK_CAMERA" => Some("2".into()),
            "KIOSK_MUTED" => Some("true".into()),
            _ => None,
        };
        let config = Config::load(Some(Path::new(EXAMPLE)), variable).unwrap();
        assert_eq!(config.data.folder, PathBuf::from("/tmp/kiosk"));
        assert_eq!((config.camera.index, config.sound.muted), (2, true));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.toml");
        fs::write(&file, "[camera]\nindx = 1\n").unwrap();
        assert!(matches!(Config::load(Some(&file), nothing), Err(ConfigError::Syntax { .. })));
        let wrong = |name| (name == "KIOSK_CAMERA").then(|| "front".into());
        assert!(matches!(Config::load(None, wrong), Err(ConfigError::Variable { .. })));
    }
    #[test]
    fn a_platform_of_another_machine_is_talked_to_in_secret_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.toml");
        fs::write(&file, "[platform]\nurl = \"http://pass.example.cn\"\n").unwrap();
        let Err(ConfigError::Syntax { source, .. }) = Config::load(Some(&file), nothing) else {
            panic!("taken")
        };
        assert!(source.to_string().contains("must begin with https"), "{source}");
        let variable = |name| (name == "KIOSK_PLATFORM_URL").then(|| "http://pass.example.cn".into());
        let refused = Config::load(None, variable);
        assert!(matches!(refused, Err(ConfigError::Platform(OriginError::PlainHttp))), "{refused:?}");
        let here = |name| (name == "KIOSK_PLATFORM_URL").then(|| "http://127.0.0.1:8480".into());
        assert!(Config::load(None, here).is_ok());
    }
}

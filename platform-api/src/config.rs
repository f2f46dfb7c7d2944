//! Settings: a TOML file, then the environment, read once at the start into one struct per concern.
//!
//! A variable `PLATFORM_<SECTION>_<NAME>` overrides the file: `PLATFORM_HTTP_LISTEN=0.0.0.0:8080`. An unknown name, in
//! the file or in the environment, is an error. Secrets are key files of the data folder, never settings.

mod auth;
mod city;
mod database;
mod http;
mod leases;
mod limits;

pub use auth::AuthConfig;
pub use city::CityConfig;
pub use database::DatabaseConfig;
pub use http::HttpConfig;
pub use leases::LeaseConfig;
pub use limits::LimitsConfig;

use serde::Deserialize;
use std::{fs, io, path::Path};
use toml::{Table, Value};

const PREFIX: &str = "PLATFORM_";

/// All settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Serving.
    pub http: HttpConfig,
    /// Storing.
    pub database: DatabaseConfig,
    /// Signing in.
    pub auth: AuthConfig,
    /// Limits on callers.
    pub limits: LimitsConfig,
    /// The city.
    pub city: CityConfig,
    /// Lending stock to kiosks.
    pub leases: LeaseConfig,
}

/// The settings could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("settings file cannot be read")]
    File(#[from] io::Error),
    /// The text is no TOML, or a name or a type in it is wrong.
    #[error("settings are wrong")]
    Content(#[from] toml::de::Error),
    /// A variable names no section.
    #[error("variable {0} names no setting")]
    Variable(String),
    /// A value breaks its limits.
    #[error("setting {0} must be {1}")]
    Range(&'static str, &'static str),
}

impl Config {
    /// Reads `file` (if given), then the variables, then checks the limits.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let text = file.map(fs::read_to_string).transpose()?.unwrap_or_default();
        let mut table: Table = text.parse()?;
        for (name, value) in variables {
            if let Some(setting) = name.strip_prefix(PREFIX) {
                let (section, key) =
                    setting.split_once('_').ok_or_else(|| ConfigError::Variable(name.clone()))?;
                let section =
                    table.entry(section.to_lowercase()).or_insert_with(|| Value::Table(Table::new()));
                let section = section.as_table_mut().ok_or_else(|| ConfigError::Variable(name.clone()))?;
                section.insert(key.to_lowercase(), read_variable(value));
            }
        }
        let config: Config = table.try_into()?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.http.check()?;
        self.auth.check()?;
        self.limits.check()?;
        self.city.check()?;
        self.leases.check()
    }
}

/// A number or a flag where the text is one, else a text.
fn read_variable(text: String) -> Value {
    match (text.parse::<i64>(), text.parse::<bool>()) {
        (Ok(number), _) => Value::Integer(number),
        (_, Ok(flag)) => Value::Boolean(flag),
        _ => Value::String(text),
    }
}

/// `value` must lie within `range`.
fn within<T: PartialOrd>(
    value: T,
    range: std::ops::RangeInclusive<T>,
    (name, rule): (&'static str, &'static str),
) -> Result<(), ConfigError> {
    if range.contains(&value) { Ok(()) } else { Err(ConfigError::Range(name, rule)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_annotated_example_holds_exactly_the_defaults() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
        assert_eq!(Config::load(Some(&example), []).unwrap(), Config::default());
    }

    #[test]
    fn a_variable_overrides_the_file() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
        let variables = [variable("PLATFORM_AUTH_OTP_TTL_S", "60"), variable("PATH", "/bin")];
        assert_eq!(Config::load(Some(&example), variables).unwrap().auth.otp_ttl_s, 60);
    }

    #[test]
    fn a_wrong_name_or_value_is_refused() {
        for (name, value) in [
            ("PLATFORM_AUTH_OTP_TTL", "60"),
            ("PLATFORM_NOTHING_X", "1"),
            ("PLATFORM_ODD", "1"),
            ("PLATFORM_AUTH_OTP_TTL_S", "soon"),
            ("PLATFORM_AUTH_OTP_TTL_S", "0"),
        ] {
            assert!(Config::load(None, [variable(name, value)]).is_err(), "{name}={value}");
        }
    }
}

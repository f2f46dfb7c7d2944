//! Storing: the folder that holds the database and the keys.

use serde::Deserialize;
use std::path::PathBuf;

/// Where data is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `PLATFORM_DATABASE_FOLDER`: holds `platform.db` and the folders `keys` and `media`.
    pub folder: PathBuf,
}

impl Default for DatabaseConfig {
    fn default() -> DatabaseConfig {
        DatabaseConfig { folder: PathBuf::from("data") }
    }
}

//! Brings the tables of a database up to this build: one numbered history, each step in a transaction of its own.
//!
//! `migrations/README.md` says how a step is written. A database that is ahead of this build, or whose past differs
//! from it, is refused rather than touched.

use super::db::{Db, DbError, Tx};
use domain::time::UtcMillis;
use sha2::{Digest, Sha256};

/// One step of the history.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its file's name, which begins with its number.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

macro_rules! history {
    ($($name:literal),+ $(,)?) => {
        &[$(Migration { name: $name, sql: include_str!(concat!("../../migrations/", $name, ".sql")) }),+]
    };
}

/// Every step, in order. Add a line when you add a file.
pub const HISTORY: &[Migration] = history![
    "0001_foundation",
    "0002_append_only.sqlite",
    "0003_auth",
    "0004_devices",
    "0005_ledger.sqlite",
    "0010_consumers",
    "0020_merchants",
    "0021_catalog",
    "0022_funds",
    "0023_campaigns",
    "0024_coupons",
    "0025_immutable_versions.sqlite",
    "0030_leases",
    "0032_fleet",
    "0040_feed",
    "0041_filters",
    "0044_media",
    "0045_disk_low",
    "0048_rotating_passes",
    "0050_quota",
    "0051_device_mall",
    "0052_push",
    "0056_recall",
    "0060_trust",
    "0061_fencing_append_only.sqlite",
    "0062_vouchers_seen",
    "0063_vouchers_seen_append_only.sqlite",
    "0064_pairing_again",
    "0065_reported_vouchers",
    "0066_outbox_open",
];

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A step failed; it was rolled back.
    #[error("a migration failed")]
    Database(#[from] DbError),
    /// An applied step has another text in this build.
    #[error("migration {0} was applied with another text")]
    Changed(String),
    /// The database has a step this build does not know: it belongs to a newer build.
    #[error("migration {0} is unknown to this build")]
    Unknown(String),
}

const APPLIED: &str = "CREATE TABLE IF NOT EXISTS migration (
    name TEXT NOT NULL PRIMARY KEY, sha256 TEXT NOT NULL, applied_at BIGINT NOT NULL)";

/// Applies the steps of `history` that are missing and gives their names.
pub fn run(
    db: &Db,
    history: &'static [Migration],
    now: UtcMillis,
) -> Result<Vec<&'static str>, MigrateError> {
    let applied = db.write(move |tx| {
        tx.execute(APPLIED, &[])?;
        check_past(tx, history)
    })?;
    let missing: Vec<Migration> =
        history.iter().filter(|step| !applied.contains(&step.name.to_owned())).copied().collect();
    for step in &missing {
        let step = *step;
        db.write(move |tx| apply(tx, step, now))?;
        tracing::info!(migration = step.name, "applied a migration");
    }
    Ok(missing.iter().map(|step| step.name).collect())
}

fn check_past(tx: &mut Tx<'_>, history: &[Migration]) -> Result<Vec<String>, MigrateError> {
    let mut names = Vec::new();
    for row in tx.query("SELECT name, sha256 FROM migration ORDER BY name", &[])? {
        let (name, sha256): (String, String) = (row.get("name")?, row.get("sha256")?);
        let Some(step) = history.iter().find(|step| step.name == name) else {
            return Err(MigrateError::Unknown(name));
        };
        if checksum(step.sql) != sha256 {
            return Err(MigrateError::Changed(name));
        }
        names.push(name);
    }
    Ok(names)
}

fn apply(tx: &mut Tx<'_>, step: Migration, now: UtcMillis) -> Result<(), MigrateError> {
    tx.batch(step.sql)?;
    tx.execute(
        "INSERT INTO migration (name, sha256, applied_at) VALUES ($1, $2, $3)",
        &[step.name.into(), checksum(step.sql).into(), now.into()],
    )?;
    Ok(())
}

fn checksum(sql: &str) -> String {
    hex::encode(Sha256::digest(sql.as_bytes()))
}

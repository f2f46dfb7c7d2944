//! Puts an application together: opens the data folder, brings the tables up to date, chooses the adapters.

use crate::{
    config::Config,
    foundation::{
        app::{App, Demo, Parts},
        clock::{Clock, DemoClock, SystemClock},
        db::{Db, DbError},
        entropy::{Entropy, OsEntropy, SeededEntropy},
        migrate::{self, MigrateError},
        otp_sender::{ConsoleOtpSender, NoOtpSender, OtpSender},
        rate_limit::RateLimiter,
        secrets::{SecretError, Secrets},
        streams::Streams,
    },
    modules::consumers::{self, ConsumersError},
    seed::{self, Plan, PlanError, SeedError},
};
use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
};

/// The application could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made.
    #[error("data folder cannot be made")]
    Folder(#[from] io::Error),
    /// The database cannot be opened.
    #[error("database cannot be opened")]
    Database(#[from] DbError),
    /// The tables cannot be brought up to date.
    #[error("database cannot be brought up to date")]
    Migrate(#[from] MigrateError),
    /// The key files cannot be reached.
    #[error("key files cannot be reached")]
    Secrets(#[from] SecretError),
    /// Consent texts, rule sets or code keys cannot be brought up to date.
    #[error("consumers cannot be prepared")]
    Consumers(#[from] ConsumersError),
    /// The plan of the demo city is wrong.
    #[error("the demo city cannot be read")]
    Plan(#[from] PlanError),
    /// The demo city cannot be planted.
    #[error("the demo city cannot be planted")]
    Seed(#[from] SeedError),
}

/// An application for real use: the machine's clock and chance.
pub fn production(config: Config) -> Result<App, StartError> {
    let adapters = Adapters {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        otp_sender: Arc::new(NoOtpSender),
        demo: None,
    };
    assemble(config, adapters)
}

/// An application for showing: a movable clock, codes on the terminal, a city with people and offers, and, with a
/// seed, chance that repeats for the first, the second, … start over one folder.
pub fn demo(mut config: Config, seed_no: Option<u64>) -> Result<App, StartError> {
    config.auth.cookie_secure = false;
    let clock = Arc::new(DemoClock::default());
    let otp_sender = Arc::new(ConsoleOtpSender::default());
    let entropy: Arc<dyn Entropy> = match seed_no {
        Some(seed) => Arc::new(SeededEntropy::of_run(seed, count_start(&config.database.folder)?)),
        None => Arc::new(OsEntropy),
    };
    let demo = Some(Demo { clock: Arc::clone(&clock), otp_sender: Arc::clone(&otp_sender) });
    let app = assemble(config, Adapters { clock, entropy, otp_sender, demo })?;
    if seed::plant(&app, &Plan::demo()?)? {
        tracing::info!("planted the demo city");
    }
    Ok(app)
}

/// What differs between production, demo, tests and the simulator.
pub struct Adapters {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// One-time passwords.
    pub otp_sender: Arc<dyn OtpSender>,
    /// The demo door, if it is open.
    pub demo: Option<Demo>,
}

/// An application of these adapters over the data folder of `config`.
pub fn assemble(config: Config, adapters: Adapters) -> Result<App, StartError> {
    let db = open_database(&config.database.folder)?;
    assemble_over(db, config, adapters)
}

/// [`assemble`] over a database that is open already; the data folder of `config` holds the key files only.
pub fn assemble_over(db: Db, config: Config, adapters: Adapters) -> Result<App, StartError> {
    make_private(&config.database.folder)?;
    migrate::run(&db, migrate::HISTORY, adapters.clock.now())?;
    let secrets = Secrets::open(&config.database.folder.join("keys"))?;
    let app = App::new(Parts {
        db,
        clock: adapters.clock,
        entropy: adapters.entropy,
        config,
        secrets,
        otp_sender: adapters.otp_sender,
        rate_limiter: RateLimiter::default(),
        streams: Streams::default(),
        demo: adapters.demo,
    });
    consumers::prepare(&app)?;
    Ok(app)
}

/// The database in the data folder, as it is; the folder is made when missing.
pub fn open_database(folder: &Path) -> Result<Db, StartError> {
    make_private(folder)?;
    Ok(Db::open_sqlite(&folder.join("platform.db"))?)
}

/// Makes the folder, if there is none, for its owner's eyes only.
fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The number of this start over the folder, from 1.
fn count_start(folder: &Path) -> io::Result<u64> {
    make_private(folder)?;
    let path = folder.join("demo-starts");
    let before: u64 = match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?,
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    fs::write(&path, (before + 1).to_string())?;
    Ok(before + 1)
}

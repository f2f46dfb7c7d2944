//! `simulator run`: a fleet of real kiosks and the real platform on one virtual clock, with everything that goes wrong.
//!
//! What must hold: the same seed and setting give the same fingerprint on any machine, however many threads play it.
//! A fleet is split into worlds of at most [`KIOSKS_A_WORLD`] kiosks by that number alone; a world is one thread.

mod apart;
pub mod chance;
mod checks;
mod city;
mod drive;
pub mod faults;
mod kiosk;
mod log;
mod network;
mod operators;
mod people;
mod promises;
pub mod report;
mod setting;
mod store;
mod stream;
mod town;
mod world;

pub use report::Report;
pub use setting::Setting;

use cloud_sync::store::StoreError;
use platform_api::{RouterError, foundation::db::DbError, start::StartError};
use std::{
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Kiosks of one world: a city of this size is played by one core at a few hundred kiosk-days a minute.
pub const KIOSKS_A_WORLD: usize = 25;

/// The simulator itself failed; this says nothing about what it tests.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The world's folder, runtime or thread could not be had.
    #[error("the machine does not give what a world needs")]
    Folder(#[source] io::Error),
    /// The platform could not be started.
    #[error("the platform does not start")]
    Start(#[from] StartError),
    /// Routes and rows do not belong together.
    #[error("the router cannot be built")]
    Router(#[from] RouterError),
    /// The platform's database could not be read.
    #[error("the platform's database cannot be read")]
    Database(#[from] DbError),
    /// The platform refused something a town is made of.
    #[error("the platform refused: {0}")]
    Platform(String),
    /// A request could not be built.
    #[error("a request cannot be built")]
    Request(#[source] axum::http::Error),
    /// A message could not be written or read.
    #[error("a message cannot be written or read")]
    Encoding(#[source] serde_json::Error),
    /// A kiosk's store did not open.
    #[error("a store does not open")]
    Store(#[from] StoreError),
    /// A store found its files damaged.
    #[error("a store was damaged: {0}")]
    Damage(String),
    /// A world's thread panicked.
    #[error("a world panicked")]
    Panicked,
}

/// Plays a fleet on `threads` threads; `spoken` prints every line.
///
/// # Errors
/// [`FleetError`] when it cannot be played. Harm that was found is part of the report.
pub fn run(setting: &Setting, threads: usize, spoken: bool) -> Result<Report, FleetError> {
    let worlds = split(setting);
    let next = AtomicUsize::new(0);
    let reports: Mutex<Vec<(usize, Result<Report, FleetError>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, worlds.len().max(1)) {
            scope.spawn(|| {
                while let Some(setting) = {
                    let place = next.fetch_add(1, Ordering::SeqCst);
                    worlds.get(place).map(|setting| (place, setting))
                } {
                    let played = play(setting.1, spoken);
                    reports.lock().unwrap_or_else(PoisonError::into_inner).push((setting.0, played));
                }
            });
        }
    });
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|(place, _)| *place);
    let mut whole: Option<Report> = None;
    for (_, report) in reports {
        let report = report?;
        whole = Some(match whole {
            Some(whole) => whole.join(report),
            None => report,
        });
    }
    whole.ok_or(FleetError::Panicked)
}

fn play(setting: &Setting, spoken: bool) -> Result<Report, FleetError> {
    let mut world = world::World::build(setting.clone(), spoken)?;
    world.play()?;
    Ok(Report::of(&world))
}

/// The worlds of a fleet: equally large, each with a seed of its own.
fn split(setting: &Setting) -> Vec<Setting> {
    let worlds = setting.kiosks.div_ceil(KIOSKS_A_WORLD).max(1);
    (0..worlds)
        .map(|world| {
            let kiosks = setting.kiosks / worlds + usize::from(world < setting.kiosks % worlds);
            // The first world has the seed itself, so that a small failure is replayed by its own number.
            let seed = setting.seed.wrapping_add((world as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            Setting { seed, kiosks, ..setting.clone() }
        })
        .collect()
}

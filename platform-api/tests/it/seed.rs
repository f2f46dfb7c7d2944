//! The demo city: the same seed gives the same city, and its books are in order from the start.

use crate::harness::{START, logged};
use platform_api::{
    build_router,
    config::Config,
    foundation::{
        app::App, clock::ManualClock, db::DbError, entropy::SeededEntropy, otp_sender::ConsoleOtpSender,
    },
    modules::{campaigns, consumers, ledger},
    seed::{self, Plan},
    start::{self, Adapters},
};
use std::{collections::BTreeSet, path::Path, sync::Arc};

fn city(folder: &Path, seed_no: u64) -> App {
    let mut config = Config::default();
    config.database.folder = folder.to_owned();
    let adapters = Adapters {
        clock: Arc::new(ManualClock::new(START)),
        entropy: Arc::new(SeededEntropy::new(seed_no)),
        otp_sender: Arc::new(ConsoleOtpSender::quiet()),
        demo: None,
    };
    let app = start::assemble(config, adapters).unwrap();
    drop(build_router(app.clone()).unwrap());
    assert!(seed::plant(&app, &Plan::demo().unwrap()).unwrap());
    app
}

/// Every row kiosks read, ids and all.
fn feed(app: &App) -> Vec<(String, String, Option<String>)> {
    logged(&app.db).into_iter().map(|change| (change.kind, change.id, change.body)).collect()
}

#[test]
fn the_same_seed_gives_the_same_city_and_another_seed_another() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let first = feed(&city(folders[0].path(), 7));
    assert_eq!(first, feed(&city(folders[1].path(), 7)));
    assert_ne!(first, feed(&city(folders[2].path(), 8)));
}

#[test]
fn a_city_is_planted_once() {
    let folder = tempfile::tempdir().unwrap();
    let app = city(folder.path(), 7);
    let before = feed(&app);
    assert!(!seed::plant(&app, &Plan::demo().unwrap()).unwrap());
    assert_eq!(feed(&app), before);
}

#[test]
fn every_fen_of_the_funds_is_accounted_for_and_no_batch_promises_more_than_its_campaign_has() {
    let folder = tempfile::tempdir().unwrap();
    let app = city(folder.path(), 7);
    let checked: Result<usize, campaigns::CampaignError> = app.db.read(|tx| {
        assert!(ledger::trial_balance(tx)?.is_sound());
        let campaigns = campaigns::campaigns(tx, "", 100)?;
        for campaign in &campaigns {
            let money = campaigns::figures(tx, campaign.id)?;
            assert_eq!(money.available_fen, campaign.allocated_fen, "nothing is spent yet");
            let batches = campaigns::batches(tx, campaign.id, ("", 100))?;
            let promised: i64 = batches.iter().map(|batch| batch.committed_fen.get()).sum();
            assert!(promised <= campaign.allocated_fen.get(), "{}", campaign.name);
        }
        Ok(campaigns.len())
    });
    assert_eq!(checked.unwrap(), 5);
}

#[test]
fn every_crowd_that_an_offer_is_meant_for_has_somebody_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let app = city(folder.path(), 7);
    let keys = consumers::Keys::of(&app).unwrap();
    let cast = Plan::demo().unwrap().cast();
    let found: Result<(), DbError> = app.db.read(move |tx| {
        let mut carried = BTreeSet::new();
        for (_, _, phone) in &cast.consumers {
            let id = consumers::find_seeded(tx, &keys, phone)?.unwrap();
            carried.extend(consumers::tags_of(tx, id, START)?);
        }
        for name in ["young_single", "business_traveller", "student_college", "family", "talent", "resident"]
        {
            let tag = consumers::tag_id(tx, name)?.unwrap();
            assert!(carried.contains(&tag), "{name}");
        }
        Ok(())
    });
    found.unwrap();
}

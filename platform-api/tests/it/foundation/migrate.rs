//! The history of the tables only grows, and each step happens once or not at all.

use crate::harness::START;
use platform_api::foundation::{
    db::Db,
    migrate::{self, HISTORY, MigrateError, Migration},
};
use std::{collections::BTreeSet, fs, path::Path};

const FIRST: Migration = Migration { name: "0001_a", sql: "CREATE TABLE a (id BIGINT);" };

fn database() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Db::open_sqlite(&folder.path().join("test.db")).unwrap(), folder)
}

#[test]
fn every_file_is_listed_and_numbers_grow() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> =
        files.filter_map(|name| name.strip_suffix(".sql").map(str::to_owned)).collect();
    let listed: Vec<String> = HISTORY.iter().map(|step| step.name.to_owned()).collect();
    assert_eq!(files.into_iter().collect::<Vec<_>>(), listed);
    let numbers: BTreeSet<&str> = HISTORY.iter().map(|step| &step.name[..4]).collect();
    assert_eq!(numbers.len(), HISTORY.len(), "two files share a number");
}

#[test]
fn a_step_is_applied_once() {
    const HISTORY: &[Migration] = &[FIRST];
    let (db, _folder) = database();
    assert_eq!(migrate::run(&db, HISTORY, START).unwrap(), ["0001_a"]);
    assert_eq!(migrate::run(&db, HISTORY, START).unwrap(), [""; 0]);
}

#[test]
fn an_edited_step_is_refused() {
    const EDITED: &[Migration] = &[Migration { sql: "CREATE TABLE a (id TEXT);", ..FIRST }];
    let (db, _folder) = database();
    migrate::run(&db, &[FIRST], START).unwrap();
    assert!(matches!(migrate::run(&db, EDITED, START), Err(MigrateError::Changed(name)) if name == "0001_a"));
}

#[test]
fn a_database_of_a_newer_build_is_refused() {
    let (db, _folder) = database();
    migrate::run(&db, &[FIRST], START).unwrap();
    assert!(matches!(migrate::run(&db, &[], START), Err(MigrateError::Unknown(name)) if name == "0001_a"));
}

#[test]
fn a_failing_step_leaves_nothing_behind() {
    const BROKEN: &[Migration] =
        &[FIRST, Migration { name: "0002_b", sql: "CREATE TABLE b (id BIGINT); NONSENSE;" }];
    const REPAIRED: &[Migration] = &[FIRST, Migration { name: "0002_b", sql: "CREATE TABLE b (id BIGINT);" }];
    let (db, _folder) = database();
    assert!(matches!(migrate::run(&db, BROKEN, START), Err(MigrateError::Database(_))));
    assert_eq!(migrate::run(&db, REPAIRED, START).unwrap(), ["0002_b"]);
}

//! The fleet: a seed is a history, no harm comes of what may go wrong, and seeds that once failed do not fail again.

use serde::Deserialize;
use simulator::fleet::{
    self, Report, Setting,
    faults::{Family, parse_families},
};
use std::{fs, path::Path};

fn setting(seed: u64, kiosks: usize, hours: i64, faults: &str) -> Setting {
    let Ok(families) = parse_families(faults) else { panic!("no such family in {faults}") };
    Setting { seed, kiosks, hours, families }
}

fn play(setting: &Setting, threads: usize) -> Report {
    match fleet::run(setting, threads, false) {
        Ok(report) => report,
        Err(error) => panic!("{}", simulator::words::chain(&error)),
    }
}

#[test]
fn the_same_seed_is_the_same_history_and_another_seed_is_another() {
    let small = setting(7, 1, 4, "all");
    let first = play(&small, 1);
    assert_eq!(first.fingerprint, play(&small, 1).fingerprint);
    assert_ne!(first.fingerprint, play(&setting(8, 1, 4, "all"), 1).fingerprint);
}

#[test]
fn the_history_does_not_depend_on_the_threads_that_play_it() {
    let two_worlds = setting(3, fleet::KIOSKS_A_WORLD + 1, 0, "none");
    assert_eq!(play(&two_worlds, 1).fingerprint, play(&two_worlds, 2).fingerprint);
}

#[test]
fn without_faults_every_promise_is_kept_and_nothing_is_refused() {
    let report = play(&setting(1, 2, 6, "none"), 1);
    assert!(report.is_sound(), "{}", report.story());
    assert!(report.counter("shown") > 20);
    assert!(report.faults.is_empty());
}

/// Twenty seeds, each another history of a kiosk's morning with everything that may go wrong, on two threads.
#[test]
fn twenty_seeds_with_all_faults_do_no_harm() {
    let reports: Vec<Report> = std::thread::scope(|scope| {
        let halves = [100..110, 110..120].map(|seeds| {
            scope.spawn(move || seeds.map(|seed| play(&setting(seed, 1, 4, "all"), 1)).collect::<Vec<_>>())
        });
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    for report in &reports {
        assert!(report.is_sound(), "{}", report.story());
    }
    for family in Family::hideable() {
        let hit: u64 = reports.iter().map(|report| report.of_family(family)).sum();
        assert!(hit > 0, "no fault of the family {family} in twenty seeds");
    }
}

/// A seed worth keeping: it failed once, or it shows something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    seed: u64,
    kiosks: usize,
    hours: i64,
    faults: String,
    #[serde(rename = "why")]
    _why: String,
}

#[test]
fn seeds_that_once_failed_do_not_fail_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let kept: Kept = toml::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let report = play(&setting(kept.seed, kept.kiosks, kept.hours, &kept.faults), 1);
        assert!(report.is_sound(), "{}: {}", file.display(), report.story());
    }
}

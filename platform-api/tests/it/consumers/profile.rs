//! Profile, evidence and rule sets: who gets which tag, and for how long.

use super::{ALL, evidence, keys, profile, seed, tag_names};
use crate::harness::Platform;
use domain::segment::Predicate;
use platform_api::{
    foundation::act::Actor,
    modules::consumers::{self, ConsumersError, Level, Profile, TargetingError},
};

const PHONE: &str = "13800000001";
const DAY_MS: i64 = 86_400_000;

fn record(platform: &Platform, id: domain::ids::ConsumerId, kind: &str, level: Level, days: i64) {
    let (keys, act) = (keys(platform), platform.act(Actor::System("test")));
    let evidence = evidence(platform, kind, level, days);
    platform.db().write(move |tx| consumers::record_evidence(tx, &act, &keys, (id, &evidence))).unwrap();
}

#[test]
fn a_tag_ends_with_the_evidence_it_rests_on() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    record(&platform, id, "expert_register", Level::L3, 30);
    assert_eq!(tag_names(&platform, id), ["scholar_expert", "resident", "young_single"]);
    platform.clock.advance_ms(30 * DAY_MS - 1);
    assert!(tag_names(&platform, id).contains(&"scholar_expert"));
    platform.clock.advance_ms(1);
    assert_eq!(tag_names(&platform, id), ["resident", "young_single"]);
}

#[test]
fn a_rule_set_that_drops_a_tag_takes_it_away_when_the_code_is_next_renewed() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    let first = include_str!("../../../published/rule_set_1.toml");
    let second = first
        .replace("version = 1\n", "version = 2\n")
        .replace("2026-01-01T00:00:00+08:00", "2026-01-02T00:00:00+08:00")
        .replace("from = 18, to = 35", "from = 18, to = 20");
    let (keys, act) = (keys(&platform), platform.act(Actor::System("test")));
    let publishing = keys.clone();
    let published =
        platform.db().write(move |tx| consumers::publish_rule_set(tx, &act, &publishing, &second));
    assert_eq!(published.unwrap(), 2);
    let renew = || {
        let (keys, act) = (keys.clone(), platform.act(Actor::Consumer(id)));
        platform.db().write(move |tx| consumers::current_identify_code(tx, &act, &keys, id)).unwrap()
    };
    renew();
    assert_eq!(tag_names(&platform, id), ["resident", "young_single"], "not in force yet");
    platform.clock.advance_ms(DAY_MS);
    renew();
    assert_eq!(tag_names(&platform, id), ["resident"]);
    assert_eq!(platform.count("SELECT rule_version AS n FROM consumer"), 2);
}

#[test]
fn a_published_rule_set_is_never_replaced_and_versions_leave_no_gap() {
    let platform = Platform::new();
    let first = include_str!("../../../published/rule_set_1.toml");
    let publish = |text: String| {
        let (keys, act) = (keys(&platform), platform.act(Actor::System("test")));
        platform.db().write(move |tx| consumers::publish_rule_set(tx, &act, &keys, &text))
    };
    assert_eq!(publish(first.to_owned()).unwrap(), 1);
    assert!(publish(first.replace("preference = 41", "preference = 42")).is_err());
    assert!(publish(first.replace("version = 1\n", "version = 3\n")).is_err());
    assert_eq!(platform.count("SELECT count(*) AS n FROM rule_set"), 1);
}

#[test]
fn nothing_is_kept_of_somebody_who_may_be_under_14() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, ALL);
    let before = platform.count("SELECT profile_at AS n FROM consumer");
    let child = Profile { birth_year: 2012, ..profile() };
    platform.clock.advance_ms(1);
    let (keys, act) = (keys(&platform), platform.act(Actor::Consumer(id)));
    let saved = platform.db().write(move |tx| consumers::save_profile(tx, &act, &keys, (id, &child)));
    assert!(matches!(saved, Err(ConsumersError::Minor)));
    assert_eq!(platform.count("SELECT profile_at AS n FROM consumer"), before);
}

#[test]
fn a_sensitive_tag_never_decides_alone() {
    let platform = Platform::new();
    let verdict = |make: fn(Predicate, Predicate) -> Predicate| {
        platform.db().read(move |tx| {
            let sensitive = Predicate::Tag(consumers::tag_id(tx, "living_assistance")?.unwrap());
            let ordinary = Predicate::Tag(consumers::tag_id(tx, "resident")?.unwrap());
            consumers::check_targeting(tx, &make(sensitive, ordinary))
        })
    };
    assert!(verdict(|sensitive, ordinary| Predicate::All(vec![sensitive, ordinary])).is_ok());
    let alone = verdict(|sensitive, _| sensitive);
    assert!(matches!(alone, Err(ConsumersError::Targeting(TargetingError::SensitiveAlone))));
    let unknown = verdict(|_, _| Predicate::Tag(domain::ids::TagId::new(7)));
    assert!(matches!(unknown, Err(ConsumersError::Targeting(TargetingError::UnknownTag))));
}

#[test]
fn tag_numbers_follow_from_the_seed_and_look_like_nothing() {
    let numbers = |platform: &Platform| {
        let read = platform.db().read(|tx| {
            let names = ["resident", "family", "young_single"];
            names
                .iter()
                .map(|name| Ok(consumers::tag_id(tx, name)?.unwrap().get()))
                .collect::<Result<Vec<u32>, _>>()
        });
        let read: Result<_, platform_api::foundation::db::DbError> = read;
        read.unwrap()
    };
    let (one, other) = (numbers(&Platform::new()), numbers(&Platform::new()));
    assert_eq!(one, other);
    assert!(one.iter().all(|number| *number > 1000), "{one:?}");
}

//! The key ring over weeks: stocked, overlapping, and known to the kiosks.

use super::{ALL, keys, seed};
use crate::harness::{Platform, START, logged};
use domain::{consumer_code::CodeError, key_ring::KeyRing};
use platform_api::{
    foundation::act::Actor,
    modules::consumers::{self, CodeShown, ConsumersError, ScanError},
};
use std::os::unix::fs::PermissionsExt;

const DAY_MS: i64 = 86_400_000;
const PHONE: &str = "13800000001";

fn rotate(platform: &Platform) -> KeyRing {
    let (keys, act) = (keys(platform), platform.act(Actor::System("test")));
    platform.db().write(move |tx| consumers::rotate(tx, &act, &keys)).unwrap()
}

fn code(platform: &Platform) -> CodeShown {
    let id = seed(platform, PHONE, ALL);
    let (keys, act) = (keys(platform), platform.act(Actor::Consumer(id)));
    platform.db().write(move |tx| consumers::current_identify_code(tx, &act, &keys, id)).unwrap()
}

fn check(platform: &Platform, text: &str) -> Result<(), ScanError> {
    let (act, text) = (platform.act(Actor::System("test")), text.to_owned());
    platform.db().read(move |tx| consumers::check_identify(tx, &act, &text)).map(drop)
}

#[test]
fn a_new_city_has_a_key_for_this_week_and_one_for_the_next() {
    let platform = Platform::new();
    let ring = rotate(&platform);
    let ids: Vec<_> = ring.keys.iter().map(|key| key.key_id).collect();
    assert_eq!(ids, [[0x20, 0x26, 0x01, 0x01], [0x20, 0x26, 0x02, 0x01]]);
    assert_eq!(ring.version, 1, "rotating when nothing is due changes nothing");
}

#[test]
fn over_four_weeks_the_version_only_grows_and_previous_current_and_next_are_held() {
    let platform = Platform::new();
    let mut last = rotate(&platform);
    for _ in 0..28 {
        platform.clock.advance_ms(DAY_MS);
        let ring = rotate(&platform);
        assert!(ring == last || last.accepts(&ring), "version {} after {}", ring.version, last.version);
        assert!((2..=3).contains(&ring.keys.len()), "{} keys", ring.keys.len());
        let now = platform.act(Actor::System("test")).now;
        let next = ring.keys.last().unwrap();
        assert!(next.not_before > now, "next week's key is already there");
        last = ring;
    }
    assert!(last.version >= 5);
}

#[test]
fn a_kiosk_that_was_offline_for_three_days_over_the_change_of_keys_still_believes_codes() {
    let platform = Platform::new();
    // 2026-01-05 is the Monday; the kiosk saw the ring on Friday evening.
    platform.clock.advance_ms(DAY_MS);
    let held = rotate(&platform);
    platform.clock.set(START.plus_ms(4 * DAY_MS));
    let text = code(&platform).text;
    let now = START.plus_ms(4 * DAY_MS);
    assert!(domain::consumer_code::verify_identify(text.as_bytes(), &held, now).is_ok());
}

#[test]
fn every_change_of_the_ring_goes_to_the_kiosks_as_they_read_it() {
    let platform = Platform::new();
    let ring = rotate(&platform);
    let row = logged(platform.db()).into_iter().find(|row| row.kind == "key_ring").unwrap();
    let change = protocol::feed::Change {
        kind: row.kind,
        id: row.id,
        row: row.body.map(|body| serde_json::from_str(&body).unwrap()),
    };
    assert_eq!(change.read(), protocol::feed::Reading::Put(protocol::feed::Row::KeyRing(ring)));
}

#[test]
fn a_revoked_key_is_refused_at_once_and_another_signs() {
    let platform = Platform::new();
    let text = code(&platform).text;
    assert!(check(&platform, &text).is_ok());
    let revoked = rotate(&platform).keys[0].key_id;
    let (keys, act) = (keys(&platform), platform.act(Actor::System("test")));
    let ring = platform.db().write(move |tx| consumers::revoke_key(tx, &act, &keys, revoked)).unwrap();
    assert!(matches!(check(&platform, &text), Err(ScanError::Code(CodeError::UnknownKey))));
    assert_eq!(ring.keys[0].key_id, [0x20, 0x26, 0x01, 0x02]);
    assert!(check(&platform, &code(&platform).text).is_ok());
}

#[test]
fn a_clock_that_jumps_a_month_finds_a_key_to_sign_with() {
    let platform = Platform::new();
    platform.clock.advance_ms(31 * DAY_MS);
    let text = code(&platform).text;
    assert!(check(&platform, &text).is_ok());
}

#[test]
fn private_keys_are_sealed_in_the_database_erased_after_use_and_the_key_file_is_the_owners_alone() {
    let platform = Platform::new();
    let short = "SELECT count(*) AS n FROM ring_key WHERE length(private_sealed) < 32 + 24 + 16";
    assert_eq!(platform.count(short), 0);
    platform.clock.advance_ms(14 * DAY_MS);
    rotate(&platform);
    let ended = "SELECT count(*) AS n FROM ring_key WHERE private_sealed IS NOT NULL";
    assert_eq!(platform.count(ended), 2, "this week's and the next");
    let file = platform.app.config.database.folder.join("keys/consumers.key");
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn pseudonyms_and_burned_codes_are_forgotten_when_their_time_is_over() {
    let platform = Platform::new();
    let text = code(&platform).text;
    let act = platform.act(Actor::System("test"));
    platform.db().write(move |tx| consumers::verify_identify(tx, &act, &text)).unwrap();
    let forget = || {
        let act = platform.act(Actor::System("test"));
        platform.db().write(move |tx| consumers::forget_expired(tx, &act)).unwrap()
    };
    assert_eq!(forget(), 0);
    platform.clock.advance_ms(241_000);
    assert_eq!(forget(), 1, "the burned code could not be accepted any more");
    platform.clock.advance_ms(40 * DAY_MS);
    assert_eq!(forget(), 0, "resolvable on the fortieth day");
    platform.clock.advance_ms(DAY_MS);
    assert_eq!(forget(), 1);
}

#[test]
fn a_database_of_another_city_is_refused() {
    let platform = Platform::new();
    let folder = platform.app.config.database.folder.clone();
    let mut config = platform.app.config.clone();
    config.city.code = 310_100;
    config.database.folder = folder;
    let adapters = platform_api::start::Adapters {
        clock: platform.clock.clone(),
        entropy: std::sync::Arc::new(platform_api::foundation::entropy::SeededEntropy::new(1)),
        otp_sender: platform.otp.clone(),
        demo: None,
    };
    let refused = platform_api::start::assemble(config, adapters).err().unwrap();
    assert!(
        matches!(refused, platform_api::start::StartError::Consumers(ConsumersError::NotPrepared(_))),
        "{refused}"
    );
}

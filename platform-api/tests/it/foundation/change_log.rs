//! The change log has no gap, and one newest row per thing.

use crate::harness::Platform;
use platform_api::foundation::{
    act::Actor,
    change_log::{self, Change},
    db::DbError,
};

fn append(platform: &Platform, id: &'static str, body: Option<&'static str>) -> i64 {
    let act = platform.act(Actor::System("test"));
    let change = move || Change { kind: "offer", id, scope: "city", body: body.map(str::to_owned) };
    platform.db().write(move |tx| change_log::append(tx, &act, &change())).unwrap()
}

#[test]
fn a_rolled_back_change_leaves_no_gap() {
    let platform = Platform::new();
    let first = append(&platform, "a", Some("{}"));
    let act = platform.act(Actor::System("test"));
    let failed: Result<(), DbError> = platform.db().write(move |tx| {
        change_log::append(tx, &act, &Change { kind: "offer", id: "b", scope: "city", body: None })?;
        Err(DbError::Conflict)
    });
    assert!(failed.is_err());
    assert_eq!(append(&platform, "c", Some("{}")), first + 1);
}

#[test]
fn a_reader_sees_each_thing_once_in_its_newest_state_and_in_order() {
    let platform = Platform::new();
    // A platform announces its keys when it starts; the test looks at what comes after.
    let start = platform.db().read(change_log::newest_seq).unwrap();
    append(&platform, "a", Some("1"));
    append(&platform, "b", Some("1"));
    append(&platform, "c", Some("1"));
    append(&platform, "a", Some("2"));
    append(&platform, "b", None);
    let read = |cursor, limit| {
        let changes =
            platform.db().read(move |tx| change_log::read_since(tx, "city", start + cursor, limit)).unwrap();
        changes.into_iter().map(|change| (change.seq - start, change.id, change.body)).collect::<Vec<_>>()
    };
    let expected = [(3, "c", Some("1")), (4, "a", Some("2")), (5, "b", None)]
        .map(|(seq, id, body)| (seq, id.to_owned(), body.map(str::to_owned)));
    assert_eq!(read(0, 10), expected);
    assert_eq!(read(3, 1), expected[1..2]);
    assert_eq!(read(5, 10), []);
    assert_eq!(platform.db().read(change_log::newest_seq).unwrap(), start + 5);
}

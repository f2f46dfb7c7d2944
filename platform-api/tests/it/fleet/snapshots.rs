//! A kiosk that cannot go on from where it is gets a snapshot of what it is to see, part by part, and then the changes.

use crate::{
    harness::Platform,
    kiosk::{Kiosk, MALL},
};
use domain::ids::MallId;
use platform_api::{
    foundation::{
        act::Actor,
        change_log::{self, Change},
        db::{Db, DbError},
    },
    modules::fleet::{self, Place as Stand},
};
use protocol::{
    feed::{ContentSum, PAGE_CHANGES_MAX, Page, Place},
    signed::Purpose,
};
use std::collections::BTreeMap;

const ELSEWHERE: MallId = MallId::from_bytes([8; 16]);

fn write(platform: &Platform, id: &str, scope: &str, body: Option<&str>) -> i64 {
    let act = platform.act(Actor::System("test"));
    let (id, scope, body) = (id.to_owned(), scope.to_owned(), body.map(str::to_owned));
    let written = platform.db().write(move |tx| {
        change_log::append(tx, &act, &Change { kind: "store", id: &id, scope: &scope, body: body.clone() })
    });
    written.unwrap()
}

fn stand(platform: &Platform, kiosk: &Kiosk, mall: MallId, groups: &[&str]) {
    let (act, device) = (platform.act(Actor::System("test")), kiosk.id);
    let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
    let place = Stand { mall, place: "一层中庭".into() };
    platform.db().write(move |tx| fleet::place(tx, &act, device, (&place, &groups))).unwrap();
}

async fn page(platform: &Platform, kiosk: &Kiosk, place: &Place) -> Page {
    let answer = kiosk.get(platform, &format!("/api/k/v1/feed?{}", place.query())).await;
    kiosk.open(answer, Purpose::FeedPage)
}

/// What a kiosk holds, and where it is.
#[derive(Default)]
struct Reader {
    place: Place,
    rows: BTreeMap<(String, String), serde_json::Value>,
    staged: BTreeMap<(String, String), serde_json::Value>,
    parts: usize,
}

impl Reader {
    /// Reads until nothing more waits, and checks the sum then.
    async fn catch_up(&mut self, platform: &Platform, kiosk: &Kiosk) {
        while self.step(platform, kiosk).await {}
    }

    async fn step(&mut self, platform: &Platform, kiosk: &Kiosk) -> bool {
        let page = page(platform, kiosk, &self.place).await;
        let (mark, view) = (page.mark.unwrap(), page.view.unwrap());
        match &page.snapshot {
            Some(part) => {
                self.parts += 1;
                if part.from.is_empty() {
                    self.staged.clear();
                }
                let rows = page.changes.into_iter().map(|row| ((row.kind, row.id), row.row.unwrap()));
                self.staged.extend(rows);
                self.place = Place { since: page.next, mark, view, part: part.to.clone() };
                if part.to.is_none() {
                    self.rows = std::mem::take(&mut self.staged);
                }
            }
            None => {
                assert_eq!(page.since, self.place.since);
                for change in page.changes {
                    match change.row {
                        Some(row) => self.rows.insert((change.kind, change.id), row),
                        None => self.rows.remove(&(change.kind, change.id)),
                    };
                }
                self.place = Place { since: page.next, mark, view, part: None };
                if !page.more {
                    assert_eq!(page.content, Some(self.sum().fingerprint()), "{:?}", self.ids());
                }
            }
        }
        page.more
    }

    fn sum(&self) -> ContentSum {
        let mut sum = ContentSum::default();
        self.rows.iter().for_each(|((kind, id), row)| sum.add(kind, id, row));
        sum
    }

    fn ids(&self) -> Vec<&str> {
        let stores = self.rows.keys().filter(|(kind, _)| kind == "store");
        stores.map(|(_, id)| id.as_str()).collect()
    }
}

#[tokio::test]
async fn a_newcomer_gets_what_exists_in_parts_and_what_changed_meanwhile_after_them() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let mall = format!("mall:{MALL}");
    for n in 0..PAGE_CHANGES_MAX + 30 {
        let scope = if n % 2 == 0 { "city" } else { &*mall };
        write(&platform, &format!("{n:04}"), scope, Some("{\"v\":1}"));
    }
    write(&platform, "0007", &mall, None);
    let mut reader = Reader::default();
    assert!(reader.step(&platform, &kiosk).await);
    assert!(reader.rows.is_empty(), "nothing is in use before the last part");
    // Between the parts: one that was handed out is dropped, one changes, one comes.
    write(&platform, "0000", "city", None);
    write(&platform, "0003", &mall, Some("{\"v\":2}"));
    write(&platform, "new", &mall, Some("{}"));
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!(reader.parts, 2);
    let ids = reader.ids();
    assert_eq!(ids.len(), PAGE_CHANGES_MAX + 30 - 2 + 1);
    assert!(!ids.contains(&"0000") && !ids.contains(&"0007") && ids.contains(&"new"));
}

#[tokio::test]
async fn a_poll_in_which_nothing_has_changed_brings_an_empty_page() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let mut reader = Reader::default();
    reader.catch_up(&platform, &kiosk).await;
    let (before, parts) = (reader.place.clone(), reader.parts);
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!((&reader.place, reader.parts), (&before, parts));
}

#[tokio::test]
async fn a_kiosk_that_was_moved_gets_what_it_sees_there_and_nothing_of_what_it_saw() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    write(&platform, "city", "city", Some("{}"));
    write(&platform, "here", &format!("mall:{MALL}"), Some("{}"));
    write(&platform, "there", &format!("mall:{ELSEWHERE}"), Some("{}"));
    write(&platform, "night", "group:night", Some("{}"));
    write(&platform, "own", &format!("kiosk:{}", kiosk.id), Some("{}"));
    let mut reader = Reader::default();
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!(reader.ids(), ["city", "here", "own"]);
    stand(&platform, &kiosk, MALL, &["night"]);
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!(reader.ids(), ["city", "here", "night", "own"]);
    stand(&platform, &kiosk, ELSEWHERE, &[]);
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!(reader.ids(), ["city", "own", "there"]);
}

#[tokio::test]
async fn a_thing_that_moves_to_another_scope_is_dropped_where_it_was() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let mall = format!("mall:{MALL}");
    write(&platform, "a", &mall, Some("{}"));
    write(&platform, "b", "city", Some("{}"));
    let mut reader = Reader::default();
    reader.catch_up(&platform, &kiosk).await;
    let parts = reader.parts;
    write(&platform, "a", &format!("mall:{ELSEWHERE}"), Some("{}"));
    write(&platform, "b", &mall, Some("{\"v\":2}"));
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!((reader.ids(), reader.parts), (vec!["b"], parts));
    write(&platform, "a", &mall, Some("{\"v\":3}"));
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!(reader.ids(), ["a", "b"]);
}

#[tokio::test]
async fn a_kiosk_notices_a_restored_backup_also_when_the_platform_has_caught_up() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    write(&platform, "kept", "city", Some("{}"));
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup.db");
    let original = platform.app.config.database.folder.join("platform.db");
    rusqlite::Connection::open(&original)
        .unwrap()
        .execute("VACUUM INTO ?1", [backup.to_str().unwrap()])
        .unwrap();
    write(&platform, "lost", "city", Some("{}"));
    let mut reader = Reader::default();
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!(reader.ids(), ["kept", "lost"]);
    // The backup comes back, and something else takes the number of what was lost.
    restore(&original, &backup);
    write(&platform, "instead", "city", Some("{}"));
    reader.catch_up(&platform, &kiosk).await;
    assert_eq!(reader.ids(), ["instead", "kept"]);
}

/// Copies the log of `backup` over that of the running platform.
fn restore(original: &std::path::Path, backup: &std::path::Path) {
    let db = rusqlite::Connection::open(original).unwrap();
    db.execute("ATTACH ?1 AS backup", [backup.to_str().unwrap()]).unwrap();
    for table in ["change_log", "change_counter", "change_mark", "change_sum"] {
        db.execute_batch(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM backup.{table};"))
            .unwrap();
    }
}

#[tokio::test]
async fn whoever_was_away_for_longer_than_tombstones_are_kept_takes_a_snapshot() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    write(&platform, "gone", "city", Some("{}"));
    write(&platform, "stays", "city", Some("{}"));
    let (mut away, mut follower) = (Reader::default(), Reader::default());
    away.catch_up(&platform, &kiosk).await;
    write(&platform, "gone", "city", None);
    follower.catch_up(&platform, &kiosk).await;
    platform.clock.advance_ms(31 * 86_400_000);
    write(&platform, "late", "city", Some("{}"));
    follower.catch_up(&platform, &kiosk).await;
    let parts = follower.parts;
    run_job(&platform, "feed.forget");
    assert_eq!(platform.count("SELECT count(*) AS n FROM change_log WHERE body IS NULL"), 0);
    away.catch_up(&platform, &kiosk).await;
    assert_eq!(away.ids(), ["late", "stays"]);
    assert_eq!(away.parts, 2, "one snapshot at first, one now");
    write(&platform, "newest", "city", Some("{}"));
    follower.catch_up(&platform, &kiosk).await;
    assert_eq!((follower.ids(), follower.parts), (vec!["late", "newest", "stays"], parts));
}

fn run_job(platform: &Platform, name: &str) {
    let job = platform_api::jobs().into_iter().find(|job| job.name == name).unwrap();
    (job.run)(&platform.app).unwrap();
}

#[tokio::test]
async fn a_database_from_before_the_sums_is_summed_up_when_asked() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    write(&platform, "a", "city", Some("{}"));
    write(&platform, "b", &format!("mall:{MALL}"), Some("{}"));
    let forget =
        |db: &Db| -> Result<u64, DbError> { db.write(|tx| tx.execute("DELETE FROM change_sum", &[])) };
    assert!(forget(platform.db()).unwrap() > 0);
    Reader::default().catch_up(&platform, &kiosk).await;
    write(&platform, "a", "city", Some("{\"v\":2}"));
    Reader::default().catch_up(&platform, &kiosk).await;
}

#[tokio::test]
async fn a_page_is_compressed_for_whoever_accepts_it() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let now = platform.app.clock.now();
    let mut request = kiosk.request(axum::http::Method::GET, "/api/k/v1/feed", &serde_json::Value::Null, now);
    request.headers_mut().insert("accept-encoding", "gzip".parse().unwrap());
    assert_eq!(platform.send(request).await.header("content-encoding"), "gzip");
    let plain = kiosk.get(&platform, "/api/k/v1/feed").await;
    assert_eq!(plain.header("content-encoding"), "");
}

#[tokio::test]
async fn groups_are_few_and_plain() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let many: Vec<String> = (0..17).map(|n| format!("g{n}")).collect();
    for wrong in [vec!["Night".to_owned()], vec![String::new()], vec!["a:b".to_owned()], many] {
        let (act, device) = (platform.act(Actor::System("test")), kiosk.id);
        let place = Stand { mall: MALL, place: "一层".into() };
        let refused = platform.db().write(move |tx| fleet::place(tx, &act, device, (&place, &wrong)));
        assert!(matches!(refused, Err(fleet::FleetError::Groups)));
    }
}

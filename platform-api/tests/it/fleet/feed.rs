//! The feed gives every change that concerns a kiosk, in order, signed.

use crate::{
    harness::Platform,
    kiosk::{Kiosk, MALL},
};
use platform_api::{
    foundation::{
        act::Actor,
        change_log::{self, Change},
        db::DbError,
    },
    modules::fleet,
};
use protocol::{
    device::KioskConfig,
    feed::{PAGE_CHANGES_MAX, Page, Reading, Row},
    signed::Purpose,
};

fn write(platform: &Platform, id: String, scope: String, body: Option<String>) -> i64 {
    let act = platform.act(Actor::System("test"));
    let written = platform.db().write(move |tx| {
        change_log::append(tx, &act, &Change { kind: "store", id: &id, scope: &scope, body: body.clone() })
    });
    written.unwrap()
}

/// Where the feed stands before the test: a platform publishes its keys when it starts.
fn newest(platform: &Platform) -> u64 {
    u64::try_from(platform.db().read(change_log::newest_seq).unwrap()).unwrap()
}

async fn page(platform: &Platform, kiosk: &Kiosk, since: u64) -> Page {
    let answer = kiosk.get(platform, &format!("/api/k/v1/feed?since={since}")).await;
    kiosk.open(answer, Purpose::FeedPage)
}

#[tokio::test]
async fn a_long_feed_is_read_page_by_page_without_a_gap() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let start = newest(&platform);
    let total = PAGE_CHANGES_MAX + 20;
    for index in 0..total {
        let scope = if index % 3 == 0 { "city".to_owned() } else { format!("mall:{MALL}") };
        write(&platform, index.to_string(), scope, Some("{}".into()));
    }
    let (mut since, mut seen) = (start, Vec::new());
    loop {
        let page = page(&platform, &kiosk, since).await;
        assert_eq!(page.since, since);
        assert!(page.changes.len() <= PAGE_CHANGES_MAX);
        seen.extend(page.changes.into_iter().map(|change| change.id));
        since = page.next;
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, (0..total).map(|index| index.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_newcomer_reads_the_newest_state_of_a_thing_once_and_a_follower_its_end() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let start = newest(&platform);
    let first = write(&platform, "a".into(), "city".into(), Some("{\"v\":1}".into()));
    write(&platform, "a".into(), "city".into(), Some("{\"v\":2}".into()));
    let newcomer = page(&platform, &kiosk, start).await;
    assert_eq!(newcomer.changes.len(), 1);
    assert_eq!(newcomer.changes[0].row.as_ref().unwrap()["v"], 2);
    write(&platform, "a".into(), "city".into(), None);
    let follower = page(&platform, &kiosk, u64::try_from(first).unwrap()).await;
    assert_eq!(follower.changes.len(), 1);
    assert_eq!(follower.changes[0].row, None);
}

#[tokio::test]
async fn concurrent_writers_leave_no_gap_and_no_double() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let start = newest(&platform);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let platform = &platform;
            scope.spawn(move || {
                for index in 0..25 {
                    write(platform, format!("{writer}-{index}"), "city".into(), Some("{}".into()));
                }
            });
        }
    });
    let page = page(&platform, &kiosk, start).await;
    let ids: std::collections::BTreeSet<_> = page.changes.iter().map(|change| change.id.clone()).collect();
    assert_eq!((page.changes.len(), ids.len()), (200, 200));
}

#[tokio::test]
async fn a_configuration_is_pushed_and_never_replaced_by_an_older_one() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let start = newest(&platform);
    let publish = |version: u64| {
        let act = platform.act(Actor::System("test"));
        let config = KioskConfig { version, idle_s: 45, ..KioskConfig::default() };
        platform.db().write(move |tx| fleet::publish_config(tx, &act, &config))
    };
    publish(2).unwrap();
    assert!(publish(2).is_err() && publish(1).is_err());
    let page = page(&platform, &kiosk, start).await;
    let configured = KioskConfig { version: 2, idle_s: 45, ..KioskConfig::default() };
    assert_eq!(page.changes[0].read(), Reading::Put(Row::Config(configured)));
}

#[tokio::test]
async fn a_body_that_is_no_json_fails_the_page_rather_than_being_skipped() {
    let platform = Platform::new();
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let start = newest(&platform);
    write(&platform, "a".into(), "city".into(), Some("not json".into()));
    kiosk.get(&platform, &format!("/api/k/v1/feed?since={start}")).await.expect_problem(500, "INTERNAL");
    let fixed: Result<u64, DbError> =
        platform.db().write(|tx| tx.execute("UPDATE change_log SET body = '{}' WHERE id = 'a'", &[]));
    assert_eq!(fixed.unwrap(), 1);
    assert_eq!(page(&platform, &kiosk, start).await.changes.len(), 1);
}

//! The feed: whole pages or nothing, believed only with the platform's signature.

use super::desk::{BATCH, Desk};
use cloud_sync::{
    core::News,
    store::{Applied, PageRefused},
    testing::{batch_row, key_ring, mall_row, store_row},
    transport::WireAnswer,
    wire::{Awaited, Call, Failure, decode},
};
use domain::ids::StoreId;
use ed25519_dalek::SigningKey;
use protocol::{
    device::KioskConfig,
    feed::{Change, PAGE_CHANGES_MAX, Page, Place, Row},
    signed::{Purpose, Signed},
};

fn page(since: u64, next: u64, changes: Vec<Change>) -> Page {
    Page { since, next, changes, ..Page::default() }
}

fn tombstone(kind: &str, id: &str) -> Change {
    Change { kind: kind.to_owned(), id: id.to_owned(), row: None }
}

fn signed_answer<T: serde::Serialize>(message: &T, key: &SigningKey) -> WireAnswer {
    let signed = Signed::seal(message, Purpose::FeedPage, key).unwrap();
    WireAnswer { status: 200, body: serde_json::to_vec(&signed).unwrap(), ..WireAnswer::default() }
}

#[test]
fn the_whole_catalogue_is_there_after_enrolment_and_after_a_restart_without_network() {
    let mut desk = Desk::in_stock();
    assert!(desk.news.contains(&News::CatalogueChanged));
    let online = desk.store().catalogue();
    assert_eq!(online.mall, Some(mall_row(1)));
    assert_eq!(online.stores[&StoreId::from_bytes([2; 16])], store_row(2));
    assert_eq!(online.batches[&BATCH], batch_row(7));
    assert_eq!(online.ring.as_ref().unwrap().version, 1);
    assert_eq!(online.version, 4);
    desk.platform.cut(true);
    desk.restart();
    assert_eq!(desk.store().catalogue(), online);
}

#[test]
fn several_pages_are_fetched_in_one_go() {
    let mut desk = Desk::new();
    for number in 0..(2 * PAGE_CHANGES_MAX) {
        let row = Row::Store(store_row(u8::try_from(number % 200).unwrap()));
        desk.platform.publish(&number.to_string(), &row).unwrap();
    }
    desk.enrol("AAAA2222");
    desk.settle();
    assert_eq!(desk.store().catalogue().version, 2 * PAGE_CHANGES_MAX as u64 + 4);
    assert_eq!(desk.sends("feed?since="), 4, "three parts of a snapshot, then what changed meanwhile");
}

#[test]
fn a_page_that_cannot_be_applied_whole_leaves_neither_rows_nor_cursor() {
    let mut desk = Desk::in_stock();
    let before = desk.store().catalogue();
    // The database refuses the second row of the page.
    let content = rusqlite::Connection::open(desk.folder().join("content.db")).unwrap();
    content
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON feed_row WHEN NEW.id = '22'
             BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        )
        .unwrap();
    let changes = ["21", "22"].map(|id| Change::put(id, &Row::Store(store_row(21))).unwrap()).to_vec();
    let next = page(4, 6, changes);
    assert!(desk.store().apply_page(&next).is_err());
    desk.restart();
    assert_eq!(desk.store().catalogue(), before);
    content.execute_batch("DROP TRIGGER full").unwrap();
    assert!(desk.store().apply_page(&next).unwrap().is_ok());
    assert_eq!(desk.store().catalogue().version, 6);
}

#[test]
fn a_page_that_does_not_follow_the_cursor_or_makes_no_sense_is_refused() {
    let mut desk = Desk::in_stock();
    let row = || vec![tombstone("store", "2")];
    let wrong = [
        (page(3, 5, row()), PageRefused::NotNext),
        (page(5, 6, row()), PageRefused::NotNext),
        (page(4, 3, Vec::new()), PageRefused::Malformed),
        (page(4, 4, row()), PageRefused::Malformed),
        (Page { more: true, ..page(4, 4, Vec::new()) }, PageRefused::Malformed),
        (page(4, 1_000, vec![tombstone("store", "2"); PAGE_CHANGES_MAX + 1]), PageRefused::Malformed),
    ];
    for (page, reason) in wrong {
        assert_eq!(desk.store().apply_page(&page).unwrap(), Err(reason));
    }
    assert_eq!(desk.store().catalogue().version, 4);
    assert_eq!(desk.store().catalogue().stores.len(), 1);
}

#[test]
fn a_tombstone_drops_its_row() {
    let mut desk = Desk::in_stock();
    let applied = desk.store().apply_page(&page(4, 5, vec![tombstone("store", "2")])).unwrap().unwrap();
    assert_eq!(applied, Applied { dropped: 1, ..Applied::default() });
    assert!(desk.store().catalogue().stores.is_empty());
}

#[test]
fn a_row_of_tomorrow_is_skipped_and_counted_and_what_it_replaced_is_gone() {
    let mut desk = Desk::in_stock();
    let mut gift = Change::put("7", &Row::Batch(Box::new(batch_row(7)))).unwrap();
    gift.row.as_mut().unwrap()["terms"]["benefit"] = serde_json::json!({"kind": "gift", "sku": "tea"});
    let hologram =
        Change { kind: "hologram".to_owned(), id: "1".to_owned(), row: Some(serde_json::json!({"x": 1})) };
    let good = Change::put("3", &Row::Store(store_row(3))).unwrap();
    let applied = desk.store().apply_page(&page(4, 7, vec![gift, hologram, good])).unwrap().unwrap();
    assert_eq!(applied, Applied { put: 1, skipped: 2, ..Applied::default() });
    let catalogue = desk.store().catalogue();
    assert!(catalogue.batches.is_empty(), "terms that are no longer true are not offered");
    assert_eq!((catalogue.stores.len(), catalogue.version), (2, 7));
}

#[test]
fn a_key_ring_is_replaced_by_a_newer_one_of_the_same_city_only() {
    let mut desk = Desk::in_stock();
    let ring = |version| key_ring(version, &SigningKey::from_bytes(&[4; 32]));
    let foreign =
        protocol_ring(domain::key_ring::KeyRing { city: domain::ids::CityCode::new(310_100), ..ring(9) });
    let stale = [protocol_ring(ring(1)), foreign, tombstone("key_ring", "ring")];
    let applied = desk.store().apply_page(&page(4, 7, stale.to_vec())).unwrap().unwrap();
    assert_eq!(applied, Applied { skipped: 3, ..Applied::default() });
    let held = desk.store().catalogue().ring.clone().unwrap();
    assert_eq!(held, key_ring(1, &SigningKey::from_bytes(&[3; 32])));
    desk.store().apply_page(&page(7, 8, vec![protocol_ring(ring(2))])).unwrap().unwrap();
    assert_eq!(desk.store().catalogue().ring, Some(ring(2)));
}

fn protocol_ring(ring: domain::key_ring::KeyRing) -> Change {
    Change::put("ring", &Row::KeyRing(ring)).unwrap()
}

#[test]
fn a_configuration_only_grows_and_sets_the_pace() {
    let mut desk = Desk::in_stock();
    let config = |version, feed_poll_s| {
        let config = KioskConfig { version, feed_poll_s, ..KioskConfig::default() };
        Change::put("config", &Row::Config(config)).unwrap()
    };
    desk.platform.publish_change(config(5, 600));
    desk.platform.publish_change(config(4, 1));
    desk.pass_s(120);
    assert_eq!(desk.store().catalogue().config.version, 5);
    let before = desk.sends("feed?since=");
    desk.pass_s(3_600);
    let asked = desk.sends("feed?since=") - before;
    assert!((4..=9).contains(&asked), "asked {asked} times in an hour at ten minutes");
}

#[test]
fn a_page_with_a_changed_letter_or_a_foreign_signature_is_not_used() {
    let mut desk = Desk::in_stock();
    let call = Call::Feed(Place { since: 4, ..Place::default() });
    let awaited = Awaited::by(&desk.identity(), None);
    let good = signed_answer(&page(4, 5, vec![tombstone("store", "2")]), &desk.platform.key());
    assert!(decode(&call, &good, Some(&awaited)).is_ok());
    let text = String::from_utf8(good.body.clone()).unwrap();
    let changed = WireAnswer { body: text.replace("store", "batch").into_bytes(), ..good.clone() };
    let forged = signed_answer(&page(4, 5, Vec::new()), &SigningKey::from_bytes(&[66; 32]));
    for answer in [changed, forged] {
        assert_eq!(decode(&call, &answer, Some(&awaited)), Err(Failure::NotBelieved));
    }
    desk.platform.publish_change(tombstone("batch", "7"));
    desk.platform.forge(true);
    desk.pass_s(300);
    assert_eq!((desk.store().catalogue().batches.len(), desk.store().catalogue().version), (1, 4));
    desk.platform.forge(false);
    desk.pass_s(60);
    assert_eq!((desk.store().catalogue().batches.len(), desk.store().catalogue().version), (0, 5));
}

#[test]
fn content_of_another_mall_is_dropped_at_enrolment() {
    let mut desk = Desk::in_stock();
    let other = cloud_sync::testing::FakePlatform::new(desk.now(), 10);
    other.publish("1", &Row::Mall(mall_row(2))).unwrap();
    desk.platform = other;
    desk.enrol("BBBB3333");
    assert!(desk.store().catalogue().batches.is_empty());
    desk.settle();
    let catalogue = desk.store().catalogue();
    assert_eq!((catalogue.mall.as_ref(), catalogue.version), (Some(&mall_row(2)), 1));
}

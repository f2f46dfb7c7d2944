//! Snapshots: a kiosk that cannot go on from its place gets everything anew, and shoppers notice nothing.

use super::desk::{BATCH, Desk};
use cloud_sync::{
    store::{Applied, PageRefused},
    testing::{batch_row, key_ring, mall_row, store_row},
};
use domain::ids::StoreId;
use ed25519_dalek::SigningKey;
use protocol::{
    device::KioskConfig,
    feed::{Change, ContentSum, Fingerprint, Page, Place, Row, SnapshotPart},
};

const MARK: Fingerprint = Fingerprint::from_bytes([1; 16]);
const VIEW: Fingerprint = Fingerprint::from_bytes([2; 16]);

fn store(number: u8) -> Change {
    Change::put(number.to_string(), &Row::Store(store_row(number))).unwrap()
}

fn part(from: &str, to: Option<&str>, changes: Vec<Change>) -> Page {
    Page {
        since: 9,
        next: 9,
        more: true,
        changes,
        mark: Some(MARK),
        view: Some(VIEW),
        content: None,
        snapshot: Some(SnapshotPart { from: from.to_owned(), to: to.map(str::to_owned) }),
    }
}

fn stores(desk: &mut Desk) -> Vec<StoreId> {
    desk.store().catalogue().stores.keys().copied().collect()
}

fn id(number: u8) -> StoreId {
    StoreId::from_bytes([number; 16])
}

#[test]
fn the_old_catalogue_is_in_use_until_the_snapshot_is_whole() {
    let mut desk = Desk::in_stock();
    let before = desk.store().catalogue();
    let staged = Applied { more: true, ..Applied::default() };
    assert_eq!(desk.store().apply_page(&part("", Some("p1"), vec![store(30)])).unwrap(), Ok(staged));
    assert_eq!(desk.store().catalogue(), before);
    desk.restart();
    assert_eq!(desk.store().catalogue(), before, "not even a restart shows half of it");
    let last = part("p1", None, vec![store(31)]);
    let applied = desk.store().apply_page(&last).unwrap().unwrap();
    assert_eq!((applied.put, applied.dropped, applied.more), (2, 4, true));
    assert_eq!(stores(&mut desk), [id(30), id(31)]);
    assert!(desk.store().catalogue().batches.is_empty());
    assert_eq!(desk.store().catalogue().version, 9);
}

#[test]
fn a_snapshot_goes_on_after_a_restart_where_it_was() {
    let mut desk = Desk::in_stock();
    desk.store().apply_page(&part("", Some("p1"), vec![store(30)])).unwrap().unwrap();
    desk.restart();
    let now = desk.now();
    let asked = desk.store().facts(now).unwrap();
    assert_eq!(asked.place, Place { since: 9, mark: MARK, view: VIEW, part: Some("p1".into()) });
    assert_eq!(asked.cursor, 4, "what is in use has not changed");
    desk.store().apply_page(&part("p1", None, Vec::new())).unwrap().unwrap();
    assert_eq!(stores(&mut desk), [id(30)]);
}

#[test]
fn a_part_out_of_turn_or_of_another_snapshot_is_refused_and_a_first_part_begins_anew() {
    let mut desk = Desk::in_stock();
    desk.store().apply_page(&part("", Some("p1"), vec![store(30)])).unwrap().unwrap();
    let other_mark = Page { mark: Some(VIEW), ..part("p1", None, Vec::new()) };
    let later = Page { since: 10, next: 10, ..part("p1", None, Vec::new()) };
    for page in [part("p2", None, Vec::new()), other_mark, later] {
        assert_eq!(desk.store().apply_page(&page).unwrap(), Err(PageRefused::NotNext));
    }
    let dropping = Change { row: None, ..store(30) };
    let standing_still = part("p1", Some("p1"), Vec::new());
    let crooked = part("p1", Some("p1&since=0"), Vec::new());
    for page in [part("p1", None, vec![dropping]), standing_still, crooked] {
        assert_eq!(desk.store().apply_page(&page).unwrap(), Err(PageRefused::Malformed));
    }
    desk.store().apply_page(&part("", None, vec![store(40)])).unwrap().unwrap();
    assert_eq!(stores(&mut desk), [id(40)]);
}

#[test]
fn a_platform_restored_from_an_older_backup_is_noticed_although_it_has_caught_up() {
    let mut desk = Desk::in_stock();
    // The third change is lost with the backup; another one takes its number, and the head is where it was.
    desk.platform.restore_feed(2);
    desk.platform.publish("30", &Row::Store(store_row(30))).unwrap();
    desk.platform.publish("31", &Row::Store(store_row(31))).unwrap();
    desk.pass_s(120);
    assert_eq!(stores(&mut desk), [id(2), id(30), id(31)]);
    assert!(desk.store().catalogue().batches.is_empty(), "the platform knows nothing of the batch any more");
}

#[test]
fn a_platform_restored_behind_the_cursor_is_noticed_at_the_next_heartbeat() {
    let mut desk = Desk::in_stock();
    desk.platform.restore_feed(2);
    desk.pass_s(120);
    let catalogue = desk.store().catalogue();
    assert_eq!((catalogue.version, catalogue.batches.len(), catalogue.stores.len()), (2, 0, 1));
}

#[test]
fn a_change_the_platform_forgot_to_send_is_noticed_and_mended() {
    let mut desk = Desk::in_stock();
    desk.platform.leave_out(4);
    let paused = protocol::feed::BatchRow { active: false, ..batch_row(7) };
    desk.platform.publish("7", &Row::Batch(Box::new(paused))).unwrap();
    desk.platform.publish("30", &Row::Store(store_row(30))).unwrap();
    desk.pass_s(120);
    assert!(!desk.store().catalogue().batches[&BATCH].active, "the snapshot says what the page did not");
    let asked = desk.sends("feed?since=");
    desk.pass_s(600);
    assert!(desk.sends("feed?since=") - asked < 16, "and then all is well");
}

#[test]
fn a_row_mangled_on_the_disk_is_noticed_after_a_restart_and_mended() {
    let mut desk = Desk::in_stock();
    let content = rusqlite::Connection::open(desk.folder().join("content.db")).unwrap();
    content
        .execute("UPDATE feed_row SET row = replace(row, '夜宵', '早茶') WHERE kind = 'batch'", [])
        .unwrap();
    drop(content);
    desk.restart();
    assert_ne!(desk.store().catalogue().batches[&BATCH], batch_row(7));
    desk.pass_s(120);
    assert_eq!(desk.store().catalogue().batches[&BATCH], batch_row(7));
}

#[test]
fn a_platform_that_counts_wrongly_is_asked_for_snapshots_less_and_less_often() {
    let mut desk = Desk::in_stock();
    desk.platform.miscount(true);
    desk.pass_s(4 * 3_600);
    let parts = desk.sends("&part=") + desk.sends("feed?since=4&mark=00000000000000000000000000000000");
    assert!((5..=30).contains(&parts), "{parts} snapshots in four hours");
    assert_eq!(desk.store().catalogue().batches[&BATCH], batch_row(7), "and shoppers see what they saw");
    desk.platform.miscount(false);
    desk.pass_s(3_600);
    let before = desk.sends("mark=0000");
    desk.pass_s(3_600);
    assert_eq!(desk.sends("mark=0000"), before);
}

#[test]
fn a_kiosk_that_was_moved_gets_what_it_needs_and_drops_what_it_must_not_have() {
    let mut desk = Desk::in_stock();
    let rows = vec![Change::put("1", &Row::Mall(mall_row(2))).unwrap(), store(50)];
    desk.platform.move_kiosks(rows);
    desk.pass_s(120);
    let catalogue = desk.store().catalogue();
    assert_eq!(catalogue.mall, Some(mall_row(2)));
    assert_eq!(stores(&mut desk), [id(50)]);
    assert!(desk.store().catalogue().batches.is_empty());
}

#[test]
fn ring_and_configuration_never_go_back_not_even_with_a_snapshot() {
    let mut desk = Desk::in_stock();
    let ring = |version| {
        Change::put("ring", &Row::KeyRing(key_ring(version, &SigningKey::from_bytes(&[4; 32])))).unwrap()
    };
    let config = |version| {
        let config = KioskConfig { version, ..KioskConfig::default() };
        Change::put("config", &Row::Config(config)).unwrap()
    };
    let newer = Page { since: 4, next: 6, changes: vec![ring(7), config(7)], ..Page::default() };
    desk.store().apply_page(&newer).unwrap().unwrap();
    let older = part("", None, vec![ring(3), config(2)]);
    let applied = desk.store().apply_page(&older).unwrap().unwrap();
    assert_eq!((applied.put, applied.skipped), (0, 2));
    let catalogue = desk.store().catalogue();
    assert_eq!((catalogue.ring.as_ref().unwrap().version, catalogue.config.version), (7, 7));
    // Yet the content is what the platform says, so nothing is doubted for ever.
    let mut sum = ContentSum::default();
    for change in [ring(3), config(2)] {
        sum.add(&change.kind, &change.id, change.row.as_ref().unwrap());
    }
    let end = Page {
        view: Some(VIEW),
        content: Some(sum.fingerprint()),
        ..Page { since: 9, next: 9, ..Page::default() }
    };
    assert!(!desk.store().apply_page(&end).unwrap().unwrap().doubted);
}

#[test]
fn a_row_for_a_newer_build_waits_on_the_disk_and_counts_in_the_sum() {
    let mut desk = Desk::in_stock();
    let hologram =
        Change { kind: "hologram".to_owned(), id: "1".to_owned(), row: Some(serde_json::json!({"x": 1})) };
    desk.platform.publish_change(hologram);
    desk.pass_s(120);
    assert_eq!(desk.store().catalogue().version, 5);
    assert_eq!(desk.sends("feed?since=5&mark=0000"), 0, "not doubted");
    let content = rusqlite::Connection::open(desk.folder().join("content.db")).unwrap();
    let sql = "SELECT row FROM feed_row WHERE kind = 'hologram'";
    assert_eq!(content.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap(), r#"{"x":1}"#);
}

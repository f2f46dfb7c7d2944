//! Sessions: a code opens one, once.

use super::desk::Desk;
use cloud_sync::{
    store::SessionOpening,
    testing::{DAWN, code_head},
};
use domain::consumer_code::accepted_until;

#[test]
fn a_code_opens_one_session_also_after_a_restart() {
    let mut desk = Desk::new();
    let head = code_head(1, 1, DAWN);
    assert_eq!(desk.store().open_session(&head).unwrap(), SessionOpening::Opened);
    assert_eq!(desk.store().open_session(&head).unwrap(), SessionOpening::Replayed);
    desk.restart();
    assert_eq!(desk.store().open_session(&head).unwrap(), SessionOpening::Replayed);
}

#[test]
fn the_next_code_of_the_same_person_and_the_same_nonce_of_another_open_theirs() {
    let mut desk = Desk::new();
    for head in [code_head(1, 1, DAWN), code_head(1, 2, DAWN), code_head(2, 1, DAWN)] {
        assert_eq!(desk.store().open_session(&head).unwrap(), SessionOpening::Opened);
    }
}

#[test]
fn a_burned_code_is_forgotten_only_when_nobody_accepts_it_any_more() {
    let mut desk = Desk::new();
    let head = code_head(1, 1, DAWN);
    let end = accepted_until(&head);
    desk.store().open_session(&head).unwrap();
    assert_eq!(desk.store().open_session(&head).unwrap(), SessionOpening::Replayed);
    desk.store().prune(end.plus_ms(1)).unwrap();
    let ledger = rusqlite::Connection::open(desk.folder().join("ledger.db")).unwrap();
    let rows: i64 = ledger.query_row("SELECT count(*) FROM replay", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
}

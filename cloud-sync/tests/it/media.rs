//! Media: fetched in parts, shown only when whole and right, and the first to go when the disk is short.

use super::desk::{BATCH, Desk};
use cloud_sync::{
    core::{Effect, News, Save},
    media::MediaFiles,
    store::{MediaPolicy, PartOutcome, Storage},
    testing::{Row, batch_row, store_row},
    transport::WireAnswer,
    wire::{Call, Failure, decode},
};
use protocol::{
    feed::BatchRow,
    media::{MediaHash, MediaRef, RANGE_BYTES_MAX},
};
use std::fs;

const MIB: u64 = 1 << 20;
/// A megabyte and a bit: five parts.
const LARGE: usize = (1 << 20) + 777;

/// Bytes that differ from those of another number.
fn picture(number: u8, bytes: usize) -> Vec<u8> {
    (0_u8..=250).cycle().map(|byte| byte ^ number).take(bytes).collect()
}

fn publish(desk: &Desk, number: u8, pictures: Vec<MediaRef>) {
    let row = BatchRow { pictures, ..batch_row(number) };
    desk.platform.publish(&number.to_string(), &Row::Batch(Box::new(row))).unwrap();
}

/// A kiosk whose batch has a picture of these bytes, all of it synced.
fn shown(number: u8, bytes: usize) -> (Desk, MediaRef) {
    let mut desk = Desk::in_stock();
    let media = desk.platform.add_medium(&picture(number, bytes), 1_080);
    publish(&desk, number, vec![media.clone()]);
    desk.pass_s(120);
    (desk, media)
}

fn is_shown(desk: &mut Desk, media: &MediaRef) -> bool {
    let now = desk.now();
    let Some(path) = desk.store().media(media.sha256, now) else { return false };
    MediaHash::of(&fs::read(path).unwrap()) == media.sha256
}

fn fetches(desk: &Desk) -> usize {
    desk.sends("/api/k/v1/media/")
}

#[test]
fn what_a_batch_names_is_fetched_in_parts_and_shown_when_whole() {
    let (mut desk, media) = shown(7, LARGE);
    assert!(is_shown(&mut desk, &media));
    assert_eq!(fetches(&desk), LARGE.div_ceil(RANGE_BYTES_MAX as usize));
    assert!(desk.news.contains(&News::MediaChanged));
    let before = fetches(&desk);
    desk.pass_s(600);
    assert_eq!(fetches(&desk), before, "what is here is not fetched again");
}

#[test]
fn a_screen_fetches_the_variant_that_fits_it_and_no_other() {
    let mut desk = Desk::in_stock();
    desk.store().set_media_policy(MediaPolicy { screen_width_px: 600, ..MediaPolicy::default() });
    let variants: Vec<MediaRef> = [540, 1_080, 2_160]
        .iter()
        .zip(1_u8..)
        .map(|(width, number)| desk.platform.add_medium(&picture(number, 5_000), *width))
        .collect();
    publish(&desk, 7, variants.clone());
    desk.pass_s(120);
    let here: Vec<bool> = variants.iter().map(|media| is_shown(&mut desk, media)).collect();
    assert_eq!(here, [false, true, false]);
    assert_eq!(fetches(&desk), 1);
}

#[test]
fn after_a_power_cut_a_medium_goes_on_where_it_was_durable() {
    let mut desk = Desk::in_stock();
    let bytes = picture(7, LARGE);
    let media = desk.platform.add_medium(&bytes, 1_080);
    desk.platform.spoil_medium(media.sha256, None);
    publish(&desk, 7, vec![media.clone()]);
    desk.pass_s(120);
    let (now, part) = (desk.now(), RANGE_BYTES_MAX as usize);
    for (from, part) in (0_u32..).step_by(part).zip(bytes.chunks(part)).take(2) {
        assert_eq!(desk.store().add_media_part((media.sha256, from, part), now).unwrap(), PartOutcome::More);
    }
    assert!(!is_shown(&mut desk, &media), "a part is not shown");
    desk.restart();
    assert!(!is_shown(&mut desk, &media));
    desk.platform.spoil_medium(media.sha256, Some(bytes));
    let before = fetches(&desk);
    desk.pass_s(120);
    assert!(is_shown(&mut desk, &media));
    assert_eq!(fetches(&desk) - before, LARGE.div_ceil(part) - 2);
}

#[test]
fn bytes_with_a_wrong_hash_are_never_shown_and_not_asked_for_all_the_time() {
    let mut desk = Desk::in_stock();
    let media = desk.platform.add_medium(&picture(7, 300_000), 1_080);
    desk.platform.spoil_medium(media.sha256, Some(picture(8, 300_000)));
    publish(&desk, 7, vec![media.clone()]);
    desk.pass_s(600);
    assert!(!is_shown(&mut desk, &media));
    assert_eq!(desk.room.media().list().unwrap(), [], "the parts are gone");
    let tries = fetches(&desk) / 2;
    assert!((2..=6).contains(&tries), "{tries} tries in ten minutes");
    desk.platform.spoil_medium(media.sha256, Some(picture(7, 300_000)));
    desk.pass_s(4_000);
    assert!(is_shown(&mut desk, &media));
}

#[test]
fn a_medium_the_platform_does_not_have_keeps_nobody_else_waiting() {
    let mut desk = Desk::in_stock();
    let lost = desk.platform.add_medium(&picture(9, 1_000), 1_080);
    desk.platform.spoil_medium(lost.sha256, None);
    let media = desk.platform.add_medium(&picture(7, 1_000), 1_080);
    publish(&desk, 9, vec![lost]);
    publish(&desk, 7, vec![media.clone()]);
    desk.pass_s(120);
    assert!(is_shown(&mut desk, &media));
    assert!(fetches(&desk) < 6);
}

#[test]
fn a_gateway_that_ignores_ranges_does_not_look_like_an_outage() {
    let sha256 = MediaHash::of(b"x");
    let call = Call::Media { sha256, from: 0, to: 10 };
    let whole = WireAnswer { status: 200, body: vec![0; 10], ..WireAnswer::default() };
    let short = WireAnswer { status: 206, body: vec![0; 9], ..WireAnswer::default() };
    for answer in [whole, short] {
        assert_eq!(decode(&call, &answer, None), Err(Failure::NotBelieved));
    }
}

#[test]
fn claims_go_before_media() {
    let mut desk = Desk::in_stock();
    let media = desk.platform.add_medium(&picture(7, LARGE), 1_080);
    desk.platform.spoil_medium(media.sha256, None);
    publish(&desk, 7, vec![media.clone()]);
    desk.pass_s(120);
    desk.claim(1).unwrap();
    desk.restart();
    desk.platform.spoil_medium(media.sha256, Some(picture(7, LARGE)));
    let start = desk.platform.requests().len();
    desk.settle();
    let requests = desk.platform.requests();
    let place = |path: &str| requests[start..].iter().position(|request| request.contains(path)).unwrap();
    assert!(place("claims:batch") < place("/media/"));
}

#[test]
fn what_the_catalogue_no_longer_names_goes_first_when_room_is_needed() {
    let (mut desk, old) = shown(7, LARGE);
    desk.store().set_media_policy(MediaPolicy { budget_bytes: 2 * MIB, ..MediaPolicy::default() });
    publish(&desk, 7, vec![]);
    desk.pass_s(120);
    assert!(is_shown(&mut desk, &old), "there is no need for the room yet");
    let new = desk.platform.add_medium(&picture(8, LARGE), 1_080);
    publish(&desk, 8, vec![new.clone()]);
    desk.pass_s(120);
    assert_eq!((is_shown(&mut desk, &old), is_shown(&mut desk, &new)), (false, true));
}

#[test]
fn what_is_shown_does_not_go_for_what_would_be_nice_to_have() {
    let (mut desk, first) = shown(7, LARGE);
    desk.store().set_media_policy(MediaPolicy { budget_bytes: 2 * MIB, ..MediaPolicy::default() });
    let second = desk.platform.add_medium(&picture(8, LARGE), 1_080);
    publish(&desk, 8, vec![second.clone()]);
    desk.pass_s(300);
    assert_eq!((is_shown(&mut desk, &first), is_shown(&mut desk, &second)), (true, false));
    assert!(desk.news.contains(&News::Storage(Storage::Low)), "the operator is told that not all fits");
}

#[test]
fn on_a_short_disk_content_shrinks_first_claims_go_on_and_all_comes_back_by_itself() {
    let (mut desk, media) = shown(7, LARGE);
    desk.room.set_free(154 * MIB);
    desk.pass_s(120);
    assert!(!is_shown(&mut desk, &media), "the floor is 15 % of 1 GiB");
    assert!(desk.news.contains(&News::Storage(Storage::Low)));
    let device = desk.identity().device;
    assert!(desk.platform.heartbeat(device).unwrap().disk_low);
    desk.room.set_free(10 * MIB);
    desk.pass_s(120);
    assert!(desk.news.contains(&News::Storage(Storage::Full)));
    desk.platform.publish("9", &Row::Store(store_row(9))).unwrap();
    let pages = desk.sends("feed?since=");
    desk.claim(1).unwrap();
    desk.pass_s(300);
    assert_eq!(desk.sends("feed?since="), pages, "the feed waits");
    assert_eq!(desk.platform.coupons().len(), 1, "the claim does not");
    desk.room.set_free(1_000 * MIB);
    desk.pass_s(300);
    assert!(is_shown(&mut desk, &media) && desk.store().catalogue().stores.len() == 2);
    assert_eq!(
        desk.news.iter().rev().find(|news| matches!(news, News::Storage(_))),
        Some(&News::Storage(Storage::Fine))
    );
    assert!(!desk.platform.heartbeat(device).unwrap().disk_low);
}

#[test]
fn without_its_index_a_folder_counts_again_file_by_file_once_hashed() {
    let (mut desk, media) = shown(7, LARGE);
    let before = fetches(&desk);
    desk.store = None;
    for name in ["content.db", "content.db-wal", "content.db-shm"] {
        let _ = fs::remove_file(desk.folder().join(name));
    }
    let strange = MediaHash::of(b"strange");
    desk.room.media().write(&strange.to_string(), 0, b"nobody names this").unwrap();
    desk.restart();
    assert!(!is_shown(&mut desk, &media), "not before it was hashed");
    desk.pass_s(7_200);
    assert!(is_shown(&mut desk, &media));
    assert_eq!(fetches(&desk), before, "nothing was fetched again");
    assert_eq!(desk.room.media().list().unwrap().len(), 1, "what nobody names is swept");
}

#[test]
fn a_file_with_wrong_bytes_under_a_good_name_does_not_count() {
    let (mut desk, media) = shown(7, 5_000);
    desk.store = None;
    for name in ["content.db", "content.db-wal", "content.db-shm"] {
        let _ = fs::remove_file(desk.folder().join(name));
    }
    fs::write(desk.folder().join("media").join(media.sha256.to_string()), picture(1, 5_000)).unwrap();
    desk.restart();
    desk.pass_s(300);
    assert!(is_shown(&mut desk, &media), "thrown away and fetched again");
}

#[test]
fn a_part_the_disk_forgot_the_end_of_is_fetched_again_from_there() {
    let mut desk = Desk::in_stock();
    let bytes = picture(7, LARGE);
    let media = desk.platform.add_medium(&bytes, 1_080);
    publish(&desk, 7, vec![media.clone()]);
    desk.platform.spoil_medium(media.sha256, None);
    desk.pass_s(120);
    let now = desk.now();
    let part = &bytes[..RANGE_BYTES_MAX as usize];
    desk.store().add_media_part((media.sha256, 0, part), now).unwrap();
    let file = desk.folder().join("media").join(format!("{}.part", media.sha256));
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(1_000).unwrap();
    desk.restart();
    desk.platform.spoil_medium(media.sha256, Some(bytes));
    desk.pass_s(300);
    assert!(is_shown(&mut desk, &media));
    let mut first = u32::MAX;
    for effect in &desk.done {
        if let Effect::Save(Save::MediaPart { from, .. }) = effect {
            first = first.min(*from);
        }
    }
    assert_eq!(first, 1_000);
    assert_eq!(desk.store().catalogue().batches[&BATCH].pictures, [media]);
}

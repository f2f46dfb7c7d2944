//! `offer.frame_to_paint_p95_ms`: from the first frame with a code to the painted offers, with 5,000 offers in a real
//! store, no network and the software renderer.
//!
//! The entrance of the screen is put to its end before painting, so that the whole page is drawn; its 180 ms are motion
//! that follows, not waiting.

use std::time::Duration;

use cloud_sync::testing::{Row, code_head};
use cloud_sync::transport::origin::Origin;
use domain::ids::BatchId;
use domain::segment::Predicate;
use i_slint_backend_testing::mock_elapsed_time;
use kiosk::adapters::system_clock::SystemClock;
use kiosk::app::view::ScreenName;
use kiosk::ports::Monotonic;
use slint::ComponentHandle;

use crate::Figure;
use crate::desk::{Desk, city};
use crate::frames::{Look, with_code};
use crate::idle_scene::idle;
use crate::mall::{self, SINGLE, TRAVELLER, YOUNG};

pub const ID: &str = "offer.frame_to_paint_p95_ms";
const RUNS: usize = 200;
const OFFERS: usize = 5_000;
const STOCKED: usize = 20;
const AGAINST: &str = "a bar; 5,000 cached offers, 1280x720 frames, network cut, whole page painted";

/// The middle, the bar's and the worst but one of a hundred shoppers.
pub fn measure() -> Vec<Figure> {
    let (folder, now) = (tempfile::tempdir().unwrap(), mall::at("2026-11-22T20:05:00+08:00"));
    let platform = city(now);
    for number in 0..OFFERS - 3 {
        publish(&platform, number);
    }
    let desk = Desk::new(folder.path(), platform.clone(), now);
    desk.kiosk.pair(&Origin::parse("https://platform.test").unwrap(), "K7QF2M9D");
    desk.until("the offers", |desk| {
        desk.kiosk.with_state(|state| {
            state.device.catalogue.batches.len() == OFFERS && state.device.stock.len() >= STOCKED
        })
    });
    platform.cut(true);
    let mut took: Vec<f64> = (0..RUNS).map(|run| shopper(&desk, run)).collect();
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(RUNS * percent).div_ceil(100) - 1];
    let figure = |id, value, bar| Figure { id, value, unit: "ms", bar, against: AGAINST, runs: RUNS };
    vec![
        figure("offer.frame_to_paint_p50_ms", at(50), None),
        figure(ID, at(95), Some("<=150")),
        figure("offer.frame_to_paint_p99_ms", at(99), None),
    ]
}

/// Offers for crowds that overlap; a few of them with stock, as a kiosk has.
fn publish(platform: &cloud_sync::testing::FakePlatform, number: usize) {
    let mut row = cloud_sync::testing::batch_row(4);
    let mut id = [0xee; 16];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    row.id = BatchId::from_bytes(id);
    row.title = format!("商户优惠 {number}");
    row.terms.targeting = match number % 4 {
        0 => Predicate::Everyone,
        1 => Predicate::Tag(YOUNG),
        2 => Predicate::All(vec![Predicate::Tag(YOUNG), Predicate::Not(Box::new(Predicate::Tag(TRAVELLER)))]),
        _ => Predicate::Any(vec![Predicate::Tag(TRAVELLER), Predicate::Tag(SINGLE)]),
    };
    row.lease_slots = if number < STOCKED { 20 } else { 0 };
    platform.set_stock(row.id, 40);
    platform.publish(&row.id.to_string(), &Row::Batch(Box::new(row))).unwrap();
}

/// Milliseconds one shopper waits.
fn shopper(desk: &Desk, run: usize) -> f64 {
    desk.camera.hold(Some(idle(run as u64)));
    desk.until_screen(ScreenName::Attract);
    let head = code_head((run % 250) as u8, (run / 250) as u8 + 1, mall::at("2026-11-22T20:05:00+08:00"));
    let look = Look { module: 7.0, ..Look::default() };
    let frame = with_code(mall::code(head, &[YOUNG, SINGLE]).as_bytes(), look, (1280, 720));
    let clock = SystemClock::new();
    let began_at = clock.monotonic();
    desk.camera.hold(Some(frame));
    while desk.screen() != ScreenName::Offers {
        assert!(desk.kiosk.turn_within(Duration::from_secs(10)), "no code was read");
    }
    mock_elapsed_time(Duration::from_millis(200));
    let window = desk.kiosk.window().component();
    let painted = window.window().take_snapshot().unwrap();
    let took = clock.monotonic() - began_at;
    assert_eq!(painted.width(), 1080);
    window.global::<ui::Offers>().invoke_end();
    desk.kiosk.turn();
    took.as_secs_f64() * 1_000.0
}

//! The tokio half of both programs on a virtual network: the kiosk's engine and push listener, HTTP by hyper, the
//! platform's connections, router, push streams and jobs. turmoil keeps time and network in one thread, so a silence of
//! minutes costs nothing and a seed is a history.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "wiring/cable.rs"]
mod cable;
#[path = "wiring/desk.rs"]
mod desk;
#[path = "wiring/mall.rs"]
mod mall;

use cloud_sync::core::{Link, News};
use mall::{Mall, kiosk_name};
use protocol::push::SILENCE_MS_MAX;
use std::time::Duration;

/// Name and port of the platform in the virtual network.
const PLATFORM: (&str, u16) = ("platform", 80);
/// Anybody may claim one a day.
const NOODLES: &str = "一碗面立减5元";

#[test]
fn a_pause_reaches_a_listening_kiosk_in_two_seconds_also_after_a_stream_fell_silent() {
    let mut mall = Mall::open(1, 1, |_| {});
    let batch = mall.desk.batch(NOODLES);
    mall.pair_all(batch, 60);
    // The stream stands by now; a poll alone would take up to minutes.
    mall.pass(Duration::from_secs(20));
    assert!(mall.is_on(0, batch));
    mall.desk.pause(batch);
    mall.until("the pause", 2, |mall| !mall.is_on(0, batch));
    // A cable that is cut says nothing: both ends believe in their connection.
    mall.kiosks[0].forget();
    mall.sim.partition(kiosk_name(0), PLATFORM.0);
    let silence_s = u64::from(SILENCE_MS_MAX) / 1_000;
    mall.until("the word that it is offline", silence_s + 30, |mall| {
        mall.kiosks[0].told().iter().any(|news| matches!(news, News::Link(Link::Offline { .. })))
    });
    mall.pass(Duration::from_secs(silence_s));
    mall.kiosks[0].forget();
    mall.sim.repair(kiosk_name(0), PLATFORM.0);
    mall.until("the word that it is online", 180, |mall| {
        mall.kiosks[0].told().iter().any(|news| matches!(news, News::Link(Link::Online)))
    });
    // The dead stream was left and another one opened: again two seconds are enough.
    mall.pass(Duration::from_secs(180));
    mall.desk.resume(batch);
    mall.until("the end of the pause", 2, |mall| mall.is_on(0, batch));
}

#[test]
fn a_platform_that_dies_with_requests_in_the_air_files_each_claim_once() {
    let mut mall = Mall::open(3, 2, |_| {});
    let batch = mall.desk.batch(NOODLES);
    mall.pair_all(batch, 120);
    let mut shoppers = Vec::new();
    for round in 0..12_u32 {
        let shopper = mall.desk.shopper(round);
        let kiosk = usize::try_from(round).unwrap() % 3;
        mall.claim(kiosk, &shopper, batch);
        shoppers.push(shopper);
        // The more rounds, the further the report has come when the process is gone.
        mall.pass(Duration::from_millis(u64::from(round) * 40));
        mall.sim.crash(PLATFORM.0);
        mall.pass(Duration::from_secs(2));
        mall.sim.bounce(PLATFORM.0);
        mall.until("an empty outbox", 180, |mall| mall.waiting(kiosk) == 0);
    }
    check(&mall, &shoppers, batch);
}

/// Messages take up to three seconds, and cables are cut, held and cut in one direction, now with a report under way, now
/// without.
#[test]
fn four_seeds_of_bad_cables_lose_and_double_nothing() {
    for seed in 10..14 {
        let mut mall = Mall::open(4, seed, |builder| {
            builder.max_message_latency(Duration::from_secs(3));
        });
        let batch = mall.desk.batch(NOODLES);
        mall.pair_all(batch, 600);
        let shoppers: Vec<String> = (0..16).map(|number| mall.desk.shopper(number)).collect();
        for (number, shopper) in shoppers.iter().enumerate() {
            let kiosk = number % 4;
            mall.claim(kiosk, shopper, batch);
            mall.pass(Duration::from_millis(300 + 157 * seed * u64::try_from(number).unwrap() % 4_000));
            match number % 3 {
                0 => mall.sim.partition(kiosk_name(kiosk), PLATFORM.0),
                1 => mall.sim.hold(kiosk_name(kiosk), PLATFORM.0),
                _ => mall.sim.partition_oneway(PLATFORM.0, kiosk_name(kiosk)),
            }
            if number % 4 == 3 {
                mall.pass(Duration::from_secs(45));
                for kiosk in 0..4 {
                    mall.sim.release(kiosk_name(kiosk), PLATFORM.0);
                    mall.sim.repair(kiosk_name(kiosk), PLATFORM.0);
                }
            }
        }
        mall.until("empty outboxes", 600, |mall| (0..4).all(|kiosk| mall.waiting(kiosk) == 0));
        check(&mall, &shoppers, batch);
    }
}

/// One coupon each, and the books agree with the kiosks.
fn check(mall: &Mall, shoppers: &[String], batch: domain::ids::BatchId) {
    for shopper in shoppers {
        assert_eq!(mall.desk.coupons(shopper, batch), 1);
    }
    let books = mall.desk.books(batch);
    let held: u32 = (0..mall.kiosks.len()).map(|kiosk| mall.stock(kiosk, batch)).sum();
    assert_eq!(books.free + books.leased + books.issued, books.total, "{books:?}");
    assert_eq!(books.leased, u64::from(held), "{books:?}");
    assert_eq!(usize::try_from(books.issued).unwrap(), shoppers.len(), "{books:?}");
}

//! Time: corrected by the platform, not believed when it cannot be right.

use super::desk::Desk;
use cloud_sync::{
    core::{Event, News},
    store::ClaimRefused,
    testing::DAWN,
};
use domain::time::UtcMillis;

fn last_time(desk: &Desk) -> (i64, bool) {
    let time = desk.news.iter().rev().find_map(|news| match news {
        News::Time { offset_ms, trusted } => Some((*offset_ms, *trusted)),
        News::Enrolled
        | News::NotEnrolled(_)
        | News::EnrolFailed { .. }
        | News::Link(_)
        | News::CatalogueChanged
        | News::MediaChanged
        | News::Storage(_)
        | News::StockChanged
        | News::ClaimSettled(_) => None,
    });
    time.unwrap()
}

#[test]
fn a_wrong_clock_is_corrected_by_what_the_platform_says() {
    let mut desk = Desk::new();
    desk.clock.set_wall(DAWN.plus_ms(-90 * 60_000));
    desk.enrol("AAAA2222");
    desk.settle();
    assert_eq!(last_time(&desk), (90 * 60_000, true));
    assert_eq!(desk.state.platform_now(cloud_sync::ports::Clock::now(&desk.clock)), DAWN);
}

#[test]
fn a_clock_that_was_set_wrong_while_running_is_corrected_by_the_refusal_and_the_request_repeated() {
    let mut desk = Desk::in_stock();
    let order = desk.order(1);
    desk.store().claim(&order, DAWN).unwrap();
    desk.clock.set_wall(DAWN.plus_ms(86_400_000));
    desk.event(Event::Nudged);
    assert_eq!(last_time(&desk), (-86_400_000, true));
    assert_eq!(desk.platform.coupons().len(), 1, "no wait in between");
}

#[test]
fn a_clock_that_cannot_be_corrected_does_not_make_a_storm() {
    let mut desk = Desk::in_stock();
    let wrong = |now: i64| {
        let problem = protocol::problem::Problem::new(401, "CLOCK_SKEW", "时间不准").with("now", now);
        cloud_sync::transport::WireAnswer {
            status: 401,
            body: serde_json::to_vec(&problem).unwrap(),
            ..Default::default()
        }
    };
    for _ in 0..100 {
        desk.platform.fault(cloud_sync::testing::Fault::Instead(wrong(DAWN.get())));
    }
    let before = desk.done.len();
    desk.pass_s(30);
    let sent = desk.done[before..]
        .iter()
        .filter(|effect| matches!(effect, cloud_sync::core::Effect::Send { .. }))
        .count();
    assert!(sent < 20, "sent {sent} requests in half a minute");
}

#[test]
fn without_enrolment_the_time_is_unknown() {
    let mut desk = Desk::new();
    desk.settle();
    assert_eq!(last_time(&desk), (0, false));
}

#[test]
fn a_kiosk_that_restarts_without_network_keeps_issuing_while_its_clock_is_plausible() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    desk.clock.pass_ms(600_000);
    desk.restart();
    desk.settle();
    assert_eq!(last_time(&desk), (0, true));
    desk.claim(1).unwrap();
}

#[test]
fn after_a_reset_of_the_clock_nothing_is_issued_until_the_platform_has_named_the_time() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    desk.clock.set_wall(UtcMillis::new(0));
    desk.restart();
    desk.settle();
    assert_eq!(last_time(&desk), (0, false));
    assert_eq!(desk.refusal(1), ClaimRefused::TimeUnknown);
    // Somebody sets the clock by hand: plausible, but not known.
    desk.clock.set_wall(DAWN.plus_ms(3_600_000));
    desk.event(Event::Timer);
    assert_eq!(last_time(&desk), (0, false));
    desk.platform.set_now(DAWN.plus_ms(3_600_000));
    desk.platform.cut(false);
    desk.pass_s(60);
    assert!(last_time(&desk).1);
    desk.claim(1).unwrap();
}

#[test]
fn a_clock_a_little_behind_the_platform_is_not_unknown() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    desk.clock.set_wall(DAWN.plus_ms(-120_000));
    desk.restart();
    desk.settle();
    assert_eq!(last_time(&desk), (0, true));
    desk.clock.set_wall(DAWN.plus_ms(-120_001));
    desk.event(Event::Timer);
    assert_eq!(last_time(&desk), (0, false));
}

#[test]
fn a_clock_that_was_set_is_checked_with_the_platform_at_once() {
    let mut desk = Desk::in_stock();
    let before = desk.sends("heartbeat");
    desk.clock.set_wall(DAWN.plus_ms(10 * 60_000));
    desk.event(Event::Timer);
    assert_eq!(desk.sends("heartbeat"), before + 1);
    assert_eq!(last_time(&desk), (-10 * 60_000, true));
}

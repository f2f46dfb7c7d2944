//! Time: named by the platform, carried on by the monotonic clock, and not believed when nothing speaks for it.

use super::desk::Desk;
use cloud_sync::{
    core::{Effect, Event, News, Save},
    store::ClaimRefused,
    testing::{DAWN, Fault, code_head},
    transport::WireAnswer,
};
use domain::time::UtcMillis;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const YEAR_MS: i64 = 365 * DAY_MS;

/// What the screen was told last: how late it is now, and whether that may be issued by.
fn told(desk: &Desk) -> (UtcMillis, bool) {
    let now = cloud_sync::ports::Clock::now(&desk.clock);
    let time = desk.news.iter().rev().find_map(|news| match news {
        News::Time { anchor, trusted } => Some((anchor.at(now), *trusted)),
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

fn set_wall(desk: &mut Desk, ahead_ms: i64) {
    desk.clock.set_wall(desk.now().plus_ms(ahead_ms));
    desk.settle();
}

/// Starts again without a network, with a wall clock that is so far ahead of the true time.
fn restart_alone(desk: &mut Desk, ahead_ms: i64) {
    desk.platform.cut(true);
    desk.clock.set_wall(desk.now().plus_ms(ahead_ms));
    desk.restart();
    desk.settle();
}

fn saves(desk: &Desk, wanted: impl Fn(&Save) -> bool) -> usize {
    desk.done.iter().filter(|effect| matches!(effect, Effect::Save(save) if wanted(save))).count()
}

fn clock_refusal(now: UtcMillis) -> Fault {
    let problem = protocol::problem::Problem::new(401, "CLOCK_SKEW", "时间不准").with("now", now.get());
    Fault::Instead(WireAnswer {
        status: 401,
        body: serde_json::to_vec(&problem).unwrap(),
        ..WireAnswer::default()
    })
}

#[test]
fn a_wrong_clock_is_corrected_by_what_the_platform_says() {
    let mut desk = Desk::new();
    desk.clock.set_wall(DAWN.plus_ms(-90 * MINUTE_MS));
    desk.enrol("AAAA2222");
    desk.settle();
    assert_eq!(told(&desk), (DAWN, true));
    assert_eq!(desk.kiosk_now(), DAWN);
}

#[test]
fn whoever_sets_the_wall_clock_of_a_running_kiosk_changes_nothing() {
    for ahead_ms in [-YEAR_MS, -DAY_MS, -10 * MINUTE_MS, 10 * MINUTE_MS, DAY_MS, YEAR_MS, -DAWN.get()] {
        let mut desk = Desk::in_stock();
        let expiry = desk.platform.granted()[0].expires_at;
        desk.platform.cut(true);
        set_wall(&mut desk, ahead_ms);
        desk.pass_s(600);
        assert_eq!(told(&desk), (desk.now(), true), "{ahead_ms}");
        let voucher = desk.claim(1).unwrap();
        assert_eq!(voucher.claimed_at, DAWN.plus_ms(600_000), "{ahead_ms}");
        // A clock that is set back makes no lease last longer.
        let left_s = u32::try_from(expiry.since(desk.now()) / 1_000).unwrap();
        desk.pass_s(left_s);
        assert_eq!(desk.refusal(2), ClaimRefused::LeaseExpired, "{ahead_ms}");
    }
}

#[test]
fn hours_asleep_are_hours_passed() {
    let mut desk = Desk::in_stock();
    let expiry = desk.platform.granted()[0].expires_at;
    desk.platform.cut(true);
    desk.sleep_until(expiry.plus_ms(-1));
    desk.claim(1).unwrap();
    desk.sleep_until(expiry);
    desk.clock.set_wall(DAWN);
    assert_eq!(desk.refusal(2), ClaimRefused::LeaseExpired);
}

#[test]
fn a_wall_clock_that_was_set_is_a_reason_to_ask_the_platform_at_once() {
    let mut desk = Desk::in_stock();
    let before = desk.sends("heartbeat");
    set_wall(&mut desk, 10 * MINUTE_MS);
    assert_eq!(desk.sends("heartbeat"), before + 1);
    assert_eq!(told(&desk), (DAWN, true));
}

#[test]
fn a_refusal_because_of_the_date_leads_to_the_platforms_signed_time_at_once() {
    let mut desk = Desk::in_stock();
    // The platform itself was wrong, and has been put right.
    desk.platform.set_now(DAWN.plus_ms(DAY_MS));
    let order = desk.order(1);
    desk.store().claim(&order, DAWN).unwrap();
    desk.event(Event::Nudged);
    assert_eq!(told(&desk), (DAWN.plus_ms(DAY_MS), true));
    assert_eq!(desk.sends("heartbeat"), 2, "one at start, and one after the refusal");
}

#[test]
fn a_refusal_that_nobody_signed_moves_no_time() {
    for ahead_ms in [-YEAR_MS, YEAR_MS] {
        let mut desk = Desk::in_stock();
        desk.claim(1).unwrap();
        let told_before = desk.news.len();
        desk.platform.fault(clock_refusal(DAWN.plus_ms(ahead_ms)));
        desk.event(Event::Nudged);
        assert_eq!(desk.kiosk_now(), DAWN);
        desk.pass_s(5);
        let times = desk.news[told_before..].iter().filter(|news| matches!(news, News::Time { .. })).count();
        assert_eq!(times, 0, "the screen was told of another time");
        assert_eq!(desk.platform.coupons().len(), 1, "and the request went out again");
    }
}

#[test]
fn refusals_because_of_the_date_make_no_storm() {
    let mut desk = Desk::in_stock();
    for _ in 0..100 {
        desk.platform.fault(clock_refusal(DAWN));
    }
    let before = desk.done.len();
    desk.pass_s(30);
    let is_send = |effect: &&Effect| matches!(effect, Effect::Send { .. });
    let sent = desk.done[before..].iter().filter(is_send).count();
    assert!(sent < 20, "sent {sent} requests in half a minute");
}

#[test]
fn without_enrolment_the_time_is_unknown() {
    let mut desk = Desk::new();
    desk.settle();
    assert_eq!(told(&desk), (DAWN, false));
}

#[test]
fn after_a_restart_alone_the_wall_clock_is_believed_once_while_it_fits_the_disk() {
    let mut desk = Desk::in_stock();
    desk.clock.pass_ms(600_000);
    restart_alone(&mut desk, 0);
    assert_eq!(told(&desk), (desk.now(), true));
    desk.claim(1).unwrap();
    set_wall(&mut desk, DAY_MS);
    assert_eq!(told(&desk), (desk.now(), true), "from the start on the monotonic clock counts");
    desk.claim(2).unwrap();
}

#[test]
fn after_a_restart_it_is_never_earlier_than_the_disk_knows() {
    let mut desk = Desk::in_stock();
    restart_alone(&mut desk, -120_000);
    assert_eq!(told(&desk), (DAWN, true), "a clock may be a little behind");
    let mut desk = Desk::in_stock();
    restart_alone(&mut desk, -120_001);
    assert!(!told(&desk).1);
}

#[test]
fn after_a_restart_with_a_wall_clock_that_fits_nothing_the_time_is_unknown_until_the_platform_names_it() {
    for ahead_ms in [-DAWN.get(), -YEAR_MS, -HOUR_MS, 73 * HOUR_MS, YEAR_MS] {
        let mut desk = Desk::in_stock();
        restart_alone(&mut desk, ahead_ms);
        assert!(!told(&desk).1, "{ahead_ms}");
        assert!(desk.claim(1).is_err(), "{ahead_ms}");
        // Somebody sets the clock by hand: that is no proof.
        set_wall(&mut desk, 0);
        assert!(!told(&desk).1, "{ahead_ms}");
        desk.platform.cut(false);
        desk.pass_s(60);
        assert_eq!(told(&desk), (desk.now(), true), "{ahead_ms}");
        desk.claim(1).unwrap();
    }
}

#[test]
fn what_passed_without_the_platform_is_on_the_disk_too() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    desk.pass_s(3_600);
    restart_alone(&mut desk, -10 * MINUTE_MS);
    assert!(!told(&desk).1, "the kiosk has seen a later time, and knows it");
}

#[test]
fn a_claim_puts_its_time_on_the_disk() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    desk.pass_s(200);
    desk.claim(1).unwrap();
    restart_alone(&mut desk, -121_000);
    assert!(!told(&desk).1);
}

#[test]
fn the_platform_is_right_also_when_it_is_earlier_than_before() {
    let mut desk = Desk::in_stock();
    let earlier = DAWN.plus_ms(-10 * MINUTE_MS);
    desk.platform.set_now(earlier);
    set_wall(&mut desk, DAY_MS);
    assert_eq!(told(&desk), (earlier, true));
    desk.clock.set_wall(earlier);
    desk.platform.cut(true);
    desk.restart();
    desk.settle();
    assert_eq!(told(&desk), (earlier, true));
}

#[test]
fn nothing_is_forgotten_or_given_back_by_a_time_the_platform_has_not_named() {
    let mut desk = Desk::in_stock();
    let head = code_head(1, 1, DAWN);
    desk.store().open_session(&head).unwrap();
    for ahead_ms in [DAY_MS, YEAR_MS, -YEAR_MS] {
        let (pruned, closed) = (
            saves(&desk, |save| *save == Save::Prune),
            saves(&desk, |save| matches!(save, Save::CloseLease(_))),
        );
        restart_alone(&mut desk, ahead_ms);
        desk.pass_s(3 * 3_600);
        assert_eq!(saves(&desk, |save| *save == Save::Prune), pruned, "{ahead_ms}");
        assert_eq!(saves(&desk, |save| matches!(save, Save::CloseLease(_))), closed, "{ahead_ms}");
        assert_eq!(desk.store().burned_codes().unwrap(), 1, "{ahead_ms}");
    }
    desk.platform.cut(false);
    desk.pass_s(60);
    assert_eq!(desk.store().burned_codes().unwrap(), 0, "now it is known that its time is over");
    assert!(saves(&desk, |save| matches!(save, Save::CloseLease(_))) > 0, "and that the lease's is");
}

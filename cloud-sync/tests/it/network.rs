//! The network: cut, strange, or too busy.

use super::desk::Desk;
use cloud_sync::{
    core::{Event, Link, News},
    testing::{DAWN, Fault},
    transport::WireAnswer,
};

fn links(desk: &Desk) -> Vec<Link> {
    let link = |news: &News| match news {
        News::Link(link) => Some(*link),
        News::Enrolled
        | News::NotEnrolled(_)
        | News::EnrolFailed { .. }
        | News::Time { .. }
        | News::CatalogueChanged
        | News::MediaChanged
        | News::Storage(_)
        | News::StockChanged
        | News::ClaimSettled(_) => None,
    };
    desk.news.iter().filter_map(link).collect()
}

fn page(body: &str) -> WireAnswer {
    WireAnswer {
        status: 200,
        content_type: Some("text/html".to_owned()),
        body: body.as_bytes().to_vec(),
        ..WireAnswer::default()
    }
}

#[test]
fn the_screen_is_told_once_when_the_link_goes_and_once_when_it_is_back() {
    let mut desk = Desk::in_stock();
    assert_eq!(links(&desk), [Link::Online]);
    desk.platform.cut(true);
    desk.pass_s(3_600);
    desk.platform.cut(false);
    desk.pass_s(60);
    assert_eq!(links(&desk), [Link::Online, Link::Offline { since: DAWN }, Link::Online]);
}

#[test]
fn during_a_long_outage_a_kiosk_asks_seldom_and_is_back_within_a_minute() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    desk.pass_s(3_600);
    let before = desk.done.len();
    desk.pass_s(3_600);
    let tries = desk.done[before..]
        .iter()
        .filter(|effect| matches!(effect, cloud_sync::core::Effect::Send { .. }))
        .count();
    assert!((60..=300).contains(&tries), "{tries} tries in an hour");
    let order = desk.order(1);
    let now = desk.now();
    let claimed = desk.store().claim(&order, now);
    assert!(claimed.is_ok(), "two hours without network: {claimed:?}");
    desk.platform.cut(false);
    desk.pass_s(60);
    assert_eq!(desk.platform.coupons().len(), 1);
}

#[test]
fn a_nudge_shortens_the_wait_but_cannot_make_a_storm() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    desk.pass_s(3_600);
    let tries = |desk: &Desk| {
        desk.done.iter().filter(|effect| matches!(effect, cloud_sync::core::Effect::Send { .. })).count()
    };
    let before = tries(&desk);
    for _ in 0..100 {
        desk.event(Event::Nudged);
    }
    assert!(tries(&desk) - before <= 1);
    desk.clock.pass_ms(2_500);
    desk.platform.cut(false);
    desk.claim(1).unwrap();
    desk.event(Event::Nudged);
    assert_eq!(desk.platform.coupons().len(), 1, "no wait for the next round");
}

#[test]
fn a_captive_portal_is_no_data() {
    let mut desk = Desk::in_stock();
    desk.claim(1).unwrap();
    for body in ["<html>请先登录商场 Wi-Fi</html>", "{}", "[]", ""] {
        desk.platform.fault(Fault::Instead(page(body)));
        desk.event(Event::Nudged);
        desk.clock.pass_ms(2_500);
    }
    assert_eq!(desk.store().pending(10).unwrap().len(), 1);
    assert!(matches!(links(&desk).last(), Some(Link::Offline { .. })));
    desk.pass_s(60);
    assert_eq!(desk.platform.coupons().len(), 1);
    assert_eq!(links(&desk).last(), Some(&Link::Online));
}

#[test]
fn retry_after_is_obeyed_even_by_a_nudge() {
    let mut desk = Desk::in_stock();
    desk.claim(1).unwrap();
    let busy = WireAnswer {
        status: 503,
        retry_after: Some("300".to_owned()),
        body: b"busy".to_vec(),
        ..WireAnswer::default()
    };
    desk.platform.fault(Fault::Instead(busy));
    desk.event(Event::Nudged);
    let before = desk.platform.requests().len();
    for _ in 0..29 {
        desk.pass_s(10);
        desk.event(Event::Nudged);
    }
    assert_eq!(desk.platform.requests().len(), before, "not one request in 290 seconds");
    desk.pass_s(15);
    assert_eq!(desk.platform.coupons().len(), 1);
}

#[test]
fn a_feed_that_is_not_believed_is_asked_less_and_less_and_holds_up_nothing_else() {
    let mut desk = Desk::in_stock();
    desk.platform.forge(true);
    desk.pass_s(600);
    let before = (desk.sends("feed?since="), desk.sends("heartbeat"));
    desk.claim(1).unwrap();
    desk.pass_s(600);
    assert_eq!(desk.platform.coupons().len(), 1);
    let asked = desk.sends("feed?since=") - before.0;
    assert!((10..=60).contains(&asked), "asked {asked} times in ten minutes");
    assert!((8..=13).contains(&(desk.sends("heartbeat") - before.1)));
    assert_eq!(links(&desk), [Link::Online], "the platform does answer");
}

#[test]
fn the_heartbeat_says_how_the_kiosk_is() {
    let mut desk = Desk::in_stock();
    desk.event(Event::Camera(true));
    desk.claim(1).unwrap();
    desk.pass_s(90);
    let device = desk.identity().device;
    let heartbeat = desk.platform.heartbeat(device).unwrap();
    assert!(heartbeat.camera);
    assert_eq!((heartbeat.epoch, heartbeat.feed_cursor, heartbeat.lease_slots), (1, 4, 19));
    let beats = desk.sends("heartbeat");
    desk.pass_s(600);
    let more = desk.sends("heartbeat") - beats;
    assert!((8..=13).contains(&more), "{more} heartbeats in ten minutes");
}

#[test]
fn a_heartbeat_that_tells_of_newer_pages_fetches_them() {
    let mut desk = Desk::in_stock();
    let slow = protocol::device::KioskConfig { version: 1, feed_poll_s: 3_600, ..Default::default() };
    desk.platform.publish("config", &protocol::feed::Row::Config(slow)).unwrap();
    desk.pass_s(200);
    desk.platform.publish("3", &protocol::feed::Row::Store(cloud_sync::testing::store_row(3))).unwrap();
    desk.pass_s(80);
    assert_eq!(desk.store().catalogue().stores.len(), 2);
}

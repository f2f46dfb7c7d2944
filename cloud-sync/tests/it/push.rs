//! The push stream: makes a kiosk ask sooner, and nothing depends on it.

use super::desk::Desk;
use cloud_sync::{
    core::{Effect, Event},
    store::Standing,
    testing::store_row,
    wire::Failure,
};
use protocol::{
    device::KioskConfig,
    feed::Row,
    push::{Push, SILENCE_MS_MAX},
};

const FEED: &str = "feed?since=";
const HEARTBEAT: &str = "heartbeat";

/// A kiosk in stock whose stream has just been opened.
fn listening() -> Desk {
    let mut desk = Desk::in_stock();
    let head = desk.stream.expect("a stream is opened as soon as all else is done").1;
    desk.push(Push::Open { head });
    desk
}

fn listens(desk: &Desk) -> usize {
    desk.done.iter().filter(|effect| matches!(effect, Effect::Listen { .. })).count()
}

fn cursor(desk: &mut Desk) -> u64 {
    let now = desk.now();
    desk.store().facts(now).unwrap().cursor
}

/// A kiosk that is told to poll every ten minutes.
fn polling_seldom() -> Desk {
    let mut desk = listening();
    let config = KioskConfig { version: 1, feed_poll_s: 600, ..KioskConfig::default() };
    desk.platform.publish("config", &Row::Config(config)).unwrap();
    desk.push(Push::Changed { head: 5 });
    desk.pass_beating_s(30);
    assert_eq!(cursor(&mut desk), 5);
    desk
}

#[test]
fn what_is_pushed_is_fetched_within_a_second() {
    let mut desk = polling_seldom();
    desk.platform.publish("3", &Row::Store(store_row(3))).unwrap();
    desk.push(Push::Changed { head: 6 });
    desk.pass_s(1);
    assert_eq!(desk.store().catalogue().stores.len(), 2);
}

#[test]
fn what_is_pushed_while_a_fetch_is_under_way_is_fetched_after_it() {
    let mut desk = polling_seldom();
    let (stream, _) = desk.stream.unwrap();
    let before = desk.sends(FEED);
    desk.push_during_next_send = Some(Event::Pushed { stream, push: Push::Changed { head: 7 } });
    desk.push(Push::Changed { head: 6 });
    desk.pass_s(5);
    assert_eq!(desk.sends(FEED), before + 2);
}

#[test]
fn what_the_kiosk_has_already_makes_it_ask_for_nothing() {
    let mut desk = polling_seldom();
    let before = desk.sends(FEED);
    for head in 0..=5 {
        desk.push(Push::Changed { head });
    }
    desk.pass_s(10);
    assert_eq!(desk.sends(FEED), before);
}

#[test]
fn a_storm_of_pushes_is_at_most_one_fetch_a_second() {
    let mut desk = polling_seldom();
    let before = desk.sends(FEED);
    for _ in 0..10 {
        for _ in 0..50 {
            desk.push(Push::Changed { head: u64::MAX });
        }
        desk.pass_s(1);
    }
    let fetched = desk.sends(FEED) - before;
    assert!((5..=11).contains(&fetched), "{fetched} fetches in ten seconds");
}

#[test]
fn while_a_stream_lives_the_feed_is_asked_seldom_but_still_asked() {
    let polls = |live: bool| {
        let mut desk = listening();
        let before = desk.sends(FEED);
        if live {
            desk.pass_beating_s(3_600)
        } else {
            desk.pass_s(3_600)
        }
        desk.sends(FEED) - before
    };
    let (live, dead) = (polls(true), polls(false));
    assert!((8..=16).contains(&live), "{live} polls in an hour beside a stream");
    assert!((48..=80).contains(&dead), "{dead} polls in an hour without");
}

#[test]
fn a_silent_stream_is_dropped_after_three_beats_and_the_feed_is_asked_at_once() {
    let mut desk = polling_seldom();
    desk.push(Push::Beat);
    let before = desk.sends(FEED);
    desk.pass_s(SILENCE_MS_MAX / 1_000 - 1);
    assert!(desk.stream.is_some() && desk.sends(FEED) == before);
    desk.platform.publish("3", &Row::Store(store_row(3))).unwrap();
    desk.pass_s(1);
    assert!(desk.stream.is_none(), "hung up");
    assert_eq!(desk.store().catalogue().stores.len(), 2, "the lost push cost latency only");
    desk.pass_s(5);
    assert_eq!(desk.stream.map(|(_, since)| since), Some(6), "the next one begins where the kiosk is");
}

#[test]
fn a_network_that_lets_no_stream_through_is_tried_less_and_less_and_holds_up_nothing_else() {
    let mut desk = Desk::in_stock();
    let before = listens(&desk);
    for _ in 0..3_600 {
        if desk.stream.is_some() {
            desk.end_stream(Some(Failure::NotPlatform));
        }
        desk.pass_s(1);
    }
    let tries = listens(&desk) - before;
    assert!((25..=75).contains(&tries), "{tries} tries in an hour");
    desk.claim(1).unwrap();
    desk.event(Event::Nudged);
    assert_eq!(desk.platform.coupons().len(), 1, "requests go through");
}

#[test]
fn a_stream_that_opens_and_ends_again_and_again_is_no_storm() {
    let mut desk = Desk::in_stock();
    let before = listens(&desk);
    for _ in 0..3_600 {
        if desk.stream.is_some() {
            desk.push(Push::Open { head: 4 });
            desk.end_stream(None);
        }
        desk.pass_s(1);
    }
    let tries = listens(&desk) - before;
    assert!((25..=75).contains(&tries), "{tries} tries in an hour");
}

#[test]
fn a_stream_waits_as_long_as_the_platform_says() {
    for (closing, failure) in [
        (Some(Push::Closing { retry_ms: 90_000 }), None),
        (None, Some(Failure::Unavailable { retry_after_ms: Some(90_000) })),
        (None, Some(Failure::RateLimited { retry_after_ms: Some(90_000) })),
    ] {
        let mut desk = listening();
        if let Some(closing) = closing {
            desk.push(closing);
        }
        desk.end_stream(failure.clone());
        desk.pass_s(89);
        assert_eq!(desk.stream, None, "{failure:?}");
        desk.pass_s(5);
        assert!(desk.stream.is_some(), "{failure:?}");
    }
}

#[test]
fn kiosks_that_lose_their_streams_together_do_not_come_back_together() {
    let back_after_ms = |seed: u64| {
        let mut desk = Desk::seeded(seed);
        desk.settle();
        desk.push(Push::Open { head: 4 });
        desk.end_stream(None);
        let mut waited_ms = 0;
        while desk.stream.is_none() {
            desk.clock.pass_ms(50);
            desk.event(Event::Timer);
            waited_ms += 50;
        }
        waited_ms
    };
    let waits: Vec<u32> = (1..=12).map(back_after_ms).collect();
    assert!(waits.iter().all(|wait| (2_000..=4_050).contains(wait)), "{waits:?}");
    assert!(waits.iter().max().unwrap() - waits.iter().min().unwrap() > 700, "{waits:?}");
}

#[test]
fn a_word_that_the_enrolment_ended_is_checked_at_once_and_only_the_platforms_answer_counts() {
    let mut desk = listening();
    let beats = desk.sends(HEARTBEAT);
    desk.push(Push::Revoked);
    assert_eq!(desk.sends(HEARTBEAT), beats + 1);
    assert_eq!(desk.identity().standing, Standing::Good, "the platform said otherwise");
    let device = desk.identity().device;
    desk.platform.revoke(device, true);
    desk.push(Push::Revoked);
    assert_eq!(desk.identity().standing, Standing::DeviceRefused);
    assert_eq!(desk.stream, None, "a kiosk that is refused hangs up");
    desk.pass_s(3_600);
    assert_eq!(desk.stream, None, "and does not listen");
}

#[test]
fn an_older_stream_is_not_listened_to() {
    let mut desk = polling_seldom();
    let (old, _) = desk.stream.unwrap();
    desk.end_stream(None);
    desk.pass_s(20);
    let (new, _) = desk.stream.unwrap();
    assert_ne!(old, new);
    let before = desk.sends(FEED);
    desk.event(Event::Pushed { stream: old, push: Push::Changed { head: 99 } });
    desk.event(Event::StreamEnded { stream: old, failure: None });
    desk.pass_s(10);
    assert_eq!((desk.sends(FEED), desk.stream.map(|(number, _)| number)), (before, Some(new)));
}

#[test]
fn the_heartbeat_says_whether_a_stream_is_open() {
    let mut desk = listening();
    desk.pass_beating_s(90);
    let device = desk.identity().device;
    assert!(desk.platform.heartbeat(device).unwrap().stream);
    desk.pass_s(200);
    assert!(!desk.platform.heartbeat(device).unwrap().stream);
}

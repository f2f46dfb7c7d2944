//! How long each kind of request waits after each class of failure.

use super::desk::Desk;
use cloud_sync::{
    core::Event,
    testing::{Row, batch_row},
    transport::{TransportError, WireAnswer},
};
use domain::ids::BatchId;
use protocol::feed::BatchRow;
use std::{ops::RangeInclusive, time::Duration};

/// A gap is measured to the millisecond the desk can wake at.
const GRAIN_MS: u64 = 5;

/// What is asked for, by a part of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Heartbeat,
    Feed,
    Claims,
    Lease,
    Media,
    Stream,
}

const KINDS: [Kind; 6] = [Kind::Heartbeat, Kind::Feed, Kind::Claims, Kind::Lease, Kind::Media, Kind::Stream];

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Kind::Heartbeat => "/heartbeat",
            Kind::Feed => "/feed?",
            Kind::Claims => "/claims:batch",
            Kind::Lease => "/leases",
            Kind::Media => "/media/",
            Kind::Stream => protocol::push::STREAM_PATH,
        }
    }

    /// Gives the kiosk something to ask for.
    fn want(self, desk: &mut Desk) {
        match self {
            Kind::Heartbeat | Kind::Feed => {}
            Kind::Claims => {
                desk.claim(1).unwrap();
            }
            Kind::Lease => {
                desk.platform.set_stock(BatchId::from_bytes([8; 16]), 50);
                desk.platform.publish("8", &Row::Batch(Box::new(batch_row(8)))).unwrap();
            }
            Kind::Media => {
                let medium = desk.platform.add_medium(&[1; 777], 1_080);
                let row = BatchRow { pictures: vec![medium], ..batch_row(7) };
                desk.platform.publish("7", &Row::Batch(Box::new(row))).unwrap();
            }
            Kind::Stream => desk.end_stream(None),
        }
    }
}

type Reply = Result<WireAnswer, TransportError>;

fn answer(status: u16, body: &str) -> WireAnswer {
    WireAnswer { status, body: body.as_bytes().to_vec(), ..WireAnswer::default() }
}

fn told(answer: WireAnswer, seconds: u32) -> WireAnswer {
    WireAnswer { retry_after: Some(seconds.to_string()), ..answer }
}

fn no() -> WireAnswer {
    answer(422, r#"{"type":"about:blank","title":"请求有误","status":422,"code":"INVALID"}"#)
}

/// The times between tries of this kind, in milliseconds, while each gets this reply.
fn gaps_ms(kind: Kind, reply: Reply, seconds: u32) -> Vec<u64> {
    let mut desk = Desk::in_stock();
    kind.want(&mut desk);
    desk.refusing = Some((kind.path(), reply));
    desk.pass_s(seconds);
    let gap_ms = |pair: &[Duration]| u64::try_from((pair[1] - pair[0]).as_millis()).unwrap();
    desk.refused_at.windows(2).map(gap_ms).collect()
}

/// The first wait and the longest, in milliseconds. A stream waits four times as long, and its first wait here is its second
/// in a row: that the stream before it ended counts as well.
fn expected(kind: Kind, (first_ms, longest_ms): (u64, u64)) -> (RangeInclusive<u64>, u64) {
    let (first_ms, longest_ms) =
        if kind == Kind::Stream { (first_ms * 4 * 2, longest_ms * 4) } else { (first_ms, longest_ms) };
    (first_ms / 2..=first_ms + GRAIN_MS, longest_ms + GRAIN_MS)
}

#[test]
fn every_class_of_failure_has_its_pace_for_every_kind_of_request() {
    let classes: [(Reply, (u64, u64)); 9] = [
        (Err(TransportError::Unreachable), (1_000, 30_000)),
        (Err(TransportError::Timeout), (2_000, 30_000)),
        (Err(TransportError::NotSecure), (5_000, 30_000)),
        (Err(TransportError::TooLong), (2_000, 30_000)),
        (Ok(answer(302, "")), (2_000, 30_000)),
        (Ok(answer(503, "")), (2_000, 30_000)),
        (Ok(answer(502, "<html>bad gateway</html>")), (2_000, 30_000)),
        (Ok(answer(500, "")), (2_000, 30_000)),
        (Ok(answer(429, "")), (5_000, 30_000)),
    ];
    for (reply, waits) in classes {
        for kind in KINDS {
            let (first, longest) = expected(kind, waits);
            let gaps = gaps_ms(kind, reply.clone(), 1_200);
            assert!(first.contains(&gaps[0]), "{kind:?} after {reply:?}: first {gaps:?}, not in {first:?}");
            let last = gaps[gaps.len() - 1];
            assert!(
                (longest / 2 - GRAIN_MS..=longest).contains(&last),
                "{kind:?} after {reply:?}: {gaps:?}, not up to {longest}"
            );
            assert!(gaps.iter().all(|gap| *gap <= longest), "{kind:?} after {reply:?}: {gaps:?}");
        }
    }
}

#[test]
fn what_the_same_request_would_meet_again_is_asked_seldom() {
    let waits = [
        (Kind::Heartbeat, 5_000..=10_000, 300_000),
        (Kind::Feed, 5_000..=10_000, 300_000),
        (Kind::Claims, 8_000..=12_000, 12_000),
        (Kind::Lease, 48_000..=84_000, 84_000),
        (Kind::Media, 48_000..=144_000, 3_600_000),
        (Kind::Stream, 40_000..=80_000, 1_200_000),
    ];
    for (kind, first, longest) in waits {
        let gaps = gaps_ms(kind, Ok(no()), 3_600);
        let first = *first.start()..=first.end() + GRAIN_MS;
        assert!(first.contains(&gaps[0]), "{kind:?}: {gaps:?}");
        assert!(gaps.iter().all(|gap| *gap <= longest + GRAIN_MS), "{kind:?}: {gaps:?}");
    }
}

#[test]
fn nobody_asks_again_before_retry_after_whatever_happens_meanwhile() {
    for refusal in [answer(503, ""), answer(429, ""), answer(500, ""), no()] {
        for kind in KINDS {
            let mut desk = Desk::in_stock();
            kind.want(&mut desk);
            desk.refusing = Some((kind.path(), Ok(told(refusal.clone(), 400))));
            desk.pass_s(100);
            let first = desk.refused_at[0];
            while desk.refused_at.len() < 2 {
                desk.pass_s(5);
                desk.event(Event::Nudged);
            }
            let waited_s = (desk.refused_at[1] - first).as_secs();
            assert!((400..=700).contains(&waited_s), "{kind:?} after {}: {waited_s} s", refusal.status);
        }
    }
}

#[test]
fn a_gateway_that_says_come_back_tomorrow_is_asked_within_the_hour() {
    for status in [503, 429, 500] {
        for kind in [Kind::Heartbeat, Kind::Feed, Kind::Claims, Kind::Lease, Kind::Stream] {
            let gaps = gaps_ms(kind, Ok(told(answer(status, ""), 86_400)), 2_400);
            let bounds = 900_000..=901_000 + GRAIN_MS;
            assert!(bounds.contains(&gaps[0]), "{kind:?} after {status}: {gaps:?}");
        }
    }
}

#[test]
fn trouble_with_one_kind_of_request_holds_up_no_other() {
    for reply in [answer(500, ""), answer(429, ""), told(answer(429, ""), 400), no()] {
        for kind in [Kind::Heartbeat, Kind::Feed, Kind::Lease, Kind::Media, Kind::Stream] {
            let mut desk = Desk::in_stock();
            kind.want(&mut desk);
            desk.refusing = Some((kind.path(), Ok(reply.clone())));
            desk.pass_s(100);
            desk.claim(2).unwrap();
            desk.event(Event::Nudged);
            assert_eq!(desk.platform.coupons().len(), 1, "{kind:?} met {}", reply.status);
        }
    }
}

#[test]
fn a_row_that_breaks_the_platform_holds_up_no_other() {
    let mut desk = Desk::in_stock();
    desk.platform.cut(true);
    for person in 0..8 {
        desk.claim(person).unwrap();
    }
    desk.platform.poison_slot(3, 500);
    desk.platform.cut(false);
    desk.pass_s(300);
    assert_eq!(desk.platform.coupons().len(), 7);
    desk.platform.heal();
    desk.pass_s(61);
    assert_eq!(desk.platform.coupons().len(), 8);
}

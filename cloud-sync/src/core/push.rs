//! The push stream: open while the kiosk is in good standing, given up when it falls silent.
//!
//! A stream only makes the kiosk ask sooner. Whatever is lost with it comes with the next poll, which is asked less
//! often while a stream lives and never not at all. Its failures hold up nothing else: a gateway that lets no stream
//! through still lets requests through.

use super::{
    Effect, State,
    pace::after,
    trouble::{self, Trouble},
};
use crate::{
    backoff::{Backoff, Jitter, Setback},
    ports::Now,
    store::Standing,
    wire::Failure,
};
use protocol::push::{BEAT_MS, Push, SILENCE_MS_MAX};
use std::time::Duration;

/// A stream waits so many times as long as a request: it is dearer, and some networks will never let one through.
const WAITS_STRETCH: i64 = 4;
/// A stream that ended without a word.
const LOST: Setback = Setback { waits: Trouble::NoConnection.waits(), retry_after_ms: None };
/// A stream that ended sooner has proven nothing, and the next wait is longer.
const LIVED_MS_MIN: u64 = 2 * BEAT_MS as u64;
/// The feed is polled so many times less often while a stream lives.
const POLL_STRETCH: u32 = 5;
/// Pushed changes are fetched this far apart at the least.
const FETCH_GAP_MS: i64 = 1_000;
/// When a stream ends the feed is asked within this time; many kiosks may have lost theirs together.
const CATCH_UP_MS: i64 = 10_000;

/// What is known of the stream. All of it may be lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Listening {
    streams: u32,
    open: Option<Stream>,
    due: Duration,
    backoff: Backoff,
    /// Something was pushed that was not asked for since.
    pub(super) waiting: bool,
    fetched_at: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Stream {
    number: u32,
    opened_at: Duration,
    heard_at: Duration,
    /// The platform has spoken.
    proven: bool,
    /// When the platform wants the next stream to be opened.
    retry_after_ms: Option<i64>,
}

impl Listening {
    /// True while the platform speaks on a stream.
    pub(super) fn is_live(&self) -> bool {
        self.open.as_ref().is_some_and(|stream| stream.proven)
    }

    /// How much longer than usual the feed may wait.
    pub(super) fn stretch(&self) -> u32 {
        if self.is_live() { POLL_STRETCH } else { 1 }
    }

    /// When a stream is to be opened, or given up.
    pub(super) fn due_at(&self) -> Duration {
        self.open.as_ref().map_or(self.due, Stream::dead_at)
    }

    /// A fetch of the feed leaves: what was pushed until now will be in its answer.
    pub(super) fn fetching(&mut self, now: Now) {
        self.waiting = false;
        self.fetched_at = Some(now.monotonic);
    }

    /// When what was pushed may be fetched.
    fn fetch_at(&self, now: Now) -> Duration {
        let gap = |at: Duration| at + Duration::from_millis(FETCH_GAP_MS.unsigned_abs());
        self.fetched_at.map_or(now.monotonic, |at| gap(at).max(now.monotonic))
    }

    fn end(&mut self, setback: Setback, now: Now, jitter: &mut Jitter) -> Option<Stream> {
        let stream = self.open.take()?;
        if stream.proven
            && now.monotonic.saturating_sub(stream.opened_at) >= Duration::from_millis(LIVED_MS_MIN)
        {
            self.backoff.reset();
        }
        let waits = setback.waits.times(WAITS_STRETCH);
        let retry_after_ms = setback.retry_after_ms.or(stream.retry_after_ms);
        self.due = after(now, self.backoff.next_ms(Setback { waits, retry_after_ms }, jitter));
        Some(stream)
    }
}

impl Stream {
    fn dead_at(&self) -> Duration {
        self.heard_at + Duration::from_millis(u64::from(SILENCE_MS_MAX))
    }
}

/// Opens a stream when one is due; the facts were just read and nothing more important is to be done.
pub(super) fn choose(state: &mut State, now: Now) -> Option<Effect> {
    if state.push.open.is_some() || state.push.due > now.monotonic {
        return None;
    }
    let origin = state.facts.identity.as_ref()?.origin.clone();
    state.push.streams = state.push.streams.wrapping_add(1);
    let number = state.push.streams;
    state.push.open = Some(Stream {
        number,
        opened_at: now.monotonic,
        heard_at: now.monotonic,
        proven: false,
        retry_after_ms: None,
    });
    Some(Effect::Listen { stream: number, origin, since: state.facts.cursor })
}

/// Gives up a stream that has been silent too long, or that belongs to an enrolment which has ended.
pub(super) fn watch(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    let Some(stream) = &state.push.open else { return };
    let (is_dead, proven) = (stream.dead_at() <= now.monotonic, stream.proven);
    if is_dead || state.standing() != Some(Standing::Good) {
        hang_up(state, now, effects);
    }
    if is_dead && proven {
        // What was pushed into the silence is not lost.
        state.feed.hurry(now.monotonic);
    }
}

/// Ends the stream, if there is one.
pub(super) fn hang_up(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    if let Some(stream) = state.push.end(LOST, now, &mut state.jitter) {
        effects.push(Effect::HangUp { stream: stream.number });
    }
}

/// The kiosk was enrolled again: the stream of its old life is of no use, and the next need not wait.
pub(super) fn begin_anew(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    hang_up(state, now, effects);
    state.push = Listening { streams: state.push.streams, ..Listening::default() };
}

/// The platform said something on a stream; an older stream than the present one is not listened to.
pub(super) fn pushed(state: &mut State, number: u32, push: Push, now: Now) {
    let Some(stream) = state.push.open.as_mut().filter(|stream| stream.number == number) else { return };
    stream.heard_at = now.monotonic;
    stream.proven = true;
    match push {
        Push::Open { head } | Push::Changed { head } => {
            if head > state.facts.cursor {
                state.push.waiting = true;
                fetch_soon(state, now);
            }
        }
        Push::Revoked | Push::Replaced => state.heartbeat.hurry(now.monotonic),
        Push::Closing { retry_ms } => stream.retry_after_ms = Some(i64::from(retry_ms)),
        Push::Beat | Push::Unknown => {}
    }
}

/// What was pushed and not asked for yet makes the feed due, unless that fails for a reason of its own.
pub(super) fn fetch_soon(state: &mut State, now: Now) {
    if state.push.waiting {
        let at = state.push.fetch_at(now);
        state.feed.hurry(at);
    }
}

/// A stream ended, or never began.
pub(super) fn ended(state: &mut State, number: u32, failure: Option<&Failure>, now: Now) {
    if state.push.open.as_ref().is_none_or(|stream| stream.number != number) {
        return;
    }
    let setback = failure.map_or(LOST, trouble::setback);
    let Some(stream) = state.push.end(setback, now, &mut state.jitter) else { return };
    if stream.proven {
        let at = after(now, state.jitter.below(CATCH_UP_MS));
        state.feed.hurry(at);
    }
    if failure.is_some_and(asks_for_heartbeat) {
        state.heartbeat.hurry(now.monotonic);
    }
}

/// What the stream was refused for and a heartbeat clears up: it brings the time, and the last word on the enrolment.
fn asks_for_heartbeat(failure: &Failure) -> bool {
    match failure {
        Failure::ClockSkew { .. } | Failure::DeviceRefused | Failure::EpochEnded | Failure::Fenced => true,
        Failure::Transport(_)
        | Failure::NotPlatform
        | Failure::NotBelieved
        | Failure::Unavailable { .. }
        | Failure::Broken { .. }
        | Failure::RateLimited { .. }
        | Failure::CounterBehind { .. }
        | Failure::Refused { .. } => false,
    }
}

//! Media: fetched part by part when nothing else is to be done, and given up when the disk needs room.

use super::{Effect, News, Save, State, pace::after};
use crate::{
    backoff::Setback,
    ports::Now,
    store::{MissingMedium, PartOutcome, Storage},
    wire::Call,
};
use protocol::media::{MediaHash, RANGE_BYTES_MAX};
use std::time::Duration;

/// How often media are looked at when nothing changes: the disk may have room again.
const PERIOD_MS: i64 = 60_000;
/// How long a medium rests after its bytes were wrong or refused; twice as long each time.
const REST_MS: i64 = 60_000;
/// The longest rest.
const REST_MS_MAX: i64 = 3_600_000;

/// The smallest part: below it a request costs more than it brings.
const PART_BYTES_MIN: u32 = 16 * 1_024;

/// A medium that is left alone for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    until: Duration,
    times: u32,
}

pub(super) fn choose(state: &mut State, now: Now) -> Option<Effect> {
    if !state.media.is_due(now) {
        return None;
    }
    if state.facts.media.crowded {
        return Some(Effect::Save(Save::ShrinkMedia));
    }
    let missing = &state.facts.media.missing;
    let resting =
        |sha256: &MediaHash| state.media_rests.get(sha256).is_some_and(|rest| rest.until > now.monotonic);
    let next = missing.iter().find(|medium| !resting(&medium.sha256)).copied();
    match next {
        None => {
            state.media.succeeded(now, PERIOD_MS, &mut state.jitter);
            None
        }
        Some(medium) if medium.unchecked => Some(Effect::Save(Save::CheckMedium(medium.sha256))),
        Some(medium) => fetch(state, medium, now),
    }
}

fn fetch(state: &mut State, medium: MissingMedium, now: Now) -> Option<Effect> {
    let (from, to) = medium.next_part(state.media_part_max);
    super::send(state, Call::Media { sha256: medium.sha256, from, to }, now)
}

/// The store has taken a part, or not.
pub(super) fn stored(
    state: &mut State,
    (sha256, outcome): (MediaHash, PartOutcome),
    now: Now,
    effects: &mut Vec<Effect>,
) {
    state.media.succeeded(now, 0, &mut state.jitter);
    state.media_part_max = state.media_part_max.saturating_mul(2).min(RANGE_BYTES_MAX);
    match outcome {
        PartOutcome::More | PartOutcome::NotWanted => {}
        PartOutcome::Whole => {
            state.media_rests.remove(&sha256);
            effects.push(Effect::Tell(News::MediaChanged));
        }
        PartOutcome::WrongHash => {
            tracing::warn!(medium = %sha256, "a medium is not what it should be");
            rest(state, sha256, now);
        }
        PartOutcome::NoRoom => state.media.failed(now, Setback::OWN, &mut state.jitter),
    }
}

/// A part did not come through: the link may be too slow for it, and everything else waits meanwhile.
pub(super) fn not_come(state: &mut State) {
    state.media_part_max = (state.media_part_max / 2).max(PART_BYTES_MIN);
}

/// The platform does not give this medium out; another one may do.
pub(super) fn refused(state: &mut State, sha256: MediaHash, now: Now) -> Effect {
    rest(state, sha256, now);
    Effect::Save(Save::ForgetMedium(sha256))
}

fn rest(state: &mut State, sha256: MediaHash, now: Now) {
    let times = state.media_rests.get(&sha256).map_or(0, |rest| rest.times);
    let rest_ms = REST_MS.saturating_mul(1 << times.min(16)).min(REST_MS_MAX);
    let until = after(now, state.jitter.spread(rest_ms));
    state.media_rests.insert(sha256, Rest { until, times: times.saturating_add(1) });
}

/// The facts were just read: says it when the disk is not as it was, and forgets rests of what nobody names any more.
pub(super) fn observe(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    let facts = &state.facts.media;
    state.media_rests.retain(|sha256, _| facts.missing.iter().any(|medium| medium.sha256 == *sha256));
    let storage = facts.storage;
    if state.storage_told == storage {
        return;
    }
    match storage {
        Storage::Fine => tracing::info!("the disk has room again"),
        Storage::Low => tracing::warn!("the disk is low: media give way"),
        Storage::Full => tracing::error!("the disk is nearly full: the feed waits"),
    }
    state.storage_told = storage;
    state.media.set(now.monotonic);
    effects.push(Effect::Tell(News::Storage(storage)));
    // The operator hears of it soon.
    state.heartbeat.hurry(now.monotonic);
}

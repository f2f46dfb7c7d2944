//! The feed: page after page until nothing more waits, then a look now and then, or when something is pushed.

use super::{Effect, News, State, pace::after, push};
use crate::{
    backoff::Setback,
    ports::Now,
    store::{Applied, PageRefused, Storage},
    wire::Call,
};

/// A pushed period is kept within these bounds, or a mistaken one would silence or storm.
const POLL_S_MIN: u32 = 1;
/// The longest period: the feed also carries pauses and new keys.
const POLL_S_MAX: u32 = 3_600;

/// The wait before the first snapshot that is asked for because the content is not what it must be.
const DOUBT_MS_MIN: i64 = 1_000;
/// That wait doubles so often at most: to 17 minutes, because a snapshot is the dearest thing a kiosk can ask for.
const DOUBT_DOUBLINGS_MAX: u32 = 10;

pub(super) fn choose(state: &mut State, now: Now) -> Option<Effect> {
    if !state.feed.is_due(now) {
        return None;
    }
    if state.facts.media.storage == Storage::Full {
        // What is left of the disk belongs to the ledger.
        state.feed.failed(now, Setback::OWN, &mut state.jitter);
        return None;
    }
    let place = state.facts.place.clone();
    state.push.fetching(now);
    super::send(state, Call::Feed(place), now)
}

/// The disk had no room for a page: media go first, then it is asked for again.
pub(super) fn no_room(state: &mut State, now: Now) {
    state.feed.failed(now, Setback::OWN, &mut state.jitter);
}

pub(super) fn applied(
    state: &mut State,
    verdict: Result<Applied, PageRefused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let Ok(applied) = verdict else {
        state.feed.failed(now, Setback::OWN, &mut state.jitter);
        return;
    };
    let poll_s = state.facts.config.feed_poll_s.clamp(POLL_S_MIN, POLL_S_MAX);
    let poll_s = poll_s.saturating_mul(state.push.stretch()).min(POLL_S_MAX);
    state.feed.succeeded(now, i64::from(poll_s) * 1_000, &mut state.jitter);
    if applied.doubted {
        // A snapshot mends it. If even that leads back here, the platform counts wrongly: then ask less and less often.
        let wait_ms = DOUBT_MS_MIN << state.doubts.min(DOUBT_DOUBLINGS_MAX);
        state.doubts = state.doubts.saturating_add(1);
        state.feed.set(after(now, state.jitter.spread(wait_ms)));
    } else if applied.more {
        state.feed.set(now.monotonic);
    } else {
        state.doubts = 0;
    }
    push::fetch_soon(state, now);
    if applied.changed() {
        // A batch may have come, ended or been paused.
        state.stock.set(now.monotonic);
        state.media.resume(now);
        effects.push(Effect::Tell(News::CatalogueChanged));
    }
}

//! The feed: page after page until nothing more waits, then a look now and then.

use super::{Effect, News, State};
use crate::{
    ports::Now,
    store::{Applied, PageRefused},
    wire::Call,
};

/// A pushed period is kept within these bounds, or a mistaken one would silence or storm.
const POLL_S_MIN: u32 = 1;
/// The longest period: the feed also carries pauses and new keys.
const POLL_S_MAX: u32 = 3_600;

pub(super) fn choose(state: &mut State, now: Now) -> Option<Effect> {
    if !state.feed.is_due(now) {
        return None;
    }
    let since = state.facts.cursor;
    super::send(state, Call::Feed { since }, now)
}

pub(super) fn applied(
    state: &mut State,
    verdict: Result<Applied, PageRefused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let Ok(applied) = verdict else {
        state.feed.failed(now, None, &mut state.jitter);
        return;
    };
    let poll_s = state.facts.config.feed_poll_s.clamp(POLL_S_MIN, POLL_S_MAX);
    state.feed.succeeded(now, i64::from(poll_s) * 1_000, &mut state.jitter);
    if applied.more {
        state.feed.due = now.monotonic;
    }
    if applied.changed() {
        // A batch may have come, ended or been paused.
        state.stock.due = now.monotonic;
        effects.push(Effect::Tell(News::CatalogueChanged));
    }
}

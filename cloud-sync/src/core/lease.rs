//! Stock: asked for before it runs out, given back when its time is over.

use super::{Effect, News, Save, State, outbox, pace::after};
use crate::{
    ports::Now,
    store::{BatchStock, GrantRefused},
    wire::Call,
};
use protocol::lease::{CloseRequest, Grant, LeaseRequest};

/// More is asked for when less than one part in so many of the lease is left.
const REFILL_PART: u32 = 3;
/// How long a batch is not asked for again after the platform refused.
const REST_MS: i64 = 60_000;
/// How long, after the platform gave less than was wanted: stock is low and others want some.
const SHORT_REST_MS: i64 = 15_000;
/// How long, when the platform wants a heartbeat first.
const HEARTBEAT_FIRST_MS: i64 = 2_000;
/// The platform's code for that.
const CONFLICT: &str = "CONFLICT";

pub(super) fn choose(state: &mut State, now: Now) -> Option<Effect> {
    if !state.stock.is_due(now) {
        return None;
    }
    state.resting.retain(|_, until| *until > now.monotonic);
    let work = if state.time.is_known() { next_work(state) } else { None };
    if work.is_none() {
        let period_ms = outbox::period_ms(state);
        state.stock.succeeded(now, period_ms, &mut state.jitter);
    }
    work
}

fn next_work(state: &State) -> Option<Effect> {
    if let Some(ended) = state.facts.leases.to_close.first() {
        return Some(Effect::Save(Save::CloseLease(ended.lease)));
    }
    let is_wanted = |stock: &&BatchStock| {
        stock.fresh_slots.saturating_mul(REFILL_PART) < stock.want
            && !state.resting.contains_key(&(stock.batch, stock.at))
    };
    let short = state.facts.leases.batches.iter().find(is_wanted)?;
    Some(Effect::Save(Save::RecordRequest { batch: short.batch, want: short.want, at: short.at }))
}

pub(super) fn send(state: &mut State, request: LeaseRequest, now: Now) -> Option<Effect> {
    state.asked = Some(request);
    super::send(state, Call::Lease(request), now)
}

/// A grant that came; whether it is taken is for the store to say.
pub(super) fn taking(state: &mut State, grant: Grant, now: Now) -> Effect {
    if let Some(asked) = state.asked.filter(|asked| grant.slots < asked.want) {
        let until = after(now, state.jitter.spread(SHORT_REST_MS));
        state.resting.insert((asked.batch, asked.at), until);
    }
    Effect::Save(Save::AcceptGrant(grant))
}

pub(super) fn granted(
    state: &mut State,
    verdict: Result<(), GrantRefused>,
    now: Now,
    effects: &mut Vec<Effect>,
) -> Option<Effect> {
    let asked = state.asked.take()?;
    match verdict {
        Ok(()) => {
            // It may be for newer terms than the catalogue has; slots of those are not issued before the feed came.
            state.feed.resume(now);
            effects.push(Effect::Tell(News::StockChanged));
            None
        }
        // Signed, but not for us to take: the same request would bring the same grant.
        Err(_) => Some(give_up(state, asked, now)),
    }
}

pub(super) fn refused(state: &mut State, request: LeaseRequest, code: &str, now: Now) -> Option<Effect> {
    if code == CONFLICT {
        state.heartbeat.set(now.monotonic);
        state.resting.insert((request.batch, request.at), after(now, HEARTBEAT_FIRST_MS));
        return None;
    }
    Some(give_up(state, request, now))
}

fn give_up(state: &mut State, request: LeaseRequest, now: Now) -> Effect {
    let until = after(now, state.jitter.spread(REST_MS));
    state.resting.insert((request.batch, request.at), until);
    Effect::Save(Save::DropRequest(request.request_no))
}

pub(super) fn send_close(
    state: &mut State,
    request: Option<CloseRequest>,
    now: Now,
    effects: &mut Vec<Effect>,
) -> Option<Effect> {
    let request = request?;
    effects.push(Effect::Tell(News::StockChanged));
    super::send(state, Call::Close(request), now)
}

/// The platform has heard of the close, or will never accept it; then the slots wait for R.
pub(super) fn close_answered(call: &Call) -> Option<Effect> {
    let Call::Close(request) = call else { return None };
    Some(Effect::Save(Save::CloseAnswered(request.lease)))
}

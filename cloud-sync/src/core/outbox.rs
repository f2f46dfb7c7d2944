//! The outbox: everything is sent until it is answered, in batches, oldest first.

use super::{Effect, News, Save, State, pace::after};
use crate::{backoff::Setback, ports::Now, store::Settled, wire::Call};
use protocol::outbox::{CLAIMS_MAX, ClaimReport, ClaimsRequest};

/// A pushed period is kept within these bounds.
const OUTBOX_S_MIN: u32 = 1;
/// The longest period: a claim should be in the shopper's wallet soon.
const OUTBOX_S_MAX: u32 = 600;

/// The time between two looks at outbox and stock, jitter aside.
pub(super) fn period_ms(state: &State) -> i64 {
    i64::from(state.facts.config.outbox_s.clamp(OUTBOX_S_MIN, OUTBOX_S_MAX)) * 1_000
}

pub(super) fn choose(state: &mut State, now: Now) -> Option<Effect> {
    if !state.outbox.is_due(now) {
        return None;
    }
    if state.facts.outbox_rows == 0 {
        let period_ms = period_ms(state);
        state.outbox.succeeded(now, period_ms, &mut state.jitter);
        return None;
    }
    Some(Effect::Save(Save::ReadOutbox(state.claims_max)))
}

pub(super) fn send(state: &mut State, claims: Vec<ClaimReport>, now: Now) -> Option<Effect> {
    let epoch = state.facts.identity.as_ref()?.epoch;
    if claims.is_empty() {
        state.outbox.failed(now, Setback::OWN, &mut state.jitter);
        return None;
    }
    super::send(state, Call::Claims(ClaimsRequest { epoch, claims }), now)
}

pub(super) fn settled(state: &mut State, settled: Vec<Settled>, now: Now, effects: &mut Vec<Effect>) {
    if settled.is_empty() {
        // An answer that answers nothing: not again at once.
        state.outbox.failed(now, Setback::OWN, &mut state.jitter);
        return;
    }
    let more = u64::try_from(settled.len()).is_ok_and(|rows| rows < state.facts.outbox_rows);
    let period_ms = period_ms(state);
    state.outbox.succeeded(now, period_ms, &mut state.jitter);
    state.claims_max = (state.claims_max * 2).min(CLAIMS_MAX);
    if more {
        state.outbox.set(now.monotonic);
    }
    effects.extend(settled.into_iter().map(|settled| Effect::Tell(News::ClaimSettled(settled))));
}

/// One of the claims spoils the request: the others are asked about in the time between two looks.
pub(super) fn refused(state: &mut State, request: &ClaimsRequest, now: Now) -> Effect {
    let wait_ms = period_ms(state);
    state.outbox.set(after(now, state.jitter.spread(wait_ms)));
    set_aside(state, request)
}

/// Halves the batch and puts these rows behind the others: the good ones get through, the bad one stays, is tried again and
/// is never dropped without an answer.
pub(super) fn set_aside(state: &mut State, request: &ClaimsRequest) -> Effect {
    state.claims_max = (request.claims.len() / 2).max(1);
    Effect::Save(Save::PutOff(request.claims.iter().map(|claim| claim.event).collect()))
}

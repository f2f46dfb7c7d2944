//! Enrolment: a pairing code for an identity. The key is on disk before its public half is sent.

use super::{Effect, News, Save, State, pace::Pace, push};
use crate::{ports::Now, wire::Call};
use protocol::device::{EnrolAnswer, EnrolRequest};

/// Somebody wants this kiosk to belong to a platform.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolOrder {
    /// Scheme, host and port of the platform.
    pub origin: String,
    /// The code from the operator's console.
    pub pairing_code: String,
}

impl std::fmt::Debug for EnrolOrder {
    /// Keeps the pairing code out of logs.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("EnrolOrder").field("origin", &self.origin).finish_non_exhaustive()
    }
}

pub(super) fn begin(state: &mut State, order: EnrolOrder) -> Effect {
    state.enrolling = Some(order);
    Effect::Save(Save::BeginEnrolment)
}

pub(super) fn send(state: &mut State, public_key: [u8; 32], now: Now) -> Option<Effect> {
    let order = state.enrolling.as_ref()?;
    let call = Call::Enrol(EnrolRequest {
        pairing_code: order.pairing_code.clone(),
        public_key,
        hardware: state.about.hardware.clone(),
        build: state.about.build.clone(),
    });
    let origin = order.origin.clone();
    state.sent = Some((call.clone(), now));
    Some(Effect::Send { origin, call, counter: None })
}

pub(super) fn accept(state: &mut State, answer: EnrolAnswer) -> Option<Effect> {
    let origin = state.enrolling.take()?.origin;
    Some(Effect::Save(Save::CompleteEnrolment { origin, answer }))
}

/// The order is not kept: a person sees the reason and types again.
pub(super) fn failed(state: &mut State, code: &str, effects: &mut Vec<Effect>) {
    if state.enrolling.take().is_some() {
        effects.push(Effect::Tell(News::EnrolFailed { code: code.to_owned() }));
    }
}

/// Everything begins anew: the screen is told at the next look, and all streams are due.
pub(super) fn done(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    push::begin_anew(state, now, effects);
    state.told = None;
    state.resting.clear();
    for pace in [&mut state.heartbeat, &mut state.feed, &mut state.outbox, &mut state.stock] {
        *pace = Pace::default();
    }
}

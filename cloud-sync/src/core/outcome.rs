//! What an answer, a refusal or silence leads to: the next step of the same piece of work, or its end.

use super::{
    Effect, NOTE_TIME_MS, Save, Saved, State, enrol, feed, lease, media, outbox,
    pace::{Pace, after},
    push,
    trouble::{Trouble, setback},
};
use crate::{
    backoff::Jitter,
    ports::Now,
    store::Standing,
    wire::{Answer, Call, Failure},
};
use protocol::device::HeartbeatAnswer;

/// How often a kiosk says that it is there, jitter aside.
const HEARTBEAT_MS: i64 = 60_000;
/// How often it asks whether the platform has changed its mind about refusing it.
const REFUSED_HEARTBEAT_MS: i64 = 600_000;

/// The store has done something.
pub(super) fn saved(state: &mut State, saved: Saved, now: Now, effects: &mut Vec<Effect>) -> Option<Effect> {
    match saved {
        Saved::Candidate(public_key) => enrol::send(state, public_key, now),
        Saved::Enrolled => {
            enrol::done(state, now, effects);
            None
        }
        Saved::Counted(counter) => super::counted(state, counter, now),
        Saved::Pending(claims) => outbox::send(state, claims, now),
        Saved::Settled(settled) => {
            outbox::settled(state, settled, now, effects);
            None
        }
        Saved::Request(request) => lease::send(state, request, now),
        Saved::Granted(verdict) => lease::granted(state, verdict, now, effects),
        Saved::Closing(request) => lease::send_close(state, request, now, effects),
        Saved::Applied(verdict) => {
            feed::applied(state, verdict, now, effects);
            None
        }
        Saved::NoRoom => {
            feed::no_room(state, now);
            None
        }
        Saved::MediaPart(sha256, outcome) => {
            media::stored(state, (sha256, outcome), now, effects);
            None
        }
        Saved::Done => None,
    }
}

/// The platform has answered.
pub(super) fn answered(
    state: &mut State,
    answer: Answer,
    now: Now,
    effects: &mut Vec<Effect>,
) -> Option<Effect> {
    let sent = state.sent.take();
    platform_spoke(state, now, effects);
    let (call, sent_at) = sent?;
    let next = match answer {
        Answer::Enrolled(answer) => {
            state.time.heard(answer.now, sent_at, now);
            enrol::accept(state, answer)
        }
        Answer::Heartbeat(answer) => Some(heard(state, answer, sent_at, now)),
        Answer::Page(page) => Some(Effect::Save(Save::ApplyPage(Box::new(page)))),
        Answer::MediaPart { sha256, from, part } => {
            Some(Effect::Save(Save::MediaPart { sha256, from, part }))
        }
        Answer::Claims(answer) => Some(Effect::Save(Save::Acknowledge(answer.outcomes))),
        Answer::Grant(grant) => Some(lease::taking(state, grant, now)),
        Answer::Closed(_) => lease::close_answered(&call),
        Answer::Confessed(_) => Some(confessed(state, now)),
    };
    state.busy = next.is_some();
    next
}

fn heard(state: &mut State, answer: HeartbeatAnswer, sent_at: Now, now: Now) -> Effect {
    state.time.heard(answer.now, sent_at, now);
    state.heartbeat.succeeded(now, HEARTBEAT_MS, &mut state.jitter);
    // A head behind the cursor is that of a platform restored from an older backup.
    if answer.feed_head != state.facts.cursor {
        state.feed.resume(now);
    }
    state.note_time.succeeded(now, NOTE_TIME_MS, &mut state.jitter);
    Effect::Save(Save::Heard(answer.now))
}

/// From here on the platform is only asked now and then; what it says cannot lift the fence.
fn confessed(state: &mut State, now: Now) -> Effect {
    state.heartbeat.set(after(now, state.jitter.spread(REFUSED_HEARTBEAT_MS)));
    Effect::Save(Save::Confessed)
}

/// There is no answer to act on.
pub(super) fn failed(
    state: &mut State,
    failure: &Failure,
    now: Now,
    effects: &mut Vec<Effect>,
) -> Option<Effect> {
    let (call, sent_at) = state.sent.take()?;
    let next = if matches!(call, Call::Enrol(_)) {
        enrol::failed(state, failure.code(), effects);
        None
    } else {
        not_answered(state, &call, failure, (sent_at, now), effects)
    };
    state.busy = next.is_some();
    next
}

fn not_answered(
    state: &mut State,
    call: &Call,
    failure: &Failure,
    (sent_at, now): (Now, Now),
    effects: &mut Vec<Effect>,
) -> Option<Effect> {
    match failure {
        Failure::Transport(_)
        | Failure::NotPlatform
        | Failure::NotBelieved
        | Failure::Unavailable { .. }
        | Failure::Broken { .. }
        | Failure::RateLimited { .. } => wait(state, call, failure, now, effects),
        Failure::ClockSkew { now: platform } => {
            if !state.time.hinted(*platform, sent_at, now) {
                return wait(state, call, failure, now, effects);
            }
            clock_refused(state, call, failure, now);
            None
        }
        Failure::DeviceRefused => {
            platform_spoke(state, now, effects);
            push::hang_up(state, now, effects);
            Some(stand(state, Standing::DeviceRefused, now))
        }
        Failure::EpochEnded => {
            platform_spoke(state, now, effects);
            push::hang_up(state, now, effects);
            Some(stand(state, Standing::EpochEnded, now))
        }
        Failure::CounterBehind { challenge } => {
            platform_spoke(state, now, effects);
            // The confession is due at once.
            state.heartbeat.set(now.monotonic);
            Some(Effect::Save(Save::Fence(challenge.as_ref().clone())))
        }
        Failure::Fenced => {
            platform_spoke(state, now, effects);
            Some(match call {
                // Another copy was faster: the epoch is over all the same.
                Call::Confess(_) => confessed(state, now),
                Call::Enrol(_)
                | Call::Heartbeat(_)
                | Call::Feed(_)
                | Call::Media { .. }
                | Call::Claims(_)
                | Call::Lease(_)
                | Call::Close(_) => stand(state, Standing::Fenced, now),
            })
        }
        Failure::Refused { code, retry_after_ms } => {
            platform_spoke(state, now, effects);
            if let Some(told_ms) = retry_after_ms {
                pace_of(state, call).hold(now, *told_ms);
            }
            refused(state, call, (code, failure), now)
        }
    }
}

/// A heartbeat asks for the time at once; what was refused follows it.
fn clock_refused(state: &mut State, call: &Call, failure: &Failure, now: Now) {
    if !matches!(call, Call::Heartbeat(_)) {
        pace_of(state, call).fail(now, failure);
    }
    state.heartbeat.set(now.monotonic);
}

/// The platform, and nobody else, said something.
fn platform_spoke(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    if state.link.answered(now, state.time.platform_now(now), effects) {
        // The first word after silence: what waited for it is due.
        let media = &mut state.media;
        for pace in [&mut state.heartbeat, &mut state.feed, &mut state.outbox, &mut state.stock, media] {
            pace.resume(now);
        }
    }
}

/// No useful answer: requests of this kind wait, and all others too when it looks as if nobody answers.
fn wait(
    state: &mut State,
    call: &Call,
    failure: &Failure,
    now: Now,
    effects: &mut Vec<Effect>,
) -> Option<Effect> {
    let trouble = Trouble::of(failure);
    if trouble.stops_all() {
        state.link.failed(setback(failure), now, &mut state.jitter, effects);
        if matches!(call, Call::Media { .. }) {
            media::not_come(state);
        }
    }
    pace_of(state, call).fail(now, failure);
    if let (Trouble::Broken, Call::Claims(request)) = (trouble, call) {
        // One of its rows may be what breaks the platform.
        return Some(outbox::set_aside(state, request));
    }
    None
}

/// A pace with the chance it waits by.
struct Waiting<'a>(&'a mut Pace, &'a mut Jitter);

impl Waiting<'_> {
    fn fail(self, now: Now, failure: &Failure) {
        self.0.failed(now, setback(failure), self.1);
    }

    fn hold(self, now: Now, retry_after_ms: i64) {
        self.0.hold(now, retry_after_ms, self.1);
    }
}

fn pace_of<'a>(state: &'a mut State, call: &Call) -> Waiting<'a> {
    let pace = match call {
        Call::Enrol(_) | Call::Heartbeat(_) | Call::Confess(_) => &mut state.heartbeat,
        Call::Feed(_) => &mut state.feed,
        Call::Media { .. } => &mut state.media,
        Call::Claims(_) => &mut state.outbox,
        Call::Lease(_) | Call::Close(_) => &mut state.stock,
    };
    Waiting(pace, &mut state.jitter)
}

/// Nothing is issued from here on; now and then the platform is asked whether it still means it.
fn stand(state: &mut State, standing: Standing, now: Now) -> Effect {
    state.heartbeat.set(after(now, state.jitter.spread(REFUSED_HEARTBEAT_MS)));
    Effect::Save(Save::SetStanding(standing))
}

/// The platform said no to this very request.
fn refused(state: &mut State, call: &Call, (code, failure): (&str, &Failure), now: Now) -> Option<Effect> {
    match call {
        Call::Enrol(_) => None,
        Call::Heartbeat(_) | Call::Feed(_) | Call::Confess(_) => {
            pace_of(state, call).fail(now, failure);
            None
        }
        Call::Media { sha256, .. } => Some(media::refused(state, *sha256, now)),
        Call::Claims(request) => Some(outbox::refused(state, request, now)),
        Call::Lease(request) => lease::refused(state, *request, code, now),
        Call::Close(_) => lease::close_answered(call),
    }
}

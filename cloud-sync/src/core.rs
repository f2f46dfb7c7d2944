//! What to say to the platform, and when: a pure state machine.
//!
//! `step(state, event, now) → effects`. It reads no clock, draws chance only from its seed and does no I/O. At most one
//! of [`Effect::Look`], [`Effect::Save`] and [`Effect::Send`] is under way at a time, and each is answered by exactly one
//! event; so there is no order of events that the code below does not spell out. Everything that must survive a power
//! cut is saved before it is sent.

mod enrol;
mod feed;
mod lease;
mod link;
mod news;
mod outbox;
mod outcome;
mod pace;
mod save;
mod time;

pub use enrol::EnrolOrder;
pub use link::Link;
pub use news::{News, PairingNeeded};
pub use save::{Save, Saved, perform};

use crate::{
    backoff::Jitter,
    ports::Now,
    store::{Facts, Standing},
    wire::{Answer, Call, Failure},
};
use domain::{ids::BatchId, time::UtcMillis};
use link::LinkState;
use pace::Pace;
use protocol::{device::Heartbeat, lease::LeaseRequest};
use std::{collections::BTreeMap, time::Duration};
use time::TimeView;

/// How often what has outlived its use is dropped from the ledger.
const PRUNE_MS: i64 = 3_600_000;

/// Code of [`News::EnrolFailed`] when the kiosk's own disk refuses.
const STORE_FAILED: &str = "STORE_FAILED";

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The instant of [`State::wake_at`] has come; also the first event of all.
    Timer,
    /// Something was written that may be worth sending.
    Nudged,
    /// Somebody typed a pairing code.
    EnrolAsked(EnrolOrder),
    /// The camera delivers frames, or not.
    Camera(bool),
    /// [`Effect::Look`] is done.
    Looked(Box<Facts>),
    /// [`Effect::Save`] is done.
    Saved(Saved),
    /// [`Effect::Look`] or [`Effect::Save`] was not done: the disk refuses.
    StoreFailed,
    /// [`Effect::Send`] brought an answer that is believed.
    Answered(Answer),
    /// [`Effect::Send`] brought none.
    Failed(Failure),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read [`Facts`] from the store.
    Look,
    /// Write to the store.
    Save(Save),
    /// Send to the platform at `origin`.
    Send {
        /// Scheme, host and port.
        origin: String,
        /// What to ask.
        call: Call,
    },
    /// Tell the screen.
    Tell(News),
}

/// What the kiosk says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Version of the build.
    pub build: String,
    /// What the hardware calls itself, for the operator's eyes.
    pub hardware: String,
}

/// Where the talk with the platform stands. All of it may be lost: what matters is in the store.
#[derive(Clone, Debug)]
pub struct State {
    about: About,
    camera: bool,
    facts: Facts,
    busy: bool,
    sent: Option<(Call, Now)>,
    asked: Option<LeaseRequest>,
    order: Option<EnrolOrder>,
    enrolling: Option<EnrolOrder>,
    link: LinkState,
    time: TimeView,
    told: Option<Option<Standing>>,
    heartbeat: Pace,
    feed: Pace,
    outbox: Pace,
    stock: Pace,
    prune: Pace,
    store: Pace,
    claims_max: usize,
    resting: BTreeMap<BatchId, Duration>,
    jitter: Jitter,
}

impl State {
    /// The state at start. Kiosks need different seeds, or they ask in step.
    pub fn new(about: About, seed: u64, now: Now) -> State {
        State {
            about,
            camera: false,
            facts: Facts::default(),
            busy: false,
            sent: None,
            asked: None,
            order: None,
            enrolling: None,
            link: LinkState::new(now),
            time: TimeView::default(),
            told: None,
            heartbeat: Pace::default(),
            feed: Pace::default(),
            outbox: Pace::default(),
            stock: Pace::default(),
            prune: Pace::default(),
            store: Pace::default(),
            claims_max: protocol::outbox::CLAIMS_MAX,
            resting: BTreeMap::new(),
            jitter: Jitter::new(seed),
        }
    }

    /// The platform's time, as well as it is known.
    pub fn platform_now(&self, now: Now) -> UtcMillis {
        self.time.platform_now(now)
    }

    /// When to send [`Event::Timer`], on the monotonic clock; never while an effect is under way.
    pub fn wake_at(&self) -> Duration {
        if self.busy { Duration::MAX } else { self.due_at() }
    }

    fn standing(&self) -> Option<Standing> {
        self.facts.identity.as_ref().map(|identity| identity.standing)
    }

    fn due_at(&self) -> Duration {
        if self.told.is_none() || self.order.is_some() {
            return self.store.due;
        }
        let sync = match self.standing() {
            None => Duration::MAX,
            Some(Standing::Good) => {
                self.heartbeat.due.min(self.feed.due).min(self.outbox.due).min(self.stock.due)
            }
            Some(Standing::DeviceRefused | Standing::EpochEnded) => self.heartbeat.due,
        };
        sync.max(self.link.blocked_until()).min(self.prune.due).max(self.store.due)
    }
}

/// Takes one event and says what to do.
pub fn step(state: &mut State, event: Event, now: Now) -> Vec<Effect> {
    if state.time.observe(now) {
        // The wall clock was set: ask the platform before anything else.
        state.heartbeat.due = now.monotonic;
    }
    let mut effects = Vec::new();
    let looked = matches!(event, Event::Looked(_));
    if let Some(effect) = react(state, event, now, &mut effects) {
        effects.push(effect);
    } else if !state.busy && state.due_at() <= now.monotonic {
        let work = if looked { choose(state, now) } else { Some(Effect::Look) };
        state.busy = work.is_some();
        effects.extend(work);
    }
    if state.told.is_some() {
        effects.extend(state.time.news(now).map(Effect::Tell));
    }
    effects
}

/// What the event itself leads to; `None` when it ends a piece of work or only takes note.
fn react(state: &mut State, event: Event, now: Now, effects: &mut Vec<Effect>) -> Option<Effect> {
    match event {
        Event::Timer => None,
        Event::Nudged => {
            state.outbox.due = now.monotonic;
            state.stock.due = now.monotonic;
            state.link.hurry(now);
            None
        }
        Event::EnrolAsked(order) => {
            state.order = Some(order);
            None
        }
        Event::Camera(works) => {
            state.camera = works;
            None
        }
        Event::Looked(facts) => {
            state.busy = false;
            state.store.succeeded(now, 0, &mut state.jitter);
            state.time.remember(facts.platform_at);
            state.facts = *facts;
            tell_standing(state, effects);
            None
        }
        Event::Saved(saved) => {
            state.busy = false;
            state.store.succeeded(now, 0, &mut state.jitter);
            let next = outcome::saved(state, saved, now, effects);
            state.busy = next.is_some();
            next
        }
        Event::StoreFailed => {
            state.busy = false;
            state.store.failed(now, None, &mut state.jitter);
            enrol::failed(state, STORE_FAILED, effects);
            None
        }
        Event::Answered(answer) => outcome::answered(state, answer, now, effects),
        Event::Failed(failure) => outcome::failed(state, &failure, now, effects),
    }
}

fn tell_standing(state: &mut State, effects: &mut Vec<Effect>) {
    let standing = state.standing();
    if state.told == Some(standing) {
        return;
    }
    state.told = Some(standing);
    effects.push(Effect::Tell(match standing {
        None => News::NotEnrolled(PairingNeeded::New),
        Some(Standing::Good) => News::Enrolled,
        Some(Standing::DeviceRefused) => News::NotEnrolled(PairingNeeded::DeviceRefused),
        Some(Standing::EpochEnded) => News::NotEnrolled(PairingNeeded::EpochEnded),
    }));
}

/// Picks the next piece of work; the facts were just read. What is due but has nothing to do is put off here.
fn choose(state: &mut State, now: Now) -> Option<Effect> {
    if let Some(order) = state.order.take() {
        return Some(enrol::begin(state, order));
    }
    if state.prune.is_due(now) {
        state.prune.succeeded(now, PRUNE_MS, &mut state.jitter);
        return Some(Effect::Save(Save::Prune));
    }
    let standing = state.standing()?;
    if state.link.blocked_until() > now.monotonic {
        return None;
    }
    if state.heartbeat.is_due(now) {
        return heartbeat(state, now);
    }
    match standing {
        Standing::DeviceRefused | Standing::EpochEnded => None,
        Standing::Good => outbox::choose(state, now)
            .or_else(|| lease::choose(state, now))
            .or_else(|| feed::choose(state, now)),
    }
}

fn heartbeat(state: &mut State, now: Now) -> Option<Effect> {
    let epoch = state.facts.identity.as_ref()?.epoch;
    let call = Call::Heartbeat(Heartbeat {
        epoch,
        build: state.about.build.clone(),
        config_version: state.facts.config.version,
        feed_cursor: state.facts.cursor,
        outbox_rows: state.facts.outbox_rows,
        lease_slots: state.facts.leases.slots,
        camera: state.camera,
        at: state.platform_now(now),
    });
    send(state, call, now)
}

/// Sends a call to the platform the kiosk is enrolled at.
fn send(state: &mut State, call: Call, now: Now) -> Option<Effect> {
    let origin = state.facts.identity.as_ref()?.origin.clone();
    state.sent = Some((call.clone(), now));
    Some(Effect::Send { origin, call })
}

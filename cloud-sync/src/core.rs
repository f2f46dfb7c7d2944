//! What to say to the platform, and when: a pure state machine.
//!
//! `step(state, event, now) → effects`. It reads no clock, draws chance only from its seed and does no I/O. At most one
//! of [`Effect::Look`], [`Effect::Save`] and [`Effect::Send`] is under way at a time, and each is answered by exactly one
//! event; so there is no order of events that the code below does not spell out. Everything that must survive a power
//! cut is saved before it is sent. Beside them there is at most one push stream: it is numbered, and what an older one
//! still says is not listened to.

mod enrol;
mod feed;
mod lease;
mod link;
mod media;
mod news;
mod outbox;
mod outcome;
mod pace;
mod push;
mod save;
mod time;
mod trouble;

pub use enrol::EnrolOrder;
pub use link::Link;
pub use news::{News, PairingNeeded};
pub use save::{Save, Saved, perform};

use crate::{
    backoff::{Jitter, Setback},
    ports::Now,
    store::{Facts, Standing, Storage},
    wire::{Answer, Call, Failure},
};
use domain::{ids::BatchId, time::UtcMillis};
use link::LinkState;
use pace::Pace;
use protocol::{
    device::{Confession, Heartbeat},
    lease::LeaseRequest,
    media::{MediaHash, RANGE_BYTES_MAX},
    push::Push,
};
use push::Listening;
use std::{collections::BTreeMap, time::Duration};
use time::TimeView;

/// How often what has outlived its use is dropped from the ledger.
const PRUNE_MS: i64 = 3_600_000;
/// How old the time on the disk may grow while the platform is away: so far a clock that is set back behind a restart can
/// deceive. Online every heartbeat brings it up to date.
const NOTE_TIME_MS: i64 = 300_000;

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
    /// The platform said something on a stream.
    Pushed {
        /// The number [`Effect::Listen`] gave it.
        stream: u32,
        /// What.
        push: Push,
    },
    /// A stream ended, or could not be opened. After [`Effect::HangUp`] nobody waits for this.
    StreamEnded {
        /// The number [`Effect::Listen`] gave it.
        stream: u32,
        /// Why; `None` when the platform ended it in good order.
        failure: Option<Failure>,
    },
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
        /// Its number, for what is sent signed and changes something; durable already.
        counter: Option<u64>,
    },
    /// Open a push stream, beside everything else.
    Listen {
        /// Its number; every event of it carries this.
        stream: u32,
        /// Scheme, host and port.
        origin: String,
        /// The kiosk's place in the feed.
        since: u64,
    },
    /// Drop the stream of this number, open or opening.
    HangUp {
        /// Its number.
        stream: u32,
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
    counting: Option<Call>,
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
    media: Pace,
    media_part_max: u32,
    media_rests: BTreeMap<MediaHash, media::Rest>,
    storage_told: Storage,
    prune: Pace,
    note_time: Pace,
    store: Pace,
    push: Listening,
    claims_max: usize,
    doubts: u32,
    resting: BTreeMap<(BatchId, Option<UtcMillis>), Duration>,
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
            counting: None,
            sent: None,
            asked: None,
            order: None,
            enrolling: None,
            link: LinkState::new(now),
            time: TimeView::new(now),
            told: None,
            heartbeat: Pace::default(),
            feed: Pace::default(),
            outbox: Pace::default(),
            stock: Pace::default(),
            media: Pace::default(),
            media_part_max: RANGE_BYTES_MAX,
            media_rests: BTreeMap::new(),
            storage_told: Storage::Fine,
            prune: Pace::default(),
            note_time: Pace::default(),
            store: Pace::default(),
            push: Listening::default(),
            claims_max: protocol::outbox::CLAIMS_MAX,
            doubts: 0,
            resting: BTreeMap::new(),
            jitter: Jitter::new(seed),
        }
    }

    /// The platform's time, as well as it is known.
    pub fn platform_now(&self, now: Now) -> UtcMillis {
        self.time.platform_now(now)
    }

    /// The time to sign requests with: the platform's, unless it refused the last request because of its date.
    pub fn request_time(&self, now: Now) -> UtcMillis {
        self.time.request_time(now)
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
            return self.store.due_at();
        }
        let sync = match self.standing() {
            None => Duration::MAX,
            Some(Standing::Good) => {
                let calls = [&self.heartbeat, &self.feed, &self.outbox, &self.stock, &self.media];
                calls.map(Pace::due_at).into_iter().fold(self.push.due_at(), Duration::min)
            }
            Some(Standing::DeviceRefused | Standing::EpochEnded | Standing::Fenced) => {
                self.heartbeat.due_at()
            }
        };
        let chores = if self.time.is_known() {
            self.prune.due_at().min(self.note_time.due_at())
        } else {
            Duration::MAX
        };
        sync.max(self.link.blocked_until()).min(chores).max(self.store.due_at())
    }
}

/// Takes one event and says what to do.
pub fn step(state: &mut State, event: Event, now: Now) -> Vec<Effect> {
    if state.time.observe(now) {
        // Somebody set the wall clock. That moves nothing here, and is a good moment to ask what time it is.
        state.heartbeat.set(now.monotonic);
    }
    let mut effects = Vec::new();
    let looked = matches!(event, Event::Looked(_));
    let next = react(state, event, now, &mut effects);
    push::watch(state, now, &mut effects);
    if let Some(effect) = next {
        effects.push(effect);
    } else if !state.busy && state.due_at() <= now.monotonic {
        let work = if looked { choose(state, now) } else { Some(Effect::Look) };
        state.busy = work.is_some();
        let listen = if looked && !state.busy { listen(state, now) } else { None };
        effects.extend(work.or(listen));
    }
    if state.told.is_some() {
        effects.extend(state.time.news().map(Effect::Tell));
    }
    effects
}

/// What the event itself leads to; `None` when it ends a piece of work or only takes note.
fn react(state: &mut State, event: Event, now: Now, effects: &mut Vec<Effect>) -> Option<Effect> {
    match event {
        Event::Timer => None,
        Event::Nudged => {
            state.outbox.nudge(now);
            state.stock.nudge(now);
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
            state.time.remember(facts.platform_at, now);
            state.facts = *facts;
            tell_standing(state, effects);
            media::observe(state, now, effects);
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
            state.counting = None;
            state.store.failed(now, Setback::OWN, &mut state.jitter);
            enrol::failed(state, STORE_FAILED, effects);
            None
        }
        Event::Answered(answer) => outcome::answered(state, answer, now, effects),
        Event::Failed(failure) => outcome::failed(state, &failure, now, effects),
        Event::Pushed { stream, push } => {
            push::pushed(state, stream, push, now);
            None
        }
        Event::StreamEnded { stream, failure } => {
            push::ended(state, stream, failure.as_ref(), now);
            None
        }
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
        Some(Standing::Fenced) => News::NotEnrolled(PairingNeeded::Fenced),
    }));
}

/// Picks the next piece of work; the facts were just read. What is due but has nothing to do is put off here.
fn choose(state: &mut State, now: Now) -> Option<Effect> {
    if let Some(order) = state.order.take() {
        return Some(enrol::begin(state, order));
    }
    if let Some(chore) = chore(state, now) {
        return Some(Effect::Save(chore));
    }
    let standing = state.standing()?;
    if state.link.blocked_until() > now.monotonic {
        return None;
    }
    if state.heartbeat.is_due(now) {
        return match state.facts.to_confess.clone() {
            Some(challenge) => send(state, Call::Confess(Confession { challenge }), now),
            None => heartbeat(state, now),
        };
    }
    match standing {
        Standing::DeviceRefused | Standing::EpochEnded | Standing::Fenced => None,
        Standing::Good => outbox::choose(state, now)
            .or_else(|| lease::choose(state, now))
            .or_else(|| feed::choose(state, now))
            .or_else(|| media::choose(state, now)),
    }
}

/// What the time alone makes due, and only while it is known.
fn chore(state: &mut State, now: Now) -> Option<Save> {
    if !state.time.is_known() {
        return None;
    }
    if state.prune.is_due(now) {
        state.prune.succeeded(now, PRUNE_MS, &mut state.jitter);
        return Some(Save::Prune);
    }
    if state.note_time.is_due(now) {
        state.note_time.succeeded(now, NOTE_TIME_MS, &mut state.jitter);
        return Some(Save::NoteTime(state.platform_now(now)));
    }
    None
}

/// Opens a stream when there is nothing better to do and the platform answers.
fn listen(state: &mut State, now: Now) -> Option<Effect> {
    let may_ask = state.standing() == Some(Standing::Good) && state.link.blocked_until() <= now.monotonic;
    if may_ask { push::choose(state, now) } else { None }
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
        stream: state.push.is_live(),
        disk_low: state.facts.media.storage != Storage::Fine,
        at: state.request_time(now),
        high_water: state.facts.high_water,
    });
    send(state, call, now)
}

/// Sends a call to the platform the kiosk is enrolled at; one that is counted gets its number first.
fn send(state: &mut State, call: Call, now: Now) -> Option<Effect> {
    if call.is_counted() {
        state.counting = Some(call);
        return Some(Effect::Save(Save::CountRequest));
    }
    dispatch(state, call, None, now)
}

/// The number is on disk: the call may leave.
fn counted(state: &mut State, counter: u64, now: Now) -> Option<Effect> {
    let call = state.counting.take()?;
    dispatch(state, call, Some(counter), now)
}

fn dispatch(state: &mut State, call: Call, counter: Option<u64>, now: Now) -> Option<Effect> {
    let origin = state.facts.identity.as_ref()?.origin.clone();
    state.sent = Some((call.clone(), now));
    Some(Effect::Send { origin, call, counter })
}

//! A kiosk on a desk: the real store and core, a platform in memory, clocks that move when told.

use super::room::Room;
use cloud_sync::{
    core::{About, Effect, EnrolOrder, Event, News, Save, State, perform, step},
    ports::{Chance, Clock},
    store::{ClaimError, ClaimOrder, ClaimRefused, ClaimedVoucher, Damage, Identity, Store},
    testing::{DAWN, FakePlatform, ManualClock, SeededChance, batch_row, key_ring, mall_row, store_row},
    transport::{TransportError, WireAnswer},
    wire::{Awaited, Failure, Signer, decode, encode, stream::why_not},
};
use domain::{
    consumer_code::Pseudonym,
    ids::{BatchId, EventId},
    time::UtcMillis,
};
use ed25519_dalek::SigningKey;
use protocol::{
    feed::Row,
    push::{Push, STREAM_PATH},
    signed::{Bound, Purpose, Signed},
};
use serde::Serialize;
use std::{collections::VecDeque, path::Path, time::Duration};
use tempfile::TempDir;

pub const ORIGIN: &str = "https://pass.example.cn";
pub const BATCH: BatchId = BatchId::from_bytes([7; 16]);
pub const STOCK: u32 = 100;

pub struct Desk {
    pub folder: TempDir,
    pub room: Room,
    pub store: Option<Store>,
    pub state: State,
    pub clock: ManualClock,
    pub platform: FakePlatform,
    pub news: Vec<News>,
    /// Every effect but looks and news, in order.
    pub done: Vec<Effect>,
    /// The number of the push stream the core listens to, and the place it began at.
    pub stream: Option<(u32, u64)>,
    /// What requests whose path has this in it get instead of the platform's answer, and when each was sent.
    pub refusing: Option<(&'static str, Result<WireAnswer, TransportError>)>,
    pub refused_at: Vec<Duration>,
    /// Happens while the next request is under way.
    pub push_during_next_send: Option<Event>,
    chance: SeededChance,
    events: u16,
}

impl Desk {
    /// A kiosk nobody has paired, and a city with one mall, shop and batch.
    pub fn new() -> Desk {
        Desk::with_seed(5)
    }

    /// A kiosk that is enrolled and in stock, with chance of its own.
    pub fn seeded(seed: u64) -> Desk {
        let mut desk = Desk::with_seed(seed);
        desk.enrol("AAAA2222");
        desk.settle();
        desk
    }

    fn with_seed(seed: u64) -> Desk {
        let platform = FakePlatform::new(DAWN, 9);
        platform.publish("1", &Row::Mall(mall_row(1))).unwrap();
        platform.publish("2", &Row::Store(store_row(2))).unwrap();
        platform.publish("7", &Row::Batch(Box::new(batch_row(7)))).unwrap();
        platform.publish("ring", &Row::KeyRing(key_ring(1, &SigningKey::from_bytes(&[3; 32])))).unwrap();
        platform.set_stock(BATCH, STOCK);
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(DAWN);
        let mut chance = SeededChance::new(1);
        let room = Room::plenty(folder.path());
        let (store, damage) = Store::open(room.disk(), &mut chance).unwrap();
        assert_eq!(damage, []);
        let state = State::new(About::default(), seed, clock.now());
        let (news, done, stream) = (Vec::new(), Vec::new(), None);
        Desk {
            folder,
            room,
            store: Some(store),
            state,
            clock,
            platform,
            news,
            done,
            stream,
            refusing: None,
            refused_at: Vec::new(),
            push_during_next_send: None,
            chance,
            events: 0,
        }
    }

    /// A kiosk that is enrolled and in stock.
    pub fn in_stock() -> Desk {
        Desk::seeded(5)
    }

    pub fn store(&mut self) -> &mut Store {
        self.store.as_mut().unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn identity(&mut self) -> Identity {
        self.store().identity().unwrap().unwrap()
    }

    /// The true time, which is the platform's, whatever the kiosk's wall clock shows.
    pub fn now(&self) -> UtcMillis {
        DAWN.plus_ms(i64::try_from(self.clock.now().monotonic.as_millis()).unwrap())
    }

    /// What the kiosk takes for the time.
    pub fn kiosk_now(&self) -> UtcMillis {
        self.state.platform_now(self.clock.now())
    }

    pub fn enrol(&mut self, pairing_code: &str) {
        self.platform.pair(pairing_code, None);
        self.ask_to_enrol(pairing_code);
    }

    pub fn ask_to_enrol(&mut self, pairing_code: &str) {
        self.event(Event::EnrolAsked(EnrolOrder {
            origin: ORIGIN.to_owned(),
            pairing_code: pairing_code.to_owned(),
        }));
    }

    /// Lets the core react to an event until it wants to wait.
    pub fn event(&mut self, event: Event) {
        let mut effects = VecDeque::from(step(&mut self.state, event, self.clock.now()));
        let mut steps = 0;
        while let Some(effect) = effects.pop_front() {
            steps += 1;
            assert!(steps < 1_000, "the core never rests: {:?}", &self.done[self.done.len() - 4..]);
            if let Some(outcome) = self.carry_out(effect) {
                effects.extend(step(&mut self.state, outcome, self.clock.now()));
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Event> {
        if !matches!(effect, Effect::Look | Effect::Tell(_)) {
            self.done.push(effect.clone());
        }
        match effect {
            Effect::Tell(news) => {
                self.news.push(news);
                None
            }
            Effect::Look => {
                let now = self.state.platform_now(self.clock.now());
                Some(Event::Looked(Box::new(self.store().facts(now).unwrap())))
            }
            Effect::Save(save) => Some(self.save(save)),
            Effect::Listen { stream, since, .. } => {
                let answer = self.refuse(STREAM_PATH);
                if answer.is_none() {
                    self.stream = Some((stream, since));
                }
                let failure = answer.map(|answer| answer.map_or_else(Into::into, |answer| why_not(&answer)));
                failure.map(|failure| Event::StreamEnded { stream, failure: Some(failure) })
            }
            Effect::HangUp { stream } => {
                assert_eq!(self.stream.take().map(|(number, _)| number), Some(stream));
                None
            }
            Effect::Send { origin, call, counter } => {
                assert_eq!(origin, ORIGIN);
                if let Some(event) = self.push_during_next_send.take() {
                    assert_eq!(step(&mut self.state, event, self.clock.now()), [], "one thing at a time");
                }
                let at = self.state.request_time(self.clock.now());
                let identity = self.store().identity().unwrap();
                let key = self.store().signing_key();
                let signer =
                    identity.as_ref().map(|known| Signer { device: known.device, key: &key, at, counter });
                let request = encode(&origin, &call, signer.filter(|_| call.is_signed()).as_ref()).unwrap();
                let answer = self.refuse(&request.path).unwrap_or_else(|| self.platform.answer(&request));
                let answer = answer.map_err(Into::into);
                let awaited = identity.map(|known| Awaited::by(&known, counter));
                Some(match answer.and_then(|answer| decode(&call, &answer, awaited.as_ref())) {
                    Ok(answer) => Event::Answered(answer),
                    Err(failure) => Event::Failed(failure),
                })
            }
        }
    }

    /// What stands in for the platform's answer to a request for this path.
    fn refuse(&mut self, path: &str) -> Option<Result<WireAnswer, TransportError>> {
        let (part, answer) = self.refusing.clone()?;
        let hit = path.contains(part);
        if hit {
            self.refused_at.push(self.clock.now().monotonic);
        }
        hit.then_some(answer)
    }

    fn save(&mut self, save: Save) -> Event {
        let now = self.state.platform_now(self.clock.now());
        let mut key_seed = [0; 32];
        self.chance.fill(&mut key_seed);
        perform(self.store(), save, now, key_seed).map_or(Event::StoreFailed, Event::Saved)
    }

    /// An answer as the platform signs it for the next counted request.
    pub fn sealed<T: Serialize>(&mut self, answer: &T, purpose: Purpose) -> WireAnswer {
        let number = |effect: &Effect| match effect {
            Effect::Send { counter, .. } => *counter,
            Effect::Look
            | Effect::Save(_)
            | Effect::Tell(_)
            | Effect::Listen { .. }
            | Effect::HangUp { .. } => None,
        };
        let counter = self.done.iter().rev().find_map(number).unwrap_or(0) + 1;
        let Identity { device, epoch, .. } = self.identity();
        let bound = Bound { device, epoch, counter, answer };
        let signed = Signed::seal(&bound, purpose, &self.platform.key()).unwrap();
        WireAnswer { status: 200, body: serde_json::to_vec(&signed).unwrap(), ..WireAnswer::default() }
    }

    /// Does all that is due right now.
    pub fn settle(&mut self) {
        self.event(Event::Timer);
        while self.state.wake_at() <= self.clock.now().monotonic {
            self.event(Event::Timer);
        }
    }

    /// Lets time pass on the kiosk and the platform, waking the core whenever it wants.
    pub fn pass_s(&mut self, seconds: u32) {
        let end = self.clock.now().monotonic + Duration::from_secs(u64::from(seconds));
        loop {
            let now = self.clock.now().monotonic;
            let wake = self.state.wake_at().clamp(now, end);
            let step_ms = u32::try_from((wake - now).as_millis()).unwrap();
            // At least a millisecond, so that a wake in the past cannot hold time up.
            let step_ms = if wake < end { step_ms.max(1) } else { step_ms };
            self.clock.pass_ms(step_ms);
            self.platform.set_now(self.now());
            self.event(Event::Timer);
            if wake >= end {
                return;
            }
        }
    }

    /// The machine sleeps until then: time passes and nothing wakes the core.
    pub fn sleep_until(&mut self, at: UtcMillis) {
        self.clock.pass_ms(u32::try_from(at.since(self.now())).unwrap());
        self.platform.set_now(at);
    }

    /// The power goes and comes back: everything but the disk is lost.
    pub fn restart(&mut self) -> Vec<Damage> {
        self.store = None;
        let (store, damage) = Store::open(self.room.disk(), &mut self.chance).unwrap();
        self.store = Some(store);
        self.state = State::new(About::default(), 6, self.clock.now());
        damage
    }

    pub fn order(&mut self, person: u8) -> ClaimOrder {
        self.events += 1;
        ClaimOrder { batch: BATCH, pseudonym: person_of(person), event: event_id(self.events) }
    }

    pub fn claim(&mut self, person: u8) -> Result<ClaimedVoucher, ClaimError> {
        let order = self.order(person);
        let now = self.kiosk_now();
        self.store().claim(&order, now)
    }

    /// How a claim of this person is refused.
    pub fn refusal(&mut self, person: u8) -> ClaimRefused {
        match self.claim(person) {
            Err(ClaimError::Refused(refused)) => refused,
            other => panic!("expected a refusal, not {other:?}"),
        }
    }

    /// The platform says something on the open stream.
    pub fn push(&mut self, push: Push) {
        let (stream, _) = self.stream.expect("a stream is open");
        self.event(Event::Pushed { stream, push });
    }

    /// The open stream ends.
    pub fn end_stream(&mut self, failure: Option<Failure>) {
        let (stream, _) = self.stream.take().expect("a stream is open");
        self.event(Event::StreamEnded { stream, failure });
    }

    /// Lets time pass with a beat of the platform every 15 seconds on whatever stream is open.
    pub fn pass_beating_s(&mut self, seconds: u32) {
        for _ in 0..seconds / 15 {
            self.pass_s(15);
            if self.stream.is_some() {
                self.push(Push::Beat);
            }
        }
    }

    pub fn sends(&self, path: &str) -> usize {
        self.platform.requests().iter().filter(|request| request.contains(path)).count()
    }
}

pub fn person_of(number: u8) -> Pseudonym {
    Pseudonym::from_bytes([number; 16])
}

pub fn event_id(number: u16) -> EventId {
    let mut bytes = [0; 16];
    bytes[14..].copy_from_slice(&number.to_be_bytes());
    EventId::from_bytes(bytes)
}

//! One world: a city, its kiosks and its people on one virtual clock, in one thread.
//!
//! Everything that happens is an entry of one queue, ordered by time and then by number. Nothing reads the machine's
//! clock or its chance, nothing runs beside it; so a seed is a history, whoever runs it.

use super::{
    FleetError,
    apart::Apart,
    chance::Dice,
    city::{City, INSTANCES, START},
    faults::{Faults, Kind},
    kiosk::Kiosk,
    log::Log,
    network::Fate,
    people::Guest,
    promises::{Harm, Promises},
    setting::Setting,
    town::{MALLS, Size, Town},
};
use cloud_sync::{
    transport::{TransportError, WireAnswer, WireRequest},
    wire::Call,
};
use platform_api::foundation::{jobs::Job, outbox::Handler};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

/// After the last fault all kiosks must be live again within this time.
pub const LIVE_MS_MAX: i64 = 60_000;
/// How long the world goes on normally after that, before the batches end.
const CALM_MS: i64 = 20 * 60_000;

/// Something to come.
pub enum Event {
    /// A kiosk's core wants to be woken.
    Wake { kiosk: usize, life: u32, at_ms: i64 },
    /// A kiosk's program starts.
    Boot { kiosk: usize, life: u32 },
    /// A kiosk's disk is mended.
    Mend { kiosk: usize },
    /// A request reaches the platform.
    Arrive(Box<Parcel>),
    /// An answer reaches the kiosk, or the news that there is none.
    Return { kiosk: usize, life: u32, flight: u64, answer: Box<Result<WireAnswer, TransportError>> },
    /// A word on a push stream reaches the kiosk; without one the stream ends.
    Push { kiosk: usize, life: u32, stream: u32, push: Option<protocol::push::Push> },
    /// The platform says on a stream that it is there.
    Beat { kiosk: usize, life: u32, stream: u32 },
    /// Somebody comes with a pairing code.
    Pair { kiosk: usize },
    /// A shopper comes to a kiosk.
    Visit { kiosk: usize },
    /// A code is held before the camera.
    Scan { kiosk: usize, guest: Box<Guest> },
    /// A finger chooses an offer.
    Claim { kiosk: usize, life: u32, guest: Box<Guest> },
    /// A shopper wants to use a promise.
    Redeem { promise: usize, attempt: u32 },
    /// A job of the platform runs.
    Job { index: usize },
    /// An instance of the platform is back.
    Up { instance: usize },
    /// Operators undo what they did: a pause, a suspension.
    Undo(Undo),
    /// Everything is counted.
    Audit,
}

/// What operators undo after a while.
#[derive(Clone, Copy, Debug)]
pub enum Undo {
    /// A batch is offered again.
    Resume(usize),
    /// A merchant may work again.
    Reinstate(usize),
    /// A batch gives as many a day as there are.
    Restock(usize),
}

/// A request on its way.
pub struct Parcel {
    /// Who sent it.
    pub kiosk: usize,
    /// Which process of it.
    pub life: u32,
    /// Which request of that.
    pub flight: u64,
    /// The very bytes.
    pub request: WireRequest,
    /// What it asks.
    pub call: Call,
    /// What becomes of it.
    pub fate: Fate,
    /// It waited for the platform's disk already.
    pub waited: bool,
}

struct Entry {
    at_ms: i64,
    number: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        (self.at_ms, self.number) == (other.at_ms, other.number)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> std::cmp::Ordering {
        (self.at_ms, self.number).cmp(&(other.at_ms, other.number))
    }
}

/// What was found wrong.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What kind of harm it is.
    pub harm: Harm,
    /// The rule it breaks.
    pub rule: &'static str,
    /// When.
    pub at_ms: i64,
    /// The kiosk concerned.
    pub kiosk: Option<usize>,
    /// In words.
    pub what: String,
    /// The last lines of the log about it.
    pub recent: Vec<String>,
}

/// A world.
pub struct World {
    /// What kind of world it is.
    pub setting: Setting,
    /// The true time since the beginning.
    pub now_ms: i64,
    queue: BinaryHeap<Reverse<Entry>>,
    number: u64,
    /// The platform.
    pub city: City,
    /// People and things.
    pub town: Town,
    /// Kiosks.
    pub kiosks: Vec<Kiosk>,
    /// Chance of cables.
    pub network: Dice,
    /// Chance of everything else that goes wrong.
    pub misfortune: Dice,
    /// Chance of people.
    pub people: Dice,
    /// Faults.
    pub faults: Faults,
    /// History.
    pub log: Log,
    /// What people saw.
    pub promises: Promises,
    /// Instances of the platform that are down until an instant.
    pub down_until_ms: [i64; INSTANCES],
    /// The instance that answered each kiosk last.
    pub served_by: Vec<usize>,
    /// Merchants suspended, by till.
    pub suspended: Vec<bool>,
    /// Batches held back.
    pub paused: Vec<bool>,
    /// Batches that give fewer a day than kiosks hold.
    pub cut: Vec<bool>,
    /// Version of the last configuration pushed.
    pub config_version: u64,
    /// Codes of people, to be tried again.
    pub old_codes: Vec<(usize, String)>,
    /// Things counted for the report.
    pub counters: BTreeMap<&'static str, u64>,
    /// The first harm found.
    pub violation: Option<Violation>,
    /// What is kept for the faults that run apart.
    pub apart: Apart,
    /// The platform's jobs, and a place for its outbox.
    pub jobs: Vec<Option<Job>>,
    /// What the platform does with its own events.
    pub handlers: Arc<[Handler]>,
    /// Place in the feed that listeners were told.
    pub head_said: u64,
    /// Something in the feed may have changed.
    pub touched: bool,
    flights: u64,
    keys: u64,
}

impl World {
    /// Builds a world; nothing has happened in it yet.
    pub fn build(setting: Setting, spoken: bool) -> Result<World, FleetError> {
        let in_file = setting.families.contains(&super::faults::Family::Restore);
        let city = City::found(setting.seed, in_file)?;
        let size = Size { kiosks: setting.kiosks, days: (setting.hours + 23) / 24 };
        let town = Town::build(&city, size)?;
        let mut people = Dice::new(setting.seed, 1);
        let kiosks: Vec<Kiosk> = (0..setting.kiosks)
            .map(|place| Kiosk::new(place % MALLS, people.between(-30_000, 30_000)))
            .collect();
        let mut world = World {
            now_ms: 0,
            queue: BinaryHeap::new(),
            number: 0,
            network: Dice::new(setting.seed, 2),
            misfortune: Dice::new(setting.seed, 3),
            people,
            faults: Faults::new(setting.families.clone(), setting.faults_until_ms()),
            log: Log::new(setting.kiosks, spoken),
            promises: Promises::default(),
            down_until_ms: [0; INSTANCES],
            served_by: vec![0; setting.kiosks],
            suspended: vec![false; town.tills.len()],
            paused: vec![false; town.batches.len()],
            cut: vec![false; town.batches.len()],
            config_version: 0,
            old_codes: Vec::new(),
            counters: BTreeMap::new(),
            violation: None,
            apart: Apart::default(),
            jobs: super::operators::jobs(),
            handlers: platform_api::handlers(),
            head_said: 0,
            touched: false,
            flights: 0,
            keys: 0,
            setting,
            city,
            town,
            kiosks,
        };
        world.open()?;
        Ok(world)
    }

    /// The first entries of the queue.
    fn open(&mut self) -> Result<(), FleetError> {
        self.push_config()?;
        for kiosk in 0..self.kiosks.len() {
            let at_ms = self.people.between(0, 60_000);
            self.at(at_ms, Event::Boot { kiosk, life: 0 });
            let at_ms = self.people.between(5 * 60_000, 30 * 60_000);
            self.at(at_ms, Event::Visit { kiosk });
        }
        for index in 0..self.jobs.len() {
            let at_ms = self.people.between(0, 10_000);
            self.at(at_ms, Event::Job { index });
        }
        self.at(super::checks::AUDIT_EVERY_MS, Event::Audit);
        Ok(())
    }

    /// Plays the whole history: days with faults, then none, until every R has passed; stops at the first harm.
    pub fn play(&mut self) -> Result<(), FleetError> {
        let end_ms = self.setting.faults_until_ms();
        self.run_until(end_ms)?;
        self.heal()?;
        self.run_until(end_ms + LIVE_MS_MAX)?;
        self.check_live();
        self.run_until(end_ms + LIVE_MS_MAX + CALM_MS)?;
        self.end_batches()?;
        let end_ms = end_ms + LIVE_MS_MAX + CALM_MS;
        self.run_until(end_ms + CALM_MS)?;
        self.sleep();
        self.run_until(end_ms + super::setting::RECLAIM_MS)?;
        self.awake();
        self.run_until(end_ms + super::setting::RECLAIM_MS + LIVE_MS_MAX)?;
        self.check_end()
    }

    /// The malls are closed: all kiosks but every fifth are switched off until the last R has passed.
    fn sleep(&mut self) {
        for kiosk in (0..self.kiosks.len()).filter(|kiosk| is_switched_off(*kiosk)) {
            self.kiosks[kiosk].kill();
        }
    }

    /// They are switched on again.
    fn awake(&mut self) {
        for kiosk in (0..self.kiosks.len()).filter(|kiosk| is_switched_off(*kiosk)) {
            let life = self.kiosks[kiosk].life;
            self.at(self.now_ms, Event::Boot { kiosk, life });
        }
    }

    /// True while nothing wrong was found.
    pub fn is_sound(&self) -> bool {
        self.violation.is_none()
    }

    fn run_until(&mut self, end_ms: i64) -> Result<(), FleetError> {
        while self.is_sound() {
            match self.queue.peek() {
                Some(Reverse(entry)) if entry.at_ms <= end_ms => {}
                Some(_) | None => break,
            }
            let Some(Reverse(entry)) = self.queue.pop() else { break };
            self.now_ms = entry.at_ms;
            self.handle(entry.event)?;
            if std::mem::take(&mut self.touched) {
                self.announce()?;
            }
        }
        self.now_ms = self.now_ms.max(end_ms.min(self.stop_ms()));
        self.city.set_now(self.now_ms);
        Ok(())
    }

    /// A world that was stopped does not go on.
    fn stop_ms(&self) -> i64 {
        if self.is_sound() { i64::MAX } else { self.now_ms }
    }

    fn handle(&mut self, event: Event) -> Result<(), FleetError> {
        match event {
            Event::Wake { kiosk, life, at_ms } => self.wake(kiosk, life, at_ms),
            Event::Boot { kiosk, life } => self.boot(kiosk, life),
            Event::Mend { kiosk } => {
                self.mend(kiosk);
                Ok(())
            }
            Event::Arrive(parcel) => self.arrive(*parcel),
            Event::Return { kiosk, life, flight, answer } => self.land(kiosk, (life, flight), *answer),
            Event::Push { kiosk, life, stream, push } => self.hear(kiosk, (life, stream), push),
            Event::Beat { kiosk, life, stream } => {
                self.beat(kiosk, (life, stream));
                Ok(())
            }
            Event::Pair { kiosk } => self.pair(kiosk),
            Event::Visit { kiosk } => self.visit(kiosk),
            Event::Scan { kiosk, guest } => self.scan(kiosk, *guest),
            Event::Claim { kiosk, life, guest } => self.claim(kiosk, life, *guest),
            Event::Redeem { promise, attempt } => self.redeem(promise, attempt),
            Event::Job { index } => self.run_job(index),
            Event::Up { instance } => {
                self.note(None, format_args!("instance {instance} is back"));
                self.city.restart(instance)
            }
            Event::Undo(undo) => self.undo(undo),
            Event::Audit => self.audit(),
        }
    }

    /// Puts something into the queue.
    pub fn at(&mut self, at_ms: i64, event: Event) {
        self.number += 1;
        self.queue.push(Reverse(Entry { at_ms: at_ms.max(self.now_ms), number: self.number, event }));
    }

    /// Notes what happened.
    pub fn note(&mut self, kiosk: Option<usize>, what: std::fmt::Arguments<'_>) {
        self.log.note(self.now_ms, kiosk, what);
    }

    /// Counts something for the report.
    pub fn count(&mut self, what: &'static str) {
        *self.counters.entry(what).or_default() += 1;
    }

    /// True, and counted, if a fault of this kind hits now: in `parts` of 100,000 cases while its family is on.
    pub fn strikes(&mut self, kind: Kind, parts: i64, kiosk: Option<usize>) -> bool {
        if !self.faults.may(kind, self.now_ms) || !self.misfortune.chance(parts) {
            return false;
        }
        self.hit(kind, kiosk);
        true
    }

    /// Counts a fault that hit.
    pub fn hit(&mut self, kind: Kind, kiosk: Option<usize>) {
        self.faults.hit(kind, self.now_ms);
        self.note(kiosk, format_args!("fault {}", kind.name()));
    }

    /// Notes that something is wrong; the first one ends the run.
    pub fn blame(&mut self, harm: Harm, rule: &'static str, kiosk: Option<usize>, what: String) {
        self.count(harm.name());
        self.note(kiosk, format_args!("{} ({rule}): {what}", harm.name()));
        if self.violation.is_none() && !self.is_bounded(harm) {
            let recent = self.log.recent(kiosk);
            self.violation = Some(Violation { harm, rule, at_ms: self.now_ms, kiosk, what, recent });
        }
    }

    /// A name for the next request.
    pub fn next_flight(&mut self) -> u64 {
        self.flights += 1;
        self.flights
    }

    /// A key nobody used before.
    pub fn next_key(&mut self) -> String {
        self.keys += 1;
        format!("key-{}", self.keys)
    }

    /// An instance that runs now: the first one, or the second while that is down.
    pub fn instance(&self) -> Option<usize> {
        (0..INSTANCES)
            .find(|instance| self.down_until_ms.get(*instance).is_some_and(|until| *until <= self.now_ms))
    }

    /// Everything that was broken on purpose is mended.
    fn heal(&mut self) -> Result<(), FleetError> {
        self.note(None, format_args!("the last fault is over"));
        for instance in 0..INSTANCES {
            if self.down_until_ms[instance] > self.now_ms {
                self.down_until_ms[instance] = self.now_ms;
                self.city.restart(instance)?;
            }
        }
        for kiosk in 0..self.kiosks.len() {
            self.kiosks[kiosk].cut_until_ms = 0;
            self.mend(kiosk);
            if self.kiosks[kiosk].process.is_none() {
                let life = self.kiosks[kiosk].life;
                self.at(self.now_ms + 1_000, Event::Boot { kiosk, life });
            } else if self.kiosks[kiosk].process.as_ref().is_some_and(|process| process.needs_pairing) {
                self.at(self.now_ms + 1_000, Event::Pair { kiosk });
            }
        }
        for batch in 0..self.paused.len() {
            self.undo(Undo::Resume(batch))?;
            self.undo(Undo::Restock(batch))?;
        }
        for till in 0..self.suspended.len() {
            self.undo(Undo::Reinstate(till))?;
        }
        Ok(())
    }

    /// The platform's time now.
    pub fn platform_now(&self) -> domain::time::UtcMillis {
        START.plus_ms(self.now_ms)
    }
}

/// True for kiosks that are off while nobody is there.
const fn is_switched_off(kiosk: usize) -> bool {
    kiosk % 5 != 4
}

//! Kiosks at work: the sync core's effects carried out, requests and answers on their way, disks and processes that fail.

use super::{
    FleetError,
    chance::Dice,
    faults::Kind,
    kiosk::Flight,
    network::{self, Fate, TIMEOUT_MS},
    promises::Harm,
    world::{Event, Parcel, World},
};
use crate::disk::Ailments;
use cloud_sync::{
    core::{self, Effect, News, PairingNeeded, Save, perform, step},
    store::StoreError,
    transport::{TransportError, WireAnswer},
    wire::{self, Awaited, Call, Signer},
};
use domain::ids::EventId;
use std::{collections::VecDeque, error::Error};

/// A page nobody of ours wrote.
const PORTAL: &[u8] = b"<html><body>Welcome to free wifi</body></html>";

impl World {
    pub(super) fn wake(&mut self, kiosk: usize, life: u32, at_ms: i64) -> Result<(), FleetError> {
        let place = &mut self.kiosks[kiosk];
        let Some(process) = place.process.as_mut().filter(|_| place.life == life) else { return Ok(()) };
        if process.wake_ms != Some(at_ms) {
            return Ok(());
        }
        process.wake_ms = None;
        self.drive(kiosk, core::Event::Timer)
    }

    pub(super) fn boot(&mut self, kiosk: usize, life: u32) -> Result<(), FleetError> {
        let now_ms = self.now_ms;
        if self.kiosks[kiosk].life != life || self.kiosks[kiosk].process.is_some() {
            return Ok(());
        }
        let chance = Dice::new(self.setting.seed, 1_000 + (kiosk as u64) * 1_000_000 + u64::from(life));
        match self.kiosks[kiosk].boot(now_ms, chance) {
            Ok(()) => {
                self.note(Some(kiosk), format_args!("boots"));
                self.count("boots");
                self.drive(kiosk, core::Event::Timer)
            }
            Err(FleetError::Store(error)) => {
                // A file's path has the number of its disk in this process, which is no part of the history.
                let why = if let StoreError::File { source, .. } = &error {
                    format!("a file fails, {}", source.kind())
                } else {
                    error.to_string()
                };
                self.note(Some(kiosk), format_args!("does not boot: {why}"));
                // The current may have failed while it was opening its files.
                self.disk_held(kiosk)?;
                if self.kiosks[kiosk].life == life {
                    self.at(now_ms + 10_000, Event::Boot { kiosk, life });
                }
                Ok(())
            }
            Err(FleetError::Damage(what)) => {
                self.blame(Harm::Broken, "store", Some(kiosk), what);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn mend(&mut self, kiosk: usize) {
        if self.kiosks[kiosk].ailment.take().is_some() {
            self.kiosks[kiosk].disk.ail(Ailments::default());
            self.note(Some(kiosk), format_args!("its disk is mended"));
        }
    }

    /// Gives an event to the core and carries out what follows, to its end or to the process's.
    pub(super) fn drive(&mut self, kiosk: usize, event: core::Event) -> Result<(), FleetError> {
        let mut effects = VecDeque::from(self.step(kiosk, event));
        while let Some(effect) = effects.pop_front() {
            let outcome = match effect {
                Effect::Tell(news) => {
                    self.told(kiosk, &news);
                    None
                }
                Effect::Look => self.look(kiosk)?,
                Effect::Save(save) => self.save(kiosk, save)?,
                Effect::Listen { stream, .. } => {
                    self.listen(kiosk, stream)?;
                    None
                }
                Effect::HangUp { .. } => {
                    self.kiosks[kiosk].stream = None;
                    None
                }
                Effect::Send { origin, call, counter } => {
                    self.send(kiosk, &origin, (call, counter))?;
                    None
                }
            };
            if let Some(outcome) = outcome {
                effects.extend(self.step(kiosk, outcome));
            }
            if self.kiosks[kiosk].process.is_none() {
                return Ok(());
            }
        }
        self.plan_wake(kiosk);
        Ok(())
    }

    fn step(&mut self, kiosk: usize, event: core::Event) -> Vec<Effect> {
        let now = self.kiosks[kiosk].now(self.now_ms);
        let process = self.kiosks[kiosk].process.as_mut();
        process.map(|process| step(&mut process.state, event, now)).unwrap_or_default()
    }

    fn plan_wake(&mut self, kiosk: usize) {
        let now_ms = self.now_ms;
        let place = &mut self.kiosks[kiosk];
        let life = place.life;
        let Some(process) = place.process.as_mut() else { return };
        let wake = process.state.wake_at();
        let wake_ms = i64::try_from(wake.as_millis()).ok().map(|at_ms| at_ms.max(now_ms));
        if wake_ms == process.wake_ms {
            return;
        }
        process.wake_ms = wake_ms;
        if let Some(at_ms) = wake_ms {
            self.at(at_ms, Event::Wake { kiosk, life, at_ms });
        }
    }

    fn told(&mut self, kiosk: usize, news: &News) {
        match news {
            News::Time { anchor, trusted } => {
                if let Some(process) = self.kiosks[kiosk].process.as_mut() {
                    process.time = trusted.then_some(*anchor);
                }
            }
            News::Link(link) => {
                self.note(Some(kiosk), format_args!("{link:?}"));
                self.kiosks[kiosk].link = Some(*link);
            }
            News::Enrolled => {
                if let Some(process) = self.kiosks[kiosk].process.as_mut() {
                    process.needs_pairing = false;
                    let identity = process.store.identity().ok().flatten();
                    self.kiosks[kiosk].device =
                        identity.map(|identity| identity.device).or(self.kiosks[kiosk].device);
                }
                self.note(Some(kiosk), format_args!("enrolled"));
                if std::mem::take(&mut self.kiosks[kiosk].typed) {
                    self.found_out(kiosk);
                }
            }
            News::NotEnrolled(why) => {
                self.note(Some(kiosk), format_args!("must be paired: {why:?}"));
                if *why == PairingNeeded::Fenced && !self.setting.is_apart() {
                    let what = "it was fenced, and its disk is no older than its words".to_owned();
                    self.blame(Harm::Broken, "fencing", Some(kiosk), what);
                }
                if let Some(process) = self.kiosks[kiosk].process.as_mut() {
                    process.needs_pairing = true;
                }
                self.call_installer(kiosk);
            }
            News::EnrolFailed { code } => {
                self.note(Some(kiosk), format_args!("pairing failed: {code}"));
                self.call_installer(kiosk);
            }
            News::CatalogueChanged
            | News::StockChanged
            | News::ClaimSettled(_)
            | News::MediaChanged
            | News::Storage(_) => {}
        }
    }

    fn look(&mut self, kiosk: usize) -> Result<Option<core::Event>, FleetError> {
        let now = self.kiosks[kiosk].now(self.now_ms);
        let Some(process) = self.kiosks[kiosk].process.as_mut() else { return Ok(None) };
        let found = process.store.facts(process.state.platform_now(now));
        let event = match found {
            Ok(facts) => {
                let key = process.store.signing_key();
                process.signer = facts.identity.clone().map(|identity| (identity, key));
                core::Event::Looked(Box::new(facts))
            }
            Err(_) => core::Event::StoreFailed,
        };
        Ok(self.disk_held(kiosk)?.then_some(event))
    }

    fn save(&mut self, kiosk: usize, save: Save) -> Result<Option<core::Event>, FleetError> {
        let now = self.kiosks[kiosk].now(self.now_ms);
        if self.dies_before(kiosk, &save) {
            return Ok(None);
        }
        self.disk_misfortune(kiosk);
        let Some(process) = self.kiosks[kiosk].process.as_mut() else { return Ok(None) };
        let platform_now = process.state.platform_now(now);
        let key_seed = process.chance.key();
        let saved = perform(&mut process.store, save, platform_now, key_seed);
        let event = match saved {
            Ok(saved) => core::Event::Saved(saved),
            Err(error) => self.store_failed(kiosk, &error),
        };
        Ok(self.disk_held(kiosk)?.then_some(event))
    }

    fn store_failed(&mut self, kiosk: usize, error: &StoreError) -> core::Event {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        self.note(Some(kiosk), format_args!("store: {error}: {cause}"));
        core::Event::StoreFailed
    }

    /// Kills the process between the platform's answer and the row leaving the outbox.
    fn dies_before(&mut self, kiosk: usize, save: &Save) -> bool {
        let Save::Acknowledge(_) = save else { return false };
        let dies = self.strikes(Kind::KillBeforeDelete, 8_000, Some(kiosk));
        if dies {
            self.kill(kiosk);
        }
        dies
    }

    /// The process is gone; it starts again after a while.
    pub(super) fn kill(&mut self, kiosk: usize) {
        self.kiosks[kiosk].kill();
        self.start_later(kiosk);
    }

    fn start_later(&mut self, kiosk: usize) {
        let life = self.kiosks[kiosk].life;
        let at_ms = self.now_ms + self.misfortune.between(2_000, 20_000);
        self.at(at_ms, Event::Boot { kiosk, life });
    }

    /// Something may happen to the disk in the middle of the transaction to come.
    pub(super) fn disk_misfortune(&mut self, kiosk: usize) {
        if !self.faults.may(Kind::PowerCut, self.now_ms) || !self.misfortune.chance(700) {
            return;
        }
        if self.kiosks[kiosk].ailment.is_some() {
            return;
        }
        let used = self.kiosks[kiosk].disk.bytes_used();
        let soon = u64::try_from(self.misfortune.between(1, 10)).unwrap_or(1);
        let full = Ailments { bytes_max: Some(used), ..Ailments::default() };
        let choice = self.misfortune.weighted(&[
            (40, Trouble::Cut(soon)),
            (20, Trouble::Ail(Kind::Full, full)),
            (15, Trouble::Ail(Kind::ReadOnly, Ailments { read_only: true, ..Ailments::default() })),
            (20, Trouble::Fail(soon)),
            (5, Trouble::Lose),
        ]);
        let disk = &self.kiosks[kiosk].disk;
        let kind = match choice {
            Some(Trouble::Cut(changes)) => return disk.cut_after(changes),
            Some(Trouble::Lose) => return self.lose_disk(kiosk),
            Some(Trouble::Ail(kind, ailments)) => {
                disk.ail(ailments);
                kind
            }
            Some(Trouble::Fail(operations)) => {
                disk.fail_after(operations);
                Kind::InputOutput
            }
            None => return,
        };
        self.kiosks[kiosk].ailment = Some((kind, disk.troubles()));
        let at_ms = self.now_ms + self.misfortune.between(2_000, 10 * 60_000);
        self.at(at_ms, Event::Mend { kiosk });
    }

    fn lose_disk(&mut self, kiosk: usize) {
        self.hit(Kind::Loss, Some(kiosk));
        self.kiosks[kiosk].kill();
        self.kiosks[kiosk].disk.lose();
        self.start_later(kiosk);
    }

    /// Counts an ailment the first time it hits, and ends the process when the current went; false when it did.
    pub(super) fn disk_held(&mut self, kiosk: usize) -> Result<bool, FleetError> {
        self.trouble(kiosk);
        if !self.kiosks[kiosk].disk.is_off() {
            return Ok(self.kiosks[kiosk].process.is_some());
        }
        self.hit(Kind::PowerCut, Some(kiosk));
        let seed = u64::try_from(self.misfortune.below(i64::MAX)).unwrap_or(0);
        self.kiosks[kiosk].cut_power(seed);
        self.start_later(kiosk);
        Ok(false)
    }

    fn trouble(&mut self, kiosk: usize) {
        let Some((kind, before)) = self.kiosks[kiosk].ailment else { return };
        let now = self.kiosks[kiosk].disk.troubles();
        if before != u64::MAX && now > before {
            self.kiosks[kiosk].ailment = Some((kind, u64::MAX));
            self.hit(kind, Some(kiosk));
        }
    }

    /// Sends a call; what becomes of it is drawn now.
    fn send(
        &mut self,
        kiosk: usize,
        origin: &str,
        (call, counter): (Call, Option<u64>),
    ) -> Result<(), FleetError> {
        let now = self.kiosks[kiosk].now(self.now_ms);
        let id = self.next_flight();
        let place = &mut self.kiosks[kiosk];
        let life = place.life;
        let Some(process) = place.process.as_mut() else { return Ok(()) };
        let at = process.state.request_time(now);
        let signer = process.signer.as_ref().filter(|_| call.is_signed());
        let signer = signer.map(|(identity, key)| Signer { device: identity.device, key, at, counter });
        let request = wire::encode(origin, &call, signer.as_ref()).map_err(FleetError::Encoding)?;
        process.flight = Some(Flight { id, call: call.clone(), counter });
        let weighty = is_weighty(&call);
        if weighty {
            self.note(Some(kiosk), format_args!("sends {} {}", request.path, Brief(&call)));
        }
        self.give_up_later(kiosk, (life, id), TIMEOUT_MS);
        let fate = self.draw_fate(kiosk, weighty);
        let way_ms = network::way_ms(&mut self.network);
        let parcel = |fate| {
            Box::new(Parcel {
                kiosk,
                life,
                flight: id,
                request: request.clone(),
                call: call.clone(),
                fate,
                waited: false,
            })
        };
        let later_ms = match fate {
            Fate::DropRequest => None,
            Fate::Partition(_) => self.network.chance(50_000).then_some(0),
            Fate::Delay(more) | Fate::Reorder(more) => Some(more),
            Fate::Duplicate(more) => {
                self.at(self.now_ms + way_ms + more, Event::Arrive(parcel(Fate::DropAnswer)));
                Some(0)
            }
            Fate::Fine | Fate::DropAnswer | Fate::DelayAnswer(_) | Fate::Portal | Fate::Truncate => Some(0),
        };
        if let Some(later_ms) = later_ms {
            self.at(self.now_ms + way_ms + later_ms, Event::Arrive(parcel(fate)));
        }
        self.kiosk_misfortune(kiosk);
        self.maybe_apart(kiosk)
    }

    fn give_up_later(&mut self, kiosk: usize, (life, flight): (u32, u64), after_ms: i64) {
        let answer = Box::new(Err(TransportError::Timeout));
        self.at(self.now_ms + after_ms, Event::Return { kiosk, life, flight, answer });
    }

    fn draw_fate(&mut self, kiosk: usize, weighty: bool) -> Fate {
        if self.kiosks[kiosk].cut_until_ms > self.now_ms {
            return Fate::DropRequest;
        }
        let fate = network::draw(&mut self.network, &self.faults, self.now_ms, weighty);
        if let Some(kind) = fate.kind() {
            self.hit(kind, Some(kiosk));
        }
        if let Fate::Partition(for_ms) = fate {
            self.kiosks[kiosk].cut_until_ms = self.now_ms + for_ms;
            self.note(Some(kiosk), format_args!("is cut off for {} s", for_ms / 1_000));
        }
        fate
    }

    /// What may happen to a kiosk with a request in the air.
    fn kiosk_misfortune(&mut self, kiosk: usize) {
        if self.strikes(Kind::KillInFlight, 250, Some(kiosk)) {
            self.kill(kiosk);
        } else if self.faults.may(Kind::Minutes, self.now_ms) && self.misfortune.chance(350) {
            self.set_clock(kiosk);
        }
    }

    /// Somebody, or something, sets the wall clock; the core notices within seconds.
    pub(super) fn set_clock(&mut self, kiosk: usize) {
        const DAY_MS: i64 = 86_400_000;
        let before = self.kiosks[kiosk].skew_ms;
        let minutes = self.misfortune.between(-120_000, 120_000);
        let year = if self.misfortune.chance(50_000) { 365 * DAY_MS } else { -365 * DAY_MS };
        let back = self.misfortune.between(5_000, 3_600_000);
        let choice = self.misfortune.weighted(&[
            (30, (Kind::Minutes, minutes)),
            (15, (Kind::DayAhead, DAY_MS)),
            (15, (Kind::DayBehind, -DAY_MS)),
            (10, (Kind::Epoch, -(super::city::START.get() + self.now_ms))),
            (20, (Kind::JumpBack, before - back)),
            (10, (Kind::Year, year)),
        ]);
        let Some((kind, skew_ms)) = choice else { return };
        self.kiosks[kiosk].skew_ms = skew_ms;
        self.hit(kind, Some(kiosk));
        let at_ms = self.now_ms + self.misfortune.between(100, 10_000);
        self.nudge_at(kiosk, at_ms);
    }

    /// The engine looks at its clocks at least every ten seconds.
    fn nudge_at(&mut self, kiosk: usize, at_ms: i64) {
        let life = self.kiosks[kiosk].life;
        if let Some(process) = self.kiosks[kiosk].process.as_mut()
            && process.wake_ms.is_none_or(|wake_ms| wake_ms > at_ms)
        {
            process.wake_ms = Some(at_ms);
            self.at(at_ms, Event::Wake { kiosk, life, at_ms });
        }
    }

    /// A request has reached the platform.
    pub(super) fn arrive(&mut self, mut parcel: Parcel) -> Result<(), FleetError> {
        let kiosk = parcel.kiosk;
        let Some(instance) = self.instance() else {
            return self.answer_later(&parcel, Err(TransportError::Unreachable));
        };
        if !parcel.waited && self.strikes(Kind::SlowDisk, 300, Some(kiosk)) {
            parcel.waited = true;
            let at_ms = self.now_ms + self.misfortune.between(1_000, 40_000);
            self.at(at_ms, Event::Arrive(Box::new(parcel)));
            return Ok(());
        }
        let instance = self.choose_instance(kiosk, instance);
        self.city.set_now(self.now_ms);
        let answer = self.city.serve(instance, &parcel.request)?;
        self.heed(&parcel, &answer)?;
        let dies = if is_weighty(&parcel.call) { 700 } else { 15 };
        if self.strikes(Kind::Crash, dies, Some(kiosk)) {
            let until_ms = self.now_ms + self.misfortune.between(1_000, 20_000);
            self.down_until_ms[instance] = until_ms;
            self.at(until_ms, Event::Up { instance });
            return self.answer_later(&parcel, Err(TransportError::Unreachable));
        }
        self.answer_later(&parcel, Ok(answer))
    }

    /// Two processes over one database: any of them may answer.
    fn choose_instance(&mut self, kiosk: usize, first: usize) -> usize {
        let mut chosen = first;
        if self.faults.may(Kind::OtherInstance, self.now_ms) && self.misfortune.chance(1_000) {
            let other = 1 - first;
            if self.down_until_ms[other] <= self.now_ms {
                chosen = other;
            }
        }
        if self.served_by[kiosk] != chosen && self.faults.may(Kind::OtherInstance, self.now_ms) {
            self.hit(Kind::OtherInstance, Some(kiosk));
        }
        self.served_by[kiosk] = chosen;
        chosen
    }

    fn answer_later(
        &mut self,
        parcel: &Parcel,
        answer: Result<WireAnswer, TransportError>,
    ) -> Result<(), FleetError> {
        let mut way_ms = network::way_ms(&mut self.network);
        let answer = match parcel.fate {
            Fate::DropAnswer | Fate::Partition(_) => return Ok(()),
            Fate::DelayAnswer(more) => {
                way_ms += more;
                answer
            }
            Fate::Portal => answer.map(|_| WireAnswer {
                status: 200,
                content_type: Some("text/html".to_owned()),
                retry_after: None,
                body: PORTAL.to_vec(),
            }),
            Fate::Truncate => answer.map(|mut answer| {
                answer.body.truncate(answer.body.len() / 2);
                answer
            }),
            Fate::Fine | Fate::DropRequest | Fate::Duplicate(_) | Fate::Delay(_) | Fate::Reorder(_) => answer,
        };
        let (kiosk, life, flight) = (parcel.kiosk, parcel.life, parcel.flight);
        self.at(self.now_ms + way_ms, Event::Return { kiosk, life, flight, answer: Box::new(answer) });
        Ok(())
    }

    /// An answer reaches the kiosk, if it still waits for it and nothing is in the way.
    pub(super) fn land(
        &mut self,
        kiosk: usize,
        (life, flight): (u32, u64),
        answer: Result<WireAnswer, TransportError>,
    ) -> Result<(), FleetError> {
        let now_ms = self.now_ms;
        let place = &mut self.kiosks[kiosk];
        if place.cut_until_ms > now_ms && answer.is_ok() {
            return Ok(());
        }
        let Some(process) = place.process.as_mut().filter(|_| place.life == life) else { return Ok(()) };
        let Some(open) = process.flight.take_if(|open| open.id == flight) else { return Ok(()) };
        let awaited = process.signer.as_ref().map(|(identity, _)| Awaited::by(identity, open.counter));
        let outcome =
            answer.map_err(Into::into).and_then(|answer| wire::decode(&open.call, &answer, awaited.as_ref()));
        let event = match outcome {
            Ok(answer) => core::Event::Answered(answer),
            Err(failure) => {
                self.note(Some(kiosk), format_args!("{} failed: {}", Brief(&open.call), failure.code()));
                core::Event::Failed(failure)
            }
        };
        self.drive(kiosk, event)
    }

    /// The event id of a new claim.
    pub(super) fn new_event(&mut self) -> EventId {
        EventId::from_bytes(self.people.bytes())
    }
}

/// What may happen to a disk.
#[derive(Clone, Copy)]
enum Trouble {
    /// The current fails after so many changes.
    Cut(u64),
    /// It is full or cannot be written, for a while.
    Ail(Kind, Ailments),
    /// One operation fails, so many from now.
    Fail(u64),
    /// It is replaced by an empty one.
    Lose,
}

/// True for what moves stock or promises.
fn is_weighty(call: &Call) -> bool {
    match call {
        Call::Enrol(_) | Call::Claims(_) | Call::Lease(_) | Call::Close(_) | Call::Confess(_) => true,
        Call::Heartbeat(_) | Call::Feed(_) | Call::Media { .. } => false,
    }
}

/// A call in a few words.
struct Brief<'a>(&'a Call);

impl std::fmt::Display for Brief<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Call::Enrol(_) => out.write_str("enrol"),
            Call::Heartbeat(_) => out.write_str("heartbeat"),
            Call::Feed(_) => out.write_str("feed"),
            Call::Media { .. } => out.write_str("media"),
            Call::Confess(_) => out.write_str("confession"),
            Call::Claims(request) => {
                let claims = request.claims.iter().map(|claim| format!("{}/{}", claim.lease, claim.slot));
                write!(out, "epoch {} {}", request.epoch, claims.collect::<Vec<_>>().join(" "))
            }
            Call::Lease(request) => write!(
                out,
                "epoch {} no. {} batch {} wants {}",
                request.epoch, request.request_no, request.batch, request.want
            ),
            Call::Close(request) => {
                write!(out, "epoch {} lease {} used {}", request.epoch, request.lease, request.used)
            }
        }
    }
}

//! Operators and the platform's own jobs: they pair, pause, suspend, push and rotate, mostly at a bad moment.

use super::{
    FleetError,
    city::{Asking, Reply},
    faults::Kind,
    town::MALLS,
    world::{Event, Undo, World},
};
use cloud_sync::core::{self, EnrolOrder};
use platform_api::{
    foundation::{act::Actor, jobs::Job, outbox},
    modules::{
        consumers::{self, Keys},
        fleet,
    },
};
use protocol::device::KioskConfig;
use serde_json::json;

/// Where every kiosk is told the platform is.
const ORIGIN: &str = "https://platform.sim";
/// The shortest pause between two runs of a job: what runs more often only finds nothing to do.
const JOB_MS_MIN: i64 = 10_000;
const OPERATOR: Actor = Actor::System("simulator");

/// The jobs of the platform, and one more place for its outbox.
pub fn jobs() -> Vec<Option<Job>> {
    platform_api::jobs().into_iter().map(Some).chain([None]).collect()
}

/// Who asks when two people are needed.
#[derive(Clone, Copy)]
enum Hand {
    Maker,
    Checker,
}

impl World {
    /// A job of the platform runs, and is due again.
    pub(super) fn run_job(&mut self, index: usize) -> Result<(), FleetError> {
        self.city.set_now(self.now_ms);
        let job = self.jobs.get(index).copied().flatten();
        let Some(app) = self.city.app() else { return Ok(()) };
        self.touched = true;
        let every_ms =
            job.map_or(JOB_MS_MIN, |job| i64::try_from((job.every_ms)(&app.config)).unwrap_or(i64::MAX));
        if self.instance().is_some() {
            let done = match job {
                Some(job) => (job.run)(app),
                None => outbox::dispatch(app, &self.handlers).map(drop),
            };
            if let Err(problem) = done {
                let what = format!(
                    "the job {} failed: {}",
                    job.map_or("outbox", |job| job.name),
                    problem.code().as_str()
                );
                self.blame(super::promises::Harm::Broken, "jobs", None, what);
            }
            if job.is_some_and(|job| job.name.starts_with("reclaim")) {
                self.check_stock()?;
            }
        }
        self.at(self.now_ms + every_ms.max(JOB_MS_MIN), Event::Job { index });
        Ok(())
    }

    /// Pushes a configuration to every kiosk.
    pub(super) fn push_config(&mut self) -> Result<(), FleetError> {
        self.config_version += 1;
        self.touched = true;
        let config = KioskConfig {
            version: self.config_version,
            feed_poll_s: 300,
            outbox_s: 60,
            ..KioskConfig::default()
        };
        self.city.set_now(self.now_ms);
        self.city.write(OPERATOR, move |tx, act| fleet::publish_config(tx, act, &config))
    }

    /// Somebody goes to the kiosk with a new pairing code; soon when nothing may go wrong any more.
    pub(super) fn call_installer(&mut self, kiosk: usize) {
        if self.kiosks[kiosk].pairing {
            return;
        }
        self.kiosks[kiosk].pairing = true;
        let calm = self.now_ms >= self.setting.faults_until_ms() || self.kiosks[kiosk].device.is_none();
        let wait_ms = if calm { 1_000 } else { self.people.between(60_000, 20 * 60_000) };
        self.at(self.now_ms + wait_ms, Event::Pair { kiosk });
    }

    /// Types a pairing code into the kiosk.
    pub(super) fn pair(&mut self, kiosk: usize) -> Result<(), FleetError> {
        self.kiosks[kiosk].pairing = false;
        let needed = self.kiosks[kiosk].process.as_ref().is_some_and(|process| process.needs_pairing);
        let Some(instance) = self.instance().filter(|_| needed) else {
            if needed {
                self.call_installer(kiosk);
            }
            return Ok(());
        };
        self.enrol(kiosk, instance)
    }

    fn enrol(&mut self, kiosk: usize, instance: usize) -> Result<(), FleetError> {
        self.city.set_now(self.now_ms);
        let place =
            json!({ "mall": self.town.malls[self.kiosks[kiosk].mall].to_string(), "place": "一层中庭" });
        let (reply, code) = match self.kiosks[kiosk].device {
            None => {
                let reply =
                    self.fleet_asks(instance, ("/api/o/v1/kiosks/pairing-codes", place), Hand::Maker)?;
                let code = reply.json["code"].as_str().map(str::to_owned);
                (reply, code)
            }
            Some(device) => {
                let path = format!("/api/o/v1/kiosks/{device}/pairing");
                self.fleet_asks(instance, (&path, place), Hand::Maker)?;
                let decision = (format!("{path}/decision"), json!({ "approve": true }));
                let reply = self.fleet_asks(instance, (&decision.0, decision.1), Hand::Checker)?;
                let code = reply.json["pairing"]["code"].as_str().map(str::to_owned);
                (reply, code)
            }
        };
        let Some(pairing_code) = code else {
            self.broken(Some(kiosk), "no pairing code", &reply);
            return Ok(());
        };
        self.note(Some(kiosk), format_args!("somebody types a pairing code"));
        self.kiosks[kiosk].typed = true;
        let order = EnrolOrder { origin: ORIGIN.to_owned(), pairing_code };
        self.drive(kiosk, core::Event::EnrolAsked(order))
    }

    /// One of the two people who let a known kiosk begin its next life asks the platform.
    fn fleet_asks(
        &mut self,
        instance: usize,
        (path, body): (&str, serde_json::Value),
        hand: Hand,
    ) -> Result<Reply, FleetError> {
        let key = self.next_key();
        let token = match hand {
            Hand::Maker => &self.town.fleet,
            Hand::Checker => &self.town.operator,
        };
        self.city.ask(instance, &Asking { token, path, key: &key, body: Some(body) })
    }

    /// Something is decided about what a person stands before at this moment.
    pub(super) fn maybe_meddle(&mut self, kiosk: usize) -> Result<(), FleetError> {
        if !self.faults.may(Kind::BatchPaused, self.now_ms) || !self.misfortune.chance(12_000) {
            return Ok(());
        }
        let Some(instance) = self.instance() else { return Ok(()) };
        self.city.set_now(self.now_ms);
        match self.misfortune.index(10) {
            0..=3 => self.pause_batch(kiosk, instance),
            4 | 5 => self.cut_stock(kiosk),
            6 | 7 => {
                self.hit(Kind::ConfigPushed, Some(kiosk));
                self.push_config()
            }
            8 => self.move_kiosk(kiosk, instance),
            _ => self.revoke_kiosk(kiosk, instance),
        }
    }

    fn pause_batch(&mut self, kiosk: usize, instance: usize) -> Result<(), FleetError> {
        let mall = self.kiosks[kiosk].mall;
        let of_mall: Vec<usize> =
            (0..self.paused.len()).filter(|batch| self.town.batches[*batch].mall == mall).collect();
        let pick = self.misfortune.index(of_mall.len());
        let Some(batch) = of_mall.get(pick).copied().filter(|batch| !self.paused[*batch]) else {
            return Ok(());
        };
        self.move_batch(batch, "pause", instance)?;
        self.paused[batch] = true;
        self.hit(Kind::BatchPaused, Some(kiosk));
        let at_ms = self.now_ms + self.misfortune.between(30_000, 40 * 60_000);
        self.at(at_ms, Event::Undo(Undo::Resume(batch)));
        Ok(())
    }

    /// Fewer a day than kiosks have in their leases by now.
    fn cut_stock(&mut self, kiosk: usize) -> Result<(), FleetError> {
        let batch = self.misfortune.index(self.cut.len());
        if self.cut[batch] || self.paused[batch] {
            return Ok(());
        }
        let per_day = u32::try_from(self.misfortune.between(1, 20)).unwrap_or(1);
        self.town.set_quota(&self.city, batch, Some(per_day))?;
        (self.cut[batch], self.touched) = (true, true);
        self.hit(Kind::StockCut, Some(kiosk));
        self.note(None, format_args!("batch {batch}: {per_day} a day"));
        let at_ms = self.now_ms + self.misfortune.between(10 * 60_000, 4 * 3_600_000);
        self.at(at_ms, Event::Undo(Undo::Restock(batch)));
        Ok(())
    }

    fn move_batch(&mut self, batch: usize, step: &str, instance: usize) -> Result<(), FleetError> {
        let path = format!("/api/o/v1/batches/{}/moves", self.town.batches[batch].id);
        let key = self.next_key();
        let body = Some(json!({ "move": step, "reason": "模拟" }));
        let asking = Asking { token: &self.town.approver, path: &path, key: &key, body };
        let reply = self.city.ask(instance, &asking)?;
        if reply.status != 200 {
            self.broken(None, &format!("batch {batch} does not {step}"), &reply);
        }
        self.note(None, format_args!("batch {batch}: {step}"));
        self.touched = true;
        Ok(())
    }

    /// The kiosk is wheeled into the other mall and paired there.
    fn move_kiosk(&mut self, kiosk: usize, instance: usize) -> Result<(), FleetError> {
        if self.kiosks[kiosk].device.is_none() {
            return Ok(());
        }
        self.kiosks[kiosk].mall = (self.kiosks[kiosk].mall + 1) % MALLS;
        self.hit(Kind::KioskMoved, Some(kiosk));
        self.enrol(kiosk, instance)
    }

    fn revoke_kiosk(&mut self, kiosk: usize, instance: usize) -> Result<(), FleetError> {
        let Some(device) = self.kiosks[kiosk].device else { return Ok(()) };
        let path = format!("/api/o/v1/kiosks/{device}/revoke");
        let key = self.next_key();
        let asking = Asking { token: &self.town.fleet, path: &path, key: &key, body: Some(json!({})) };
        let reply = self.city.ask(instance, &asking)?;
        if reply.status != 200 {
            self.broken(Some(kiosk), "a kiosk is not revoked", &reply);
        }
        self.hit(Kind::KioskRevoked, Some(kiosk));
        self.say_revoked(kiosk);
        Ok(())
    }

    /// The merchant is suspended while a customer stands at its till.
    pub(super) fn maybe_suspend(&mut self, till: usize) -> Result<(), FleetError> {
        if self.suspended[till] || !self.strikes(Kind::MerchantDisabled, 1_500, None) {
            return Ok(());
        }
        self.set_standing(till, "suspended")?;
        self.suspended[till] = true;
        let at_ms = self.now_ms + self.misfortune.between(60_000, 10 * 60_000);
        self.at(at_ms, Event::Undo(Undo::Reinstate(till)));
        Ok(())
    }

    fn set_standing(&mut self, till: usize, standing: &str) -> Result<(), FleetError> {
        let Some(instance) = self.instance() else { return Ok(()) };
        self.city.set_now(self.now_ms);
        let path = format!("/api/o/v1/merchants/{}/standing", self.town.tills[till].merchant);
        let key = self.next_key();
        let body = Some(json!({ "standing": standing, "reason": "模拟" }));
        let asking = Asking { token: &self.town.operator, path: &path, key: &key, body };
        let reply = self.city.ask(instance, &asking)?;
        if reply.status != 200 {
            self.broken(None, &format!("merchant of till {till} is not {standing}"), &reply);
        }
        Ok(())
    }

    /// Takes back what was decided.
    pub(super) fn undo(&mut self, undo: Undo) -> Result<(), FleetError> {
        let Some(instance) = self.instance() else {
            self.at(self.now_ms + 5_000, Event::Undo(undo));
            return Ok(());
        };
        self.city.set_now(self.now_ms);
        match undo {
            Undo::Resume(batch) if self.paused[batch] => {
                self.paused[batch] = false;
                self.move_batch(batch, "resume", instance)
            }
            Undo::Reinstate(till) if self.suspended[till] => {
                self.suspended[till] = false;
                self.set_standing(till, "active")
            }
            Undo::Restock(batch) if self.cut[batch] => {
                self.cut[batch] = false;
                self.touched = true;
                self.town.set_quota(&self.city, batch, None)
            }
            Undo::Resume(_) | Undo::Reinstate(_) | Undo::Restock(_) => Ok(()),
        }
    }

    /// The key that signed the code somebody holds up is not trusted any more.
    pub(super) fn maybe_rotate_key(&mut self, kiosk: usize) -> Result<(), FleetError> {
        if !self.strikes(Kind::KeyRotation, 1_000, Some(kiosk)) {
            return Ok(());
        }
        let Some(app) = self.city.app() else { return Ok(()) };
        let keys = Keys::of(app).map_err(|error| FleetError::Platform(error.to_string()))?;
        self.touched = true;
        self.city.write(OPERATOR, move |tx, act| {
            let ring = consumers::key_ring(tx, act)?;
            let Some(first) = ring.and_then(|ring| ring.keys.first().map(|key| key.key_id)) else {
                return Ok(());
            };
            consumers::revoke_key(tx, act, &keys, first).map(drop)
        })
    }

    /// No batch is offered any more, so that every lease comes to its end.
    pub(super) fn end_batches(&mut self) -> Result<(), FleetError> {
        let Some(instance) = self.instance() else { return Ok(()) };
        self.city.set_now(self.now_ms);
        (0..self.paused.len()).try_for_each(|batch| self.move_batch(batch, "end", instance))
    }
}

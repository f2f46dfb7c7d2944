//! One kiosk through many power cuts, beside a twin that sees none.
//!
//! The twin does each step after the kiosk was heard to have done it, so at a cut it stands where the kiosk stood before
//! the step under way; done once more on the twin, that step gives the only other state the ledger may be in.

use super::{
    dump::{self, Dump},
    report::Report,
    town::Town,
    work::{Machine, Said, Step, Work},
};
use crate::disk::VirtualDisk;
use cloud_sync::core::Save;

const LEDGER: &str = "ledger.db";
const CONTENT: &str = "content.db";
/// Opening is tried again at most so often when the power keeps going.
const OPENINGS_MAX: u32 = 8;

pub(super) struct Trial {
    seed: u64,
    town: Town,
    kiosk: Machine,
    twin: Machine,
    /// The disk as of the last power cut, and every step taken since: the way to any state in between.
    base: VirtualDisk,
    steps: Vec<Step>,
    /// States of the content since the last power cut: it may fall back to any.
    contents: Vec<Dump>,
    /// The content as the last power cut left it. Opening may drop it, because it is another mall's, and that is not
    /// durable at once: it may come back.
    left: Option<Dump>,
}

impl Trial {
    pub(super) fn new(disk: VirtualDisk, seed: u64) -> Trial {
        let base = disk.copy();
        let twin = Machine::new(disk.copy());
        let (town, kiosk) = (Town::new(seed), Machine::new(disk));
        Trial { seed, town, kiosk, twin, base, steps: Vec::new(), contents: Vec::new(), left: None }
    }

    /// Works and loses power until the report counts so many cuts, or something is broken.
    pub(super) fn run(&mut self, until_cuts: u64, report: &mut Report) {
        let before = self.kiosk.disk.changes();
        while report.cuts < until_cuts {
            let Some(under_way) = self.work(report) else { break };
            if let Err(fault) = self.survive(under_way, report) {
                let place = format!("kiosk {}, cut {}", self.seed, report.cuts);
                report.fault(|| format!("{place}: {fault}"));
                break;
            }
        }
        report.changes += self.kiosk.disk.changes() - before;
    }

    /// Works until the power goes; gives the step that was not heard to be done.
    fn work(&mut self, report: &mut Report) -> Option<Option<Step>> {
        let changes = match self.town.below(10) {
            0..3 => self.town.below(60),
            3..9 => self.town.below(600),
            // Long enough for SQLite to fold the log into the database by itself.
            _ => self.town.below(4_000),
        };
        self.kiosk.disk.cut_after(changes + 1);
        loop {
            let step = match &self.twin.store {
                Some(store) => self.town.next(store),
                None => self.town.restart(false),
            };
            let said = self.kiosk.carry_out(&step);
            let is_off = self.kiosk.disk.is_off();
            if is_off && matches!(said, Said::Failed(_)) {
                return Some(Some(step));
            }
            self.acknowledge(step, said, report)?;
            if is_off {
                return Some(None);
            }
        }
    }

    /// The kiosk has heard it: from here on it must be there.
    fn acknowledge(&mut self, step: Step, said: Said, report: &mut Report) -> Option<()> {
        let twins = self.twin.carry_out(&step);
        if said != twins {
            report.diverged += 1;
            report.fault(|| format!("kiosk {}: {said:?}, the twin: {twins:?}, at {step:?}", self.seed));
            return None;
        }
        match &step.work {
            Work::Save(save) if is_content(save) => report.content.acknowledged += 1,
            Work::Save(_) | Work::Claim(_) | Work::OpenSession(_) => {
                report.ledger.acknowledged += u64::from(!matches!(said, Said::Failed(_)));
            }
            Work::Restart { .. } => {}
        }
        report.vouchers_shown += u64::from(matches!(said, Said::Claimed(_)));
        self.town.hear(&step, &said);
        self.remember(step);
        Some(())
    }

    fn remember(&mut self, step: Step) {
        let touches_content = match &step.work {
            Work::Save(save) => is_content(save) || matches!(**save, Save::CompleteEnrolment { .. }),
            Work::Restart { .. } => true,
            Work::Claim(_) | Work::OpenSession(_) => false,
        };
        self.steps.push(step);
        if touches_content {
            self.contents.extend(dump::read(&self.twin.disk, CONTENT).ok());
        }
    }

    /// Brings the power back, opens the store and looks at what is left.
    fn survive(&mut self, under_way: Option<Step>, report: &mut Report) -> Result<(), String> {
        let before = self.twin_ledger();
        let heard = self.steps.len();
        if let Some(step) = under_way {
            self.twin.carry_out(&step);
            self.remember(step);
        }
        let allowed = [before, self.twin_ledger()];
        self.town.forget();
        // Now and then only the program dies: nothing is lost yet, and must not be when the power goes later.
        let killed = self.town.below(6) == 0;
        let was_cut = self.reopen(killed, report)?;
        let ledger = self.check(report)?;
        if allowed[0].is_some() && !allowed.contains(&Some(ledger.clone())) {
            return Err(self.blame_ledger(&allowed[0], &ledger, heard, report));
        }
        if allowed[0].as_ref() == Some(&ledger) {
            self.steps.truncate(heard);
        }
        self.settle(was_cut);
        Ok(())
    }

    /// Opens the store, through more cuts if they come; true if the power went at all.
    fn reopen(&mut self, mut killed: bool, report: &mut Report) -> Result<bool, String> {
        let mut was_cut = false;
        for opening in 0..OPENINGS_MAX {
            self.kiosk.store = None;
            if killed {
                self.kiosk.disk.kill();
                report.kills += 1;
            } else {
                report.note(&self.kiosk.disk.restore_power(self.town.below(u64::MAX)));
                report.cuts_in_opening += u64::from(opening > 0);
                self.left = dump::read(&self.kiosk.disk.copy(), CONTENT).ok();
                was_cut = true;
            }
            killed = false;
            if self.town.below(3) == 0 {
                let changes = self.town.below(40) + 1;
                self.kiosk.disk.cut_after(changes);
            }
            let seed = self.town.below(u64::MAX);
            let opened = self.kiosk.open(seed);
            if self.kiosk.disk.is_off() {
                continue;
            }
            return match opened {
                Ok(damage) if damage.is_empty() => Ok(was_cut),
                Ok(damage) => {
                    report.ledger.corrupt += 1;
                    Err(format!("{damage:?}"))
                }
                Err(error) => {
                    report.ledger.corrupt += 1;
                    Err(crate::words::chain(&error))
                }
            };
        }
        self.kiosk.store = None;
        report.note(&self.kiosk.disk.restore_power(self.town.below(u64::MAX)));
        self.left = dump::read(&self.kiosk.disk.copy(), CONTENT).ok();
        let seed = self.town.below(u64::MAX);
        self.kiosk.open(seed).map(|_| true).map_err(|error| crate::words::chain(&error))
    }

    /// Checks all but what the ledger holds, and gives that.
    fn check(&mut self, report: &mut Report) -> Result<Dump, String> {
        let disk = &self.kiosk.disk;
        for (name, store) in [(LEDGER, &mut report.ledger), (CONTENT, &mut report.content)] {
            let faults = dump::faults(disk, name).unwrap_or_else(|error| vec![error.to_string()]);
            if !faults.is_empty() {
                store.corrupt += 1;
                return Err(format!("{name}: {faults:?}"));
            }
        }
        let pinned = dump::pinned_key(disk).map_err(|error| error.to_string())?;
        let own = self.kiosk.store.as_ref().map(|store| store.signing_key().verifying_key().to_bytes());
        if pinned.is_some() && pinned != own {
            report.keys_wrong += 1;
            return Err("the device key is not the one that is pinned".to_owned());
        }
        let read = |name: &str| dump::read(disk, name).map_err(|error| format!("{name}: {error}"));
        self.check_content(&read(CONTENT)?, report)?;
        read(LEDGER)
    }

    fn check_content(&self, content: &Dump, report: &mut Report) -> Result<(), String> {
        if self.contents.is_empty() {
            return Ok(());
        }
        match self.contents.iter().rposition(|state| state == content) {
            Some(place) => {
                report.content.undone += (self.contents.len() - 1 - place) as u64;
                Ok(())
            }
            None => {
                report.content.corrupt += 1;
                let last = self.contents.last().cloned().unwrap_or_default();
                let (gone, new) = (last.missing_in(content), content.missing_in(&last));
                Err(format!("content.db is in a state it was never in; rows gone {gone:?}, new {new:?}"))
            }
        }
    }

    /// Not what was acknowledged: an older state, or none that ever was?
    fn blame_ledger(
        &self,
        acknowledged: &Option<Dump>,
        ledger: &Dump,
        heard: usize,
        report: &mut Report,
    ) -> String {
        let acknowledged = acknowledged.clone().unwrap_or_default();
        let missing = acknowledged.missing_in(ledger);
        report.ledger.rows_lost += missing.len() as u64;
        let vouchers = acknowledged.count("voucher").saturating_sub(ledger.count("voucher"));
        report.vouchers_lost += vouchers as u64;
        let what = match self.find_in_history(ledger, heard) {
            Some(undone) => {
                report.ledger.undone += undone;
                format!("the last {undone} changes of the ledger are undone")
            }
            None => {
                report.ledger.corrupt += 1;
                "ledger.db is in a state it was never in".to_owned()
            }
        };
        format!("{what}; {vouchers} vouchers lost; rows missing of {missing:?}")
    }

    /// How many acknowledged changes of the ledger came after it was last like this.
    fn find_in_history(&self, ledger: &Dump, heard: usize) -> Option<u64> {
        let mut machine = Machine::new(self.base.copy());
        if self.base.bytes_used() > 0 {
            machine.open(0).ok()?;
        }
        let (mut undone, mut last) = (None, Dump::default());
        for step in self.steps[..heard].iter().map(Some).chain([None]) {
            let state = dump::read(&machine.disk, LEDGER).unwrap_or_default();
            if state == *ledger {
                undone = Some(0);
            } else if state != last {
                undone = undone.map(|changes| changes + 1);
            }
            last = state;
            step.map(|step| machine.carry_out(step));
        }
        undone
    }

    /// What was found is what is, for the twin too.
    fn settle(&mut self, was_cut: bool) {
        let copy = self.kiosk.disk.copy();
        self.twin = Machine::new(copy);
        let seed = self.town.below(u64::MAX);
        if self.twin.open(seed).is_err() {
            self.twin.store = None;
        }
        if was_cut {
            self.base = self.kiosk.disk.copy();
            self.steps.clear();
            self.contents = self.left.take().into_iter().collect();
        }
        self.contents.extend(dump::read(&self.twin.disk, CONTENT).ok());
    }

    /// `None` when it never was opened.
    fn twin_ledger(&self) -> Option<Dump> {
        self.twin.store.as_ref()?;
        dump::read(&self.twin.disk, LEDGER).ok()
    }
}

fn is_content(save: &Save) -> bool {
    matches!(save, Save::ApplyPage(_))
}

//! What no protocol can hide: a disk set back, a disk in two kiosks, a platform back at an older backup.
//!
//! These run apart and are judged by a bound: the city never pays for more than there is, and no more promises break
//! than the losing copy could have made. What could have been made is counted here, outside the system under test.

use super::{
    FleetError,
    faults::{Family, Kind},
    kiosk::Kiosk,
    promises::Harm,
    world::{Event, World},
};
use crate::disk::Snapshot;

/// An image of a disk, and the promises made before it.
pub struct Image {
    snapshot: Snapshot,
    promises: usize,
}

/// What is kept for the faults that run apart.
#[derive(Default)]
pub struct Apart {
    images: Vec<Option<Image>>,
    /// The place of the first promise that a lost past may have broken, by kiosk, while its copy is not found out.
    losing: Vec<Option<usize>>,
    /// The place of the first promise after the platform's backup.
    backup: Option<usize>,
    restored: bool,
    /// Promises that may be broken.
    pub bound: u64,
}

impl World {
    fn apart_is(&self, family: Family) -> bool {
        self.setting.families.contains(&family) && self.now_ms < self.setting.faults_until_ms()
    }

    /// Asked when a kiosk has a request in the air.
    pub(super) fn maybe_apart(&mut self, kiosk: usize) -> Result<(), FleetError> {
        if self.apart.images.len() < self.kiosks.len() {
            self.apart.images.resize_with(self.kiosks.len(), || None);
            self.apart.losing.resize(self.kiosks.len(), None);
        }
        if self.kiosks[kiosk].device.is_none() || self.kiosks[kiosk].process.is_none() {
            return Ok(());
        }
        if self.apart_is(Family::Rollback) && self.misfortune.chance(150) {
            self.image_or_roll_back(kiosk);
        }
        if self.apart_is(Family::Clone)
            && self.misfortune.chance(60)
            && self.kiosks.len() < 2 * self.setting.kiosks
        {
            self.clone_disk(kiosk);
        }
        if self.apart_is(Family::Restore) && self.misfortune.chance(200) {
            self.back_up_or_restore(kiosk)?;
        }
        Ok(())
    }

    fn image_or_roll_back(&mut self, kiosk: usize) {
        let made = self.promises.all().len();
        let Some(image) = self.apart.images[kiosk].take() else {
            let snapshot = self.kiosks[kiosk].disk.snapshot();
            self.apart.images[kiosk] = Some(Image { snapshot, promises: made });
            self.note(Some(kiosk), format_args!("an image of its disk is made"));
            return;
        };
        self.hit(Kind::DiskRolledBack, Some(kiosk));
        self.kiosks[kiosk].kill();
        self.kiosks[kiosk].disk.restore(&image.snapshot);
        self.apart.losing[kiosk].get_or_insert(image.promises);
        let life = self.kiosks[kiosk].life;
        self.at(self.now_ms + 5_000, Event::Boot { kiosk, life });
    }

    /// A second machine starts with a copy of the disk.
    fn clone_disk(&mut self, kiosk: usize) {
        let made = self.promises.all().len();
        self.hit(Kind::DiskCloned, Some(kiosk));
        let mut twin = Kiosk::new(self.kiosks[kiosk].mall, self.kiosks[kiosk].skew_ms);
        twin.disk = self.kiosks[kiosk].disk.copy();
        let place = self.kiosks.len();
        self.kiosks.push(twin);
        self.served_by.push(0);
        self.log.grow();
        self.apart.images.push(None);
        self.apart.losing.push(Some(made));
        self.apart.losing[kiosk].get_or_insert(made);
        self.at(self.now_ms + 5_000, Event::Boot { kiosk: place, life: 0 });
        let at_ms = self.now_ms + self.people.between(60_000, 600_000);
        self.at(at_ms, Event::Visit { kiosk: place });
    }

    fn back_up_or_restore(&mut self, kiosk: usize) -> Result<(), FleetError> {
        let file = self.city.folder().join("backup.db");
        let made = self.promises.all().len();
        if self.apart.backup.is_none() {
            self.note(None, format_args!("the platform is backed up"));
            self.apart.backup = Some(made);
            return self.city.back_up(&file);
        }
        if self.apart.restored || self.now_ms < self.setting.faults_until_ms() / 2 {
            return Ok(());
        }
        self.apart.restored = true;
        self.hit(Kind::PlatformRestored, Some(kiosk));
        self.city.restore(&file)
    }

    /// A kiosk was paired anew: the copy that lost its past is found out and issues nothing of it any more.
    pub(super) fn found_out(&mut self, kiosk: usize) {
        let Some(first) = self.apart.losing.get_mut(kiosk).and_then(Option::take) else { return };
        let since = self.promises.all().iter().skip(first).filter(|promise| promise.kiosk == kiosk).count();
        self.apart.bound += u64::try_from(since).unwrap_or(0);
        self.count("copies_found_out");
    }

    /// True for harm that the bound allows for; it is counted and ends nothing.
    pub(super) fn is_bounded(&self, harm: Harm) -> bool {
        self.setting.is_apart() && matches!(harm, Harm::Lost | Harm::Doubled)
    }

    /// At the end: no more was broken than could be.
    pub(super) fn check_bound(&mut self) {
        if !self.setting.is_apart() {
            return;
        }
        for kiosk in 0..self.apart.losing.len() {
            if self.apart.losing[kiosk].is_some() {
                self.count("copies_not_found_out");
            }
            self.found_out(kiosk);
        }
        if let Some(first) = self.apart.backup.filter(|_| self.apart.restored) {
            let since = self.promises.all().len() - first;
            self.apart.bound += u64::try_from(since).unwrap_or(0);
        }
        let broken: u64 = ["lost", "doubled"].iter().filter_map(|what| self.counters.get(what)).sum();
        self.counters.insert("bound", self.apart.bound);
        if broken > self.apart.bound {
            let what = format!("{broken} promises are broken, {} could be", self.apart.bound);
            self.blame(Harm::OverIssued, "the bound", None, what);
        }
    }
}

//! What a kiosk does with its store, as data: done once on the disk under test and once on the twin's.

use crate::disk::VirtualDisk;
use cloud_sync::{
    core::{Save, Saved, perform},
    store::{ClaimOrder, ClaimedVoucher, Damage, SessionOpening, Store, StoreError},
    testing::SeededChance,
};
use domain::{consumer_code::CodeHead, time::UtcMillis};
use std::sync::Arc;

/// One thing to do.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Save(Box<Save>),
    Claim(ClaimOrder),
    OpenSession(CodeHead),
    /// The program ends as it should, or is killed, and starts again.
    Restart {
        killed: bool,
    },
}

/// When, and with which chance.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub work: Work,
    pub now: UtcMillis,
    pub seed: u64,
}

/// What the store said: from here on it is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Saved(Saved),
    Claimed(ClaimedVoucher),
    Opening(SessionOpening),
    Restarted(Vec<Damage>),
    /// It did not do it.
    Failed(String),
}

/// A disk and the store on it.
pub(super) struct Machine {
    pub disk: VirtualDisk,
    pub store: Option<Store>,
}

impl Machine {
    pub(super) fn new(disk: VirtualDisk) -> Machine {
        Machine { disk, store: None }
    }

    pub(super) fn open(&mut self, seed: u64) -> Result<Vec<Damage>, StoreError> {
        self.store = None;
        let (store, damage) = Store::open(Arc::new(self.disk.clone()), &mut SeededChance::new(seed))?;
        self.store = Some(store);
        Ok(damage)
    }

    pub(super) fn carry_out(&mut self, step: &Step) -> Said {
        let failed = |error: &dyn std::error::Error| Said::Failed(crate::words::chain(error));
        if let Work::Restart { killed } = step.work {
            if killed {
                self.disk.kill();
            }
            return self.open(step.seed).map_or_else(|error| failed(&error), Said::Restarted);
        }
        let Some(store) = &mut self.store else { return Said::Failed("not open".to_owned()) };
        match &step.work {
            Work::Restart { .. } => Said::Restarted(Vec::new()),
            Work::Save(save) => {
                let mut key_seed = [0; 32];
                key_seed[..8].copy_from_slice(&step.seed.to_be_bytes());
                let save = Save::clone(save);
                perform(store, save, step.now, key_seed).map_or_else(|error| failed(&error), Said::Saved)
            }
            Work::Claim(order) => {
                store.claim(order, step.now).map_or_else(|error| failed(&error), Said::Claimed)
            }
            Work::OpenSession(head) => {
                store.open_session(head).map_or_else(|error| failed(&error), Said::Opening)
            }
        }
    }
}

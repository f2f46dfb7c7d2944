//! A kiosk of the fleet: the real store on a disk of its own and the real sync core, without the thread and the screen.
//!
//! What a shell does stands here: effects are carried out in order, one at a time, and whoever waits for an answer is
//! gone when the process is. The wall clock is the true time and an error; the monotonic one is never wrong.

use super::{FleetError, chance::Dice, city::START, faults::Kind};
use crate::disk::VirtualDisk;
use cloud_sync::{
    core::{About, Link, State},
    ports::{Anchor, Now},
    store::{Identity, Store},
    wire::Call,
};
use domain::{ids::DeviceId, time::UtcMillis};
use ed25519_dalek::SigningKey;
use std::{sync::Arc, time::Duration};

/// A kiosk, running or not.
pub struct Kiosk {
    /// The mall it stands in.
    pub mall: usize,
    /// What the operators know it as; `None` before it was enrolled.
    pub device: Option<DeviceId>,
    /// Its disk.
    pub disk: VirtualDisk,
    /// Its program.
    pub process: Option<Process>,
    /// Counts its processes: what was meant for an earlier one reaches nobody.
    pub life: u32,
    /// How far its wall clock is ahead of the true time.
    pub skew_ms: i64,
    /// Nothing gets through before this instant.
    pub cut_until_ms: i64,
    /// What is wrong with its disk, and the troubles counted before (`u64::MAX` once it has hit).
    pub ailment: Option<(Kind, u64)>,
    /// Somebody is on the way to pair it.
    pub pairing: bool,
    /// A pairing code was typed, and it was not heard since whether it worked.
    pub typed: bool,
    /// What it last said of its link.
    pub link: Option<Link>,
    /// The push stream it listens to.
    pub stream: Option<u32>,
}

/// A running program.
pub struct Process {
    /// The store.
    pub store: Store,
    /// The sync core.
    pub state: State,
    /// Who signs its requests.
    pub signer: Option<(Identity, SigningKey)>,
    /// For keys.
    pub chance: Dice,
    /// The request in the air.
    pub flight: Option<Flight>,
    /// When the core wants to be woken.
    pub wake_ms: Option<i64>,
    /// What time it is for the screen, while it may be issued by.
    pub time: Option<Anchor>,
    /// True while it must be paired.
    pub needs_pairing: bool,
}

/// A request in the air.
pub struct Flight {
    /// Names it.
    pub id: u64,
    /// What was asked.
    pub call: Call,
    /// Its number, if it is counted.
    pub counter: Option<u64>,
}

impl Kiosk {
    /// A kiosk out of its box.
    pub fn new(mall: usize, skew_ms: i64) -> Kiosk {
        Kiosk {
            mall,
            device: None,
            disk: VirtualDisk::new(),
            process: None,
            life: 0,
            skew_ms,
            cut_until_ms: 0,
            ailment: None,
            pairing: false,
            typed: false,
            link: None,
            stream: None,
        }
    }

    /// Both clocks of the machine.
    pub fn now(&self, now_ms: i64) -> Now {
        Now {
            wall: START.plus_ms(now_ms + self.skew_ms),
            monotonic: Duration::from_millis(u64::try_from(now_ms).unwrap_or(0)),
        }
    }

    /// What the screen takes for the platform's time, when it may decide by it.
    pub fn screen_now(&self, now_ms: i64) -> Option<UtcMillis> {
        let anchor = self.process.as_ref()?.time?;
        Some(anchor.at(self.now(now_ms)))
    }

    /// Starts the program over whatever is on the disk.
    pub fn boot(&mut self, now_ms: i64, mut chance: Dice) -> Result<(), FleetError> {
        let (store, damage) = Store::open(Arc::new(self.disk.clone()), &mut chance)?;
        if !damage.is_empty() {
            return Err(FleetError::Damage(format!("{damage:?}")));
        }
        let about = About { build: "0.1.0".to_owned(), hardware: "simulated".to_owned() };
        let seed = u64::try_from(chance.below(i64::MAX)).unwrap_or(0);
        let state = State::new(about, seed, self.now(now_ms));
        self.link = None;
        self.stream = None;
        self.process = Some(Process {
            store,
            state,
            signer: None,
            chance,
            flight: None,
            wake_ms: None,
            time: None,
            needs_pairing: false,
        });
        Ok(())
    }

    /// The program is gone, and with it whatever it had in memory. What it had written is in the system's hands.
    pub fn kill(&mut self) {
        self.disk.kill();
        self.process = None;
        self.life += 1;
    }

    /// The current fails, now or (if it was meant to) some writes ago.
    pub fn cut_power(&mut self, seed: u64) {
        self.disk.cut_power();
        self.process = None;
        self.life += 1;
        self.disk.restore_power(seed);
    }
}

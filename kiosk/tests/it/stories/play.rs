//! The core with a store of a few lines, and time that passes when it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cloud_sync::core::Link;
use cloud_sync::ports::{Anchor, Now};
use cloud_sync::store::{ClaimRefused, ClaimedVoucher, Usage};
use domain::ids::{BatchId, EventId, LeaseId};
use domain::time::UtcMillis;
use kiosk::app::view::{ScreenName, ViewModel};
use kiosk::app::{
    ClaimDone, ClaimFailed, Effect, Event, Holdings, OpeningFailed, ScannedBytes, Setup, State, Tap, handle,
    next_deadline, view,
};
use kiosk::ports::Cue;

use crate::mall;

/// The text of every voucher of the play begins like this.
pub const VOUCHER: &str = "CV1:PLAYED";

pub struct Play {
    pub state: State,
    pub now: Now,
    pub cues: Vec<Cue>,
    pub claims_made: u8,
    /// Slots left, by batch.
    pub slots: BTreeMap<BatchId, u32>,
    /// What the next claim meets instead of the store.
    pub claim_fails: Option<ClaimFailed>,
    burned: BTreeSet<([u8; 16], [u8; 8])>,
    held: BTreeMap<([u8; 16], BatchId), u32>,
}

impl Play {
    /// An enrolled kiosk at `text`, with two slots of every batch.
    pub fn at(text: &str) -> Self {
        let setup = Setup { build: "0.1.0".to_owned(), cards_per_page: 5, salt: 1 };
        let catalogue = mall::catalogue();
        let mut play = Self {
            now: Now { wall: mall::at(text), monotonic: Duration::from_secs(100) },
            cues: Vec::new(),
            claims_made: 0,
            slots: catalogue.batches.keys().map(|batch| (*batch, 2)).collect(),
            state: State::new(setup, catalogue),
            claim_fails: None,
            burned: BTreeSet::new(),
            held: BTreeMap::new(),
        };
        play.tell(Event::Enrolled(Ok(())));
        play.tell_time(true);
        play.tell(Event::LinkChanged(Link::Online));
        play
    }

    /// Tells an event, carries out what follows, and so on to the end.
    pub fn tell(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let effects = handle(&mut self.state, event, self.now);
            events.extend(effects.into_iter().filter_map(|effect| self.perform(effect)));
        }
    }

    /// Tells an event and gives what should be done, without doing it.
    pub fn effects(&mut self, event: Event) -> Vec<Effect> {
        handle(&mut self.state, event, self.now)
    }

    pub fn scan(&mut self, text: &str) {
        self.tell(Event::CodeSeen(ScannedBytes(text.as_bytes().to_vec())));
    }

    /// Sync says that the wall clock is right, and whether it may be issued by.
    pub fn tell_time(&mut self, trusted: bool) {
        let anchor = Anchor::new(self.now.wall, self.now);
        self.tell(Event::TimeChanged { anchor, trusted });
    }

    pub fn tap(&mut self, tap: Tap) {
        self.tell(Event::Tapped(tap));
    }

    /// Lets time pass, waking the core at each deadline it names, as the shell does.
    pub fn pass_s(&mut self, seconds: u64) {
        let end = self.now.monotonic + Duration::from_secs(seconds);
        while self.now.monotonic < end {
            let deadline = next_deadline(&self.state, self.now);
            assert!(deadline > self.now.monotonic, "the core asks for the past");
            let step = deadline.min(end) - self.now.monotonic;
            self.now.monotonic += step;
            self.now.wall = self.now.wall.plus_ms(i64::try_from(step.as_millis()).unwrap());
            self.tell(Event::Tick);
        }
    }

    pub fn view(&self) -> ViewModel {
        view(&self.state, self.now)
    }

    pub fn screen(&self) -> ScreenName {
        self.view().screen
    }

    /// The titles of the cards on the page.
    pub fn titles(&self) -> Vec<String> {
        self.view().offers.unwrap().cards.into_iter().map(|card| card.title).collect()
    }

    /// The word on the chip of this card.
    pub fn chip(&self, title: &str) -> String {
        let cards = self.view().offers.unwrap().cards;
        cards.into_iter().find(|card| card.title == title).unwrap().chip_text
    }

    pub fn wall(&self) -> UtcMillis {
        self.now.wall
    }

    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Play(cue) => {
                self.cues.push(cue);
                None
            }
            Effect::NudgeSync | Effect::ReportCamera(_) => None,
            Effect::CountStock => Some(Event::StockCounted(self.slots.clone())),
            Effect::OpenSession { token, head } => {
                let fresh = self.burned.insert((head.pseudonym.to_bytes(), head.nonce));
                let holdings = self.holdings(head.pseudonym.to_bytes());
                let outcome = if fresh { Ok(holdings) } else { Err(OpeningFailed::Replayed) };
                Some(Event::SessionOpened { token, outcome })
            }
            Effect::Claim { token, batch, pseudonym } => {
                let outcome = self.claim(batch, pseudonym.to_bytes());
                Some(Event::ClaimAnswered { token, batch, outcome })
            }
        }
    }

    fn claim(&mut self, batch: BatchId, person: [u8; 16]) -> Result<Box<ClaimDone>, ClaimFailed> {
        if let Some(failed) = self.claim_fails.take() {
            return Err(failed);
        }
        let slots = self.slots.entry(batch).or_default();
        if *slots == 0 {
            return Err(ClaimFailed::Refused(ClaimRefused::LeaseExhausted));
        }
        *slots -= 1;
        self.claims_made += 1;
        *self.held.entry((person, batch)).or_default() += 1;
        let voucher = ClaimedVoucher {
            text: format!("{VOUCHER}{}", self.claims_made),
            event: EventId::from_bytes([self.claims_made; 16]),
            batch,
            lease: LeaseId::from_bytes([1; 16]),
            slot: u32::from(self.claims_made),
            claimed_at: self.now.wall,
            redeem_before: self.now.wall.plus_ms(24 * 3_600_000),
        };
        Ok(Box::new(ClaimDone { voucher, holdings: self.holdings(person) }))
    }

    fn holdings(&self, person: [u8; 16]) -> Holdings {
        let mine = self.held.iter().filter(|((holder, _), _)| *holder == person);
        Holdings {
            usage: mine.map(|((_, batch), count)| (*batch, Usage { total: *count, today: *count })).collect(),
            stock: self.slots.clone(),
        }
    }
}

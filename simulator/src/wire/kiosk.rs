//! A kiosk without a screen: the shipped store, engine and HTTP transport, and the news it would show.

use crate::{
    cast::report::{Broken, Trying, must},
    clock::ShiftedClock,
};
use cloud_sync::{
    core::{About, Link, News},
    disk::FolderDisk,
    engine::{Parts, SyncHandle, start},
    owner::StoreHandle,
    ports::{Chance, Clock, Now},
    store::{Catalogue, ClaimOrder, SessionOpening, Settled, Store, StoreError},
    testing::SeededChance,
    transport::{http::HttpTransport, origin::Origin},
};
use domain::{
    consumer_code::verify_identify,
    ids::{BatchId, EventId},
};
use std::{
    path::Path,
    sync::{Arc, mpsc::Receiver},
    thread::JoinHandle,
    time::Duration,
};

/// How long anything may take: the longest wait of the kiosk's own, and a busy machine.
const WAIT_S_MAX: u64 = 60;

/// A running kiosk.
pub(super) struct Kiosk {
    store: StoreHandle,
    owner: Option<JoinHandle<()>>,
    sync: Option<SyncHandle>,
    news: Receiver<News>,
    clock: ShiftedClock,
    chance: SeededChance,
    /// What it was told and nobody waited for.
    told: Vec<News>,
}

impl Kiosk {
    /// A kiosk that keeps its data in `data`, trusts `authority` alone, and whose clock is `offset_ms` ahead.
    pub(super) fn start(data: &Path, authority: &str, offset_ms: i64) -> Result<Kiosk, Broken> {
        let mut chance = SeededChance::new(7);
        let (store, damage) =
            Store::open(Arc::new(FolderDisk::new(data)), &mut chance).trying("opening the kiosk's store")?;
        must(damage.is_empty(), || format!("a new store is damaged: {damage:?}"))?;
        let (store, owner) = StoreHandle::start(store).trying("giving the store a thread")?;
        let clock = ShiftedClock::new(offset_ms);
        let transport = HttpTransport::new(Some(authority.as_bytes())).trying("making a transport")?;
        let (sync, news) = start(Parts {
            store: store.clone(),
            transport: Arc::new(transport),
            clock: Arc::new(clock.clone()),
            chance: Box::new(chance.clone()),
            about: About { build: env!("CARGO_PKG_VERSION").to_owned(), hardware: "wire".to_owned() },
        })
        .trying("starting the engine")?;
        Ok(Kiosk { store, owner: Some(owner), sync: Some(sync), news, clock, chance, told: Vec::new() })
    }

    pub(super) fn enrol(&self, origin: &str, pairing_code: &str) -> Result<(), Broken> {
        let origin = Origin::parse(origin).trying("reading the platform's address")?;
        if let Some(sync) = &self.sync {
            sync.enrol(&origin, pairing_code);
        }
        Ok(())
    }

    /// A shopper shows a code and claims a coupon of `batch`; it is on the disk when this returns.
    pub(super) fn claim(&mut self, code: &str, batch: BatchId) -> Result<EventId, Broken> {
        let now = self.now().wall;
        let ring = self.catalogue().ring.clone().ok_or_else(|| Broken::new("the kiosk has no keys"))?;
        let head = verify_identify(code.as_bytes(), &ring, now).trying("reading a shopper's code")?.head;
        let mut noise = [0; 10];
        self.chance.fill(&mut noise);
        let event = EventId::new(now, &noise);
        let order = ClaimOrder { batch, pseudonym: head.pseudonym, event };
        let claimed = self.ask(move |store| -> Result<_, StoreError> {
            let opening = store.open_session(&head)?;
            Ok((opening, store.claim(&order, now)))
        })?;
        let (opening, claimed) = claimed.trying("opening a session")?;
        must(opening == SessionOpening::Opened, || "a fresh code was taken for a repeated one".to_owned())?;
        claimed.trying("claiming from the lease")?;
        if let Some(sync) = &self.sync {
            sync.nudge();
        }
        Ok(event)
    }

    /// Slots that can still be issued of a batch.
    pub(super) fn stock(&self, batch: BatchId) -> Result<u32, Broken> {
        let now = self.now().wall;
        let stock = self.ask(move |store| store.stock(now))?.trying("counting stock")?;
        Ok(stock.get(&batch).copied().unwrap_or(0))
    }

    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        self.store.catalogue()
    }

    /// Claims that have had no answer.
    pub(super) fn waiting(&self) -> Result<usize, Broken> {
        Ok(self.ask(|store| store.pending(usize::from(u16::MAX)))?.trying("reading the outbox")?.len())
    }

    /// Waits for news that `wanted` takes, also among those that came before; says which.
    pub(super) fn wait<T>(&mut self, what: &str, wanted: impl Fn(&News) -> Option<T>) -> Result<T, Broken> {
        let limit = self.now().monotonic + Duration::from_secs(WAIT_S_MAX);
        loop {
            if let Some(place) = self.told.iter().position(|news| wanted(news).is_some()) {
                let news = self.told.remove(place);
                return wanted(&news).ok_or_else(|| Broken::new("news that changed its mind"));
            }
            let left = limit.saturating_sub(self.now().monotonic);
            let Ok(news) = self.news.recv_timeout(left) else {
                return Err(Broken::new(format!("{what} did not come; untold: {:?}", self.told)));
            };
            self.told.push(news);
        }
    }

    /// Waits until news make `holds` true; it is looked at before the first and after each.
    pub(super) fn until(
        &mut self,
        what: &str,
        mut holds: impl FnMut(&Kiosk) -> Result<bool, Broken>,
    ) -> Result<(), Broken> {
        let limit = self.now().monotonic + Duration::from_secs(WAIT_S_MAX);
        while !holds(self)? {
            let left = limit.saturating_sub(self.now().monotonic);
            let Ok(news) = self.news.recv_timeout(left) else {
                return Err(Broken::new(format!("{what} did not come; told: {:?}", self.told)));
            };
            self.told.push(news);
        }
        Ok(())
    }

    /// Waits until pairing has worked, or for the code that says why not.
    pub(super) fn paired(&mut self) -> Result<Result<(), String>, Broken> {
        self.wait("the outcome of pairing", |news| {
            if let News::EnrolFailed { code } = news {
                return Some(Err(code.clone()));
            }
            (*news == News::Enrolled).then_some(Ok(()))
        })
    }

    /// Waits for the platform's word on a claim.
    pub(super) fn settled(&mut self, event: EventId) -> Result<Settled, Broken> {
        self.wait("the platform's word on a claim", |news| {
            if let News::ClaimSettled(settled) = news { Some(settled.clone()) } else { None }
                .filter(|settled| settled.event == event)
        })
    }

    /// Forgets news of the link; those to come are what counts.
    pub(super) fn forget_link(&mut self) {
        self.told.extend(self.news.try_iter());
        self.told.retain(|news| !matches!(news, News::Link(_)));
    }

    /// Waits until the screen was told that the platform does not answer.
    pub(super) fn offline(&mut self) -> Result<(), Broken> {
        self.wait("the word that the kiosk is offline", |news| {
            matches!(news, News::Link(Link::Offline { .. })).then_some(())
        })
    }

    /// Waits until the screen was told that the platform answers.
    pub(super) fn online(&mut self) -> Result<(), Broken> {
        self.wait("the word that the kiosk is online", |news| {
            matches!(news, News::Link(Link::Online)).then_some(())
        })
    }

    /// True if the screen was told of a broken link since [`Kiosk::forget_link`].
    pub(super) fn was_offline(&mut self) -> bool {
        self.told.extend(self.news.try_iter());
        self.told.iter().any(|news| matches!(news, News::Link(Link::Offline { .. })))
    }

    /// How often the platform's word on this claim was told and not waited for.
    pub(super) fn told_again(&mut self, event: EventId) -> usize {
        self.told.extend(self.news.try_iter());
        let is_of = |news: &&News| matches!(news, News::ClaimSettled(settled) if settled.event == event);
        self.told.iter().filter(is_of).count()
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Result<T, Broken> {
        self.store.ask(job).trying("asking the kiosk's store")
    }
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        if let Some(sync) = self.sync.take() {
            sync.stop();
        }
        // The store's thread ends with the last handle, which is dropped after this.
        drop(self.owner.take());
    }
}

//! Carries out what the core decides: the one task that talks to the platform, and the one that listens to it.

mod listen;

use crate::{
    core::{About, Effect, EnrolOrder, Event, News, Save, Saved, State, perform, step},
    owner::{OwnerError, StoreHandle},
    ports::{Chance, Clock},
    store::{Facts, Identity, Store, StoreError},
    transport::{Transport, TransportError, origin::Origin},
    wire::{self, Answer, Awaited, Call, Failure, Signer},
};
use domain::time::UtcMillis;
use ed25519_dalek::SigningKey;
use listen::Listener;
use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::mpsc;

/// News that may wait for a reader; past it the newest are dropped, because the truth is in the store.
const NEWS_MAX: usize = 1024;
/// Orders that may wait: people give them, and one at a time.
const ORDERS_MAX: usize = 64;
/// The engine looks at its clocks at least this often, so that a wall clock that was set is noticed.
const LOOK_S_MAX: u64 = 10;

/// What the engine is built from.
pub struct Parts {
    /// The kiosk's memory.
    pub store: StoreHandle,
    /// The way to the platform.
    pub transport: Arc<dyn Transport>,
    /// The clocks of the machine.
    pub clock: Arc<dyn Clock>,
    /// For keys and jitter.
    pub chance: Box<dyn Chance>,
    /// What the kiosk says of itself.
    pub about: About,
}

/// Steers a running engine. When it is dropped the engine stops.
pub struct SyncHandle {
    orders: mpsc::Sender<Event>,
    thread: Option<JoinHandle<()>>,
}

/// Starts the engine on a thread of its own.
///
/// # Errors
/// When the system gives no thread or no runtime.
pub fn start(parts: Parts) -> io::Result<(SyncHandle, Receiver<News>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (engine, mut handle, news) = Engine::new(parts);
    let thread = std::thread::Builder::new()
        .name("cloud-sync".to_owned())
        .spawn(move || runtime.block_on(engine.run()))?;
    handle.thread = Some(thread);
    Ok((handle, news))
}

impl SyncHandle {
    /// Pairs the kiosk with the platform at `origin`; the outcome comes as [`News::Enrolled`] or
    /// [`News::EnrolFailed`].
    pub fn enrol(&self, origin: &Origin, pairing_code: &str) {
        self.order(Event::EnrolAsked(EnrolOrder {
            origin: origin.to_string(),
            pairing_code: pairing_code.trim().to_owned(),
        }));
    }

    /// Something waits to be sent, for example after a claim: do not wait for the next round.
    pub fn nudge(&self) {
        self.order(Event::Nudged);
    }

    /// Whether the camera delivers frames, for the heartbeat.
    pub fn camera(&self, works: bool) {
        self.order(Event::Camera(works));
    }

    /// Stops the engine and waits until it has; a request under way is dropped, what was not sent waits in the store.
    pub fn stop(self) {
        let SyncHandle { orders, thread } = self;
        drop(orders);
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the sync engine had panicked");
        }
    }

    fn order(&self, order: Event) {
        if self.orders.try_send(order).is_err() {
            tracing::warn!("the sync engine takes no orders");
        }
    }
}

/// The engine before it runs. [`start`] gives it a thread; tests run it on a clock of their own.
pub struct Engine {
    parts: Parts,
    state: State,
    signer: Option<(Identity, SigningKey)>,
    listener: Listener,
    orders: mpsc::Receiver<Event>,
    news: SyncSender<News>,
}

/// Why the engine ends.
enum Ended {
    /// Its handle was dropped.
    HandleDropped,
    /// The store was closed.
    StoreClosed,
}

impl Engine {
    /// An engine with its handle and the news it will tell.
    pub fn new(mut parts: Parts) -> (Engine, SyncHandle, Receiver<News>) {
        let mut seed = [0; 8];
        parts.chance.fill(&mut seed);
        let state = State::new(parts.about.clone(), u64::from_le_bytes(seed), parts.clock.now());
        let (give_order, orders) = mpsc::channel(ORDERS_MAX);
        let (news, read_news) = sync_channel(NEWS_MAX);
        let engine = Engine { parts, state, signer: None, listener: Listener::new(), orders, news };
        (engine, SyncHandle { orders: give_order, thread: None }, read_news)
    }

    /// Runs until the handle is dropped or the store is closed.
    pub async fn run(mut self) {
        match self.talk().await {
            Ended::HandleDropped => tracing::debug!("the sync engine was stopped"),
            Ended::StoreClosed => tracing::error!("the sync engine ended: the store is closed"),
        }
    }

    async fn talk(&mut self) -> Ended {
        let mut event = Event::Timer;
        loop {
            let mut effects = VecDeque::from(self.step(event));
            while let Some(effect) = effects.pop_front() {
                match self.carry_out(effect).await {
                    Ok(Some(outcome)) => effects.extend(self.step(outcome)),
                    Ok(None) => {}
                    Err(ended) => return ended,
                }
            }
            event = match self.next_event().await {
                Ok(event) => event,
                Err(ended) => return ended,
            };
        }
    }

    fn step(&mut self, event: Event) -> Vec<Effect> {
        step(&mut self.state, event, self.parts.clock.now())
    }

    async fn next_event(&mut self) -> Result<Event, Ended> {
        let wait = self.state.wake_at().saturating_sub(self.parts.clock.now().monotonic);
        tokio::select! {
            order = self.orders.recv() => order.ok_or(Ended::HandleDropped),
            pushed = self.listener.next() => Ok(pushed),
            () = tokio::time::sleep(wait.min(Duration::from_secs(LOOK_S_MAX))) => Ok(Event::Timer),
        }
    }

    async fn carry_out(&mut self, effect: Effect) -> Result<Option<Event>, Ended> {
        match effect {
            Effect::Tell(_) | Effect::Listen { .. } | Effect::HangUp { .. } => {
                self.do_aside(effect);
                Ok(None)
            }
            Effect::Look => self.look().map(Some),
            Effect::Save(save) => self.save(save).map(Some),
            Effect::Send { origin, call, counter } => self.send(&origin, &call, counter).await.map(Some),
        }
    }

    /// Does what nobody waits for. While something else is under way the core asks for nothing but this.
    fn do_aside(&mut self, effect: Effect) {
        match effect {
            Effect::Tell(news) => self.tell(news),
            Effect::Listen { stream, origin, since } => {
                let at = self.state.request_time(self.parts.clock.now());
                let request = listen::request(&origin, since, (self.signer.as_ref(), at));
                self.listener.listen(stream, Arc::clone(&self.parts.transport), request);
            }
            Effect::HangUp { .. } => self.listener.hang_up(),
            Effect::Look | Effect::Save(_) | Effect::Send { .. } => {
                tracing::error!(?effect, "the core asked for two things at once");
            }
        }
    }

    fn tell(&self, news: News) {
        if let Err(TrySendError::Full(news)) = self.news.try_send(news) {
            tracing::warn!(?news, "nobody reads the news");
        }
    }

    /// Waits for the store on this thread: nothing else runs here that could be waiting for us.
    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, Ended> {
        match self.parts.store.ask(job) {
            Ok(Ok(outcome)) => Ok(Some(outcome)),
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store refused");
                Ok(None)
            }
            Err(OwnerError::Busy) => Ok(None),
            Err(OwnerError::Closed) => Err(Ended::StoreClosed),
        }
    }

    fn look(&mut self) -> Result<Event, Ended> {
        let now = self.state.platform_now(self.parts.clock.now());
        let look = move |store: &mut Store| Ok((store.facts(now)?, store.signing_key()));
        let Some((facts, key)) = self.ask::<(Facts, SigningKey)>(look)? else {
            return Ok(Event::StoreFailed);
        };
        self.signer = facts.identity.clone().map(|identity| (identity, key));
        Ok(Event::Looked(Box::new(facts)))
    }

    fn save(&mut self, save: Save) -> Result<Event, Ended> {
        let now = self.state.platform_now(self.parts.clock.now());
        let mut key_seed = [0; 32];
        if save == Save::BeginEnrolment {
            self.parts.chance.fill(&mut key_seed);
        }
        let saved: Option<Saved> = self.ask(move |store| perform(store, save, now, key_seed))?;
        Ok(saved.map_or(Event::StoreFailed, Event::Saved))
    }

    /// Sends one call; orders and pushes that come meanwhile are noted by the core, which acts on them afterwards.
    async fn send(&mut self, origin: &str, call: &Call, counter: Option<u64>) -> Result<Event, Ended> {
        let at = self.state.request_time(self.parts.clock.now());
        let transport = Arc::clone(&self.parts.transport);
        let mut sending =
            std::pin::pin!(exchange(transport, origin, call, (self.signer.clone(), at, counter)));
        loop {
            let event = tokio::select! {
                outcome = &mut sending => return Ok(match outcome {
                    Ok(answer) => Event::Answered(answer),
                    Err(failure) => {
                        tracing::info!(code = failure.code(), "the platform did not answer as hoped: {failure}");
                        Event::Failed(failure)
                    }
                }),
                order = self.orders.recv() => order.ok_or(Ended::HandleDropped)?,
                pushed = self.listener.next() => pushed,
            };
            for effect in self.step(event) {
                self.do_aside(effect);
            }
        }
    }
}

async fn exchange(
    transport: Arc<dyn Transport>,
    origin: &str,
    call: &Call,
    (identity, at, counter): (Option<(Identity, SigningKey)>, UtcMillis, Option<u64>),
) -> Result<Answer, Failure> {
    let signer =
        identity.as_ref().map(|(identity, key)| Signer { device: identity.device, key, at, counter });
    let signer = signer.filter(|_| call.is_signed());
    let request = wire::encode(origin, call, signer.as_ref())
        .map_err(|_| Failure::Transport(TransportError::BadRequest))?;
    let answer = transport.send(request).await?;
    wire::decode(call, &answer, identity.map(|(identity, _)| Awaited::by(&identity, counter)).as_ref())
}

//! The shell: takes events, asks the core, carries out the effects and shows the view.
//!
//! It lives on the thread of the window. Nothing it does there waits for the disk, the camera or the network: each of
//! them has a thread of its own and answers with an event.

mod inbox;
mod ledger;
mod news;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use cloud_sync::core::About;
use cloud_sync::disk::FolderDisk;
use cloud_sync::engine::{self, SyncHandle};
use cloud_sync::owner::StoreHandle;
use cloud_sync::store::{MediaPolicy, Store, StoreError};
use cloud_sync::transport::{Transport, origin::Origin};
use domain::ids::EventId;

use crate::app::{self, Effect, Event, ScannedBytes, Setup, State, ViewModel};
use crate::ports::{Chance, Clock, MakeChance, Monotonic, Now, OpenCamera, Speaker};
use crate::scanner::{MakeDecoder, Scanner, ScannerLimits, ScannerParts, Sighting, Watching};
use crate::window::{Window, WindowError};
use inbox::Inbox;

/// Everything a kiosk needs from the world. A simulator brings its own; the kiosk behaves the same.
pub struct Parts {
    /// The clocks of the machine.
    pub clock: Arc<dyn Clock>,
    /// Times the calls of camera and decoder; it stands still while the machine sleeps, for no call is late by that.
    pub stopwatch: Arc<dyn Monotonic>,
    /// For ids, keys and jitter.
    pub chance: MakeChance,
    /// Opens the camera.
    pub camera: Arc<dyn OpenCamera>,
    /// Reads codes.
    pub decoder: MakeDecoder,
    /// Limits of the scanner's threads.
    pub scanner_limits: ScannerLimits,
    /// Plays sounds.
    pub speaker: Box<dyn Speaker>,
    /// The way to the platform.
    pub transport: Arc<dyn Transport>,
    /// Where the two databases and the device key are.
    pub data: PathBuf,
    /// How much of the disk pictures may take, and for which screen.
    pub media: MediaPolicy,
    /// What the kiosk says of itself.
    pub about: About,
}

/// Why a kiosk does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the store does not open")]
    Store(#[from] StoreError),
    /// There is no window to show anything in.
    #[error("the window does not open")]
    Window(#[from] WindowError),
    /// The system gives no thread.
    #[error("the system gives no thread")]
    Thread(#[from] io::Error),
}

/// A part without which a kiosk would only look alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The owner of the databases: nothing can be claimed any more.
    Store,
    /// The talk with the platform: nothing is reported or renewed any more.
    Sync,
}

/// Why a kiosk stopped although nobody closed its window.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The window broke.
    #[error("the window broke")]
    Window(#[from] WindowError),
    /// A part has ended, by a panic or because the other one had.
    #[error("the kiosk stops, to be started again: its {0:?} thread has ended")]
    Ended(Part),
}

/// A running kiosk. It belongs to the thread that started it; dropping it stops everything it started.
pub struct Kiosk {
    shell: Rc<Shell>,
}

struct Shell {
    inbox: Arc<Inbox>,
    state: RefCell<State>,
    window: Window,
    clock: Arc<dyn Clock>,
    chance: RefCell<Box<dyn Chance>>,
    speaker: Box<dyn Speaker>,
    watching: Cell<Watching>,
    scanner: Scanner,
    // Both are there until the kiosk is dropped.
    sync: Option<SyncHandle>,
    news: Option<JoinHandle<()>>,
    store: StoreHandle,
    // Dropped after the handle, because the store ends with the last one.
    _owner: Joined,
}

impl Kiosk {
    /// Opens the store, makes the window on the platform that was chosen for this thread, and starts all threads.
    ///
    /// # Errors
    /// [`StartError`]; a missing camera, sound card or network is none.
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let inbox = Arc::new(Inbox::default());
        let mut chance = (parts.chance)();
        let (mut store, damage) = Store::open(Arc::new(FolderDisk::new(&parts.data)), chance.as_mut())?;
        store.set_media_policy(parts.media);
        for damage in damage {
            tracing::error!(?damage, "a database was damaged and put aside");
        }
        let (store, owner) = StoreHandle::start(store)?;
        let owner = watch(owner, &inbox)?;
        let window = Window::new(&inbox_sender(&inbox))?;
        let (sync, told) = engine::start(engine::Parts {
            store: store.clone(),
            transport: parts.transport,
            clock: Arc::clone(&parts.clock),
            chance: (parts.chance)(),
            about: parts.about.clone(),
        })?;
        let news = news::forward(told, store.clone(), Arc::clone(&inbox))?;
        let scanner =
            start_scanner(parts.stopwatch, (parts.camera, parts.decoder), parts.scanner_limits, &inbox)?;
        let setup = Setup {
            build: parts.about.build,
            cards_per_page: window.cards_per_page(),
            salt: u64::from_ne_bytes(draw(chance.as_mut())),
        };
        let shell = Rc::new(Shell {
            state: RefCell::new(State::new(setup, store.catalogue())),
            inbox,
            window,
            clock: parts.clock,
            chance: RefCell::new(chance),
            speaker: parts.speaker,
            watching: Cell::new(Watching::Nothing),
            scanner,
            sync: Some(sync),
            news: Some(news),
            store,
            _owner: Joined(Some(owner)),
        });
        shell.connect();
        shell.show();
        tracing::info!("the kiosk is ready");
        Ok(Self { shell })
    }

    /// Handles what waits and shows the result; the event loop does it by itself.
    pub fn turn(&self) {
        self.shell.turn();
    }

    /// Without an event loop: waits at most `limit` for something to happen, then handles it; false when nothing did.
    pub fn turn_within(&self, limit: Duration) -> bool {
        let happened = self.shell.inbox.wait(limit);
        self.shell.turn();
        happened
    }

    /// Lets the kiosk look at its clocks again, for example after one was set.
    pub fn tick(&self) {
        self.shell.inbox.push(Event::Tick);
        self.shell.turn();
    }

    /// What is shown now.
    #[must_use]
    pub fn view(&self) -> ViewModel {
        app::view(&self.shell.state.borrow(), self.shell.clock.now())
    }

    /// Reads the state, for checks.
    pub fn with_state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.shell.state.borrow())
    }

    /// The kiosk's memory.
    #[must_use]
    pub fn store(&self) -> &StoreHandle {
        &self.shell.store
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.shell.window
    }

    /// Pairs the kiosk with a platform; the outcome is an event like any other.
    pub fn pair(&self, platform: &Origin, pairing_code: &str) {
        self.shell.with_sync(|sync| sync.enrol(platform, pairing_code));
    }

    /// Shows the window and serves shoppers until it is closed.
    ///
    /// # Errors
    /// [`RunError`]: the process should end with a failure then, so that its supervisor starts it again.
    pub fn run(&self) -> Result<(), RunError> {
        self.shell.window.run()?;
        self.check()
    }

    /// Whether the kiosk still lives; whoever runs the event loop asks when it has returned.
    ///
    /// # Errors
    /// [`RunError::Ended`] when a part has ended and took the kiosk along.
    pub fn check(&self) -> Result<(), RunError> {
        self.shell.inbox.ended().map_or(Ok(()), |part| Err(RunError::Ended(part)))
    }
}

impl Shell {
    /// Lets the event loop handle events, ticks and camera pictures.
    fn connect(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        self.window.on_tick(move || {
            if let Some(shell) = weak.upgrade() {
                shell.inbox.push(Event::Tick);
                shell.turn();
            }
        });
        let weak = Rc::downgrade(self);
        self.window.on_preview_due(move || weak.upgrade().and_then(|shell| shell.scanner.take_preview()));
        let (weak, inbox) = (Rc::downgrade(self), Arc::clone(&self.inbox));
        self.window.spawn(async move {
            loop {
                inbox.until_any().await;
                let Some(shell) = weak.upgrade() else { return };
                shell.turn();
            }
        });
    }

    fn turn(&self) {
        if let Some(part) = self.inbox.ended() {
            tracing::error!(?part, "a part of the kiosk has ended: the kiosk stops");
            self.window.stop();
            return;
        }
        let mut happened = false;
        while let Some(event) = self.inbox.take() {
            happened = true;
            let now = self.clock.now();
            let effects = app::handle(&mut self.state.borrow_mut(), event, now);
            for effect in effects {
                self.perform(effect, now);
            }
        }
        if happened {
            self.show();
        }
    }

    fn show(&self) {
        let now = self.clock.now();
        let state = self.state.borrow();
        let watching = app::watching(&state);
        if self.watching.replace(watching) != watching {
            self.scanner.watch(watching);
        }
        self.window.apply(app::view(&state, now));
        self.window.tick_in(app::next_deadline(&state, now).saturating_sub(now.monotonic));
    }

    fn perform(&self, effect: Effect, now: Now) {
        let at = self.state.borrow().time(now);
        match effect {
            Effect::OpenSession { token, head } => {
                ledger::open_session(&self.store, &self.inbox, (token, head), at);
            }
            Effect::Claim { token, batch, pseudonym } => {
                let event = EventId::new(at, &draw(self.chance.borrow_mut().as_mut()));
                let order = cloud_sync::store::ClaimOrder { batch, pseudonym, event };
                ledger::claim(&self.store, &self.inbox, (token, order), at);
            }
            Effect::CountStock => ledger::count_stock(&self.store, &self.inbox, at),
            Effect::NudgeSync => self.with_sync(SyncHandle::nudge),
            Effect::ReportCamera(works) => self.with_sync(|sync| sync.camera(works)),
            Effect::Play(cue) => self.speaker.play(cue),
        }
    }

    fn with_sync(&self, order: impl FnOnce(&SyncHandle)) {
        if let Some(sync) = &self.sync {
            order(sync);
        }
    }
}

impl Drop for Shell {
    /// Waits until nothing is under way between store and platform, so that the data folder can be opened again.
    fn drop(&mut self) {
        if let Some(sync) = self.sync.take() {
            sync.stop();
        }
        if let Some(news) = self.news.take() {
            // A panic in it was reported by the panic hook.
            drop(news.join());
        }
    }
}

/// The end of a thread is waited for when this is dropped.
struct Joined(Option<JoinHandle<()>>);

impl Drop for Joined {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It only waits for another thread, whose panic was reported by the panic hook.
            drop(thread.join());
        }
    }
}

/// Waits beside the store's thread, to say when it has ended.
fn watch(owner: JoinHandle<()>, inbox: &Arc<Inbox>) -> io::Result<JoinHandle<()>> {
    let inbox = Arc::clone(inbox);
    std::thread::Builder::new().name("store-watch".to_owned()).spawn(move || {
        drop(owner.join());
        inbox.end(Part::Store);
    })
}

fn start_scanner(
    clock: Arc<dyn Monotonic>,
    (camera, decoder): (Arc<dyn OpenCamera>, MakeDecoder),
    limits: ScannerLimits,
    inbox: &Arc<Inbox>,
) -> io::Result<Scanner> {
    let inbox = Arc::clone(inbox);
    let listener = Arc::new(move |sighting| {
        if let Some(event) = seen(sighting) {
            inbox.push(event);
        }
    });
    Scanner::start(ScannerParts { camera, decoder, clock, listener }, limits)
}

/// What a sighting means to the core.
fn seen(sighting: Sighting) -> Option<Event> {
    match sighting {
        Sighting::Code { payload, .. } => Some(Event::CodeSeen(ScannedBytes(payload.bytes))),
        Sighting::CameraReady => Some(Event::CameraChanged { works: true }),
        Sighting::CameraLost(error) => {
            tracing::warn!(%error, "the camera gives no frames");
            Some(Event::CameraChanged { works: false })
        }
        Sighting::Replaced(part) => {
            tracing::warn!(?part, "a part of the scanner was replaced");
            None
        }
        Sighting::GaveUp(part) => {
            tracing::error!(?part, "a part of the scanner was given up");
            Some(Event::CameraChanged { works: false })
        }
    }
}

fn inbox_sender(inbox: &Arc<Inbox>) -> Rc<dyn Fn(Event)> {
    let inbox = Arc::clone(inbox);
    Rc::new(move |event| inbox.push(event))
}

fn draw<const N: usize>(chance: &mut dyn Chance) -> [u8; N] {
    let mut bytes = [0; N];
    chance.fill(&mut bytes);
    bytes
}

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
        // The store's thread ends by itself with the last handle.
        let (store, _) = StoreHandle::start(store)?;
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
            start_scanner(&parts.clock, (parts.camera, parts.decoder), parts.scanner_limits, &inbox)?;
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
    /// When the window breaks.
    pub fn run(&self) -> Result<(), WindowError> {
        self.shell.window.run()
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

/// Frames are timed on the clock the whole kiosk has.
struct Face(Arc<dyn Clock>);

impl Monotonic for Face {
    fn monotonic(&self) -> Duration {
        self.0.now().monotonic
    }
}

fn start_scanner(
    clock: &Arc<dyn Clock>,
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
    let clock = Arc::new(Face(Arc::clone(clock)));
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

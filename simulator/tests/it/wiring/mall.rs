//! A mall of kiosks, the platform, and the virtual network between them.

use super::{PLATFORM, cable::Cable, desk::Desk};
use cloud_sync::{
    core::{About, News},
    disk::FolderDisk,
    engine::{Engine, Parts, SyncHandle},
    owner::StoreHandle,
    ports::{Chance, Clock, Now},
    store::{ClaimOrder, SessionOpening, Store},
    testing::SeededChance,
    transport::origin::Origin,
};
use domain::{
    consumer_code::verify_identify,
    ids::{BatchId, EventId},
    time::UtcMillis,
};
use platform_api::{
    build_router,
    config::Config,
    foundation::{
        app::{App, Demo},
        clock::{self, ManualClock},
        db::Db,
        entropy::SeededEntropy,
        jobs::Job,
        otp_sender::ConsoleOtpSender,
        outbox,
    },
    seed::{self, Plan},
    serve::serve_connection,
    start::{self, Adapters},
};
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::Receiver,
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{sync::watch, time::interval};
use turmoil::{Builder, Sim, net::TcpListener};

/// 2026-11-20T10:00:00+08:00: the malls open.
const START: UtcMillis = UtcMillis::from_seconds(1_795_140_000);
/// The grain of virtual time.
const TICK: Duration = Duration::from_millis(20);
/// A head that takes longer is not waited for, as in the shipped settings.
const HEAD_S_MAX: u64 = 10;
/// The place of the outbox in the platform's jobs.
const OUTBOX_EVERY: Duration = Duration::from_millis(250);

/// A kiosk without a screen.
pub struct Kiosk {
    pub store: StoreHandle,
    pub sync: SyncHandle,
    news: Receiver<News>,
    told: Vec<News>,
    chance: SeededChance,
    _folder: TempDir,
}

/// Everything.
pub struct Mall {
    pub sim: Sim<'static>,
    pub desk: Desk,
    pub kiosks: Vec<Kiosk>,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl Mall {
    /// A mall with `kiosks` that nobody has paired; `tune` sets the network.
    pub fn open(kiosks: usize, seed: u64, tune: impl FnOnce(&mut Builder)) -> Mall {
        let mut builder = Builder::new();
        builder.simulation_duration(Duration::from_secs(86_400)).tick_duration(TICK).tcp_capacity(4_096);
        builder.rng_seed(seed);
        tune(&mut builder);
        let mut sim = builder.build();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(START));
        let process = Process::over(folder.path().to_owned(), Arc::clone(&clock), seed);
        let desk_app = process.start();
        seed::plant(&desk_app, &Plan::demo().unwrap()).unwrap();
        let desk = Desk::new(desk_app);
        sim.host(PLATFORM.0, move || run_platform(process.start()));
        let kiosks =
            (0..kiosks).map(|number| start_kiosk(&mut sim, number, seed, Arc::clone(&clock))).collect();
        Mall { sim, desk, kiosks, clock, _folder: folder }
    }

    /// Lets virtual time pass until `holds`, for so many seconds at most; says how many it took.
    pub fn until(&mut self, what: &str, seconds: u64, mut holds: impl FnMut(&mut Mall) -> bool) -> f64 {
        let begun = self.sim.elapsed();
        while self.sim.elapsed() - begun < Duration::from_secs(seconds) {
            if holds(self) {
                return (self.sim.elapsed() - begun).as_secs_f64();
            }
            self.step();
        }
        let told: Vec<_> = self.kiosks.iter().map(|kiosk| &kiosk.told).collect();
        panic!("{what} did not come within {seconds} s; told: {told:?}");
    }

    /// Lets so much virtual time pass.
    pub fn pass(&mut self, time: Duration) {
        let until = self.sim.elapsed() + time;
        while self.sim.elapsed() < until {
            self.step();
        }
    }

    fn step(&mut self) {
        self.sim.step().unwrap();
        self.clock.set(START.plus_ms(i64::try_from(self.sim.elapsed().as_millis()).unwrap()));
        for kiosk in &mut self.kiosks {
            kiosk.told.extend(kiosk.news.try_iter());
        }
    }

    /// Pairs every kiosk and waits until it can issue `batch`.
    pub fn pair_all(&mut self, batch: BatchId, seconds: u64) {
        for number in 0..self.kiosks.len() {
            let code = self.desk.pairing_code();
            let platform = Origin::parse(&format!("https://{}", PLATFORM.0)).unwrap();
            self.kiosks[number].sync.enrol(&platform, &code);
        }
        self.until("stock on every kiosk", seconds, |mall| {
            (0..mall.kiosks.len()).all(|number| mall.stock(number, batch) > 0)
        });
    }

    /// A shopper shows a code to a kiosk and claims a coupon of `batch`; it is on the disk when this returns.
    pub fn claim(&mut self, number: usize, shopper: &str, batch: BatchId) -> EventId {
        let (code, now) = (self.desk.code(shopper), clock::Clock::now(&*self.clock));
        let kiosk = &mut self.kiosks[number];
        let ring = kiosk.store.catalogue().ring.clone().unwrap();
        let head = verify_identify(code.as_bytes(), &ring, now).unwrap().head;
        let mut noise = [0; 10];
        kiosk.chance.fill(&mut noise);
        let event = EventId::new(now, &noise);
        let order = ClaimOrder { batch, pseudonym: head.pseudonym, event };
        kiosk
            .store
            .ask(move |store| {
                assert_eq!(store.open_session(&head).unwrap(), SessionOpening::Opened);
                store.claim(&order, now).unwrap();
            })
            .unwrap();
        kiosk.sync.nudge();
        event
    }

    /// Slots a kiosk can still issue of a batch.
    pub fn stock(&self, number: usize, batch: BatchId) -> u32 {
        let now = clock::Clock::now(&*self.clock);
        let stock = self.kiosks[number].store.ask(move |store| store.stock(now)).unwrap().unwrap();
        stock.get(&batch).copied().unwrap_or(0)
    }

    /// Whether a kiosk offers a batch to be claimed.
    pub fn is_on(&self, number: usize, batch: BatchId) -> bool {
        self.kiosks[number].store.catalogue().batches.get(&batch).is_some_and(|row| row.active)
    }

    /// Claims of a kiosk that have had no answer.
    pub fn waiting(&self, number: usize) -> usize {
        self.kiosks[number].store.ask(|store| store.pending(1_000)).unwrap().unwrap().len()
    }
}

impl Kiosk {
    /// Everything the screen was told so far.
    pub fn told(&self) -> &[News] {
        &self.told
    }

    /// Forgets what the screen was told.
    pub fn forget(&mut self) {
        self.told.clear();
    }
}

/// What a process of the platform is started from, each time anew.
struct Process {
    db: Db,
    config: Config,
    clock: Arc<ManualClock>,
    otp_sender: Arc<ConsoleOtpSender>,
    seed: u64,
    starts: AtomicU64,
}

impl Process {
    fn over(folder: std::path::PathBuf, clock: Arc<ManualClock>, seed: u64) -> Process {
        let mut config = Config::default();
        config.database.folder = folder;
        let otp_sender = Arc::new(ConsoleOtpSender::quiet());
        Process {
            db: Db::open_inline(None).unwrap(),
            config,
            clock,
            otp_sender,
            seed,
            starts: AtomicU64::new(0),
        }
    }

    fn start(&self) -> App {
        let run = self.starts.fetch_add(1, Ordering::Relaxed);
        let demo = Demo { clock: Arc::default(), otp_sender: Arc::clone(&self.otp_sender) };
        let adapters = Adapters {
            clock: self.clock.clone(),
            entropy: Arc::new(SeededEntropy::of_run(self.seed, run)),
            otp_sender: self.otp_sender.clone(),
            demo: Some(demo),
        };
        start::assemble_over(self.db.clone(), self.config.clone(), adapters).unwrap()
    }
}

/// The platform as it is served: the shipped router, connections and jobs, on a listener of the virtual network.
async fn run_platform(app: App) -> turmoil::Result {
    let router = build_router(app.clone())?;
    let (_stop, stopped) = watch::channel(false);
    for job in platform_api::jobs() {
        tokio::spawn(run_every(job, app.clone()));
    }
    tokio::spawn(dispatch(app));
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PLATFORM.1)).await?;
    loop {
        let (socket, peer) = listener.accept().await?;
        tokio::spawn(serve_connection(socket, router.clone(), (peer, HEAD_S_MAX), stopped.clone()));
    }
}

async fn run_every(job: Job, app: App) {
    let mut round = interval(Duration::from_millis((job.every_ms)(&app.config).max(1)));
    loop {
        round.tick().await;
        assert!((job.run)(&app).is_ok(), "the job {} failed", job.name);
    }
}

async fn dispatch(app: App) {
    let handlers = platform_api::handlers();
    let mut round = interval(OUTBOX_EVERY);
    loop {
        round.tick().await;
        assert!(outbox::dispatch(&app, &handlers).is_ok(), "the outbox failed");
    }
}

fn start_kiosk(sim: &mut Sim<'static>, number: usize, seed: u64, clock: Arc<ManualClock>) -> Kiosk {
    let folder = tempfile::tempdir().unwrap();
    let place = u64::try_from(number).unwrap();
    let mut chance = SeededChance::new(seed * 1_000 + place);
    let (store, damage) = Store::open(Arc::new(FolderDisk::new(folder.path())), &mut chance).unwrap();
    assert!(damage.is_empty());
    let (store, _owner) = StoreHandle::start(store).unwrap();
    let (engine, sync, news) = Engine::new(Parts {
        store: store.clone(),
        transport: Arc::new(Cable),
        clock: Arc::new(KioskClock(clock)),
        chance: Box::new(chance.clone()),
        about: About { build: "0.1.0".to_owned(), hardware: "wiring".to_owned() },
    });
    sim.client(kiosk_name(number), async move {
        engine.run().await;
        Ok(())
    });
    Kiosk { store, sync, news, told: Vec::new(), chance, _folder: folder }
}

/// What the network calls a kiosk.
pub fn kiosk_name(number: usize) -> String {
    format!("kiosk-{number}")
}

/// The platform's clock without its error.
struct KioskClock(Arc<ManualClock>);

impl Clock for KioskClock {
    fn now(&self) -> Now {
        let wall = clock::Clock::now(&*self.0);
        Now { wall, monotonic: Duration::from_millis(wall.since(START).unsigned_abs()) }
    }
}

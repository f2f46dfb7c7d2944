//! The whole kiosk on a desk: real store, real scanner, real pixels; a platform in memory, a phone held before a camera
//! that is none, and clocks that move when they are told to.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use cloud_sync::core::About;
use cloud_sync::ports::Clock;
use cloud_sync::testing::{FakePlatform, ManualClock, Row, SeededChance, key_ring, mall_row, store_row};
use cloud_sync::transport::{Transport, origin::Origin};
use domain::ids::BatchId;
use domain::time::UtcMillis;
use i_slint_backend_testing::{
    AccessibleRole, ElementHandle, ElementQuery, TestingBackend, TestingBackendOptions, mock_elapsed_time,
};
use kiosk::adapters::qr_ladder::{LiveDecoder, StillDecoder};
use kiosk::adapters::system_clock::SystemClock;
use kiosk::app::view::ScreenName;
use kiosk::ports::{CameraError, Cue, Decoder, Frame, FrameSource, Speaker};
use kiosk::scanner::ScannerLimits;
use kiosk::shell::{Kiosk, Parts};
use slint::platform::PointerEventButton;
use slint::{ComponentHandle, PhysicalSize};

use crate::frames::{Look, with_code};
use crate::mall;

/// How long a desk waits for threads that have something to do.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(50);

/// A camera that sees what is held before it.
#[derive(Default)]
pub struct Camera {
    held: Mutex<Option<Frame>>,
    changed: Condvar,
}

impl Camera {
    pub fn hold(&self, frame: Option<Frame>) {
        *self.held.lock().unwrap() = frame;
        self.changed.notify_all();
    }
}

struct View(Arc<Camera>);

impl FrameSource for View {
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let held = self.0.held.lock().unwrap();
        let waited = self.0.changed.wait_timeout_while(held, GLANCE, |held| held.is_none());
        Ok(waited.unwrap().0.clone())
    }
}

#[derive(Clone, Default)]
pub struct Sounds(Arc<Mutex<Vec<Cue>>>);

impl Sounds {
    pub fn heard(&self) -> Vec<Cue> {
        self.0.lock().unwrap().clone()
    }
}

impl Speaker for Sounds {
    fn play(&self, cue: Cue) {
        self.0.lock().unwrap().push(cue);
    }
}

pub struct Desk {
    pub kiosk: Kiosk,
    pub clock: Arc<ManualClock>,
    pub camera: Arc<Camera>,
    pub sounds: Sounds,
}

/// A platform with the mall's offers and ten coupons of each.
pub fn city(now: UtcMillis) -> Arc<FakePlatform> {
    let platform = FakePlatform::new(now, 1);
    platform.pair("K7QF2M9D", None);
    platform.publish("mall", &Row::Mall(mall_row(1))).unwrap();
    platform.publish("ring", &Row::KeyRing(key_ring(1, &mall::key()))).unwrap();
    platform.publish("store", &Row::Store(store_row(1))).unwrap();
    for row in [mall::night(), mall::business(), mall::public()] {
        platform.set_stock(row.id, 40);
        platform.publish(&row.id.to_string(), &Row::Batch(Box::new(row))).unwrap();
    }
    Arc::new(platform)
}

impl Desk {
    /// A kiosk with its memory in `data`, on a thread that has no window yet.
    pub fn new(data: &std::path::Path, platform: Arc<FakePlatform>, now: UtcMillis) -> Self {
        Self::behind(data, platform, now)
    }

    /// A kiosk with this way to the platform, on a thread that has no window yet.
    pub fn behind(data: &std::path::Path, transport: Arc<dyn Transport>, now: UtcMillis) -> Self {
        let options = TestingBackendOptions {
            mock_time: true,
            threading: false,
            renderer_name: Some("software".into()),
        };
        slint::platform::set_platform(Box::new(TestingBackend::new(options))).expect("one desk a thread");
        Self::again(data, transport, now)
    }

    /// Another kiosk on the same thread.
    pub fn again(data: &std::path::Path, transport: Arc<dyn Transport>, now: UtcMillis) -> Self {
        let (clock, camera, sounds) =
            (Arc::new(ManualClock::new(now)), Arc::new(Camera::default()), Sounds::default());
        let (eyes, stopwatch) = (camera.clone(), Arc::new(SystemClock::new()));
        let decoder_clock = stopwatch.clone();
        let kiosk = Kiosk::start(Parts {
            clock: clock.clone(),
            stopwatch,
            chance: Arc::new(|| Box::new(SeededChance::new(7))),
            camera: Arc::new(move || Ok(Box::new(View(eyes.clone())) as Box<dyn FrameSource>)),
            decoder: Arc::new(move || Box::new(LiveDecoder::new(decoder_clock.clone())) as Box<dyn Decoder>),
            scanner_limits: ScannerLimits::default(),
            speaker: Box::new(sounds.clone()),
            transport,
            data: data.to_owned(),
            media: cloud_sync::store::MediaPolicy::default(),
            about: About { build: "0.1.0".to_owned(), hardware: "desk".to_owned() },
        })
        .unwrap();
        let component = kiosk.window().component();
        component.show().unwrap();
        component.window().set_size(PhysicalSize::new(1080, 1920));
        Self { kiosk, clock, camera, sounds }
    }

    /// Pairs the kiosk and waits until every offer and some stock of each is here.
    pub fn pair(&self) {
        self.kiosk.pair(&Origin::parse("https://platform.test").unwrap(), "K7QF2M9D");
        self.until("offers and stock", |desk| {
            desk.kiosk.with_state(|state| {
                let batches: Vec<BatchId> = state.device.catalogue.batches.keys().copied().collect();
                !batches.is_empty() && batches.iter().all(|batch| state.device.stock.contains_key(batch))
            })
        });
    }

    /// Lets the threads work until it is so.
    pub fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let clock = SystemClock::new();
        let began_at = clock.now().monotonic;
        while !is_so(self) {
            self.kiosk.turn_within(GLANCE);
            self.clock.pass_ms(50);
            mock_elapsed_time(GLANCE);
            assert!(clock.now().monotonic - began_at < PATIENCE, "{what} never came: {:?}", self.screen());
        }
    }

    pub fn until_screen(&self, screen: ScreenName) {
        self.until(screen.as_str(), |desk| desk.screen() == screen);
    }

    pub fn screen(&self) -> ScreenName {
        self.kiosk.view().screen
    }

    /// Lets time pass on the kiosk's clocks and in its window.
    pub fn pass_ms(&self, millis: u32) {
        for _ in 0..millis.div_ceil(50) {
            self.clock.pass_ms(50);
            mock_elapsed_time(Duration::from_millis(50));
            self.kiosk.turn();
        }
    }

    /// Holds a phone with this code up.
    pub fn show(&self, text: &str) {
        let look = Look { module: 6.0, ..Look::default() };
        self.camera.hold(Some(with_code(text.as_bytes(), look, (640, 480))));
    }

    /// Taps the one control with this spoken name.
    pub fn tap(&self, label: &str) {
        self.pass_ms(250);
        let component = self.kiosk.window().component();
        let query = ElementQuery::from_root(component).match_descendants();
        let mut named: Vec<ElementHandle> = Vec::new();
        for button in query.match_accessible_role(AccessibleRole::Button).find_all() {
            let is_new = !named.iter().any(|other| other.absolute_position() == button.absolute_position());
            if is_new && button.accessible_label().as_deref() == Some(label) {
                named.push(button);
            }
        }
        assert_eq!(named.len(), 1, "controls named {label} on {:?}", self.screen());
        named[0].mock_single_click(PointerEventButton::Left);
        self.kiosk.turn();
    }

    /// What the window shows, as grey pixels; kept as `target/screens/kiosk-<name>.png`.
    pub fn shot(&self, name: &str) -> Frame {
        self.pass_ms(1_000);
        let pixels = self.kiosk.window().component().window().take_snapshot().unwrap();
        let (width, height) = (pixels.width(), pixels.height());
        let picture = image::RgbaImage::from_raw(width, height, pixels.as_bytes().to_vec()).unwrap();
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screens");
        std::fs::create_dir_all(&folder).unwrap();
        picture.save(folder.join(format!("kiosk-{name}.png"))).unwrap();
        let luma = image::DynamicImage::ImageRgba8(picture).into_luma8().into_raw();
        Frame { luma, width, height, taken_at: Duration::ZERO }
    }
}

/// What the codes in a picture say.
pub fn read(frame: &Frame) -> Vec<String> {
    let mut decoder = StillDecoder::new(Arc::new(SystemClock::new()));
    let payloads = decoder.decode(&frame.luma, frame.width, frame.height);
    payloads.into_iter().map(|payload| payload.text).collect()
}

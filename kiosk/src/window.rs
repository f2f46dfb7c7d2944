//! The window: the only place that names Slint's types. `ViewModel` → properties, callbacks → `Event`.
//!
//! Nothing is decided here and nothing is read back. A screen that does not show holds no data: its door is emptied as
//! soon as its view is gone.

mod attract;
mod claimed;
mod maintenance;
mod offer_detail;
mod offers;
mod picture;
mod refused;
mod scan;
mod still_there;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use slint::{ComponentHandle, ModelRc, SharedString, Timer, TimerMode, VecModel};
use ui::{KioskWindow, Link, Nav, Screen, Session, Theme};

use crate::app::Event;
use crate::app::view::{FrameView, ScreenName, ViewModel};
use crate::scanner::Preview;

/// Takes what a shopper does.
pub type Send = Rc<dyn Fn(Event)>;

/// Pictures to aim by come at most this often: about as fast as a camera gives them.
const PREVIEW_INTERVAL: Duration = Duration::from_millis(40);
const UM_A_MM: f32 = 1_000.0;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No backend, no display, or it broke.
    #[error("the display cannot be used")]
    Platform(#[from] slint::PlatformError),
    /// Chinese text would be drawn as nothing.
    #[error("the fonts are missing")]
    Font(#[from] ui::fonts::FontMissing),
}

/// The kiosk's window and what it last showed.
pub struct Window {
    component: KioskWindow,
    shown: RefCell<Option<ViewModel>>,
    tick: Timer,
    preview: Timer,
    on_tick: RefCell<Option<Rc<dyn Fn()>>>,
    take_preview: RefCell<Option<Rc<TakePreview>>>,
}

type TakePreview = dyn Fn() -> Option<Preview>;

/// Chooses the backend this machine has: a window where a desktop runs, else the panel itself. Called once, before
/// [`Window::new`]; whoever sets a platform of its own does not call it.
///
/// # Errors
/// When this build lacks the backend, or the display is taken.
pub fn choose_backend() -> Result<(), WindowError> {
    let has_desktop = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let backend = if has_desktop && cfg!(feature = "desktop") { "winit" } else { "linuxkms" };
    let selector = slint::BackendSelector::new().backend_name(backend.into());
    Ok(selector.renderer_name("software".into()).select()?)
}

impl Window {
    /// Makes the window, tests its fonts, and sends what is done in it to `send`.
    ///
    /// # Errors
    /// [`WindowError`].
    pub fn new(send: &Send) -> Result<Self, WindowError> {
        let component = KioskWindow::new()?;
        ui::fonts::self_test(&component)?;
        let touched = Rc::clone(send);
        component.global::<Session>().on_touched(move || touched(Event::Touched));
        attract::connect(&component, send);
        scan::connect(&component, send);
        offers::connect(&component, send);
        offer_detail::connect(&component, send);
        claimed::connect(&component, send);
        refused::connect(&component, send);
        still_there::connect(&component, send);
        maintenance::connect(&component, send);
        Ok(Self {
            component,
            shown: RefCell::default(),
            tick: Timer::default(),
            preview: Timer::default(),
            on_tick: RefCell::default(),
            take_preview: RefCell::default(),
        })
    }

    /// The generated window, for pictures and tests of what it shows.
    #[must_use]
    pub fn component(&self) -> &KioskWindow {
        &self.component
    }

    /// How many cards fit a page.
    #[must_use]
    pub fn cards_per_page(&self) -> usize {
        let count = self.component.global::<ui::Offers>().get_cards_per_page();
        usize::try_from(count).unwrap_or(1)
    }

    /// Shows `model`; what has not changed is not touched.
    pub fn apply(&self, model: ViewModel) {
        let before = self.shown.replace(Some(model.clone()));
        let before = before.as_ref();
        if before == Some(&model) {
            return;
        }
        let window = &self.component;
        if before.is_none_or(|before| before.frame != model.frame) {
            show_frame(window, &model.frame);
        }
        // A door is filled before its screen opens, and emptied when its screen is gone.
        macro_rules! doors {
            ($($door:ident),+) => {$(
                if before.is_none_or(|before| before.$door != model.$door) {
                    $door::show(window, model.$door.as_ref());
                }
            )+};
        }
        doors!(attract, scan, offers, offer_detail, claimed, refused, still_there, maintenance);
        if before.is_none_or(|before| before.screen != model.screen) {
            window.global::<Nav>().set_screen(screen(model.screen));
            self.aim(model.screen == ScreenName::Scan);
        }
    }

    /// Calls `act` at the time [`Window::tick_in`] names.
    pub fn on_tick(&self, act: impl Fn() + 'static) {
        self.on_tick.replace(Some(Rc::new(act)));
    }

    /// Names the time of the next tick; an earlier one is forgotten.
    pub fn tick_in(&self, delay: Duration) {
        let act = self.on_tick.borrow().clone();
        self.tick.start(TimerMode::SingleShot, delay, move || {
            if let Some(act) = &act {
                act();
            }
        });
    }

    /// Where pictures to aim by come from while the scan screen shows.
    pub fn on_preview_due(&self, take: impl Fn() -> Option<Preview> + 'static) {
        self.take_preview.replace(Some(Rc::new(take)));
    }

    /// One picture is shown before the next is taken, so none ever waits.
    fn aim(&self, aiming: bool) {
        let take = self.take_preview.borrow().clone();
        let (true, Some(take)) = (aiming, take) else {
            self.preview.stop();
            return;
        };
        let window = self.component.as_weak();
        self.preview.start(TimerMode::Repeated, PREVIEW_INTERVAL, move || {
            if let (Some(preview), Some(window)) = (take(), window.upgrade()) {
                scan::aim(&window, &preview);
            }
        });
    }

    /// Runs `work` in the event loop; without one nothing runs, and whoever has no loop takes turns by hand.
    pub fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        if slint::spawn_local(work).is_err() {
            tracing::debug!("no event loop: turns are taken by hand");
        }
    }

    /// Ends the event loop, if there is one.
    pub fn stop(&self) {
        if let Err(error) = slint::quit_event_loop() {
            tracing::debug!(%error, "no event loop: whoever takes turns by hand asks what has ended");
        }
    }

    /// Shows the window and runs the event loop until it is closed.
    ///
    /// # Errors
    /// When the backend breaks.
    pub fn run(&self) -> Result<(), WindowError> {
        Ok(self.component.run()?)
    }
}

fn show_frame(window: &KioskWindow, frame: &FrameView) {
    let session = window.global::<Session>();
    session.set_mall_name(text(&frame.mall_name));
    session.set_clock(text(&frame.clock));
    session.set_date(text(&frame.date));
    session.set_link(if frame.online { Link::Online } else { Link::Offline });
    let theme = window.global::<Theme>();
    theme.set_night(frame.night);
    theme.set_mm_per_px(millimetres(frame.pixel_um));
}

#[expect(clippy::cast_precision_loss, reason = "a pitch of a few hundred micrometres is exact")]
fn millimetres(pixel_um: u32) -> f32 {
    pixel_um.clamp(50, 2_000) as f32 / UM_A_MM
}

fn screen(name: ScreenName) -> Screen {
    match name {
        ScreenName::Attract => Screen::Attract,
        ScreenName::Scan => Screen::Scan,
        ScreenName::Offers => Screen::Offers,
        ScreenName::OfferDetail => Screen::OfferDetail,
        ScreenName::Claimed => Screen::Claimed,
        ScreenName::Refused => Screen::Refused,
        ScreenName::StillThere => Screen::StillThere,
        ScreenName::Maintenance => Screen::Maintenance,
    }
}

/// Text for a property.
fn text(words: &str) -> SharedString {
    SharedString::from(words)
}

/// Lines for a property.
fn lines(words: &[String]) -> ModelRc<SharedString> {
    model(words.iter().map(|line| text(line)).collect())
}

fn model<T: Clone + 'static>(rows: Vec<T>) -> ModelRc<T> {
    ModelRc::new(VecModel::from(rows))
}

/// A number for a property.
fn number(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

/// A callback that sends one event.
fn tap(send: &Send, tap: crate::app::Tap) -> impl Fn() + 'static {
    let send = Rc::clone(send);
    move || send(Event::Tapped(tap))
}

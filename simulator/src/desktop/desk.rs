//! The two windows, and what the buttons of the panel do.
//!
//! It lives on the thread of the windows and never waits there: what takes time is asked on another thread, and the
//! answer is awaited by the event loop.

use super::{
    DesktopError, Options, fit,
    markup::{Note, Panel},
    town::{ClockMove, Town},
    words::{self, Around},
};
use crate::{
    clock::ShiftedClock,
    devices::{World, camera::Stage, kiosk_parts},
    network::Cable,
    story::{
        city::Consumer,
        report::{Broken, Trying},
    },
    words::chain,
};
use cloud_sync::transport::origin::Origin;
use kiosk::{
    adapters::{picture_file, system_chance::SystemChance},
    app::{Enrolment, Screen},
    ports::Chance,
    shell::{Kiosk, RunError},
};
use slint::{
    CloseRequestResponse, ComponentHandle, Model, ModelRc, SharedString, Timer, TimerMode, VecModel,
};
use std::{
    cell::{Cell, RefCell},
    future::Future,
    path::Path,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::runtime::Handle;

/// How often the status is written anew.
const REFRESH_EVERY: Duration = Duration::from_millis(400);
/// How much of its glass the kiosk shows at first; the panel says so too.
const PERCENT: i32 = 45;
/// The notes that have room on the panel.
const NOTES_MAX: usize = 4;

/// A kiosk, its world, and the panel that plays with it.
pub struct Desk {
    kiosk: Kiosk,
    panel: Panel,
    world: World,
    town: Option<Arc<Town>>,
    network: Handle,
    outbox_rows: Arc<AtomicU64>,
    /// What the plan calls the people in the list.
    people: RefCell<Vec<String>>,
    held: RefCell<Held>,
    notes: Rc<VecModel<Note>>,
    percent: Cell<i32>,
    /// The platform was looked for once; after that the button does it.
    has_met: Cell<bool>,
    refresh: Timer,
}

/// What is held before the camera.
#[derive(Clone, Debug, Default)]
struct Held {
    /// In words; empty when nothing is.
    words: String,
    /// The stay before the kiosk when a phone was raised; absent when it is no phone.
    raised_in: Option<Stay>,
}

/// How the kiosk answers phones: with a session, or with a no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stay {
    session: Option<u64>,
    is_refused: bool,
}

impl Desk {
    /// Starts the kiosk with the platform's time and makes both windows; `network` runs what waits for the platform.
    pub fn open(options: &Options, network: &Handle) -> Result<Rc<Desk>, DesktopError> {
        let town = match &options.platform {
            Some(origin) => Some(Arc::new(Town::new(origin, writer())?)),
            None => None,
        };
        let clock = town.as_ref().map(|town| network.block_on(town.clock()));
        let offset_ms = clock.and_then(Result::ok).map_or(0, |clock| clock.offset_ms);
        let world =
            World { clock: ShiftedClock::new(offset_ms), stage: Stage::default(), cable: Cable::new(true) };
        let kiosk = Kiosk::start(kiosk_parts(&world, &options.data, options.seed)?)?;
        // After the kiosk, whose markup brings the font of both.
        let panel = Panel::new()?;
        panel.set_has_platform(town.is_some());
        let desk = Rc::new(Desk {
            kiosk,
            panel,
            world,
            town,
            network: network.clone(),
            outbox_rows: Arc::default(),
            people: RefCell::default(),
            held: RefCell::default(),
            notes: Rc::default(),
            percent: Cell::new(PERCENT),
            has_met: Cell::new(false),
            refresh: Timer::default(),
        });
        desk.panel.set_notes(ModelRc::from(Rc::clone(&desk.notes)));
        desk.connect();
        desk.refresh();
        if desk.town.is_none() {
            desk.tell("没有指定平台，一体机保持未配对；用 --platform URL 指定", false);
        }
        Ok(desk)
    }

    /// Whether the kiosk still lives.
    pub fn check(&self) -> Result<(), RunError> {
        self.kiosk.check()
    }

    /// Shows both windows; the event loop must run then.
    pub fn show(self: &Rc<Self>) -> Result<(), slint::PlatformError> {
        let kiosk = self.kiosk.window().component();
        self.fit()?;
        kiosk.show()?;
        self.panel.show()?;
        for window in [kiosk.window(), self.panel.window()] {
            window.on_close_requested(|| {
                if let Err(error) = slint::quit_event_loop() {
                    tracing::error!(%error, "the event loop does not end");
                }
                CloseRequestResponse::HideWindow
            });
        }
        let desk = Rc::downgrade(self);
        self.refresh.start(TimerMode::Repeated, REFRESH_EVERY, move || {
            if let Some(desk) = desk.upgrade() {
                desk.refresh();
            }
        });
        Ok(())
    }

    /// Takes both windows away.
    pub fn hide(&self) -> Result<(), slint::PlatformError> {
        self.refresh.stop();
        self.panel.hide()?;
        self.kiosk.window().component().hide()
    }

    fn connect(self: &Rc<Self>) {
        // Windows keep their callbacks, so a callback must not keep the windows.
        macro_rules! on {
            ($name:ident, |$desk:ident $(, $argument:ident)*| $work:expr) => {
                let weak = Rc::downgrade(self);
                self.panel.$name(move |$($argument),*| {
                    if let Some($desk) = weak.upgrade() {
                        $work;
                        $desk.refresh();
                    }
                });
            };
        }
        on!(on_show_code, |desk, person| desk.act(Rc::clone(&desk).show_code(person)));
        on!(on_show_picture, |desk, file| desk.show_picture(file.as_str()));
        on!(on_lower, |desk| desk.lower());
        on!(on_plug, |desk, is_plugged| desk.plug(is_plugged));
        on!(on_shift, |desk, minutes| desk.move_clock(ClockMove::Minutes(minutes.into())));
        on!(on_go_to, |desk, hour, minute| desk.move_clock(ClockMove::To(hour.into(), minute.into())));
        on!(on_pair, |desk| desk.act(Rc::clone(&desk).meet()));
        on!(on_resize, |desk, percent| desk.percent.set(percent));
    }

    /// Writes the status anew and looks after the size of the kiosk.
    fn refresh(self: &Rc<Self>) {
        self.count_outbox();
        self.put_phone_away();
        let enrolment = self.kiosk.with_state(|state| state.device.enrolment);
        let has_town = self.town.is_some();
        let is_known = enrolment != Enrolment::Starting;
        if has_town && is_known && !self.has_met.replace(is_known) {
            self.act(Rc::clone(self).meet());
        }
        let held = self.held.borrow().words.clone();
        let around = Around {
            platform: self.town.as_ref().map(|town| town.origin()),
            is_plugged: self.world.cable.is_plugged(),
            outbox_rows: self.outbox_rows.load(Ordering::Relaxed),
            held: &held,
            at: self.world.clock.wall(),
        };
        let facts = self.kiosk.with_state(|state| words::facts(state, &around));
        self.panel.set_facts(ModelRc::new(VecModel::from(facts)));
        self.panel.set_is_plugged(around.is_plugged);
        self.panel.set_is_apart(has_town && (self.needs_pairing() || self.people.borrow().is_empty()));
        if let Err(error) = self.fit() {
            tracing::warn!(%error, "the kiosk's window does not take its size");
        }
    }

    fn fit(&self) -> Result<bool, slint::PlatformError> {
        let kiosk = self.kiosk.window().component();
        fit::apply(kiosk.window(), self.panel.window(), self.percent.get())
    }

    /// The store counts on its own thread; the next refresh shows it.
    fn count_outbox(&self) {
        let (rows, at) = (Arc::clone(&self.outbox_rows), self.world.clock.wall());
        let posted = self.kiosk.store().post(move |store| match store.facts(at) {
            Ok(facts) => rows.store(facts.outbox_rows, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "the outbox was not counted"),
        });
        if let Err(error) = posted {
            tracing::debug!(%error, "the outbox was not counted");
        }
    }

    fn needs_pairing(&self) -> bool {
        self.kiosk.with_state(|state| matches!(state.device.enrolment, Enrolment::Needed(_)))
    }

    /// Learns who lives here, and pairs a kiosk that belongs to no platform, as a technician would.
    async fn meet(self: Rc<Self>) -> Result<String, Broken> {
        let clock = self.ask(|town| async move { town.clock().await }).await?;
        self.set_clock(clock.offset_ms);
        let people = self.ask(|town| async move { Ok(town.city().await?.consumers.clone()) }).await?;
        self.list(&people);
        let Some(town) = self.town.as_ref().filter(|_| self.needs_pairing()) else {
            return Ok("平台已连上，一体机早已配对".to_owned());
        };
        let code = self.ask(|town| async move { town.pairing_code().await }).await?;
        let platform = Origin::parse(town.origin()).trying("reading the platform's address")?;
        self.kiosk.pair(&platform, &code);
        Ok("平台已连上，配对码已输入一体机".to_owned())
    }

    fn list(&self, people: &[Consumer]) {
        self.people.replace(people.iter().map(|person| person.key.clone()).collect());
        let names: Vec<SharedString> = people.iter().map(|person| words::person(person).into()).collect();
        self.panel.set_people(ModelRc::new(VecModel::from(names)));
    }

    async fn show_code(self: Rc<Self>, person: i32) -> Result<String, Broken> {
        let place = usize::try_from(person).unwrap_or(usize::MAX);
        let key = self.people.borrow().get(place).cloned();
        let key = key.ok_or_else(|| Broken::new("没有选择手机"))?;
        let name = self.panel.get_people().row_data(place).unwrap_or_default();
        let code = self.ask(|town| async move { town.code(&key).await }).await?;
        self.world.stage.show_code(code.as_bytes()).trying("drawing the code")?;
        self.held.replace(Held { words: format!("{name}的手机"), raised_in: Some(self.stay()) });
        Ok("消费码已亮出，120 秒内有效".to_owned())
    }

    fn show_picture(&self, file: &str) {
        let shown = picture_file::load(Path::new(file.trim()))
            .trying("reading the picture")
            .and_then(|picture| self.world.stage.show_picture(&picture).trying("showing the picture"));
        match shown {
            Ok(()) => {
                self.held.replace(Held { words: format!("图片 {}", file.trim()), raised_in: None });
                self.tell("图片已举到镜头前", false);
            }
            Err(error) => self.tell(&chain(&error), true),
        }
    }

    fn lower(&self) {
        self.world.stage.clear();
        self.held.take();
        self.tell("镜头前没有人了", false);
    }

    fn stay(&self) -> Stay {
        self.kiosk.with_state(|state| Stay {
            session: state
                .session
                .as_ref()
                .filter(|session| session.shopper.is_some())
                .map(|stay| stay.token),
            is_refused: matches!(state.screen, Screen::Refused { .. }),
        })
    }

    /// As people do when a kiosk has answered; a phone held on would be read again after the stay.
    fn put_phone_away(&self) {
        let stay = self.stay();
        let has_answer = stay.session.is_some() || stay.is_refused;
        if has_answer && self.held.borrow().raised_in.is_some_and(|before| before != stay) {
            self.world.stage.clear();
            self.held.take();
            self.tell("一体机已读到手机，手机已收起", false);
        }
    }

    fn plug(&self, is_plugged: bool) {
        self.world.cable.plug(is_plugged);
        let word =
            if is_plugged { "网线已接上，一体机会自己连回平台" } else { "网线已拔下" };
        self.tell(word, false);
    }

    fn move_clock(self: &Rc<Self>, by: ClockMove) {
        if self.town.is_some() {
            self.act(Rc::clone(self).move_both_clocks(by));
            return;
        }
        let now = self.world.clock.wall();
        self.set_clock(self.world.clock.offset_ms() + by.from(now).since(now));
        self.tell("一体机的时钟已调整", false);
    }

    /// The platform's clock first; meanwhile no answer gets through, for it would tell the kiosk the time of one clock
    /// while the other has not been moved.
    async fn move_both_clocks(self: Rc<Self>, by: ClockMove) -> Result<String, Broken> {
        let was_plugged = self.world.cable.is_plugged();
        self.world.cable.plug(false);
        let moved = self.ask(|town| async move { town.move_clock(by).await }).await;
        if let Ok(clock) = &moved {
            self.set_clock(clock.offset_ms);
        }
        self.world.cable.plug(was_plugged);
        moved.map(|_| "平台与一体机的时钟已一起调整".to_owned())
    }

    fn set_clock(&self, offset_ms: i64) {
        if self.world.clock.offset_ms() != offset_ms {
            self.world.clock.set_offset_ms(offset_ms);
            self.kiosk.tick();
        }
    }

    /// Asks the town on the network's thread.
    async fn ask<T, A>(&self, ask: impl FnOnce(Arc<Town>) -> A) -> Result<T, Broken>
    where
        T: Send + 'static,
        A: Future<Output = Result<T, Broken>> + Send + 'static,
    {
        let town = self.town.clone().ok_or_else(|| Broken::new("没有指定平台"))?;
        self.network.spawn(ask(town)).await.trying("asking the platform")?
    }

    /// Does something that takes time and tells how it went; the panel asks for nothing else meanwhile.
    fn act(self: &Rc<Self>, work: impl Future<Output = Result<String, Broken>> + 'static) {
        self.panel.set_is_busy(true);
        let desk = Rc::clone(self);
        let begun = slint::spawn_local(async move {
            let outcome = work.await;
            desk.panel.set_is_busy(false);
            match outcome {
                Ok(note) => desk.tell(&note, false),
                Err(error) => desk.tell(&chain(&error), true),
            }
            desk.refresh();
        });
        if let Err(error) = begun {
            self.panel.set_is_busy(false);
            self.tell(&chain(&error), true);
        }
    }

    fn tell(&self, text: &str, is_bad: bool) {
        let text = if is_bad { format!("没有成功：{text}") } else { text.to_owned() };
        let at = words::time(self.world.clock.wall());
        self.notes.insert(0, Note { at: at.into(), text: text.into(), is_bad });
        if self.notes.row_count() > NOTES_MAX {
            self.notes.remove(NOTES_MAX);
        }
    }
}

/// Opens the idempotency keys of this process: a platform remembers those of earlier ones.
fn writer() -> String {
    let mut bytes = [0; 8];
    SystemChance.fill(&mut bytes);
    format!("desktop-{:016x}", u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use i_slint_backend_testing::{ElementHandle, TestingBackend, TestingBackendOptions};

    const DAY_MS: i64 = 86_400_000;

    fn desk(data: &Path, network: &Handle) -> Rc<Desk> {
        let options = TestingBackendOptions {
            mock_time: true,
            threading: false,
            renderer_name: Some("software".into()),
        };
        slint::platform::set_platform(Box::new(TestingBackend::new(options))).unwrap();
        let options = Options { platform: None, data: data.to_owned(), seed: 1 };
        let desk = Desk::open(&options, network).unwrap();
        desk.panel.show().unwrap();
        // High enough that no button is scrolled away.
        desk.panel.window().set_size(slint::PhysicalSize::new(420, 1200));
        desk
    }

    fn press(desk: &Desk, label: &str) {
        let found = ElementHandle::find_by_accessible_label(&desk.panel, label).next();
        found.unwrap_or_else(|| panic!("no {label}")).invoke_accessible_default_action();
    }

    fn fact(desk: &Desk, label: &str) -> String {
        let found = desk.panel.get_facts().iter().find(|fact| fact.label == label);
        found.unwrap_or_else(|| panic!("no {label}")).value.into()
    }

    fn newest(desk: &Desk) -> Note {
        desk.panel.get_notes().row_data(0).expect("a note")
    }

    /// One test, because a thread has one set of windows and the buttons tell one story.
    #[test]
    fn the_buttons_reach_cable_clock_and_camera_and_the_panel_says_so() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let data = tempfile::tempdir().unwrap();
        let desk = desk(data.path(), runtime.handle());
        assert_eq!(fact(&desk, "平台"), "没有指定平台");
        assert!(newest(&desk).text.contains("--platform"), "{:?}", newest(&desk));

        press(&desk, "断网");
        assert!(!desk.world.cable.is_plugged());
        assert!(fact(&desk, "网络").contains("网线已拔"));
        press(&desk, "联网");
        assert!(desk.world.cable.is_plugged());

        press(&desk, "到 20:00");
        assert!(fact(&desk, "时间").ends_with("20:00"), "{}", fact(&desk, "时间"));
        let at_eight = desk.world.clock.offset_ms();
        assert!(at_eight.abs() <= DAY_MS);
        press(&desk, "+1 小时");
        assert_eq!(desk.world.clock.offset_ms(), at_eight + 3_600_000);

        let picture = data.path().join("poster.png");
        image::GrayImage::from_pixel(64, 48, image::Luma([200])).save(&picture).unwrap();
        desk.panel.invoke_show_picture(picture.to_string_lossy().as_ref().into());
        assert!(fact(&desk, "镜头前").contains("poster.png"));
        press(&desk, "收起手机");
        assert_eq!(fact(&desk, "镜头前"), "没有人");
        desk.panel.invoke_show_picture("/no/such/file.png".into());
        assert!(newest(&desk).is_bad);
        assert_eq!(fact(&desk, "镜头前"), "没有人");
        assert_eq!(desk.panel.get_notes().row_count(), NOTES_MAX);
    }
}

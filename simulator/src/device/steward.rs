//! Does what the control socket asks, on the thread of the window.

use super::{door::Asked, screen};
use crate::{
    control::{Answer, Request, Status, Until},
    devices::World,
    words::chain,
};
use cloud_sync::{ports::Clock, transport::origin::Origin};
use kiosk::{adapters::picture_file, app::Enrolment, ports::Monotonic, shell::Kiosk};
use slint::Timer;
use std::{collections::BTreeMap, error::Error, path::Path, rc::Rc, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// How often something that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How long a picture waits for movement on the screen to end; longer than any entrance.
const SETTLE_LIMIT: Duration = Duration::from_secs(4);
/// How long a whole pairing may take.
const PAIR_LIMIT: Duration = Duration::from_secs(60);

/// Serves the control socket.
pub struct Steward {
    kiosk: Rc<Kiosk>,
    world: World,
}

type Failed = Box<dyn Error>;

impl Steward {
    /// A steward of this kiosk and its world.
    pub fn new(kiosk: Rc<Kiosk>, world: World) -> Steward {
        Steward { kiosk, world }
    }

    /// Answers requests in their order until one asks to stop.
    pub async fn serve(self, mut asked: mpsc::Receiver<Asked>) {
        while let Some(Asked { request, answer }) = asked.recv().await {
            let stop = request == Request::Stop;
            let outcome = match self.perform(request).await {
                Ok(()) => self.status().map(|status| Answer::Done(Box::new(status))),
                Err(error) => Err(error),
            };
            let outcome = outcome.unwrap_or_else(|error| Answer::Failed(chain(error.as_ref())));
            // Whoever asked may be gone; what was asked is done all the same.
            drop(answer.send(outcome));
            if stop {
                break;
            }
        }
        if let Err(error) = slint::quit_event_loop() {
            tracing::error!(%error, "the event loop does not end");
        }
    }

    async fn perform(&self, request: Request) -> Result<(), Failed> {
        match request {
            Request::Pair { platform, code } => self.pair(&platform, &code).await?,
            Request::ShowCode { text } => self.world.stage.show_code(text.as_bytes())?,
            Request::ShowPicture { file } => self.world.stage.show_picture(&picture_file::load(&file)?)?,
            Request::Clear => self.world.stage.clear(),
            Request::Network { up } => self.world.cable.plug(up),
            Request::Clock { offset_ms } => {
                self.world.clock.set_offset_ms(offset_ms);
                self.kiosk.tick();
            }
            Request::Tap { label } => {
                screen::tap(self.kiosk.window().component(), &label).await?;
                // What the tap led to is on the screen before the answer says so.
                self.kiosk.turn();
            }
            Request::Wait { until, limit_ms } => {
                self.wait(Duration::from_millis(limit_ms), || self.holds(&until)).await?;
            }
            Request::Picture { file } => self.picture(&file).await?,
            Request::Status | Request::Stop => {}
        }
        Ok(())
    }

    async fn pair(&self, platform: &str, code: &str) -> Result<(), Failed> {
        self.kiosk.pair(&Origin::parse(platform)?, code);
        self.wait(PAIR_LIMIT, || Ok(self.is_enrolled() && self.offers() > 0)).await
    }

    async fn picture(&self, file: &Path) -> Result<(), Failed> {
        let window = self.kiosk.window().component();
        let until = self.world.clock.monotonic() + SETTLE_LIMIT;
        while !screen::is_settled(window)? && self.world.clock.monotonic() < until {
            look_again().await;
        }
        Ok(screen::picture(window, file)?)
    }

    async fn wait(&self, limit: Duration, holds: impl Fn() -> Result<bool, Failed>) -> Result<(), Failed> {
        let until = self.world.clock.monotonic() + limit;
        while !holds()? {
            if self.world.clock.monotonic() > until {
                return Err("waited in vain".into());
            }
            look_again().await;
        }
        Ok(())
    }

    fn holds(&self, until: &Until) -> Result<bool, Failed> {
        let window = self.kiosk.window().component();
        Ok(match until {
            Until::Screen(name) => screen::name(window) == name,
            Until::Text(part) => screen::texts(window).iter().any(|text| text.contains(part)),
            Until::Offers(count) => self.offers() >= *count,
            Until::Leases => self.has_every_lease()?,
            Until::Delivered => self.outbox_rows()? == 0,
            Until::Enrolled => self.is_enrolled(),
            Until::Online => self.is_online(),
        })
    }

    fn status(&self) -> Result<Status, Failed> {
        let window = self.kiosk.window().component();
        let at = self.world.clock.now().wall;
        let (stock, outbox_rows, sessions) = self.kiosk.store().ask(move |store| {
            Ok::<_, cloud_sync::store::StoreError>((
                store.stock(at)?,
                store.facts(at)?.outbox_rows,
                store.burned_codes()?,
            ))
        })??;
        Ok(Status {
            screen: screen::name(window).to_owned(),
            texts: screen::texts(window),
            buttons: screen::buttons(window),
            enrolled: self.is_enrolled(),
            online: self.is_online(),
            offers: self.offers(),
            lease_slots: stock.into_values().sum(),
            outbox_rows,
            sessions,
        })
    }

    fn is_enrolled(&self) -> bool {
        self.kiosk.with_state(|state| state.device.enrolment == Enrolment::Enrolled)
    }

    fn is_online(&self) -> bool {
        self.kiosk.with_state(|state| state.device.online)
    }

    fn offers(&self) -> u32 {
        let catalogue = self.kiosk.store().catalogue();
        u32::try_from(catalogue.batches.len()).unwrap_or(u32::MAX)
    }

    fn has_every_lease(&self) -> Result<bool, Failed> {
        let at = self.world.clock.now().wall;
        let stock: BTreeMap<_, u32> = self.kiosk.store().ask(move |store| store.stock(at))??;
        let catalogue = self.kiosk.store().catalogue();
        let mut active = catalogue.batches.values().filter(|batch| batch.active);
        Ok(active.all(|batch| stock.get(&batch.id).is_some_and(|slots| *slots > 0)))
    }

    fn outbox_rows(&self) -> Result<u64, Failed> {
        let at = self.world.clock.now().wall;
        Ok(self.kiosk.store().ask(move |store| store.facts(at))??.outbox_rows)
    }
}

/// Lets the event loop go on for a moment.
async fn look_again() {
    let (ring, rung) = oneshot::channel();
    Timer::single_shot(LOOK_EVERY, move || {
        // Nobody listens any more when the steward has ended.
        let _unheard = ring.send(());
    });
    // An event loop that ends drops its timers, and what waits for them.
    let _ended = rung.await;
}

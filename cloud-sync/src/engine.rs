//! Carries out what the core decides: the one task that talks to the platform.

use crate::{
    core::News,
    owner::StoreHandle,
    ports::{Chance, Clock},
    transport::Transport,
};
use std::{
    io,
    sync::{Arc, mpsc::Receiver},
};
use tokio::sync::mpsc;

/// News that may wait for a reader; past it the newest are dropped, because the truth is in the store.
const NEWS_MAX: usize = 1024;
/// Orders that may wait.
const ORDERS_MAX: usize = 64;

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
    /// Version of the build and name of the hardware, for the operator's eyes.
    pub about: About,
}

/// What the kiosk says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Version of the build.
    pub build: String,
    /// What the hardware calls itself.
    pub hardware: String,
}

#[derive(Debug)]
enum Order {
    Enrol { origin: String, pairing_code: String },
    Nudge,
    Camera(bool),
}

/// Steers a running engine. When it is dropped the engine stops.
pub struct SyncHandle {
    orders: mpsc::Sender<Order>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Starts the engine on a thread of its own.
///
/// # Errors
/// When the system gives no thread or no runtime.
pub fn start(parts: Parts) -> io::Result<(SyncHandle, Receiver<News>)> {
    let _ = (parts, NEWS_MAX, ORDERS_MAX);
    Err(io::Error::other("the engine is not wired yet"))
}

impl SyncHandle {
    /// Pairs the kiosk with the platform at `platform_url` (scheme, host and port); the outcome comes as
    /// [`News::Enrolled`] or [`News::EnrolFailed`].
    pub fn enrol(&self, platform_url: &str, pairing_code: &str) {
        let order = Order::Enrol {
            origin: platform_url.trim_end_matches('/').to_owned(),
            pairing_code: pairing_code.trim().to_owned(),
        };
        self.order(order);
    }

    /// Something waits to be sent, for example after a claim: do not wait for the next round.
    pub fn nudge(&self) {
        self.order(Order::Nudge);
    }

    /// Whether the camera delivers frames, for the heartbeat.
    pub fn camera(&self, works: bool) {
        self.order(Order::Camera(works));
    }

    /// Stops the engine and waits until it has; what was not sent waits in the store.
    pub fn stop(mut self) {
        let thread = self.thread.take();
        drop(self);
        if let Some(thread) = thread {
            // A panic of the engine was logged where it happened.
            let _ = thread.join();
        }
    }

    fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::warn!("the sync engine takes no orders");
        }
    }
}

//! What the scanner's threads share: one lock, one signal.
//!
//! A worker thread has a generation; once its part has a newer one, it may publish nothing and must end.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ports::Frame;

use super::{Part, Preview, ScannerLimits, ScannerParts, Sighting, Watching};

/// Shared by all threads of one scanner.
pub struct Shared {
    pub parts: ScannerParts,
    pub limits: ScannerLimits,
    state: Mutex<State>,
    changed: Condvar,
}

/// Everything that changes.
#[derive(Default)]
pub struct State {
    pub stopping: bool,
    pub watching: Watching,
    /// The newest frame no decoder has taken.
    pub slot: Option<Frame>,
    /// The newest picture to aim by that nobody has taken.
    pub preview: Option<Preview>,
    pub camera: Worker,
    pub decoder: Worker,
}

/// One worker thread, as the others see it.
#[derive(Default)]
pub struct Worker {
    pub generation: u32,
    /// Since when it has been inside a call that may never return.
    pub busy_since: Option<Duration>,
    /// Its thread has ended.
    pub ended: bool,
}

impl State {
    /// The worker of `part`.
    pub fn worker(&mut self, part: Part) -> &mut Worker {
        match part {
            Part::Camera => &mut self.camera,
            Part::Decoder => &mut self.decoder,
        }
    }
}

impl Shared {
    pub fn new(parts: ScannerParts, limits: ScannerLimits) -> Self {
        Self { parts, limits, state: Mutex::default(), changed: Condvar::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change of the state.
    pub fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for at most `limit` while `keep_waiting` holds.
    pub fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        limit: Duration,
        keep_waiting: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_timeout_while(state, limit, keep_waiting).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Tells every thread that the state has changed.
    pub fn signal(&self) {
        self.changed.notify_all();
    }

    pub fn watch(&self, watching: Watching) {
        let mut state = self.lock();
        state.watching = watching;
        if watching != Watching::CodesAndPreview {
            state.preview = None;
        }
        if watching == Watching::Nothing {
            state.slot = None;
        }
        drop(state);
        self.signal();
    }

    pub fn stop(&self) {
        self.lock().stopping = true;
        self.signal();
    }

    pub fn tell(&self, sighting: Sighting) {
        (self.parts.listener)(sighting);
    }
}

/// A worker thread's own view: which part it is, and whether it still is that.
pub struct Duty<'a> {
    pub shared: &'a Shared,
    pub part: Part,
    pub generation: u32,
}

impl Duty<'_> {
    /// Whether this thread must end: the scanner stops, or another thread has taken over.
    pub fn is_over(&self, state: &mut State) -> bool {
        state.stopping || state.worker(self.part).generation != self.generation
    }

    /// Makes a call that may never return, known as such to the watcher; none when the duty was over by its end.
    pub fn call<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let now = self.shared.parts.clock.monotonic();
        {
            let mut state = self.shared.lock();
            if self.is_over(&mut state) {
                return None;
            }
            state.worker(self.part).busy_since = Some(now);
        }
        let result = work();
        let mut state = self.shared.lock();
        if self.is_over(&mut state) {
            return None;
        }
        state.worker(self.part).busy_since = None;
        Some(result)
    }
}

impl Drop for Duty<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let worker = state.worker(self.part);
        if worker.generation == self.generation {
            worker.ended = true;
        }
        drop(state);
        self.shared.signal();
    }
}

//! The watcher: starts the two workers, replaces one that is stuck or broke, and stops both at the end.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::shared::{Duty, Shared, Worker};
use super::{Part, Sighting, camera, decoder};

/// How long the workers may take to end; one that takes longer is left to end by itself.
const STOP_WAIT_MAX: Duration = Duration::from_millis(500);

/// Looks this often at least while nothing changes, as a part of the shorter stall limit.
const LOOKS_PER_STALL: u32 = 4;

/// Runs until the scanner stops.
pub fn run(shared: &Arc<Shared>) {
    let mut posts = [Post::start(Part::Camera, shared), Post::start(Part::Decoder, shared)];
    let look = shared.limits.camera_stall_max.min(shared.limits.decoder_stall_max) / LOOKS_PER_STALL;
    loop {
        let state = shared.lock();
        let state = shared
            .wait_while(state, look, |state| !state.stopping && !state.camera.ended && !state.decoder.ended);
        if state.stopping {
            break;
        }
        drop(state);
        for post in &mut posts {
            post.check(shared);
        }
    }
    let state = shared.lock();
    drop(shared.wait_while(state, STOP_WAIT_MAX, |state| !(state.camera.ended && state.decoder.ended)));
    posts.into_iter().for_each(Post::finish);
}

/// A part of the scanner and the thread that does it now.
struct Post {
    part: Part,
    thread: Option<JoinHandle<()>>,
    replacements: u32,
}

impl Post {
    fn start(part: Part, shared: &Arc<Shared>) -> Self {
        Self { part, thread: spawn(part, 0, shared), replacements: 0 }
    }

    /// Replaces the thread when it is stuck or has ended; gives up after too many.
    fn check(&mut self, shared: &Arc<Shared>) {
        let now = shared.parts.clock.monotonic();
        let generation = {
            let mut state = shared.lock();
            let worker = state.worker(self.part);
            if !needs_replacing(worker, now, stall_max(self.part, shared)) {
                return;
            }
            *worker = Worker { generation: worker.generation.wrapping_add(1), ..Worker::default() };
            worker.generation
        };
        // The thread that is left here holds nothing but its share of the state, and ends when its call returns.
        self.thread = None;
        if self.replacements >= shared.limits.replacements_max {
            shared.tell(Sighting::GaveUp(self.part));
            return;
        }
        self.replacements += 1;
        self.thread = spawn(self.part, generation, shared);
        shared.tell(Sighting::Replaced(self.part));
    }

    fn finish(self) {
        if let Some(thread) = self.thread.filter(JoinHandle::is_finished) {
            // A panic in it was reported by the panic hook.
            drop(thread.join());
        }
    }
}

fn stall_max(part: Part, shared: &Shared) -> Duration {
    match part {
        Part::Camera => shared.limits.camera_stall_max,
        Part::Decoder => shared.limits.decoder_stall_max,
    }
}

fn needs_replacing(worker: &Worker, now: Duration, stall_max: Duration) -> bool {
    let stuck = worker.busy_since.is_some_and(|since| now.saturating_sub(since) > stall_max);
    worker.ended || stuck
}

fn spawn(part: Part, generation: u32, shared: &Arc<Shared>) -> Option<JoinHandle<()>> {
    let owned = Arc::clone(shared);
    let (name, work): (_, fn(&Duty<'_>)) = match part {
        Part::Camera => ("scan-camera", camera::run),
        Part::Decoder => ("scan-decoder", decoder::run),
    };
    let body = move || work(&Duty { shared: &owned, part, generation });
    let thread = thread::Builder::new().name(name.into()).spawn(body).ok();
    if thread.is_none() {
        shared.lock().worker(part).ended = true;
    }
    thread
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL_MAX: Duration = Duration::from_secs(3);

    #[test]
    fn a_worker_is_replaced_when_one_call_outlasts_the_limit() {
        let busy = Worker { busy_since: Some(Duration::from_secs(10)), ..Worker::default() };
        assert!(!needs_replacing(&busy, Duration::from_secs(13), STALL_MAX));
        assert!(needs_replacing(&busy, Duration::from_millis(13_001), STALL_MAX));
    }

    #[test]
    fn an_idle_worker_is_kept_however_long_it_waits() {
        assert!(!needs_replacing(&Worker::default(), Duration::from_secs(86_400), STALL_MAX));
    }

    #[test]
    fn a_worker_that_ended_is_replaced() {
        let ended = Worker { ended: true, ..Worker::default() };
        assert!(needs_replacing(&ended, Duration::ZERO, STALL_MAX));
    }
}

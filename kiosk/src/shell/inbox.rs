//! The inbox: events of every thread, in the order they came, handled by one.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use super::Part;
use crate::app::Event;

/// Codes are read in every frame: while this many events wait, another sight of one is worth nothing.
const CODES_MAX: usize = 16;

/// Events that wait. Everything but codes is kept, because each has one cause that will not come again.
#[derive(Default)]
pub struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    waker: Option<Waker>,
    ended: Option<Part>,
}

impl Waiting {
    fn is_idle(&self) -> bool {
        self.events.is_empty() && self.ended.is_none()
    }
}

impl Inbox {
    /// Adds an event; from any thread, and never waits.
    pub fn push(&self, event: Event) {
        let mut waiting = self.lock();
        if matches!(event, Event::CodeSeen(_)) && waiting.events.len() >= CODES_MAX {
            return;
        }
        waiting.events.push_back(event);
        self.wake(waiting);
    }

    /// A part of the kiosk has ended; from any thread. The first one is what is told.
    pub fn end(&self, part: Part) {
        let mut waiting = self.lock();
        waiting.ended.get_or_insert(part);
        self.wake(waiting);
    }

    /// The part that has ended.
    pub fn ended(&self) -> Option<Part> {
        self.lock().ended
    }

    fn wake(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let waker = waiting.waker.take();
        drop(waiting);
        self.arrived.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes the oldest event.
    pub fn take(&self) -> Option<Event> {
        self.lock().events.pop_front()
    }

    /// Waits in an event loop until something is there.
    pub async fn until_any(&self) {
        poll_fn(|context| {
            let mut waiting = self.lock();
            if waiting.is_idle() {
                waiting.waker = Some(context.waker().clone());
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Waits without an event loop until something is there; false when nothing came within `limit`.
    pub fn wait(&self, limit: Duration) -> bool {
        let waited = self.arrived.wait_timeout_while(self.lock(), limit, |waiting| waiting.is_idle());
        let (waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !waiting.is_idle()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ScannedBytes;

    #[test]
    fn codes_never_crowd_out_what_comes_once() {
        let inbox = Inbox::default();
        for _ in 0..100 {
            inbox.push(Event::CodeSeen(ScannedBytes(vec![1])));
        }
        inbox.push(Event::Touched);
        let mut events = Vec::new();
        while let Some(event) = inbox.take() {
            events.push(event);
        }
        assert_eq!(events.len(), CODES_MAX + 1);
        assert!(matches!(events.last(), Some(Event::Touched)));
    }

    #[test]
    fn waiting_ends_with_its_limit() {
        let inbox = Inbox::default();
        assert!(!inbox.wait(Duration::ZERO));
        inbox.push(Event::Tick);
        assert!(inbox.wait(Duration::ZERO));
    }
}

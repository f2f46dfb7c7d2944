//! A stream as the body of an answer: what the hub says, and a beat when it says nothing.
//!
//! It is polled only while the connection takes bytes, and it holds nothing but the time of its next word.

use crate::foundation::streams::{Next, Open};
use axum::body::{Bytes, HttpBody};
use http_body::Frame;
use protocol::push::{BEAT_MS, Push};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// The longest life of a stream: whoever vanished without a word is forgotten, and connections move to new processes.
const LIFE_S_MAX: u64 = 3_600;
/// Lives differ by this much, so that streams opened together do not end together.
const LIFE_SPREAD_S: u64 = 900;

/// The body of an open stream.
pub(super) struct Body {
    open: Open,
    first: Option<Bytes>,
    /// What is to be said, and from when on.
    due: Option<(i64, Instant)>,
    beat_at: Instant,
    ends_at: Instant,
    ended: bool,
    sleep: Pin<Box<Sleep>>,
}

impl Body {
    /// A stream that begins with `first`.
    pub(super) fn new(open: Open, first: &[Push]) -> Body {
        let now = Instant::now();
        let life_s = LIFE_S_MAX - open.number() % LIFE_SPREAD_S;
        let first = first.iter().map(ToString::to_string).collect::<String>();
        let beat_at = now + beat();
        Body {
            open,
            first: Some(first.into()),
            due: None,
            beat_at,
            ends_at: now + Duration::from_secs(life_s),
            ended: false,
            sleep: Box::pin(sleep_until(beat_at)),
        }
    }

    /// What is to be said now; `None` while it is nothing.
    fn word(&mut self, context: &mut Context<'_>) -> Option<Push> {
        let now = Instant::now();
        match self.open.next(context.waker()) {
            Next::End(why) => {
                self.ended = true;
                return Some(why);
            }
            Next::Wake(wake) => {
                let at = self.due.map_or(now + wake.after, |(_, at)| at);
                self.due = Some((wake.head, at));
                // Asked again at once, so that somebody is called when there is more.
                return self.word(context);
            }
            Next::Nothing => {}
        }
        if let Some((head, _)) = self.due.take_if(|(_, at)| *at <= now) {
            return Some(Push::Changed { head: u64::try_from(head).unwrap_or(0) });
        }
        if self.ends_at <= now {
            self.ended = true;
            return Some(Push::Closing { retry_ms: 0 });
        }
        (self.beat_at <= now).then_some(Push::Beat)
    }

    fn wake_at(&self) -> Instant {
        let next = self.beat_at.min(self.ends_at);
        self.due.map_or(next, |(_, at)| at.min(next))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        loop {
            if let Some(push) = self.word(context) {
                self.beat_at = Instant::now() + beat();
                return Poll::Ready(Some(Ok(Frame::data(push.to_string().into()))));
            }
            let wake_at = self.wake_at();
            self.sleep.as_mut().reset(wake_at);
            std::task::ready!(self.sleep.as_mut().poll(context));
        }
    }
}

const fn beat() -> Duration {
    Duration::from_millis(BEAT_MS as u64)
}

//! Whether the platform answers, and when to try again when it does not.

use super::{
    Effect, News,
    pace::{HURRY_MS_MIN, after},
};
use crate::{
    backoff::{Backoff, Jitter, Setback},
    ports::Now,
};
use domain::time::UtcMillis;
use std::time::Duration;

/// Whether the platform answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The last request was answered.
    Online,
    /// Nothing was answered since this instant (platform time as far as known).
    Offline {
        /// When the last answer came, or when the kiosk started.
        since: UtcMillis,
    },
}

#[derive(Clone, Debug)]
pub(super) struct LinkState {
    backoff: Backoff,
    blocked_until: Duration,
    hurried_at: Duration,
    told_to_wait: bool,
    last_answer: UtcMillis,
    told: Option<Link>,
}

impl LinkState {
    pub(super) fn new(now: Now) -> LinkState {
        LinkState {
            backoff: Backoff::default(),
            blocked_until: Duration::ZERO,
            hurried_at: Duration::ZERO,
            told_to_wait: false,
            last_answer: now.wall,
            told: None,
        }
    }

    /// Before this instant nothing is sent.
    pub(super) fn blocked_until(&self) -> Duration {
        self.blocked_until
    }

    /// The platform answered; true if it had not for a while.
    pub(super) fn answered(&mut self, now: Now, platform_now: UtcMillis, effects: &mut Vec<Effect>) -> bool {
        let was_down = self.backoff.is_failing();
        self.backoff.reset();
        self.blocked_until = now.monotonic;
        self.last_answer = platform_now;
        self.tell(Link::Online, effects);
        was_down
    }

    /// Nothing useful answered.
    pub(super) fn failed(
        &mut self,
        setback: Setback,
        now: Now,
        jitter: &mut Jitter,
        effects: &mut Vec<Effect>,
    ) {
        self.told_to_wait = setback.retry_after_ms.is_some();
        self.blocked_until = after(now, self.backoff.next_ms(setback, jitter));
        self.hurried_at = after(now, HURRY_MS_MIN);
        if !matches!(self.told, Some(Link::Offline { .. })) {
            self.tell(Link::Offline { since: self.last_answer }, effects);
        }
    }

    /// Somebody waits: try again sooner, unless the platform itself said when.
    pub(super) fn hurry(&mut self, now: Now) {
        if !self.told_to_wait {
            self.blocked_until = self.blocked_until.min(self.hurried_at.max(now.monotonic));
        }
    }

    fn tell(&mut self, link: Link, effects: &mut Vec<Effect>) {
        if self.told != Some(link) {
            self.told = Some(link);
            effects.push(Effect::Tell(News::Link(link)));
        }
    }
}

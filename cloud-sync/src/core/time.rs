//! What time it is on the platform, and how well that is known.
//!
//! The kiosk's clock never decides safety. It only keeps the kiosk from promising what is already over (rule 7). Once the
//! platform has named the time in an answer it signed, the monotonic clock alone carries it on: whoever sets the wall clock
//! of a running kiosk changes nothing. Only after a restart the wall clock is looked at, once, and believed
//! while it is neither before the latest time on the disk nor long after it.

use super::News;
use crate::ports::{Anchor, Now};
use domain::{consumer_code::CLOCK_SKEW_MS, time::UtcMillis};

/// A correction smaller than this is not worth news.
const NEWS_MS_MIN: i64 = 500;
/// The platform is asked twice about a wrong clock; a third time the answer itself is wrong.
const HINTS_MAX: u32 = 2;
/// A kiosk that was away for longer is lent nothing before it was heard of, and what it was lent is over: a wall clock that
/// is farther ahead is as likely wrong as right, and nothing hangs on it.
const AWAY_MS_MAX: i64 = 72 * 3_600_000;

/// How well the time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certainty {
    /// The store was not read yet.
    NotAsked,
    /// Nothing speaks for it: nothing is issued.
    Unknown,
    /// The wall clock at start fits what the disk remembers: good enough to issue by, not to throw anything away by.
    Plausible,
    /// The platform has named it since the kiosk started.
    Known,
}

#[derive(Clone, Debug)]
pub(super) struct TimeView {
    anchor: Anchor,
    certainty: Certainty,
    /// What a refusal said, signed by nobody: requests are dated by it until the platform has named the time.
    hint: Option<Anchor>,
    hints: u32,
    last: Now,
    told: Option<(Anchor, bool)>,
}

impl TimeView {
    /// The view of a kiosk that starts.
    pub(super) fn new(now: Now) -> TimeView {
        let anchor = Anchor::new(now.wall, now);
        TimeView { anchor, certainty: Certainty::NotAsked, hint: None, hints: 0, last: now, told: None }
    }

    /// The platform's time, as well as it is known.
    pub(super) fn platform_now(&self, now: Now) -> UtcMillis {
        self.anchor.at(now)
    }

    /// The time a request is dated with: that of the last refusal because of a wrong date, if there was one.
    pub(super) fn request_time(&self, now: Now) -> UtcMillis {
        self.hint.unwrap_or(self.anchor).at(now)
    }

    /// True if the time may be issued by.
    pub(super) fn is_trusted(&self) -> bool {
        match self.certainty {
            Certainty::Plausible | Certainty::Known => true,
            Certainty::NotAsked | Certainty::Unknown => false,
        }
    }

    /// True if the platform has named the time since the kiosk started: only by that anything is given back or forgotten.
    pub(super) fn is_known(&self) -> bool {
        self.certainty == Certainty::Known
    }

    /// Compares the two clocks of the machine; true if the wall clock was set since the last look.
    pub(super) fn observe(&mut self, now: Now) -> bool {
        let should_be = Anchor::new(self.last.wall, self.last).at(now);
        self.last = now;
        now.wall.since(should_be).abs() > CLOCK_SKEW_MS
    }

    /// Takes the latest time the disk knows of, once after the start.
    pub(super) fn remember(&mut self, latest: Option<UtcMillis>, now: Now) {
        if self.certainty != Certainty::NotAsked {
            return;
        }
        self.certainty = Certainty::Unknown;
        let Some(latest) = latest else { return };
        let at = self.anchor.at(now);
        if (-CLOCK_SKEW_MS..=AWAY_MS_MAX).contains(&at.since(latest)) {
            self.certainty = Certainty::Plausible;
            self.anchor = Anchor::new(at.max(latest), now);
        }
    }

    /// The platform named its time in an answer to a request sent at `sent`.
    pub(super) fn heard(&mut self, platform: UtcMillis, sent: Now, now: Now) {
        self.anchor = half_way(platform, sent, now);
        self.certainty = Certainty::Known;
        (self.hint, self.hints) = (None, 0);
    }

    /// A request was refused because of its date. That moves no anchor, for nobody signed it; the heartbeat to follow is
    /// dated by it, and its answer is signed. False if that comes again and again.
    pub(super) fn hinted(&mut self, platform: UtcMillis, sent: Now, now: Now) -> bool {
        self.hint = Some(half_way(platform, sent, now));
        self.hints = self.hints.saturating_add(1);
        self.hints <= HINTS_MAX
    }

    /// What the screen should know, if it does not know already.
    pub(super) fn news(&mut self) -> Option<News> {
        let trusted = self.is_trusted();
        if let Some((anchor, told)) = self.told
            && told == trusted
            && anchor.ahead_ms(self.anchor).abs() < NEWS_MS_MIN
        {
            return None;
        }
        self.told = Some((self.anchor, trusted));
        Some(News::Time { anchor: self.anchor, trusted })
    }
}

/// The answer was made somewhere between question and now.
fn half_way(platform: UtcMillis, sent: Now, now: Now) -> Anchor {
    let trip = now.monotonic.saturating_sub(sent.monotonic);
    let half = Now { monotonic: sent.monotonic + trip / 2, ..now };
    Anchor::new(platform, half)
}

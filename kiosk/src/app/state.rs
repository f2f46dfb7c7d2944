//! What the kiosk knows at one instant. Everything about a person is in [`Session`] and [`Opening`], and ends with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cloud_sync::core::PairingNeeded;
use cloud_sync::ports::Anchor;
use cloud_sync::store::{Catalogue, Usage};
use cloud_sync::{BatchRow, Verdict};
use domain::consumer_code::{CodeHead, Pseudonym};
use domain::eligibility::{ClaimFacts, Person, Refusal, may_claim};
use domain::ids::{BatchId, EventId, TagId};
use domain::time::UtcMillis;

use super::refusal::Refused;
use crate::ports::Now;

/// All of it.
#[derive(Clone, Debug)]
pub struct State {
    /// What is shown.
    pub screen: Screen,
    /// The stay of whoever stands before the screen.
    pub session: Option<Session>,
    /// A code that was believed and is being burned.
    pub opening: Option<Opening>,
    /// What is true for everybody.
    pub device: Device,
    /// The codes before the camera, unreadably marked: one that is held still is one scan.
    pub in_view: Vec<InView>,
    /// Numbers sessions, so that an answer that comes late finds nobody.
    pub(super) last_token: u64,
    /// Makes marks of codes worthless outside this process.
    pub(super) salt: u64,
}

/// What does not change while the process runs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Version of the build.
    pub build: String,
    /// How many cards fit a page of offers; at least one.
    pub cards_per_page: usize,
    /// From chance; see [`State::in_view`].
    pub salt: u64,
}

/// The screens, as `ui/slint/screens` has them. Times are monotonic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Nobody is here.
    Attract,
    /// Somebody holds a phone up.
    Scan {
        /// When the wait began, or somebody last touched.
        since: Duration,
    },
    /// A page of offers.
    Offers,
    /// One offer.
    OfferDetail(BatchId),
    /// A claimed coupon.
    Claimed {
        /// Of this batch.
        batch: BatchId,
        /// When it was shown, or somebody last touched.
        since: Duration,
    },
    /// A no.
    Refused {
        /// Which one.
        why: Refused,
        /// When it was said, or somebody last touched.
        since: Duration,
    },
    /// The question whether somebody is still here.
    StillThere {
        /// Where to return to.
        before: Box<Screen>,
        /// When it was asked.
        since: Duration,
    },
    /// Nobody can be served.
    Maintenance,
}

/// What is true for everybody.
#[derive(Clone, Debug)]
pub struct Device {
    /// What does not change.
    pub setup: Setup,
    /// Whether a platform stands behind this kiosk.
    pub enrolment: Enrolment,
    /// The platform's code for the last pairing that failed, until one succeeds.
    pub pairing_failure: Option<String>,
    /// The platform answers.
    pub online: bool,
    /// The time may be issued by.
    pub time_trusted: bool,
    /// Where the monotonic clock stands in the platform's time; absent until sync has said it.
    pub anchor: Option<Anchor>,
    /// Whether codes can be seen.
    pub camera: Camera,
    /// Everything public.
    pub catalogue: Arc<Catalogue>,
    /// Slots left, by batch.
    pub stock: BTreeMap<BatchId, u32>,
}

/// Whether a platform stands behind this kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolment {
    /// Not known yet: the process has just started.
    Starting,
    /// Yes.
    Enrolled,
    /// No: somebody must pair it.
    Needed(PairingNeeded),
}

/// Whether codes can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Camera {
    /// No frame has come yet.
    Closed,
    /// Frames come.
    Ready,
    /// None come; it is tried again.
    Lost,
}

/// A code that was believed and is being burned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Of the session to come.
    pub token: u64,
    /// The code.
    pub head: CodeHead,
    /// The crowds it names.
    pub tags: Vec<TagId>,
}

/// A stay before the screen, with a code or without.
#[derive(Clone, Debug)]
pub struct Session {
    /// Names this stay.
    pub token: u64,
    /// Whoever showed a code; absent when browsing.
    pub shopper: Option<Shopper>,
    /// The offers, in the order shown.
    pub offers: Vec<BatchId>,
    /// The page shown, from 0.
    pub page: usize,
    /// The last touch or scan.
    pub active_at: Duration,
    /// A claim is under way: a second tap changes nothing.
    pub claiming: Option<BatchId>,
}

/// A person, for as long as the session lasts.
#[derive(Clone, Debug)]
pub struct Shopper {
    /// Who, for today.
    pub pseudonym: Pseudonym,
    /// The crowds the person belongs to.
    pub tags: Vec<TagId>,
    /// What was claimed here before.
    pub usage: BTreeMap<BatchId, Usage>,
    /// What was claimed in this session, the latest of each batch.
    pub claims: BTreeMap<BatchId, Claim>,
}

/// A coupon claimed in this session.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The claim.
    pub event: EventId,
    /// The voucher, `CV1:…`.
    pub voucher: String,
    /// When it was claimed.
    pub claimed_at: UtcMillis,
    /// R: the voucher is good until then even if the platform never hears of it.
    pub redeem_before: UtcMillis,
    /// The platform's word; absent until it has spoken.
    pub verdict: Option<Verdict>,
}

/// A code before the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InView {
    /// Says only whether the next one is the same.
    pub mark: u64,
    /// When it was seen last.
    pub seen_at: Duration,
    /// It was believed, so a stay may follow it.
    pub believed: bool,
    /// The stay is over: it counts as new again at this time at the latest.
    pub forget_at: Option<Duration>,
}

impl State {
    /// The state at start: nothing is known and nobody is here.
    #[must_use]
    pub fn new(mut setup: Setup, catalogue: Arc<Catalogue>) -> Self {
        setup.cards_per_page = setup.cards_per_page.max(1);
        let salt = setup.salt;
        Self {
            screen: Screen::Maintenance,
            session: None,
            opening: None,
            device: Device {
                setup,
                enrolment: Enrolment::Starting,
                pairing_failure: None,
                online: false,
                time_trusted: false,
                anchor: None,
                camera: Camera::Closed,
                catalogue,
                stock: BTreeMap::new(),
            },
            in_view: Vec::new(),
            last_token: 0,
            salt,
        }
    }

    /// The platform's time, as well as it is known.
    #[must_use]
    pub fn time(&self, now: Now) -> UtcMillis {
        self.device.anchor.map_or(now.wall, |anchor| anchor.at(now))
    }

    /// Whoever is here, as far as offers are concerned: with unknown time everybody is anonymous.
    #[must_use]
    pub fn person(&self) -> Person<'_> {
        match self.shopper() {
            Some(shopper) if self.device.time_trusted => Person::Known(&shopper.tags),
            Some(_) | None => Person::Anonymous,
        }
    }

    /// Whoever showed a code.
    #[must_use]
    pub fn shopper(&self) -> Option<&Shopper> {
        self.session.as_ref()?.shopper.as_ref()
    }

    /// The coupon of `batch` claimed in this session.
    #[must_use]
    pub fn claim(&self, batch: BatchId) -> Option<&Claim> {
        self.shopper()?.claims.get(&batch)
    }

    /// Whether `batch` could be claimed at `at` by whoever is here; somebody who browses counts as one who has none.
    ///
    /// # Errors
    /// Why not.
    pub fn may_claim(&self, batch: &BatchRow, at: UtcMillis) -> Result<(), Refusal> {
        let usage =
            self.shopper().and_then(|shopper| shopper.usage.get(&batch.id)).copied().unwrap_or_default();
        let facts = ClaimFacts {
            person: self.person(),
            active: batch.active,
            claimed_total: usage.total,
            claimed_today: usage.today,
            stock_left: self.device.stock.get(&batch.id).copied().unwrap_or(0),
        };
        may_claim(&batch.terms, &facts, at)
    }

    pub(super) fn next_token(&mut self) -> u64 {
        self.last_token += 1;
        self.last_token
    }
}

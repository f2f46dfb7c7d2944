//! What the kiosk decides: a pure core between what happens and what is done and shown.
//!
//! `handle(state, event, now) → effects` and `view(state, now) → ViewModel`. Nothing here reads a clock, draws chance,
//! touches a disk or knows how anything is drawn. Everything about a person is in the session, and ends with it.

mod countdown;
mod effect;
mod event;
mod flow;
mod refusal;
mod shelf;
mod state;
pub mod view;

use std::time::Duration;

pub use effect::Effect;
pub use event::{ClaimDone, ClaimFailed, Event, Holdings, OpeningFailed, ScannedBytes, Tap};
pub use refusal::{NoCoupon, Refused};
pub use state::{Camera, Claim, Device, Enrolment, InView, Opening, Screen, Session, Setup, Shopper, State};
pub use view::{ViewModel, view};

use crate::ports::Now;
use crate::scanner::Watching;
use cloud_sync::core::Link;

/// Takes one event and says what to do.
pub fn handle(state: &mut State, event: Event, now: Now) -> Vec<Effect> {
    match event {
        Event::Tick => flow::tick(state, now),
        Event::Touched => {
            flow::touched(state, now);
            Vec::new()
        }
        Event::Tapped(tap) => flow::tapped(state, tap, now),
        Event::CodeSeen(bytes) => flow::code::seen(state, &bytes, now),
        Event::SessionOpened { token, outcome } => flow::session::opened(state, token, outcome, now),
        Event::ClaimAnswered { token, batch, outcome } => {
            flow::offer_detail::answered(state, (token, batch), outcome, now)
        }
        Event::StockCounted(stock) => {
            state.device.stock = stock;
            Vec::new()
        }
        Event::StockChanged => vec![Effect::CountStock],
        Event::CatalogueChanged(catalogue) => {
            state.device.catalogue = catalogue;
            flow::session::sort_again(state, now);
            vec![Effect::CountStock]
        }
        Event::Enrolled(outcome) => flow::maintenance::enrolled(state, outcome),
        Event::PairingFailed { code } => {
            state.device.pairing_failure = Some(code);
            Vec::new()
        }
        Event::LinkChanged(link) => {
            state.device.online = link == Link::Online;
            Vec::new()
        }
        Event::TimeChanged { anchor, trusted } => {
            (state.device.anchor, state.device.time_trusted) = (Some(anchor), trusted);
            flow::session::sort_again(state, now);
            Vec::new()
        }
        Event::ClaimSettled(settled) => {
            flow::claimed::settled(state, &settled);
            Vec::new()
        }
        Event::CameraChanged { works } => {
            state.device.camera = if works { Camera::Ready } else { Camera::Lost };
            vec![Effect::ReportCamera(works)]
        }
    }
}

/// When to send [`Event::Tick`], on the monotonic clock: the next instant at which something would change by itself.
#[must_use]
pub fn next_deadline(state: &State, now: Now) -> Duration {
    flow::deadline(state, now)
}

/// What the scanner should look for.
#[must_use]
pub fn watching(state: &State) -> Watching {
    match state.screen {
        Screen::Maintenance => Watching::Nothing,
        Screen::Scan { .. } => Watching::CodesAndPreview,
        Screen::Attract
        | Screen::Offers
        | Screen::OfferDetail(_)
        | Screen::Claimed { .. }
        | Screen::Refused { .. }
        | Screen::StillThere { .. } => Watching::Codes,
    }
}

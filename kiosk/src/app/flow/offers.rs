//! Offers: pages of cards, and the wait that ends a stay.

use std::time::Duration;

use super::{scan, session};
use crate::app::countdown::Countdown;
use crate::app::event::Tap;
use crate::app::state::{Screen, State};
use crate::ports::Now;

/// The last seconds of a stay are counted on the screen; before that nothing moves.
pub const COUNTED_S: u32 = 10;

/// A control was used.
pub fn tapped(state: &mut State, tap: Tap, now: Now) {
    let pages = pages(state);
    let Some(session) = &mut state.session else {
        return;
    };
    match tap {
        Tap::Open(batch) if session.offers.contains(&batch) => state.screen = Screen::OfferDetail(batch),
        Tap::PreviousPage => session.page = session.page.saturating_sub(1),
        Tap::NextPage => session.page = (session.page + 1).min(pages - 1),
        Tap::EmptyAction if session.shopper.is_none() => scan::open(state, now),
        Tap::End => session::end(state, now),
        Tap::Open(_)
        | Tap::EmptyAction
        | Tap::Start
        | Tap::Back
        | Tap::Browse
        | Tap::Claim
        | Tap::More
        | Tap::RefusedPrimary
        | Tap::RefusedSecondary
        | Tap::Stay
        | Tap::Retry => {}
    }
}

/// Nobody touched for a while: ask.
pub fn ticked(state: &mut State, now: Now) {
    if countdown(state).is_some_and(|countdown| countdown.is_over(now.monotonic)) {
        let before = Box::new(state.screen.clone());
        state.screen = Screen::StillThere { before, since: now.monotonic };
    }
}

/// When the count begins or changes.
pub fn deadline(state: &State, now: Now) -> Option<Duration> {
    Some(countdown(state)?.next_change(now.monotonic, COUNTED_S))
}

/// The wait for a touch.
pub fn countdown(state: &State) -> Option<Countdown> {
    Some(Countdown::new(session::active_at(state)?, state.device.catalogue.config.idle_s))
}

/// How many pages there are; at least one.
pub fn pages(state: &State) -> usize {
    let offers = state.session.as_ref().map_or(0, |session| session.offers.len());
    offers.div_ceil(state.device.setup.cards_per_page).max(1)
}

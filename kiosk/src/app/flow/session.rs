//! Sessions: begun by a code or by browsing, ended by a tap, by time or by the next shopper. What ends is wiped at once.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::consumer_code::IdentifyCode;

use super::code;
use crate::app::effect::Effect;
use crate::app::event::{Holdings, OpeningFailed};
use crate::app::refusal::Refused;
use crate::app::shelf;
use crate::app::state::{Opening, Screen, Session, Shopper, State};
use crate::ports::{Cue, Now};

/// Begins a stay without a code: what everybody may see.
pub fn browse(state: &mut State, now: Now) {
    wipe(state);
    let token = state.next_token();
    begin(state, token, None, now);
}

/// Burns a believed code; whoever was here before is gone from this instant.
pub fn open(state: &mut State, code: IdentifyCode) -> Vec<Effect> {
    wipe(state);
    let token = state.next_token();
    let head = code.head;
    state.opening = Some(Opening { token, head, tags: code.tags });
    vec![Effect::OpenSession { token, head }]
}

/// The code was burned, or was not.
pub fn opened(
    state: &mut State,
    token: u64,
    outcome: Result<Holdings, OpeningFailed>,
    now: Now,
) -> Vec<Effect> {
    let Some(opening) = state.opening.take_if(|opening| opening.token == token) else {
        return Vec::new();
    };
    let why = match outcome {
        Ok(holdings) => {
            state.device.stock = holdings.stock;
            let shopper = Shopper {
                pseudonym: opening.head.pseudonym,
                tags: opening.tags,
                usage: holdings.usage,
                claims: BTreeMap::new(),
            };
            begin(state, token, Some(shopper), now);
            return vec![Effect::Play(Cue::Accepted)];
        }
        Err(OpeningFailed::Replayed) => Refused::Replayed,
        Err(OpeningFailed::Store) => Refused::SessionNotKept,
    };
    super::refused::open(state, why, now)
}

fn begin(state: &mut State, token: u64, shopper: Option<Shopper>, now: Now) {
    state.session = Some(Session {
        token,
        shopper,
        offers: Vec::new(),
        page: 0,
        active_at: now.monotonic,
        claiming: None,
    });
    sort_again(state, now);
    state.screen = Screen::Offers;
}

/// Ends whatever stay there is and waits for the next person.
pub fn end(state: &mut State, now: Now) {
    wipe(state);
    code::let_go(state, now);
    state.screen = Screen::Attract;
}

/// Drops everything about a person.
pub fn wipe(state: &mut State) {
    state.session = None;
    state.opening = None;
}

/// Orders the offers anew; the page stays where it can.
pub fn sort_again(state: &mut State, now: Now) {
    if state.session.is_none() {
        return;
    }
    let offers = shelf::fill(state, state.time(now));
    let pages = offers.len().div_ceil(state.device.setup.cards_per_page).max(1);
    let gone = match &state.screen {
        Screen::OfferDetail(batch) => !offers.contains(batch),
        Screen::Attract
        | Screen::Scan { .. }
        | Screen::Offers
        | Screen::Claimed { .. }
        | Screen::Refused { .. }
        | Screen::StillThere { .. }
        | Screen::Maintenance => false,
    };
    if gone {
        state.screen = Screen::Offers;
    }
    if let Some(session) = &mut state.session {
        session.page = session.page.min(pages - 1);
        session.offers = offers;
    }
}

/// The last touch or scan of this stay.
pub fn active_at(state: &State) -> Option<Duration> {
    state.session.as_ref().map(|session| session.active_at)
}

//! Refused: a no, and two ways on.

use std::time::Duration;

use super::{scan, session};
use crate::app::countdown::Countdown;
use crate::app::effect::Effect;
use crate::app::event::Tap;
use crate::app::refusal::{NoCoupon, Refused};
use crate::app::state::{Screen, State};
use crate::ports::{Cue, Now};

/// Where a control of the screen leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the camera.
    Scan,
    /// To what everybody may see.
    Browse,
    /// Back to the offers of this stay.
    Offers,
    /// To the end of the stay.
    End,
}

/// Says no.
pub fn open(state: &mut State, why: Refused, now: Now) -> Vec<Effect> {
    state.screen = Screen::Refused { why, since: now.monotonic };
    vec![Effect::Play(Cue::Refused)]
}

/// The main way on and the other one.
pub fn ways(why: Refused) -> (Way, Way) {
    match why {
        Refused::Code(_) | Refused::Replayed | Refused::PassRevoked | Refused::SessionNotKept => {
            (Way::Scan, Way::Browse)
        }
        Refused::NoKeys | Refused::TimeUnknown | Refused::Denied => (Way::Browse, Way::End),
        Refused::Claim { why: NoCoupon::NotEnrolled | NoCoupon::TimeUnknown, .. } => (Way::End, Way::Offers),
        Refused::Claim {
            why:
                NoCoupon::LeaseEmpty
                | NoCoupon::LeaseExpired
                | NoCoupon::UserLimit
                | NoCoupon::WindowClosed { .. }
                | NoCoupon::NotRunning
                | NoCoupon::ForOthers
                | NoCoupon::NotKept,
            ..
        } => (Way::Offers, Way::End),
    }
}

/// A control was used.
pub fn tapped(state: &mut State, tap: Tap, why: Refused, now: Now) {
    let (primary, secondary) = ways(why);
    if tap == Tap::RefusedPrimary {
        go(state, primary, now);
    } else if tap == Tap::RefusedSecondary {
        go(state, secondary, now);
    }
}

fn go(state: &mut State, way: Way, now: Now) {
    match way {
        Way::Scan => scan::open(state, now),
        Way::Browse => session::browse(state, now),
        Way::Offers if state.session.is_some() => {
            state.screen = Screen::Offers;
            session::sort_again(state, now);
        }
        Way::Offers | Way::End => session::end(state, now),
    }
}

/// Nobody answered.
pub fn ticked(state: &mut State, since: Duration, now: Now) {
    if countdown(state, since).is_over(now.monotonic) {
        session::end(state, now);
    }
}

/// How long it stays.
pub fn countdown(state: &State, since: Duration) -> Countdown {
    Countdown::new(since, state.device.catalogue.config.idle_s)
}

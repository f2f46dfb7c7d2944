//! Offer detail: the claim. It is on disk before anything is shown, and waits for no network.

use domain::eligibility::Refusal;
use domain::ids::BatchId;

use super::{refused, scan, session};
use crate::app::effect::Effect;
use crate::app::event::{ClaimDone, ClaimFailed, Tap};
use crate::app::refusal::{NoCoupon, Refused};
use crate::app::state::{Claim, Screen, State};
use crate::ports::{Cue, Now};

/// A control was used.
pub fn tapped(state: &mut State, tap: Tap, batch: BatchId, now: Now) -> Vec<Effect> {
    if tap == Tap::Claim {
        return claim(state, batch, now);
    }
    if tap == Tap::Back {
        state.screen = Screen::Offers;
    } else if tap == Tap::End {
        session::end(state, now);
    }
    Vec::new()
}

fn claim(state: &mut State, batch: BatchId, now: Now) -> Vec<Effect> {
    let Some(row) = state.device.catalogue.batches.get(&batch) else {
        return refuse(state, batch, NoCoupon::NotRunning, now);
    };
    if state.shopper().is_none() {
        // A coupon belongs to somebody: first show who you are.
        scan::open(state, now);
        return Vec::new();
    }
    if !state.device.time_trusted {
        return refuse(state, batch, NoCoupon::TimeUnknown, now);
    }
    match state.may_claim(row, state.time(now)) {
        Ok(()) => order(state, batch),
        // The list may be a moment old; the helpful screen says what else there is.
        Err(refusal @ Refusal::Exhausted) => refuse(state, batch, refusal.into(), now),
        // The button says why already and does nothing.
        Err(
            Refusal::NotActive
            | Refusal::NotEligible
            | Refusal::OutOfWindow { .. }
            | Refusal::UserLimit
            | Refusal::Expired
            | Refusal::ThresholdNotMet { .. }
            | Refusal::NoEffect,
        ) => Vec::new(),
    }
}

fn order(state: &mut State, batch: BatchId) -> Vec<Effect> {
    let Some(session) = &mut state.session else {
        return Vec::new();
    };
    let Some(shopper) = session.shopper.as_ref().filter(|_| session.claiming.is_none()) else {
        return Vec::new();
    };
    session.claiming = Some(batch);
    vec![Effect::Claim { token: session.token, batch, pseudonym: shopper.pseudonym }]
}

/// The claim is on disk, or is not. An answer for a stay that is over changes nothing here; the ledger has it.
pub fn answered(
    state: &mut State,
    (token, batch): (u64, BatchId),
    outcome: Result<Box<ClaimDone>, ClaimFailed>,
    now: Now,
) -> Vec<Effect> {
    let nudge = if outcome.is_ok() { vec![Effect::NudgeSync] } else { Vec::new() };
    let Some(session) = state.session.as_mut().filter(|session| session.token == token) else {
        return nudge;
    };
    session.claiming = None;
    session.active_at = now.monotonic;
    let done = match outcome {
        Ok(done) => done,
        Err(ClaimFailed::Refused(why)) => return refuse(state, batch, why.into(), now),
        Err(ClaimFailed::Store) => return refuse(state, batch, NoCoupon::NotKept, now),
    };
    if let Some(shopper) = &mut session.shopper {
        let voucher = done.voucher;
        let claim = Claim {
            event: voucher.event,
            voucher: voucher.text,
            claimed_at: voucher.claimed_at,
            redeem_before: voucher.redeem_before,
            verdict: None,
        };
        shopper.claims.insert(batch, claim);
        shopper.usage = done.holdings.usage;
    }
    state.device.stock = done.holdings.stock;
    state.screen = Screen::Claimed { batch, since: now.monotonic };
    [vec![Effect::Play(Cue::Claimed)], nudge].concat()
}

fn refuse(state: &mut State, batch: BatchId, why: NoCoupon, now: Now) -> Vec<Effect> {
    refused::open(state, Refused::Claim { batch, why }, now)
}

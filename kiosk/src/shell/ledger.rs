//! Work for the store's thread. Each piece answers with one event, also when the store does not take it.

use std::sync::Arc;

use cloud_sync::owner::StoreHandle;
use cloud_sync::store::{ClaimError, ClaimOrder, SessionOpening, Store, StoreError};
use domain::consumer_code::{CodeHead, Pseudonym};
use domain::ids::BatchId;
use domain::time::UtcMillis;

use super::inbox::Inbox;
use crate::app::{ClaimDone, ClaimFailed, Event, Holdings, OpeningFailed};

/// Burns a code and looks up what its person holds.
pub fn open_session(store: &StoreHandle, inbox: &Arc<Inbox>, (token, head): (u64, CodeHead), at: UtcMillis) {
    let answer = Arc::clone(inbox);
    let posted = store.post(move |store| {
        let outcome = burn(store, &head, at);
        answer.push(Event::SessionOpened { token, outcome });
    });
    if let Err(error) = posted {
        tracing::error!(%error, "a session was not opened");
        inbox.push(Event::SessionOpened { token, outcome: Err(OpeningFailed::Store) });
    }
}

fn burn(store: &mut Store, head: &CodeHead, at: UtcMillis) -> Result<Holdings, OpeningFailed> {
    let failed = |error: StoreError| {
        log("a session was not opened", &error);
        OpeningFailed::Store
    };
    match store.open_session(head).map_err(failed)? {
        SessionOpening::Replayed => Err(OpeningFailed::Replayed),
        SessionOpening::Opened => holdings(store, head.pseudonym, at).map_err(failed),
    }
}

/// Puts one claim on disk.
pub fn claim(store: &StoreHandle, inbox: &Arc<Inbox>, (token, order): (u64, ClaimOrder), at: UtcMillis) {
    let (answer, batch) = (Arc::clone(inbox), order.batch);
    let posted = store.post(move |store| {
        let outcome = record(store, &order, at);
        answer.push(Event::ClaimAnswered { token, batch, outcome });
    });
    if let Err(error) = posted {
        tracing::error!(%error, "a claim was not recorded");
        inbox.push(Event::ClaimAnswered { token, batch, outcome: Err(ClaimFailed::Store) });
    }
}

fn record(store: &mut Store, order: &ClaimOrder, at: UtcMillis) -> Result<Box<ClaimDone>, ClaimFailed> {
    let voucher = store.claim(order, at).map_err(|error| match error {
        ClaimError::Refused(refused) => {
            log_refusal(order.batch, &refused);
            ClaimFailed::Refused(refused)
        }
        ClaimError::Store(error) => {
            log("a claim was not recorded", &error);
            ClaimFailed::Store
        }
    })?;
    // The claim is committed: what follows only refreshes what is shown.
    let holdings = holdings(store, order.pseudonym, at).unwrap_or_else(|error| {
        log("holdings were not read", &error);
        Holdings::default()
    });
    tracing::info!(batch = %order.batch, "claimed a coupon");
    Ok(Box::new(ClaimDone { voucher, holdings }))
}

/// Counts what can be issued.
pub fn count_stock(store: &StoreHandle, inbox: &Arc<Inbox>, at: UtcMillis) {
    let answer = Arc::clone(inbox);
    let posted = store.post(move |store| match store.stock(at) {
        Ok(stock) => answer.push(Event::StockCounted(stock)),
        Err(error) => log("stock was not counted", &error),
    });
    if let Err(error) = posted {
        tracing::error!(%error, "stock was not counted");
    }
}

fn holdings(store: &Store, pseudonym: Pseudonym, at: UtcMillis) -> Result<Holdings, StoreError> {
    Ok(Holdings { usage: store.usage(pseudonym, at.day())?, stock: store.stock(at)? })
}

fn log_refusal(batch: BatchId, refused: &cloud_sync::store::ClaimRefused) {
    tracing::info!(batch = %batch, reason = %refused, "refused a claim");
}

fn log(what: &str, error: &StoreError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, "{what}");
}

//! Moving the stock of a batch and counting what it costs; each call is part of the caller's transaction.

use super::super::{
    model::{BatchState, Lendable, StockError},
    store,
};
use crate::foundation::db::{DbError, Tx};
use domain::{ids::BatchId, money::Fen, time::UtcMillis};

/// What a kiosk may be lent of the batch; `None` unless it is active and its claim period has not ended.
pub fn lendable(tx: &mut Tx<'_>, id: BatchId, now: UtcMillis) -> Result<Option<Lendable>, DbError> {
    let Some(batch) = store::batch(tx, id)?.filter(|batch| batch.state == BatchState::Active) else {
        return Ok(None);
    };
    let Some(number) = batch.version else { return Ok(None) };
    let version = store::version(tx, id, number)?.filter(|version| now < version.content.terms.claim_until);
    Ok(version.map(|version| Lendable { version: version.version, lease_slots: batch.lease_slots }))
}

/// Takes up to `want` coupons out of the free stock and gives how many, 0 when nothing is left.
pub fn reserve_stock(tx: &mut Tx<'_>, id: BatchId, want: u32) -> Result<u32, StockError> {
    store::lease_stock(tx, id, want).map_err(stock_error)
}

/// Puts `count` leased coupons back into the free stock.
pub fn return_stock(tx: &mut Tx<'_>, id: BatchId, count: u32) -> Result<(), StockError> {
    store::return_stock(tx, id, count).map_err(stock_error).map(drop)
}

/// Turns `count` leased coupons into issued ones.
pub fn confirm_stock(tx: &mut Tx<'_>, id: BatchId, count: u32) -> Result<(), StockError> {
    store::confirm_stock(tx, id, count).map_err(stock_error).map(drop)
}

/// Counts the government's part of a redemption; [`StockError::Short`] past what was approved for the batch.
pub fn record_spend(tx: &mut Tx<'_>, id: BatchId, government: Fen) -> Result<(), StockError> {
    store::add_spent(tx, id, government).map_err(stock_error)
}

fn stock_error(error: DbError) -> StockError {
    if error.is_check("batch_stock") || error.is_check("batch_spend") {
        StockError::Short
    } else {
        StockError::Database(error)
    }
}

//! Moving the stock of a batch and counting what it costs; each call is part of the caller's transaction.

use super::super::{
    model::{BatchState, Counted, Lendable, StockError},
    rules, store,
};
use crate::foundation::db::{DbError, Tx};
use domain::{ids::BatchId, money::Fen, quota::Period, time::UtcMillis};

/// What a kiosk may be lent of the batch; `None` unless it is active and its claim period has not ended.
pub fn lendable(tx: &mut Tx<'_>, id: BatchId, now: UtcMillis) -> Result<Option<Lendable>, DbError> {
    let Some(batch) = store::batch(tx, id)?.filter(|batch| batch.state == BatchState::Active) else {
        return Ok(None);
    };
    let Some(number) = batch.version else { return Ok(None) };
    let version = store::version(tx, id, number)?.filter(|version| now < version.content.terms.claim_until);
    Ok(version.map(|version| Lendable {
        mall: batch.mall,
        version: version.version,
        lease_slots: batch.lease_slots,
        terms: version.content.terms,
    }))
}

/// What a period may still give: the free stock, within what is left of the day's and the window's quota.
pub fn stock_left(tx: &mut Tx<'_>, id: BatchId, period: &Period) -> Result<u32, DbError> {
    Ok(store::free(tx, id)?.min(store::quota::left(tx, id, period)?))
}

/// Takes up to `want` coupons out of the free stock for a period and gives how many, 0 when nothing is left for it.
pub fn reserve_stock(tx: &mut Tx<'_>, id: BatchId, want: u32, period: &Period) -> Result<u32, StockError> {
    let granted = stock_left(tx, id, period)?.min(want);
    store::quota::lend(tx, id, period, granted).map_err(stock_error)?;
    store::lease_stock(tx, id, granted).map_err(stock_error)?;
    Ok(granted)
}

/// Puts `count` leased coupons back into the free stock, and into the quotas they count against.
pub fn return_stock(tx: &mut Tx<'_>, id: BatchId, count: u32, counted: Counted) -> Result<(), StockError> {
    store::quota::give_back(tx, id, counted, count).map_err(stock_error)?;
    store::return_stock(tx, id, count).map_err(stock_error)?;
    let Some(batch) = store::batch(tx, id)?.filter(|batch| batch.cut_due > 0) else { return Ok(()) };
    let less = batch.cut_due.min(batch.stock.free);
    store::shrink(tx, id, (less, rules::released_by_cut(&batch, less))).map_err(stock_error)
}

/// Turns `count` leased coupons into issued ones.
pub fn confirm_stock(tx: &mut Tx<'_>, id: BatchId, count: u32, counted: Counted) -> Result<(), StockError> {
    store::quota::confirm(tx, id, counted, count).map_err(stock_error)?;
    store::confirm_stock(tx, id, count).map_err(stock_error).map(drop)
}

/// Counts the government's part of a redemption; [`StockError::Short`] past what was approved for the batch.
pub fn record_spend(tx: &mut Tx<'_>, id: BatchId, government: Fen) -> Result<(), StockError> {
    store::add_spent(tx, id, government).map_err(stock_error)
}

fn stock_error(error: DbError) -> StockError {
    let is_short =
        ["batch_stock", "batch_spend", "batch_quota_held"].iter().any(|check| error.is_check(check));
    if is_short { StockError::Short } else { StockError::Database(error) }
}

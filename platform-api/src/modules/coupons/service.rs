//! The wallet: what a person holds, and the code that lets a cashier use one coupon.

mod conflicts;
mod redeem;
mod report;

pub use conflicts::{conflicts, note_refused};
pub use redeem::{confirm, preview, redemption, redemption_summary, redemptions};
pub use report::report_claims;

use super::{
    model::{Coupon, CouponError, CouponView, ShownCode},
    rules, store,
};
use crate::{
    foundation::{
        act::Act,
        db::{DbError, Tx},
        outbox::{self, Event},
    },
    modules::{campaigns, consumers, merchants},
};
use domain::{
    coupon::{CouponMove, CouponState},
    ids::{ConsumerId, CouponId},
};

/// Coupons expired in one transaction, so that a long backlog never holds the writer for long.
const EXPIRED_MAX: u32 = 500;
/// Coupons voided in one transaction, each with its event.
const VOIDED_MAX: u32 = 200;

/// Everything the person holds or held, what ends first first.
pub fn wallet(tx: &mut Tx<'_>, act: &Act, owner: ConsumerId) -> Result<Vec<CouponView>, CouponError> {
    let coupons = store::of_owner(tx, owner)?;
    coupons.into_iter().map(|coupon| view(tx, act, coupon)).collect()
}

/// One coupon of the person.
pub fn coupon(
    tx: &mut Tx<'_>,
    act: &Act,
    (owner, id): (ConsumerId, CouponId),
) -> Result<CouponView, CouponError> {
    let coupon = store::find(tx, id)?.filter(|coupon| coupon.owner == owner).ok_or(CouponError::Unknown)?;
    view(tx, act, coupon)
}

/// A new code and new digits for a coupon the person can use; the digits shown before are dead. Writes.
pub fn show_code(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &consumers::Keys,
    (owner, id): (ConsumerId, CouponId),
) -> Result<ShownCode, CouponError> {
    let coupon = store::find(tx, id)?.filter(|coupon| coupon.owner == owner).ok_or(CouponError::Unknown)?;
    let recalled = campaigns::batch(tx, coupon.batch)?.is_some_and(|batch| batch.recalled.is_some());
    let state = rules::shown_state(&coupon, recalled, act.now);
    if state != CouponState::Issued {
        return Err(CouponError::State(state.name()));
    }
    let shown = consumers::issue_redeem_code(tx, act, keys, (owner, id))?;
    let pin: String = (0..rules::PIN_DIGITS).map(|_| char::from(b'0' + act.chance_below(10) as u8)).collect();
    store::replace_pin(tx, id, &pin, (act.now, shown.expires_at))?;
    Ok(ShownCode { code: shown.text, pin, expires_at: shown.expires_at })
}

/// Writes down that coupons have ended; gives how many. Call again while it gives some. What a coupon is worth never
/// waits for this: its end is looked at each time.
pub fn expire_due(tx: &mut Tx<'_>, act: &Act) -> Result<u32, DbError> {
    let mut expired = 0;
    for id in store::ended(tx, act.now, EXPIRED_MAX)? {
        let Ok(to) = CouponState::Issued.after(CouponMove::Expire) else { continue };
        expired += u32::from(store::move_state(tx, id, (CouponState::Issued, to))?);
    }
    Ok(expired)
}

/// Takes back coupons of recalled batches that nobody has used, a bounded number; false when there was nothing to do.
/// What they are worth never waits for this: the recall itself is looked at each time.
pub fn void_recalled(tx: &mut Tx<'_>, act: &Act) -> Result<bool, CouponError> {
    let Some((batch, reason)) = campaigns::recall_to_finish(tx)? else { return Ok(false) };
    let unused = store::unused_of(tx, batch, VOIDED_MAX)?;
    for id in &unused {
        let Ok(to) = CouponState::Issued.after(CouponMove::Void) else { continue };
        if store::move_state(tx, *id, (CouponState::Issued, to))? {
            let body = serde_json::json!({ "batch": batch, "reason": reason }).to_string();
            outbox::append(tx, act, &Event { topic: "coupon.voided", subject: &id.to_string(), body })?;
        }
    }
    if unused.is_empty() {
        campaigns::finish_recall(tx, act, batch)?;
    }
    Ok(true)
}

fn view(tx: &mut Tx<'_>, act: &Act, coupon: Coupon) -> Result<CouponView, CouponError> {
    let batch = campaigns::batch(tx, coupon.batch)?.ok_or(CouponError::Unknown)?;
    let version = campaigns::batch_version(tx, coupon.batch, coupon.version)?.ok_or(CouponError::Unknown)?;
    let merchant = batch.merchant.map(|merchant| merchants::merchant(tx, merchant)).transpose()?.flatten();
    let mut stores = Vec::new();
    for id in &version.content.stores {
        stores.extend(merchants::store_by_id(tx, *id)?.map(|store| (store.name, store.place)));
    }
    let redeemed = store::redemptions::of_coupon(tx, coupon.id)?;
    let state = rules::shown_state(&coupon, batch.recalled.is_some(), act.now);
    Ok(CouponView {
        coupon: Coupon { state, ..coupon },
        content: version.content,
        merchant_name: merchant.map(|merchant| merchant.name),
        stores,
        recalled: batch.recalled.filter(|_| state == CouponState::Voided),
        redeemed: redeemed.map(|redemption| (redemption.at, redemption.store_name)),
    })
}

//! Redemption (核销): a cashier shows what the customer brought, the platform says what it is worth and uses it up.
//!
//! Preview and confirmation take the same steps up to the price; a confirmation then writes everything in one
//! transaction, so a cashier never sees a discount the ledger does not hold.

use super::{
    super::{
        model::{Coupon, CouponError, Presented, Preview, Redemption, RedemptionQuery, Summary},
        rules::{self, Brought},
        store,
    },
    conflicts, report,
};
use crate::{
    foundation::{
        act::Act,
        audit,
        db::{DbError, Tx},
        outbox::{self, Event},
    },
    modules::{
        campaigns::{self, Batch, BatchVersion, StockError},
        consumers,
        leases::{self, SlotClaim},
        ledger::{self, LedgerError},
        merchants::{self, Till},
    },
};
use domain::{
    coupon::{CouponMove, CouponState},
    ids::{BatchId, ConsumerId, MerchantId, RedemptionId, StoreId},
    pricing::Party,
    time::UtcMillis,
};

/// What the text a cashier brought stands for.
enum Found {
    /// A coupon, perhaps with the voucher it came from.
    Coupon(Box<Coupon>, Option<SlotClaim>),
    /// A voucher nobody has reported yet; its coupon is made when it is redeemed.
    Slot(SlotClaim, ConsumerId),
}

/// A coupon at a till, and all that decides what it is worth there.
struct Case {
    found: Found,
    till: Till,
    batch: Batch,
    version: BatchVersion,
    preview: Preview,
    brought: Brought,
    /// Why somebody should look at the coupon of an unreported slot.
    suspect: Option<&'static str>,
}

impl Case {
    /// The slot of the voucher that was brought, if one was.
    fn claim(&self) -> Option<&SlotClaim> {
        match &self.found {
            Found::Coupon(_, claim) => claim.as_ref(),
            Found::Slot(claim, _) => Some(claim),
        }
    }
}

/// Says what a redemption would do. Changes nothing and uses no code up.
pub fn preview(tx: &mut Tx<'_>, act: &Act, presented: &Presented) -> Result<Preview, CouponError> {
    examine(tx, act, presented).map(|case| case.preview)
}

/// Uses a coupon up: coupon, redemption, ledger, audit and event in the caller's transaction. Refused with the earlier
/// redemption when there is one.
pub fn confirm(tx: &mut Tx<'_>, act: &Act, presented: &Presented) -> Result<Redemption, CouponError> {
    let case = examine(tx, act, presented)?;
    use_code_up(tx, act, presented, case.brought)?;
    let coupon = take_coupon(tx, act, &case)?;
    if let Some(claim) = case.claim() {
        conflicts::note(tx, act, (claim, &presented.code), format!("store:{}", case.till.store.id))?;
    }
    let redemption = record(tx, act, &case, &coupon)?;
    post(tx, act, &case, &redemption)?;
    announce(tx, act, &redemption, &coupon)?;
    Ok(redemption)
}

/// One redemption of a merchant.
pub fn redemption(
    tx: &mut Tx<'_>,
    (merchant, id): (MerchantId, RedemptionId),
) -> Result<Redemption, CouponError> {
    let found = store::redemptions::find(tx, id)?.filter(|redemption| redemption.merchant == merchant);
    found.ok_or(CouponError::Unknown)
}

/// Redemptions of a merchant, newest first.
pub fn redemptions(tx: &mut Tx<'_>, query: &RedemptionQuery) -> Result<Vec<Redemption>, DbError> {
    store::redemptions::list(tx, query)
}

/// What the redemptions of a merchant (or one store) since `from` come to.
pub fn redemption_summary(
    tx: &mut Tx<'_>,
    scope: (MerchantId, Option<StoreId>),
    from: UtcMillis,
) -> Result<Summary, DbError> {
    store::redemptions::summary(tx, scope, from)
}

fn examine(tx: &mut Tx<'_>, act: &Act, presented: &Presented) -> Result<Case, CouponError> {
    rules::check_bill(presented.bill_fen)?;
    let staff = act.actor.staff().ok_or(merchants::MerchantError::NotYourTill)?;
    let till = merchants::till(tx, staff.id, presented.store)?;
    let brought = rules::brought(&presented.code);
    let found = find(tx, act, (presented, brought))?;
    let (batch_id, version, ends_at, suspect) = match &found {
        Found::Coupon(coupon, _) => {
            refuse_used(tx, coupon)?;
            let version = campaigns::batch_version(tx, coupon.batch, coupon.version)?;
            (coupon.batch, version.ok_or(CouponError::Unknown)?, coupon.ends_at, None)
        }
        Found::Slot(claim, owner) => {
            let (version, suspect) = check_slot(tx, act, (claim, *owner))?;
            let ends_at = version.content.terms.ends_at(claim.voucher.claimed_at);
            (claim.voucher.batch, version, ends_at, suspect)
        }
    };
    let batch = campaigns::batch(tx, batch_id)?.ok_or(CouponError::Unknown)?;
    rules::check_place(&batch, &version.content, &till.store)?;
    let commission = merchants::commission_at(tx, till.store.merchant, act.now)?;
    let preview = rules::price(&version.content, ends_at, (presented.bill_fen, commission), act.now)?;
    Ok(Case { found, till, batch, version, preview, brought, suspect })
}

/// Believes what was brought, and finds the coupon or the slot it stands for.
fn find(
    tx: &mut Tx<'_>,
    act: &Act,
    (presented, brought): (&Presented, Brought),
) -> Result<Found, CouponError> {
    match brought {
        Brought::Pin => {
            let id = store::coupon_of_pin(tx, &presented.code, act.now)?.ok_or(CouponError::PinRefused)?;
            let coupon = store::find(tx, id)?.ok_or(CouponError::Unknown)?;
            Ok(Found::Coupon(Box::new(coupon), None))
        }
        Brought::Code => {
            let code = consumers::check_redeem(tx, act, &presented.code)?;
            let holder = consumers::resolve(tx, code.head.issued_at.day(), code.head.pseudonym)?;
            let coupon = store::find(tx, code.coupon)?.filter(|coupon| Some(coupon.owner) == holder);
            Ok(Found::Coupon(Box::new(coupon.ok_or(CouponError::Unknown)?), None))
        }
        Brought::Voucher => find_voucher(tx, act, presented),
    }
}

/// A voucher counts only beside its holder's own fresh code: a photograph of somebody's screen buys nothing.
fn find_voucher(tx: &mut Tx<'_>, act: &Act, presented: &Presented) -> Result<Found, CouponError> {
    let claim = leases::slot_for_voucher(tx, &presented.code)?;
    let holder_code = presented.holder_code.as_deref().ok_or(CouponError::HolderCodeRequired)?;
    let head = consumers::check_identify(tx, act, holder_code)?.head;
    // The voucher may be of yesterday evening, so people are compared, not the pseudonyms of two days.
    let holder = consumers::resolve(tx, head.issued_at.day(), head.pseudonym)?;
    let owner = consumers::resolve(tx, claim.voucher.claimed_at.day(), claim.voucher.pseudonym)?;
    let owner = owner.filter(|owner| Some(*owner) == holder).ok_or(CouponError::OtherHolder)?;
    match store::find_by_slot(tx, (claim.voucher.lease, claim.voucher.slot))? {
        Some(coupon) if coupon.owner == owner => Ok(Found::Coupon(Box::new(coupon), Some(claim))),
        Some(_) => Err(CouponError::SlotTaken),
        None => Ok(Found::Slot(claim, owner)),
    }
}

/// The code shown is used up for everybody but this cashier (`I44`). Asked after [`refuse_used`], so that a second cashier
/// with the same code is told who was first.
fn use_code_up(
    tx: &mut Tx<'_>,
    act: &Act,
    presented: &Presented,
    brought: Brought,
) -> Result<(), CouponError> {
    match (brought, &presented.holder_code) {
        (Brought::Code, _) => Ok(consumers::verify_redeem(tx, act, &presented.code).map(|_| ())?),
        (Brought::Voucher, Some(code)) => Ok(consumers::verify_identify(tx, act, code).map(|_| ())?),
        (Brought::Voucher, None) | (Brought::Pin, _) => Ok(()),
    }
}

/// Refuses a coupon that is redeemed already, saying by whom and when, or that its state holds back.
fn refuse_used(tx: &mut Tx<'_>, coupon: &Coupon) -> Result<(), CouponError> {
    if let Some(earlier) = store::redemptions::of_coupon(tx, coupon.id)? {
        return Err(CouponError::AlreadyRedeemed(Box::new(earlier)));
    }
    refuse_recalled(tx, coupon.batch)?;
    rules::check_state(coupon.state)
}

/// Nothing of a recalled batch is honoured, whether or not the job that voids its coupons has been.
fn refuse_recalled(tx: &mut Tx<'_>, batch: BatchId) -> Result<(), CouponError> {
    let recalled = campaigns::batch(tx, batch)?.and_then(|batch| batch.recalled);
    recalled.map_or(Ok(()), |reason| Err(CouponError::Recalled(reason)))
}

/// A voucher nobody has reported: it must stand before R and within the limit, like a report.
fn check_slot(
    tx: &mut Tx<'_>,
    act: &Act,
    (claim, owner): (&SlotClaim, ConsumerId),
) -> Result<(BatchVersion, Option<&'static str>), CouponError> {
    refuse_recalled(tx, claim.voucher.batch)?;
    let version = report::version_of(tx, claim)?;
    match report::check(tx, act, (claim, owner, &version), 0)? {
        Ok(suspect) => Ok((version, suspect)),
        Err(rules::NoCoupon::LeaseReclaimed | rules::NoCoupon::Recalled) => Err(CouponError::VoucherEnded),
        Err(rules::NoCoupon::UserLimit) => Err(CouponError::Refused(domain::eligibility::Refusal::UserLimit)),
    }
}

/// The coupon, redeemed from here on; an unreported slot becomes one first.
fn take_coupon(tx: &mut Tx<'_>, act: &Act, case: &Case) -> Result<Coupon, CouponError> {
    let (coupon, claim) = match &case.found {
        Found::Coupon(coupon, claim) => ((**coupon).clone(), *claim),
        Found::Slot(claim, owner) => {
            let coupon = report::issue(tx, act, (claim, *owner, &case.version), case.suspect)?;
            (coupon, Some(*claim))
        }
    };
    let to = coupon.state.after(CouponMove::Redeem).map_err(|error| CouponError::State(error.from.name()))?;
    if !store::move_state(tx, coupon.id, (coupon.state, to))? {
        return Err(CouponError::State(coupon.state.name()));
    }
    if let Some(claim) = claim {
        leases::mark_redeemed(tx, act, &claim)?;
    }
    Ok(Coupon { state: CouponState::Redeemed, ..coupon })
}

fn record(tx: &mut Tx<'_>, act: &Act, case: &Case, coupon: &Coupon) -> Result<Redemption, CouponError> {
    let redemption = Redemption {
        id: act.mint(RedemptionId::new),
        coupon: coupon.id,
        merchant: case.till.store.merchant,
        store: case.till.store.id,
        store_name: case.till.store.name.clone(),
        cashier: case.till.staff,
        cashier_name: case.till.staff_name.clone(),
        title: case.preview.title.clone(),
        at: act.now,
        bill_fen: case.preview.bill_fen,
        discount_fen: case.preview.discount_fen,
        commission_fen: case.preview.commission_fen,
        shares: case.preview.shares.clone(),
    };
    store::redemptions::insert(tx, &redemption, case.brought.name())?;
    Ok(redemption)
}

/// E03, E05 and the other funded legs; the merchant's own part is a memo on the redemption.
fn post(tx: &mut Tx<'_>, act: &Act, case: &Case, redemption: &Redemption) -> Result<(), CouponError> {
    let redeemed = ledger::Redeemed {
        redemption: redemption.id,
        campaign: case.batch.campaign,
        merchant: redemption.merchant,
        brand: case.version.content.brand.as_deref(),
        shares: &rules::by_party(&redemption.shares),
        commission_fen: redemption.commission_fen,
    };
    ledger::redeem(tx, act, &redeemed).map_err(|error| match error {
        LedgerError::InsufficientFund { .. } => CouponError::BudgetExhausted,
        LedgerError::AlreadyPosted(_) | LedgerError::NotBalanced(_) | LedgerError::Database(_) => {
            CouponError::Ledger(error)
        }
    })?;
    let government = rules::paid_by(&redemption.shares, Party::Gov);
    campaigns::record_spend(tx, case.batch.id, government).map_err(|error| match error {
        StockError::Short => CouponError::BudgetExhausted,
        StockError::Database(_) => CouponError::Stock(error),
    })
}

fn announce(tx: &mut Tx<'_>, act: &Act, redemption: &Redemption, coupon: &Coupon) -> Result<(), CouponError> {
    let facts = serde_json::json!({
        "coupon": coupon.id, "batch": coupon.batch, "merchant": redemption.merchant, "store": redemption.store,
        "bill_fen": redemption.bill_fen, "discount_fen": redemption.discount_fen,
        "commission_fen": redemption.commission_fen, "shares": redemption.shares,
    })
    .to_string();
    let id = redemption.id.to_string();
    let subject = format!("coupon:{}", coupon.id);
    let (before, after) = (Some(CouponState::Issued.name()), Some(facts.as_str()));
    let action = "coupon.redeem";
    audit::append(
        tx,
        act,
        &audit::Entry { surface: "M", action, subject: &subject, before, after, reason: &id },
    )?;
    Ok(outbox::append(tx, act, &Event { topic: "coupon.redeemed", subject: &id, body: facts })?)
}

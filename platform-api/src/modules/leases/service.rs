//! Grant, close, and what a voucher's slot is worth.

use super::{
    model::{Lease, SlotClaim, SlotState, VoucherRefused},
    rules::{self, Wish},
    store,
};
use crate::{
    config::LeaseConfig,
    foundation::{
        act::Act,
        db::{DbError, Tx},
        error::{Code, Problem},
    },
    modules::{
        campaigns::{self, Counted, Lendable},
        devices,
    },
};
use domain::{
    ids::{BatchId, DeviceId, LeaseId},
    quota::Period,
    time::UtcMillis,
    voucher,
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use protocol::{
    lease::{CloseAnswer, CloseRequest, Grant, LeaseRequest},
    signed::{Purpose, Signed},
};

/// Why stock is not lent or taken back.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The caller is no kiosk that is enrolled now.
    #[error("the kiosk is not enrolled")]
    NotEnrolled,
    /// The kiosk speaks for an epoch that has ended.
    #[error("the epoch has ended")]
    EpochEnded,
    /// The kiosk was silent for too long; a heartbeat comes first.
    #[error("the kiosk was silent for too long")]
    Silent,
    /// The batch is paused, over or unknown.
    #[error("the batch is not running")]
    NotActive,
    /// Nothing is left to lend.
    #[error("nothing of the batch is left")]
    Exhausted,
    /// There is stock, but the day or the window has given what it may.
    #[error("the quota of the period is used up")]
    QuotaFull,
    /// The batch issues nothing at that time, or it is too far ahead.
    #[error("nothing is issued at that time")]
    OutOfWindow,
    /// There is no such lease of this life of the kiosk, or it closes more slots than it has.
    #[error("no such lease")]
    NoSuchLease,
    /// The grant could not be written down.
    #[error("the grant could not be written")]
    Encoding(#[from] serde_json::Error),
    /// Stock could not be moved.
    #[error("stock could not be moved")]
    Stock(#[from] campaigns::StockError),
    /// The database failed.
    #[error("the lease was not recorded")]
    Database(#[from] DbError),
}

impl devices::AsBehind for LeaseError {}

impl From<LeaseError> for Problem {
    fn from(error: LeaseError) -> Problem {
        match error {
            LeaseError::NotEnrolled => Problem::new(Code::DeviceRefused),
            LeaseError::EpochEnded => Problem::new(Code::EpochEnded),
            LeaseError::Silent => Problem::new(Code::Conflict).detail("send a heartbeat first"),
            LeaseError::NotActive => Problem::new(Code::BatchNotActive),
            LeaseError::Exhausted => Problem::new(Code::BatchExhausted),
            LeaseError::QuotaFull => Problem::new(Code::QuotaSlotFull),
            LeaseError::OutOfWindow => Problem::new(Code::OutOfWindow),
            LeaseError::NoSuchLease => Problem::new(Code::NotFound),
            LeaseError::Database(error) => Problem::from(error),
            LeaseError::Encoding(_) | LeaseError::Stock(_) => Problem::internal(&error),
        }
    }
}

/// What a grant needs besides the database.
pub(super) struct Lending<'a> {
    pub(super) config: &'a LeaseConfig,
    /// Signs grants; kiosks pinned its public half when they were enrolled.
    pub(super) key: &'a SigningKey,
}

/// Lends stock to the calling kiosk. The same request number gets the same answer, byte for byte.
pub(super) fn grant(
    tx: &mut Tx<'_>,
    act: &Act,
    lending: &Lending<'_>,
    request: &LeaseRequest,
) -> Result<Signed, LeaseError> {
    let device = current_device(tx, act, request.epoch)?;
    if let Some(answer) = store::find_answer(tx, device.id, request.epoch, request.request_no)? {
        return Ok(answer);
    }
    if rules::is_silent(device.heard_at, act.now) {
        return Err(LeaseError::Silent);
    }
    let at = rules::wanted_at(request.at, act.now).ok_or(LeaseError::OutOfWindow)?;
    let lendable = lendable_to(tx, &device, request.batch, at)?;
    let period = lendable.terms.quota.period_at(at).ok_or(LeaseError::OutOfWindow)?;
    let counted = Counted::of(&period);
    let slots = reserve(tx, act, &device, (request, &lendable), &period)?;
    let life = rules::life(lending.config, &lendable.terms, &period, at);
    let grant = Grant {
        lease: act.mint(LeaseId::new),
        device: device.id,
        epoch: request.epoch,
        request_no: request.request_no,
        batch: request.batch,
        version: lendable.version,
        slots,
        valid_from: life.valid_from,
        expires_at: life.expires_at,
        reclaim_at: life.reclaim_at,
    };
    let answer = Signed::seal(&grant, Purpose::Grant, lending.key)?;
    let (device_key, granted_at) = (device.public_key, act.now);
    store::insert(tx, &store::NewLease { grant: &grant, device_key, granted_at, counted, answer: &answer })?;
    devices::saw_request(tx, device.id, request.request_no)?;
    Ok(answer)
}

/// The batch, if it runs at `at` and shoppers of the mall the kiosk stands in can use it.
fn lendable_to(
    tx: &mut Tx<'_>,
    device: &devices::Device,
    batch: BatchId,
    at: UtcMillis,
) -> Result<Lendable, LeaseError> {
    let mall = devices::mall(tx, device.id)?;
    let lendable = campaigns::lendable(tx, batch, at)?;
    lendable.filter(|lendable| Some(lendable.mall) == mall).ok_or(LeaseError::NotActive)
}

/// Takes the kiosk's part of what is left out of the free stock and out of the period's quotas.
fn reserve(
    tx: &mut Tx<'_>,
    act: &Act,
    device: &devices::Device,
    (request, lendable): (&LeaseRequest, &Lendable),
    period: &Period,
) -> Result<u32, LeaseError> {
    let wish = Wish {
        want: request.want,
        batch_slots: lendable.lease_slots,
        held: store::held(tx, (device.id, request.batch), Counted::of(period), act.now)?,
        left: campaigns::stock_left(tx, request.batch, period)?,
        kiosks: devices::heard_in(tx, lendable.mall, act.now.plus_ms(-rules::SILENT_MS_MAX))?,
    };
    match campaigns::reserve_stock(tx, request.batch, rules::size(&wish), period)? {
        0 if campaigns::batch(tx, request.batch)?.is_some_and(|batch| batch.stock.free > 0) => {
            Err(LeaseError::QuotaFull)
        }
        0 => Err(LeaseError::Exhausted),
        slots => Ok(slots),
    }
}

/// Takes back the slots a kiosk will not use. Closing again changes nothing and says the same.
pub(super) fn close(tx: &mut Tx<'_>, act: &Act, request: &CloseRequest) -> Result<CloseAnswer, LeaseError> {
    let device = current_device(tx, act, request.epoch)?;
    // A lease of an earlier life waits for R: nobody knows any more what that life has promised.
    let is_own = |lease: &Lease| lease.device == device.id && lease.epoch == device.epoch;
    let lease = store::find(tx, request.lease)?.filter(is_own);
    let lease = lease.filter(|lease| request.used <= lease.slots).ok_or(LeaseError::NoSuchLease)?;
    if let Some(from) = lease.closed_from {
        return Ok(CloseAnswer { returned: lease.slots - from });
    }
    if lease.reclaimed {
        return Ok(CloseAnswer { returned: 0 });
    }
    // A kiosk that lost count must not give back what somebody already holds: then it keeps everything until R.
    if store::spoken_for(tx, lease.id, request.used)? > 0 {
        return Ok(CloseAnswer { returned: 0 });
    }
    let returned = lease.slots - request.used;
    store::set_closed(tx, lease.id, request.used)?;
    campaigns::return_stock(tx, lease.batch, returned, lease.counted)?;
    Ok(CloseAnswer { returned })
}

/// Believes a voucher's text and says where its slot stands.
pub fn slot_for_voucher(tx: &mut Tx<'_>, text: &str) -> Result<SlotClaim, VoucherRefused> {
    let presented = voucher::read(text.as_bytes())?;
    let lease = store::find(tx, presented.lease())?.ok_or(VoucherRefused::NoSuchSlot)?;
    let key = VerifyingKey::from_bytes(&lease.device_key).map_err(|_| VoucherRefused::NoSuchSlot)?;
    let voucher = presented.verify(&key)?;
    let fits = voucher.slot < lease.slots && voucher.batch == lease.batch;
    if !fits || voucher.redeem_before != whole_seconds(lease.reclaim_at) {
        return Err(VoucherRefused::NoSuchSlot);
    }
    let row = store::slot(tx, lease.id, voucher.slot)?;
    let state = rules::slot_state(&lease, voucher.slot, row);
    Ok(SlotClaim {
        voucher,
        device: lease.device,
        epoch: lease.epoch,
        version: lease.version,
        state,
        counted: lease.counted,
        issued_within: (lease.granted_at.max(lease.valid_from), lease.expires_at),
    })
}

/// Notes that a slot became a coupon by the report of its own kiosk. Its stock is issued from here on; false if it was
/// spoken for before. A voucher of the present life counts among those its ledger must know of.
pub fn mark_reported(tx: &mut Tx<'_>, act: &Act, claim: &SlotClaim) -> Result<bool, LeaseError> {
    let first = speak_for(tx, act, claim, false)?;
    if first {
        devices::saw_report(tx, claim.device, claim.epoch)?;
    }
    Ok(first)
}

/// Notes that a slot's coupon was redeemed, reported before or not.
pub fn mark_redeemed(tx: &mut Tx<'_>, act: &Act, claim: &SlotClaim) -> Result<(), LeaseError> {
    if !speak_for(tx, act, claim, true)? {
        store::set_redeemed(tx, claim.voucher.lease, claim.voucher.slot)?;
    }
    Ok(())
}

fn speak_for(tx: &mut Tx<'_>, act: &Act, claim: &SlotClaim, redeemed: bool) -> Result<bool, LeaseError> {
    if claim.state == SlotState::Returned {
        return Err(LeaseError::NoSuchLease);
    }
    let first = store::insert_slot(tx, (claim.voucher.lease, claim.voucher.slot), redeemed, act.now)?;
    if first {
        campaigns::confirm_stock(tx, claim.voucher.batch, 1, claim.counted)?;
    }
    Ok(first)
}

fn current_device(tx: &mut Tx<'_>, act: &Act, epoch: u32) -> Result<devices::Device, LeaseError> {
    let id: DeviceId = act.actor.kiosk().ok_or(LeaseError::NotEnrolled)?;
    let device = devices::find(tx, id)?.filter(|device| !device.revoked).ok_or(LeaseError::NotEnrolled)?;
    if device.epoch == epoch { Ok(device) } else { Err(LeaseError::EpochEnded) }
}

/// Vouchers carry whole seconds.
const fn whole_seconds(at: domain::time::UtcMillis) -> domain::time::UtcMillis {
    domain::time::UtcMillis::from_seconds(at.seconds())
}

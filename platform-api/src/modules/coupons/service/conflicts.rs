//! Conflicts (冲突): two vouchers for one slot, the mark of a disk that was rolled back or copied.
//!
//! The first in the platform's order is honoured and every further one refused; both texts are kept, and whoever looks
//! after the kiosks is shown them. Vouchers are told apart by what was signed, so a replay is no conflict.

use super::super::{
    model::{Conflict, CouponError, Presented, SeenVoucher},
    rules::{Brought, brought},
    store,
};
use crate::{
    foundation::{
        act::Act,
        audit,
        db::{DbError, Tx},
    },
    modules::{
        leases::{self, SlotClaim, VoucherRefused},
        merchants::{self, MerchantError},
    },
};

/// What a believed voucher is among those of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// The first of its slot.
    First,
    /// Seen before.
    Again,
    /// Another one was seen before.
    Other,
}

/// Keeps a believed voucher, seen now at `place`. One that is not the first of its slot goes into the audit, once.
pub(super) fn note(
    tx: &mut Tx<'_>,
    act: &Act,
    (claim, text): (&SlotClaim, &str),
    place: String,
) -> Result<Sight, DbError> {
    let (seen, same) = store::seen::of_slot(tx, &claim.voucher)?;
    if same {
        return Ok(Sight::Again);
    }
    let now_seen = SeenVoucher { voucher: text.to_owned(), at: act.now, place };
    store::seen::insert(tx, (&claim.voucher, claim.device), seen, &now_seen)?;
    if seen == 0 {
        return Ok(Sight::First);
    }
    let slot = format!("lease {} slot {}", claim.voucher.lease, claim.voucher.slot);
    audit::append(
        tx,
        act,
        &audit::Entry {
            surface: "O",
            action: "kiosk.conflict",
            subject: &format!("kiosk:{}", claim.device),
            before: Some(&slot),
            after: Some(text),
            reason: "two vouchers were issued for one slot: a disk was rolled back or copied",
        },
    )?;
    tracing::error!(device.id = %claim.device, "two vouchers for {slot} of kiosk {}", claim.device);
    Ok(Sight::Other)
}

/// Keeps a voucher a till was refused, if another of its slot was seen before: the refusal itself has left no trace.
/// Anything else that was refused is none of our business here.
pub fn note_refused(tx: &mut Tx<'_>, act: &Act, presented: &Presented) -> Result<(), CouponError> {
    let Some(staff) = act.actor.staff().filter(|_| brought(&presented.code) == Brought::Voucher) else {
        return Ok(());
    };
    let claim = match leases::slot_for_voucher(tx, &presented.code) {
        Ok(claim) => claim,
        Err(VoucherRefused::NotGenuine(_) | VoucherRefused::NoSuchSlot) => return Ok(()),
        Err(VoucherRefused::Database(error)) => return Err(error.into()),
    };
    let store = match merchants::till(tx, staff.id, presented.store) {
        Ok(till) => till.store.id,
        Err(MerchantError::Database(error)) => return Err(error.into()),
        Err(
            MerchantError::Field(_)
            | MerchantError::Unknown(_)
            | MerchantError::Taken(_)
            | MerchantError::NotYourTill
            | MerchantError::Suspended
            | MerchantError::Json(_),
        ) => return Ok(()),
    };
    if store::seen::of_slot(tx, &claim.voucher)?.0 > 0 {
        note(tx, act, (&claim, &presented.code), format!("store:{store}"))?;
    }
    Ok(())
}

/// Conflicts, newest first, at most `limit`.
pub fn conflicts(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Conflict>, DbError> {
    store::seen::conflicts(tx, limit)
}

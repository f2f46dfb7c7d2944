//! The table `voucher_seen`: which vouchers of a slot were heard of, in order; never changed, never removed.

use super::super::model::{Conflict, SeenVoucher};
use crate::foundation::db::{DbError, Row, Tx};
use domain::{ids::DeviceId, time::UtcMillis, voucher::Voucher};

/// How many vouchers of this slot were seen, and whether this one was among them.
pub(in super::super) fn of_slot(tx: &mut Tx<'_>, voucher: &Voucher) -> Result<(u32, bool), DbError> {
    let row = tx.query_one(
        "SELECT COUNT(*) AS seen, COUNT(CASE WHEN pseudonym = $3 AND claimed_at = $4 THEN 1 END) AS same
         FROM voucher_seen WHERE lease = $1 AND slot = $2",
        &[
            voucher.lease.into(),
            voucher.slot.into(),
            voucher.pseudonym.to_bytes().into(),
            voucher.claimed_at.into(),
        ],
    )?;
    Ok((row.get("seen")?, row.get::<i64>("same")? > 0))
}

/// Keeps a voucher as the one after `place` others of its slot.
pub(in super::super) fn insert(
    tx: &mut Tx<'_>,
    (voucher, device): (&Voucher, DeviceId),
    place: u32,
    seen: &SeenVoucher,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO voucher_seen (lease, slot, place, device, pseudonym, claimed_at, voucher, seen_at, seen_at_place)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            voucher.lease.into(),
            voucher.slot.into(),
            place.into(),
            device.into(),
            voucher.pseudonym.to_bytes().into(),
            voucher.claimed_at.into(),
            (&seen.voucher).into(),
            seen.at.into(),
            (&seen.place).into(),
        ],
    )?;
    Ok(())
}

/// Second and further vouchers of a slot, each beside the first, newest first.
pub(in super::super) fn conflicts(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Conflict>, DbError> {
    let rows = tx.query(
        "SELECT other.device, other.lease, other.slot, other.place,
             first.voucher AS first_voucher, first.seen_at AS first_at, first.seen_at_place AS first_place,
             other.voucher AS other_voucher, other.seen_at AS other_at, other.seen_at_place AS other_place
         FROM voucher_seen AS other
         JOIN voucher_seen AS first ON first.lease = other.lease AND first.slot = other.slot AND first.place = 0
         WHERE other.place > 0 ORDER BY other.seen_at DESC, other.lease, other.slot, other.place LIMIT $1",
        &[limit.into()],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Conflict, DbError> {
    let seen = |voucher, at, place| {
        Ok::<_, DbError>(SeenVoucher {
            voucher: row.get(voucher)?,
            at: row.get::<UtcMillis>(at)?,
            place: row.get(place)?,
        })
    };
    Ok(Conflict {
        device: row.get("device")?,
        lease: row.get("lease")?,
        slot: row.get("slot")?,
        first: seen("first_voucher", "first_at", "first_place")?,
        other: seen("other_voucher", "other_at", "other_place")?,
    })
}

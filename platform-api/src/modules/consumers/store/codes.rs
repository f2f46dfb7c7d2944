//! The SQL of pseudonyms, burned codes and the key ring.

use super::super::rules::ring::RingSlot;
use crate::foundation::db::{DbError, Row, Tx};
use domain::{
    consumer_code::{CodeHead, Pseudonym},
    ids::{CityCode, ConsumerId},
    sealed::KeyId,
    time::{ShanghaiDay, UtcMillis},
};

/// Keys ever made that are still remembered by id: some twenty years of weeks.
const KEY_IDS_MAX: u32 = 1_200;

/// Remembers who a pseudonym is on its day.
pub(in super::super) fn remember_pseudonym(
    tx: &mut Tx<'_>,
    day: ShanghaiDay,
    pseudonym: Pseudonym,
    consumer: ConsumerId,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO pseudonym (day, pseudonym, consumer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        &[day.into(), pseudonym.to_bytes().into(), consumer.into()],
    )?;
    Ok(())
}

/// Who a pseudonym was on one of these days.
pub(in super::super) fn find_pseudonym(
    tx: &mut Tx<'_>,
    pseudonym: Pseudonym,
    (first, last): (ShanghaiDay, ShanghaiDay),
) -> Result<Option<ConsumerId>, DbError> {
    let row = tx.query_opt(
        "SELECT consumer FROM pseudonym WHERE pseudonym = $1 AND day BETWEEN $2 AND $3",
        &[pseudonym.to_bytes().into(), first.into(), last.into()],
    )?;
    row.map(|row| row.get("consumer")).transpose()
}

pub(in super::super) fn forget_pseudonyms(tx: &mut Tx<'_>, before: ShanghaiDay) -> Result<u64, DbError> {
    tx.execute("DELETE FROM pseudonym WHERE day < $1", &[before.into()])
}

/// Who used the code first: `holder` itself if nobody had.
pub(in super::super) fn burn(
    tx: &mut Tx<'_>,
    head: &CodeHead,
    (purpose, holder): (&str, &str),
    (now, ends_at): (UtcMillis, UtcMillis),
) -> Result<String, DbError> {
    let pseudonym = head.pseudonym.to_bytes();
    tx.execute(
        "INSERT INTO burned_code (purpose, pseudonym, nonce, holder, burned_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        &[purpose.into(), pseudonym.into(), head.nonce.into(), holder.into(), now.into(), ends_at.into()],
    )?;
    let row = tx.query_one(
        "SELECT holder FROM burned_code WHERE purpose = $1 AND pseudonym = $2 AND nonce = $3",
        &[purpose.into(), pseudonym.into(), head.nonce.into()],
    )?;
    row.get("holder")
}

pub(in super::super) fn forget_burned(tx: &mut Tx<'_>, now: UtcMillis) -> Result<u64, DbError> {
    tx.execute("DELETE FROM burned_code WHERE ends_at < $1", &[now.into()])
}

/// Version and city of the ring.
pub(in super::super) fn ring(tx: &mut Tx<'_>) -> Result<Option<(u64, CityCode)>, DbError> {
    let Some(row) = tx.query_opt("SELECT version, city FROM ring WHERE id = 1", &[])? else {
        return Ok(None);
    };
    let version: i64 = row.get("version")?;
    Ok(Some((version.unsigned_abs(), row.get("city")?)))
}

pub(in super::super) fn insert_ring(tx: &mut Tx<'_>, city: CityCode) -> Result<(), DbError> {
    tx.execute("INSERT INTO ring (id, version, city) VALUES (1, 0, $1)", &[city.into()])?;
    Ok(())
}

pub(in super::super) fn count_ring_version(tx: &mut Tx<'_>) -> Result<(), DbError> {
    tx.execute("UPDATE ring SET version = version + 1 WHERE id = 1", &[])?;
    Ok(())
}

/// The keys in the ring, accepted now or later.
pub(in super::super) fn ring_slots(tx: &mut Tx<'_>, now: UtcMillis) -> Result<Vec<RingSlot>, DbError> {
    let rows = tx.query(
        "SELECT key_id, public_key, not_before, signs_until, not_after FROM ring_key
         WHERE dropped_at IS NULL AND not_after > $1 ORDER BY not_before, key_id LIMIT 16",
        &[now.into()],
    )?;
    rows.iter().map(read_slot).collect()
}

/// Every key id that was ever used: none is used twice.
pub(in super::super) fn key_ids(tx: &mut Tx<'_>) -> Result<Vec<KeyId>, DbError> {
    let rows =
        tx.query("SELECT key_id FROM ring_key ORDER BY not_before DESC LIMIT $1", &[KEY_IDS_MAX.into()])?;
    rows.iter().map(|row| row.get("key_id")).collect()
}

pub(in super::super) fn insert_ring_key(
    tx: &mut Tx<'_>,
    slot: &RingSlot,
    private_sealed: &[u8],
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO ring_key (key_id, public_key, private_sealed, not_before, signs_until, not_after)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            slot.key_id.into(),
            slot.public_key.into(),
            private_sealed.into(),
            slot.not_before.into(),
            slot.signs_until.into(),
            slot.not_after.into(),
        ],
    )?;
    Ok(())
}

/// The sealed private half of a key that still signs.
pub(in super::super) fn private_sealed(tx: &mut Tx<'_>, key_id: KeyId) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx.query_opt("SELECT private_sealed FROM ring_key WHERE key_id = $1", &[key_id.into()])?;
    Ok(row.map(|row| row.get::<Option<Vec<u8>>>("private_sealed")).transpose()?.flatten())
}

/// Takes a key out of the ring for good; true if it was in it.
pub(in super::super) fn drop_key(tx: &mut Tx<'_>, key_id: KeyId, at: UtcMillis) -> Result<bool, DbError> {
    let dropped = tx.execute(
        "UPDATE ring_key SET dropped_at = $2, private_sealed = NULL WHERE key_id = $1 AND dropped_at IS NULL",
        &[key_id.into(), at.into()],
    )?;
    Ok(dropped > 0)
}

/// Takes keys out that nobody accepts any more, and forgets the private half of those that sign no more; gives how
/// many were taken out.
pub(in super::super) fn retire_keys(tx: &mut Tx<'_>, now: UtcMillis) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE ring_key SET private_sealed = NULL WHERE signs_until <= $1 AND private_sealed IS NOT NULL",
        &[now.into()],
    )?;
    tx.execute(
        "UPDATE ring_key SET dropped_at = $1 WHERE not_after <= $1 AND dropped_at IS NULL",
        &[now.into()],
    )
}

fn read_slot(row: &Row) -> Result<RingSlot, DbError> {
    Ok(RingSlot {
        key_id: row.get("key_id")?,
        public_key: row.get("public_key")?,
        not_before: row.get("not_before")?,
        signs_until: row.get("signs_until")?,
        not_after: row.get("not_after")?,
    })
}

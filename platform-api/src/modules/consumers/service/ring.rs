//! The key ring: kept stocked with a key for now and one for next week; every change goes to the kiosks.

use super::super::{
    error::ConsumersError,
    keys::Keys,
    rules::ring::{self, RingSlot},
    store::codes as rows,
};
use crate::foundation::{
    act::Act,
    change_log::{self, Change},
    db::{DbError, Tx},
};
use domain::{ids::CityCode, key_ring::KeyRing, sealed::KeyId, time::UtcMillis};
use ed25519_dalek::SigningKey;
use protocol::feed;

/// The one row of its kind in the change log.
const RING_ID: &str = "ring";

/// Makes the ring of `city` unless there is one.
pub(in super::super) fn create(tx: &mut Tx<'_>, city: CityCode) -> Result<(), ConsumersError> {
    match rows::ring(tx)? {
        None => Ok(rows::insert_ring(tx, city)?),
        Some((_, known)) if known == city => Ok(()),
        Some(_) => Err(ConsumersError::NotPrepared("the ring of this city; the database belongs to another")),
    }
}

/// Brings the ring to `act.now`: drops keys nobody accepts any more, adds those that are missing, and tells the kiosks
/// if anything changed.
pub(in super::super) fn rotate(tx: &mut Tx<'_>, act: &Act, keys: &Keys) -> Result<KeyRing, ConsumersError> {
    let retired = rows::retire_keys(tx, act.now)?;
    let slots = rows::ring_slots(tx, act.now)?;
    let used = rows::key_ids(tx)?;
    let missing = ring::missing(&slots, &used, act.now);
    for wanted in &missing {
        let key = SigningKey::from_bytes(&act.chance());
        let slot = RingSlot::new(wanted, key.verifying_key().to_bytes());
        rows::insert_ring_key(tx, &slot, &keys.seal_signing(act, wanted.key_id, &key)?)?;
    }
    if retired > 0 || !missing.is_empty() {
        announce(tx, act)?;
    }
    current(tx, act.now)?.ok_or(ConsumersError::NotPrepared("key ring"))
}

/// Takes a key that is no longer trusted out of the ring, at once and for good, and puts another in its place.
pub(in super::super) fn revoke(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    key_id: KeyId,
) -> Result<KeyRing, ConsumersError> {
    if !rows::drop_key(tx, key_id, act.now)? {
        return Err(ConsumersError::Unknown);
    }
    announce(tx, act)?;
    rotate(tx, act, keys)
}

/// The ring as kiosks and verifiers hold it; `None` before it was created.
pub(in super::super) fn current(tx: &mut Tx<'_>, now: UtcMillis) -> Result<Option<KeyRing>, DbError> {
    let Some((version, city)) = rows::ring(tx)? else { return Ok(None) };
    Ok(Some(ring::published(&rows::ring_slots(tx, now)?, version, city)))
}

/// The key that signs now; the ring is stocked first when none does.
pub(in super::super) fn signing(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
) -> Result<(CityCode, KeyId, SigningKey), ConsumersError> {
    if ring::signing(&rows::ring_slots(tx, act.now)?, act.now).is_none() {
        rotate(tx, act, keys)?;
    }
    let (_, city) = rows::ring(tx)?.ok_or(ConsumersError::NotPrepared("key ring"))?;
    let slots = rows::ring_slots(tx, act.now)?;
    let slot = ring::signing(&slots, act.now).ok_or(ConsumersError::NotPrepared("signing key"))?;
    let sealed = rows::private_sealed(tx, slot.key_id)?.ok_or(ConsumersError::NotPrepared("private key"))?;
    Ok((city, slot.key_id, keys.open_signing(slot.key_id, &sealed)?))
}

fn announce(tx: &mut Tx<'_>, act: &Act) -> Result<(), ConsumersError> {
    rows::count_ring_version(tx)?;
    let ring = current(tx, act.now)?.ok_or(ConsumersError::NotPrepared("key ring"))?;
    let change = feed::Change::put(RING_ID, &feed::Row::KeyRing(ring))?;
    let body = change.row.map(|row| row.to_string());
    change_log::append(tx, act, &Change { kind: feed::KEY_RING, id: RING_ID, scope: "city", body })?;
    Ok(())
}

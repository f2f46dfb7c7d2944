//! The SQL of consumers: accounts and evidence here, the rest by noun.

pub(super) mod codes;
pub(super) mod consents;
pub(super) mod denied;
pub(super) mod passes;
pub(super) mod tags;

use super::model::{Evidence, Level};
use crate::foundation::db::{DbError, Row, Tx};
use domain::{ids::ConsumerId, time::UtcMillis};

/// Evidence rows of one person; there are fewer kinds than this.
const EVIDENCE_MAX: u32 = 32;

/// A consumer as stored.
pub(super) struct Stored {
    pub(super) id: ConsumerId,
    pub(super) phone_hash: String,
    pub(super) key_sealed: Vec<u8>,
    pub(super) phone_sealed: Vec<u8>,
    pub(super) name_sealed: Vec<u8>,
    pub(super) name_masked: String,
    pub(super) profile_sealed: Option<Vec<u8>>,
    pub(super) rule_version: Option<u32>,
    pub(super) created_at: UtcMillis,
}

pub(super) fn insert(tx: &mut Tx<'_>, consumer: &Stored) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO consumer (id, phone_hash, key_sealed, phone_sealed, name_sealed, name_masked, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            consumer.id.into(),
            (&consumer.phone_hash).into(),
            consumer.key_sealed.as_slice().into(),
            consumer.phone_sealed.as_slice().into(),
            consumer.name_sealed.as_slice().into(),
            (&consumer.name_masked).into(),
            consumer.created_at.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, id: ConsumerId) -> Result<Option<Stored>, DbError> {
    let row = tx.query_opt(
        "SELECT id, phone_hash, key_sealed, phone_sealed, name_sealed, name_masked, profile_sealed, rule_version,
                created_at
         FROM consumer WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(read).transpose()
}

pub(super) fn find_by_phone(tx: &mut Tx<'_>, phone_hash: &str) -> Result<Option<ConsumerId>, DbError> {
    let row = tx.query_opt("SELECT id FROM consumer WHERE phone_hash = $1", &[phone_hash.into()])?;
    row.map(|row| row.get("id")).transpose()
}

fn read(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: row.get("id")?,
        phone_hash: row.get("phone_hash")?,
        key_sealed: row.get("key_sealed")?,
        phone_sealed: row.get("phone_sealed")?,
        name_sealed: row.get("name_sealed")?,
        name_masked: row.get("name_masked")?,
        profile_sealed: row.get("profile_sealed")?,
        rule_version: row.get("rule_version")?,
        created_at: row.get("created_at")?,
    })
}

pub(super) fn name_masked(tx: &mut Tx<'_>, id: ConsumerId) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("SELECT name_masked FROM consumer WHERE id = $1", &[id.into()])?;
    row.map(|row| row.get("name_masked")).transpose()
}

pub(super) fn set_name(tx: &mut Tx<'_>, id: ConsumerId, sealed: &[u8], masked: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE consumer SET name_sealed = $2, name_masked = $3 WHERE id = $1",
        &[id.into(), sealed.into(), masked.into()],
    )?;
    Ok(())
}

/// Saves the profile, or removes it when there is none; either way nothing is evaluated any more.
pub(super) fn set_profile(
    tx: &mut Tx<'_>,
    id: ConsumerId,
    sealed: Option<Vec<u8>>,
    at: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE consumer SET profile_sealed = $2, profile_at = $3, evaluated_at = NULL, rule_version = NULL
         WHERE id = $1",
        &[id.into(), sealed.into(), at.into()],
    )?;
    Ok(())
}

pub(super) fn set_evaluated(
    tx: &mut Tx<'_>,
    id: ConsumerId,
    rule_version: u32,
    at: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE consumer SET evaluated_at = $2, rule_version = $3 WHERE id = $1",
        &[id.into(), at.into(), rule_version.into()],
    )?;
    Ok(())
}

pub(super) fn put_evidence(
    tx: &mut Tx<'_>,
    id: ConsumerId,
    evidence: &Evidence,
    at: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO consumer_evidence (consumer, kind, level, valid_from, valid_until, reference, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (consumer, kind) DO UPDATE SET level = excluded.level, valid_from = excluded.valid_from,
             valid_until = excluded.valid_until, reference = excluded.reference,
             recorded_at = excluded.recorded_at",
        &[
            id.into(),
            (&evidence.kind).into(),
            evidence.level.number().into(),
            evidence.valid_from.into(),
            evidence.valid_until.into(),
            (&evidence.reference).into(),
            at.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn evidence(tx: &mut Tx<'_>, id: ConsumerId) -> Result<Vec<Evidence>, DbError> {
    let rows = tx.query(
        "SELECT kind, level, valid_from, valid_until, reference FROM consumer_evidence
         WHERE consumer = $1 ORDER BY kind LIMIT $2",
        &[id.into(), EVIDENCE_MAX.into()],
    )?;
    rows.iter().map(read_evidence).collect()
}

fn read_evidence(row: &Row) -> Result<Evidence, DbError> {
    Ok(Evidence {
        kind: row.get("kind")?,
        level: read_level(row)?,
        valid_from: row.get("valid_from")?,
        valid_until: row.get("valid_until")?,
        reference: row.get("reference")?,
    })
}

/// The level of a row; a number that is no level is read as the weakest, never as a stronger one.
fn read_level(row: &Row) -> Result<Level, DbError> {
    Ok(Level::from_number(row.get("level")?).unwrap_or(Level::L0))
}

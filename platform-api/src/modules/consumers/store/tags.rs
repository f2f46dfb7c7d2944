//! The SQL of rule sets, the tag registry and the tags people have.

use super::{super::model::TagAssertion, read_level};
use crate::foundation::{
    act::Act,
    db::{DbError, Row, Tx},
};
use domain::{
    ids::{ConsumerId, TagId},
    time::UtcMillis,
};

/// Tags of one person; a rule set has no more.
const TAGS_MAX: u32 = 64;

/// The newest published version; 0 when there is none.
pub(in super::super) fn newest_version(tx: &mut Tx<'_>) -> Result<u32, DbError> {
    tx.query_one("SELECT COALESCE(MAX(version), 0) AS version FROM rule_set", &[])?.get("version")
}

/// The text of the rule set in force at `now`.
pub(in super::super) fn rule_set_in_force(
    tx: &mut Tx<'_>,
    now: UtcMillis,
) -> Result<Option<String>, DbError> {
    let row = tx.query_opt(
        "SELECT body FROM rule_set WHERE effective_from <= $1 ORDER BY version DESC LIMIT 1",
        &[now.into()],
    )?;
    row.map(|row| row.get("body")).transpose()
}

/// The version of the rule set in force at `now`.
pub(in super::super) fn version_in_force(tx: &mut Tx<'_>, now: UtcMillis) -> Result<Option<u32>, DbError> {
    let sql = "SELECT MAX(version) AS version FROM rule_set WHERE effective_from <= $1";
    tx.query_one(sql, &[now.into()])?.get("version")
}

/// The hash of a published version.
pub(in super::super) fn rule_set_sha256(tx: &mut Tx<'_>, version: u32) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("SELECT sha256 FROM rule_set WHERE version = $1", &[version.into()])?;
    row.map(|row| row.get("sha256")).transpose()
}

pub(in super::super) fn insert_rule_set(
    tx: &mut Tx<'_>,
    act: &Act,
    (version, effective_from): (u32, UtcMillis),
    (body, sha256): (&str, &str),
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO rule_set (version, effective_from, body, sha256, published_at, published_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            version.into(),
            effective_from.into(),
            body.into(),
            sha256.into(),
            act.now.into(),
            act.actor.to_string().into(),
        ],
    )?;
    Ok(())
}

pub(in super::super) fn tag_by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<TagId>, DbError> {
    let row = tx.query_opt("SELECT id FROM consumer_tag WHERE name = $1", &[name.into()])?;
    row.map(|row| row.get("id")).transpose()
}

/// Whether the tag is sensitive; `None` for an unknown one.
pub(in super::super) fn sensitivity(tx: &mut Tx<'_>, tag: TagId) -> Result<Option<bool>, DbError> {
    let row = tx.query_opt("SELECT sensitive FROM consumer_tag WHERE id = $1", &[tag.into()])?;
    row.map(|row| row.get("sensitive")).transpose()
}

pub(in super::super) fn insert_tag(
    tx: &mut Tx<'_>,
    tag: TagId,
    name: &str,
    sensitive: bool,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO consumer_tag (id, name, sensitive) VALUES ($1, $2, $3)",
        &[tag.into(), name.into(), sensitive.into()],
    )?;
    Ok(())
}

/// A tag once sensitive stays so: nobody consented to less care.
pub(in super::super) fn mark_sensitive(tx: &mut Tx<'_>, tag: TagId) -> Result<(), DbError> {
    tx.execute("UPDATE consumer_tag SET sensitive = 1 WHERE id = $1", &[tag.into()])?;
    Ok(())
}

/// Puts these tags in place of all the person had.
pub(in super::super) fn replace(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    assertions: &[TagAssertion],
) -> Result<(), DbError> {
    tx.execute("DELETE FROM tag_assertion WHERE consumer = $1", &[consumer.into()])?;
    for assertion in assertions {
        tx.execute(
            "INSERT INTO tag_assertion (consumer, tag, level, valid_from, valid_until, source, rule_version,
                                        preference)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                consumer.into(),
                assertion.tag.into(),
                assertion.level.number().into(),
                assertion.valid_from.into(),
                assertion.valid_until.into(),
                (&assertion.source).into(),
                assertion.rule_version.into(),
                assertion.preference.into(),
            ],
        )?;
    }
    Ok(())
}

/// The tags that hold at `now`, the preferred first.
pub(in super::super) fn live(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    now: UtcMillis,
) -> Result<Vec<TagAssertion>, DbError> {
    let rows = tx.query(
        "SELECT tag, level, valid_from, valid_until, source, rule_version, preference FROM tag_assertion
         WHERE consumer = $1 AND valid_from <= $2 AND valid_until > $2 ORDER BY preference, tag LIMIT $3",
        &[consumer.into(), now.into(), TAGS_MAX.into()],
    )?;
    rows.iter().map(read_assertion).collect()
}

fn read_assertion(row: &Row) -> Result<TagAssertion, DbError> {
    Ok(TagAssertion {
        tag: row.get("tag")?,
        level: read_level(row)?,
        valid_from: row.get("valid_from")?,
        valid_until: row.get("valid_until")?,
        source: row.get("source")?,
        rule_version: row.get("rule_version")?,
        preference: row.get("preference")?,
    })
}

//! The SQL of consents and the texts they refer to.

use super::super::model::{Consent, ConsentText, Purpose};
use crate::foundation::db::{DbError, Row, Tx};
use domain::{ids::ConsumerId, time::UtcMillis};

/// Consents shown of one person: years of changing one's mind.
const CONSENTS_MAX: u32 = 200;

/// The newest text of each purpose, in the order of purposes.
pub(in super::super) fn texts(tx: &mut Tx<'_>) -> Result<Vec<ConsentText>, DbError> {
    let rows = tx.query(
        "SELECT purpose, version, title, summary, body, separate, sha256 FROM consent_text AS text
         WHERE version = (SELECT MAX(version) FROM consent_text WHERE purpose = text.purpose)
         ORDER BY purpose LIMIT 16",
        &[],
    )?;
    let texts = rows.iter().map(read_text).collect::<Result<Vec<_>, DbError>>()?;
    Ok(texts.into_iter().flatten().collect())
}

/// The hash of one published text.
pub(in super::super) fn text_sha256(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    version: u32,
) -> Result<Option<String>, DbError> {
    let row = tx.query_opt(
        "SELECT sha256 FROM consent_text WHERE purpose = $1 AND version = $2",
        &[purpose.as_str().into(), version.into()],
    )?;
    row.map(|row| row.get("sha256")).transpose()
}

pub(in super::super) fn insert_text(
    tx: &mut Tx<'_>,
    text: &ConsentText,
    at: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO consent_text (purpose, version, title, summary, body, separate, sha256, published_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            text.purpose.as_str().into(),
            text.version.into(),
            (&text.title).into(),
            (&text.summary).into(),
            (&text.body).into(),
            text.separate.into(),
            (&text.sha256).into(),
            at.into(),
        ],
    )?;
    Ok(())
}

/// All consents of a person, the newest first.
pub(in super::super) fn of(tx: &mut Tx<'_>, consumer: ConsumerId) -> Result<Vec<Consent>, DbError> {
    let rows = tx.query(
        "SELECT purpose, text_version, text_sha256, channel, at, withdrawn_at FROM consent
         WHERE consumer = $1 ORDER BY at DESC, id DESC LIMIT $2",
        &[consumer.into(), CONSENTS_MAX.into()],
    )?;
    let consents = rows.iter().map(read_consent).collect::<Result<Vec<_>, DbError>>()?;
    Ok(consents.into_iter().flatten().collect())
}

/// The version of the text a live consent refers to.
pub(in super::super) fn live_version(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    purpose: Purpose,
) -> Result<Option<u32>, DbError> {
    let row = tx.query_opt(
        "SELECT text_version FROM consent WHERE consumer = $1 AND purpose = $2 AND withdrawn_at IS NULL",
        &[consumer.into(), purpose.as_str().into()],
    )?;
    row.map(|row| row.get("text_version")).transpose()
}

pub(in super::super) fn insert(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    id: &str,
    (text, channel, at): (&ConsentText, &str, UtcMillis),
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO consent (id, consumer, purpose, text_version, text_sha256, separate, channel, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id.into(),
            consumer.into(),
            text.purpose.as_str().into(),
            text.version.into(),
            (&text.sha256).into(),
            text.separate.into(),
            channel.into(),
            at.into(),
        ],
    )?;
    Ok(())
}

/// Ends the live consent, if there is one; gives whether there was.
pub(in super::super) fn withdraw(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    purpose: Purpose,
    at: UtcMillis,
) -> Result<bool, DbError> {
    let ended = tx.execute(
        "UPDATE consent SET withdrawn_at = $3 WHERE consumer = $1 AND purpose = $2 AND withdrawn_at IS NULL",
        &[consumer.into(), purpose.as_str().into(), at.into()],
    )?;
    Ok(ended > 0)
}

/// `None` for a purpose this build does not know: a newer one has added it.
fn read_text(row: &Row) -> Result<Option<ConsentText>, DbError> {
    let Some(purpose) = Purpose::from_text(&row.get::<String>("purpose")?) else { return Ok(None) };
    Ok(Some(ConsentText {
        purpose,
        version: row.get("version")?,
        title: row.get("title")?,
        summary: row.get("summary")?,
        body: row.get("body")?,
        separate: row.get("separate")?,
        sha256: row.get("sha256")?,
    }))
}

fn read_consent(row: &Row) -> Result<Option<Consent>, DbError> {
    let Some(purpose) = Purpose::from_text(&row.get::<String>("purpose")?) else { return Ok(None) };
    Ok(Some(Consent {
        purpose,
        text_version: row.get("text_version")?,
        text_sha256: row.get("text_sha256")?,
        channel: row.get("channel")?,
        at: row.get("at")?,
        withdrawn_at: row.get("withdrawn_at")?,
    }))
}

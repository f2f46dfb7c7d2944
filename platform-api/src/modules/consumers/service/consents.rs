//! Consents: given to a text that was shown, taken back at any time, kept as proof.

use super::super::{
    error::ConsumersError,
    model::{Consent, ConsentText, Purpose},
    store::{self, consents as rows, passes},
};
use crate::foundation::{
    act::Act,
    db::{DbError, Tx},
};
use domain::ids::ConsumerId;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A consent as it is given.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Given<'a> {
    pub(in super::super) purpose: Purpose,
    /// The version of the text that was shown.
    pub(in super::super) text_version: u32,
    /// `phone`, `desk` or `kiosk:<id>`.
    pub(in super::super) channel: &'a str,
}

/// Records a consent to the newest text. One that is live for that text already stays as it is.
pub(in super::super) fn grant(
    tx: &mut Tx<'_>,
    act: &Act,
    consumer: ConsumerId,
    given: &Given<'_>,
) -> Result<(), ConsumersError> {
    let text = newest_text(tx, given.purpose)?;
    if given.text_version != text.version {
        return Err(ConsumersError::TextReplaced { purpose: text.purpose, text_version: text.version });
    }
    if rows::live_version(tx, consumer, text.purpose)? == Some(text.version) {
        return Ok(());
    }
    rows::withdraw(tx, consumer, text.purpose, act.now)?;
    let id: [u8; 16] = act.chance();
    rows::insert(tx, consumer, &hex::encode(id), (&text, given.channel, act.now))?;
    Ok(())
}

/// Takes a consent back. With P2 the profile and all tags go at once; P1 ends with the account only.
pub(in super::super) fn withdraw(
    tx: &mut Tx<'_>,
    act: &Act,
    consumer: ConsumerId,
    purpose: Purpose,
) -> Result<(), ConsumersError> {
    match purpose {
        Purpose::Account => return Err(ConsumersError::AccountRestsOnIt),
        Purpose::CrowdCode => {
            store::set_profile(tx, consumer, None, act.now)?;
            store::tags::replace(tx, consumer, &[])?;
        }
        Purpose::Personalised => {}
    }
    // They carry the tags of before; the phone fetches others.
    passes::revoke(tx, consumer, act.now)?;
    rows::withdraw(tx, consumer, purpose, act.now)?;
    Ok(())
}

/// True while a consent to some version of the text is live.
pub(in super::super) fn is_live(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    purpose: Purpose,
) -> Result<bool, DbError> {
    Ok(rows::live_version(tx, consumer, purpose)?.is_some())
}

/// Refuses without a live consent, and says which text to show.
pub(in super::super) fn require(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    purpose: Purpose,
) -> Result<(), ConsumersError> {
    if is_live(tx, consumer, purpose)? {
        return Ok(());
    }
    let text_version = newest_text(tx, purpose)?.version;
    Err(ConsumersError::ConsentRequired { purpose, text_version })
}

/// The newest texts and every consent of a person, the newest first.
pub(in super::super) fn overview(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
) -> Result<(Vec<ConsentText>, Vec<Consent>), DbError> {
    Ok((rows::texts(tx)?, rows::of(tx, consumer)?))
}

/// The newest texts, in the order of purposes.
pub(in super::super) fn texts(tx: &mut Tx<'_>) -> Result<Vec<ConsentText>, DbError> {
    rows::texts(tx)
}

/// The newest text of a purpose.
pub(in super::super) fn newest_text(
    tx: &mut Tx<'_>,
    purpose: Purpose,
) -> Result<ConsentText, ConsumersError> {
    let texts = rows::texts(tx)?;
    texts.into_iter().find(|text| text.purpose == purpose).ok_or(ConsumersError::NotPrepared("consent text"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextFile {
    text: Vec<TextEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextEntry {
    purpose: Purpose,
    version: u32,
    separate: bool,
    title: String,
    summary: String,
    body: String,
}

/// Publishes the texts of `file` that are new; one that differs from what was published under its version is refused.
pub(in super::super) fn publish_texts(tx: &mut Tx<'_>, act: &Act, file: &str) -> Result<(), ConsumersError> {
    let file: TextFile =
        toml::from_str(file).map_err(|error| ConsumersError::ConsentTexts(error.to_string()))?;
    for entry in file.text {
        let text = finish(entry);
        match rows::text_sha256(tx, text.purpose, text.version)? {
            None => rows::insert_text(tx, &text, act.now)?,
            Some(published) if published == text.sha256 => {}
            Some(_) => {
                let name = format!("{} version {} was edited", text.purpose.as_str(), text.version);
                return Err(ConsumersError::ConsentTexts(name));
            }
        }
    }
    Ok(())
}

fn finish(entry: TextEntry) -> ConsentText {
    let (title, summary, body) = (entry.title, entry.summary, entry.body.trim().to_owned());
    let sha256 = hex::encode(Sha256::digest(format!("{title}\n{summary}\n{body}")));
    ConsentText {
        purpose: entry.purpose,
        version: entry.version,
        separate: entry.separate,
        title,
        summary,
        body,
        sha256,
    }
}

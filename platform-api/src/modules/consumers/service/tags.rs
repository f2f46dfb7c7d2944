//! Tags: a published rule set turns a profile and evidence into opaque numbers.

use super::{
    super::{
        error::ConsumersError,
        keys::Keys,
        model::{Evaluation, Purpose, TagAssertion},
        rules::{self, Facts, Granted, rule_set::RuleSet, targeting},
        store::{self, tags as rows},
    },
    consents, load, open_profile,
};
use crate::foundation::{
    act::Act,
    db::{DbError, Tx},
};
use domain::{
    ids::{ConsumerId, TagId},
    segment::Predicate,
    time::UtcMillis,
};
use sha2::{Digest, Sha256};

/// Publishes the next rule set. The same text again changes nothing; another text under a used number is refused.
pub(in super::super) fn publish(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    text: &str,
) -> Result<u32, ConsumersError> {
    let set = RuleSet::parse(text)?;
    let sha256 = hex::encode(Sha256::digest(text));
    if rows::rule_set_sha256(tx, set.version)?.as_deref() == Some(sha256.as_str()) {
        return Ok(set.version);
    }
    if set.version != rows::newest_version(tx)? + 1 {
        let wrong = rules::rule_set::RuleSetError::Wrong("version: it must be the next one".to_owned());
        return Err(wrong.into());
    }
    for tag in &set.tags {
        register(tx, keys, &tag.name, tag.sensitive)?;
    }
    rows::insert_rule_set(tx, act, (set.version, set.effective_from), (text, &sha256))?;
    Ok(set.version)
}

/// Gives the tag a number nobody can guess, unless it has one.
fn register(tx: &mut Tx<'_>, keys: &Keys, name: &str, sensitive: bool) -> Result<(), ConsumersError> {
    if let Some(known) = rows::tag_by_name(tx, name)? {
        if sensitive {
            rows::mark_sensitive(tx, known)?;
        }
        return Ok(());
    }
    for attempt in 0..=u8::MAX {
        let number = keys.tag_number(name, attempt);
        if number.get() != 0 && rows::sensitivity(tx, number)?.is_none() {
            return Ok(rows::insert_tag(tx, number, name, sensitive)?);
        }
    }
    Err(ConsumersError::NotPrepared("a free tag number"))
}

/// Evaluates the profile by the rule set in force and puts the tags in place of the old ones.
pub(in super::super) fn evaluate(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    consumer: ConsumerId,
) -> Result<Evaluation, ConsumersError> {
    consents::require(tx, consumer, Purpose::CrowdCode)?;
    let (stored, key) = load(tx, keys, consumer)?;
    let profile = open_profile(&stored, &key)?.ok_or(ConsumersError::NoProfile)?;
    let text = rows::rule_set_in_force(tx, act.now)?.ok_or(ConsumersError::NotPrepared("rule set"))?;
    let set = RuleSet::parse(&text)?;
    let evidence = store::evidence(tx, consumer)?;
    let granted = rules::evaluate(&set, &Facts { profile: &profile, evidence: &evidence, now: act.now });
    let assertions = granted
        .iter()
        .map(|granted| assertion(tx, act.now, set.version, granted))
        .collect::<Result<Vec<_>, ConsumersError>>()?;
    rows::replace(tx, consumer, &assertions)?;
    store::set_evaluated(tx, consumer, set.version, act.now)?;
    Ok(Evaluation { rule_version: set.version, tags: assertions.len(), evaluated_at: act.now })
}

fn assertion(
    tx: &mut Tx<'_>,
    now: UtcMillis,
    rule_version: u32,
    granted: &Granted,
) -> Result<TagAssertion, ConsumersError> {
    let tag = rows::tag_by_name(tx, &granted.name)?.ok_or(ConsumersError::NotPrepared("tag"))?;
    Ok(TagAssertion {
        tag,
        level: granted.level,
        valid_from: now,
        valid_until: granted.valid_until,
        source: granted.source.clone(),
        rule_version,
        preference: granted.preference,
    })
}

/// Evaluates again when another rule set has come into force since the last time.
pub(in super::super) fn refresh(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    consumer: ConsumerId,
) -> Result<(), ConsumersError> {
    let stored = store::find(tx, consumer)?.ok_or(ConsumersError::Unknown)?;
    let stale = stored.rule_version.is_some() && stored.rule_version != rows::version_in_force(tx, act.now)?;
    if stale && consents::is_live(tx, consumer, Purpose::CrowdCode)? {
        evaluate(tx, act, keys, consumer)?;
    }
    Ok(())
}

/// The live tags offers may go by, the preferred first; none without live consents P2 and P3.
pub(in super::super) fn of(
    tx: &mut Tx<'_>,
    consumer: ConsumerId,
    now: UtcMillis,
) -> Result<Vec<TagAssertion>, DbError> {
    let consented = consents::is_live(tx, consumer, Purpose::CrowdCode)?
        && consents::is_live(tx, consumer, Purpose::Personalised)?;
    if consented { rows::live(tx, consumer, now) } else { Ok(Vec::new()) }
}

/// Accepts a predicate an offer may use.
pub(in super::super) fn check_targeting(
    tx: &mut Tx<'_>,
    predicate: &Predicate,
) -> Result<(), ConsumersError> {
    let mut sensitive: Vec<TagId> = Vec::new();
    for tag in targeting::tags_named(predicate) {
        match rows::sensitivity(tx, tag)? {
            None => return Err(targeting::TargetingError::UnknownTag.into()),
            Some(true) => sensitive.push(tag),
            Some(false) => {}
        }
    }
    Ok(targeting::check(predicate, &sensitive)?)
}

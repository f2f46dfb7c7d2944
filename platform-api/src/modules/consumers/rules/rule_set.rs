//! A rule set: data that says which facts make which tag.
//!
//! A published set is never edited. What cannot be understood in full is refused as a whole, so that no rule is ever
//! half applied.

use super::super::model::{EVIDENCE_KINDS, Level, NUMBER_FIELDS, TEXT_FIELDS};
use domain::time::UtcMillis;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::collections::BTreeSet;

/// Deepest nesting of a condition.
const DEPTH_MAX: usize = 6;
/// Most tags of a set; a city has some dozens of crowds.
const TAGS_MAX: usize = 64;
/// Longest life of a tag: after a year people are asked again.
const VALID_DAYS_MAX: u32 = 366;

/// A set of rules.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RuleSet {
    pub(in super::super) version: u32,
    #[serde(deserialize_with = "instant")]
    pub(in super::super) effective_from: UtcMillis,
    #[serde(rename = "tag")]
    pub(in super::super) tags: Vec<TagRule>,
}

/// What makes one tag.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TagRule {
    pub(in super::super) name: String,
    #[serde(default)]
    pub(in super::super) sensitive: bool,
    pub(in super::super) preference: u32,
    #[serde(rename = "grant")]
    pub(in super::super) grants: Vec<Grant>,
}

/// One way to a tag; the first that holds counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Grant {
    pub(in super::super) level: Level,
    pub(in super::super) valid_days: u32,
    pub(in super::super) when: Condition,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in super::super) enum Condition {
    /// Every part.
    All(Vec<Condition>),
    /// At least one part.
    Any(Vec<Condition>),
    /// Not the part.
    Not(Box<Condition>),
    /// A field of the profile has one of these texts.
    Text { field: String, one_of: Vec<String> },
    /// A number lies within these bounds, both included.
    Number { field: String, from: i32, to: i32 },
    /// There is live evidence of a kind, at least this sure.
    Evidence { kind: String, level: Level },
}

/// Why a rule set is refused.
#[derive(Debug, thiserror::Error)]
pub enum RuleSetError {
    /// The text is no rule set.
    #[error("the text is no rule set")]
    Unreadable(#[from] toml::de::Error),
    /// A part of it breaks a limit or names something unknown.
    #[error("the rule set is wrong at {0}")]
    Wrong(String),
}

impl RuleSet {
    /// Reads a rule set and checks every name and limit in it.
    pub(in super::super) fn parse(text: &str) -> Result<RuleSet, RuleSetError> {
        let set: RuleSet = toml::from_str(text)?;
        let names: BTreeSet<&str> = set.tags.iter().map(|tag| tag.name.as_str()).collect();
        if set.version == 0 || names.is_empty() || names.len() != set.tags.len() || names.len() > TAGS_MAX {
            return Err(RuleSetError::Wrong("the list of tags or the version".to_owned()));
        }
        set.tags.iter().try_for_each(check_tag)?;
        Ok(set)
    }
}

fn check_tag(tag: &TagRule) -> Result<(), RuleSetError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let named = !tag.name.is_empty() && tag.name.len() <= 40 && tag.name.bytes().all(plain);
    let lives = |grant: &Grant| (1..=VALID_DAYS_MAX).contains(&grant.valid_days);
    let sound = |grant: &Grant| lives(grant) && is_sound(&grant.when, DEPTH_MAX);
    if named && !tag.grants.is_empty() && tag.grants.iter().all(sound) {
        Ok(())
    } else {
        Err(RuleSetError::Wrong(format!("tag {}", tag.name)))
    }
}

fn is_sound(condition: &Condition, depth_left: usize) -> bool {
    let Some(depth_left) = depth_left.checked_sub(1) else { return false };
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            !parts.is_empty() && parts.iter().all(|part| is_sound(part, depth_left))
        }
        Condition::Not(part) => is_sound(part, depth_left),
        Condition::Text { field, one_of } => TEXT_FIELDS.contains(&field.as_str()) && !one_of.is_empty(),
        Condition::Number { field, from, to } => NUMBER_FIELDS.contains(&field.as_str()) && from <= to,
        Condition::Evidence { kind, .. } => EVIDENCE_KINDS.contains(&kind.as_str()),
    }
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UtcMillis, D::Error> {
    let text = String::deserialize(deserializer)?;
    UtcMillis::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("an instant in RFC 3339 is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = include_str!("../../../../published/rule_set_1.toml");

    #[test]
    fn the_published_set_is_sound_and_has_a_sensitive_tag() {
        let set = RuleSet::parse(FIRST).unwrap();
        assert_eq!(set.version, 1);
        assert!(set.tags.iter().any(|tag| tag.sensitive));
    }

    #[test]
    fn a_set_that_names_something_unknown_is_refused_as_a_whole() {
        for (known, unknown) in [
            ("field = \"study\"", "field = \"shoe_size\""),
            ("kind = \"phone\"", "kind = \"rumour\""),
            ("field = \"age\"", "field = \"income\""),
            ("name = \"visitor\"", "name = \"resident\""),
            ("name = \"visitor\"", "name = \"Visitor 1\""),
            ("valid_days = 30\n", "valid_days = 0\n"),
            ("level = \"L2\"", "level = \"L9\""),
            ("preference = 41", "preference = 41\ncolour = \"red\""),
        ] {
            assert!(FIRST.contains(known), "{known}");
            assert!(RuleSet::parse(&FIRST.replace(known, unknown)).is_err(), "{unknown}");
        }
    }

    #[test]
    fn conditions_nest_six_deep_at_most() {
        let nested = |depth: usize| {
            let leaf = "{ evidence = { kind = \"phone\", level = \"L1\" } }".to_owned();
            let when = (1..depth).fold(leaf, |part, _| format!("{{ not = {part} }}"));
            let head = "version = 1\neffective_from = \"2026-01-01T00:00:00Z\"\n[[tag]]\nname = \"a\"\npreference = 1";
            format!("{head}\n[[tag.grant]]\nlevel = \"L0\"\nvalid_days = 1\nwhen = {when}\n")
        };
        assert!(RuleSet::parse(&nested(DEPTH_MAX)).is_ok());
        assert!(RuleSet::parse(&nested(DEPTH_MAX + 1)).is_err());
    }
}

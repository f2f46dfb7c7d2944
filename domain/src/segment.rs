//! 人群: the predicate language that says which crowd something is meant for.
//!
//! A predicate sees tag numbers only; what a tag means never leaves the platform.

use crate::ids::TagId;
use serde::{Deserialize, Serialize};

/// Deepest nesting accepted by [`Predicate::check`]; campaign editors need three levels, the rest is room.
pub const PREDICATE_DEPTH_MAX: usize = 8;
/// Most nodes accepted by [`Predicate::check`]: 5,000 offers at this size still decide within a millisecond or two.
pub const PREDICATE_NODES_MAX: usize = 64;

/// Whom something is meant for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predicate {
    /// Everybody, anonymous people too.
    Everyone,
    /// People who carry the tag.
    Tag(TagId),
    /// People for whom every part holds; true when there is no part.
    All(Vec<Predicate>),
    /// People for whom at least one part holds; false when there is no part.
    Any(Vec<Predicate>),
    /// People for whom the part does not hold.
    Not(Box<Predicate>),
}

impl Predicate {
    /// True if a person with these tags is meant.
    pub fn holds(&self, tags: &[TagId]) -> bool {
        match self {
            Predicate::Everyone => true,
            Predicate::Tag(tag) => tags.contains(tag),
            Predicate::All(parts) => parts.iter().all(|part| part.holds(tags)),
            Predicate::Any(parts) => parts.iter().any(|part| part.holds(tags)),
            Predicate::Not(part) => !part.holds(tags),
        }
    }

    /// True if the predicate asks nothing of a person, so that an anonymous one may see the thing.
    pub fn is_public(&self) -> bool {
        match self {
            Predicate::Everyone => true,
            Predicate::All(parts) => parts.iter().all(Predicate::is_public),
            Predicate::Any(parts) => parts.iter().any(Predicate::is_public),
            Predicate::Tag(_) | Predicate::Not(_) => false,
        }
    }

    /// How many of the person's tags the predicate names: the more, the closer the offer is meant for that person.
    pub fn matched_tags(&self, tags: &[TagId]) -> u32 {
        match self {
            Predicate::Everyone | Predicate::Not(_) => 0,
            Predicate::Tag(tag) => u32::from(tags.contains(tag)),
            Predicate::All(parts) | Predicate::Any(parts) => {
                parts.iter().map(|part| part.matched_tags(tags)).sum()
            }
        }
    }

    /// Every tag the predicate names, in its order, a repeated one as often as it stands there.
    pub fn tags(&self) -> Vec<TagId> {
        match self {
            Predicate::Everyone => Vec::new(),
            Predicate::Tag(tag) => vec![*tag],
            Predicate::All(parts) | Predicate::Any(parts) => parts.iter().flat_map(Predicate::tags).collect(),
            Predicate::Not(part) => part.tags(),
        }
    }

    /// Accepts a predicate that stays within the limits on depth and size.
    pub fn check(&self) -> Result<(), PredicateError> {
        if self.depth() > PREDICATE_DEPTH_MAX {
            return Err(PredicateError::TooDeep);
        }
        if self.nodes() > PREDICATE_NODES_MAX {
            return Err(PredicateError::TooLarge);
        }
        Ok(())
    }

    fn depth(&self) -> usize {
        1 + match self {
            Predicate::Everyone | Predicate::Tag(_) => 0,
            Predicate::All(parts) | Predicate::Any(parts) => {
                parts.iter().map(Predicate::depth).max().unwrap_or(0)
            }
            Predicate::Not(part) => part.depth(),
        }
    }

    fn nodes(&self) -> usize {
        1 + match self {
            Predicate::Everyone | Predicate::Tag(_) => 0,
            Predicate::All(parts) | Predicate::Any(parts) => parts.iter().map(Predicate::nodes).sum(),
            Predicate::Not(part) => part.nodes(),
        }
    }
}

/// Why a predicate is not accepted.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PredicateError {
    /// Nested deeper than [`PREDICATE_DEPTH_MAX`].
    #[error("the predicate is nested too deep")]
    TooDeep,
    /// More nodes than [`PREDICATE_NODES_MAX`].
    #[error("the predicate has too many parts")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    const YOUTH: TagId = TagId::new(11);
    const SINGLE: TagId = TagId::new(12);

    fn young_single() -> Predicate {
        Predicate::All(vec![Predicate::Tag(YOUTH), Predicate::Tag(SINGLE)])
    }

    #[test]
    fn every_part_of_all_must_hold() {
        assert!(young_single().holds(&[SINGLE, YOUTH]));
        assert!(!young_single().holds(&[YOUTH]));
    }

    #[test]
    fn an_exclusion_is_not_public_although_an_anonymous_person_would_pass_it() {
        let not_youth = Predicate::Not(Box::new(Predicate::Tag(YOUTH)));
        assert!(not_youth.holds(&[]));
        assert!(!not_youth.is_public());
    }

    #[test]
    fn the_limits_hold() {
        let deep =
            (0..PREDICATE_DEPTH_MAX).fold(Predicate::Everyone, |part, _| Predicate::Not(Box::new(part)));
        assert_eq!(deep.check(), Err(PredicateError::TooDeep));
        let wide = Predicate::Any(vec![Predicate::Everyone; PREDICATE_NODES_MAX]);
        assert_eq!(wide.check(), Err(PredicateError::TooLarge));
        assert_eq!(young_single().check(), Ok(()));
    }

    #[test]
    fn a_predicate_travels_as_readable_json() {
        let text = r#"{"all":[{"tag":11},{"not":{"tag":12}},"everyone"]}"#;
        let predicate: Predicate = serde_json::from_str(text).unwrap();
        assert_eq!(predicate.tags(), [YOUTH, SINGLE]);
        assert_eq!(serde_json::to_string(&predicate).unwrap(), text);
    }
}

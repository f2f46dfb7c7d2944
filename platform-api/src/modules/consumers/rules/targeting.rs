//! What an offer may ask of a person: a sensitive tag is never the only reason for an offer, nor a reason against one.

use domain::{ids::TagId, segment::Predicate};

/// Why a predicate must not be used.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TargetingError {
    /// It names a tag that is not registered.
    #[error("the predicate names an unknown tag")]
    UnknownTag,
    /// People are let in for a sensitive tag alone.
    #[error("a sensitive tag decides alone")]
    SensitiveAlone,
    /// People are kept out for a sensitive tag.
    #[error("a sensitive tag shuts people out")]
    SensitiveExcluded,
}

/// Accepts a predicate whose sensitive tags only ever narrow what an ordinary tag began.
pub(in super::super) fn check(predicate: &Predicate, sensitive: &[TagId]) -> Result<(), TargetingError> {
    if is_excluding(predicate, sensitive, false) {
        return Err(TargetingError::SensitiveExcluded);
    }
    // Without exclusions the predicate only grows with sensitive tags, so all of them together are the worst case.
    if predicate.holds(sensitive) && !predicate.holds(&[]) {
        return Err(TargetingError::SensitiveAlone);
    }
    Ok(())
}

fn is_excluding(predicate: &Predicate, sensitive: &[TagId], negated: bool) -> bool {
    match predicate {
        Predicate::Everyone => false,
        Predicate::Tag(tag) => negated && sensitive.contains(tag),
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter().any(|part| is_excluding(part, sensitive, negated))
        }
        Predicate::Not(part) => is_excluding(part, sensitive, !negated),
    }
}

/// Every tag the predicate names.
pub(in super::super) fn tags_named(predicate: &Predicate) -> Vec<TagId> {
    match predicate {
        Predicate::Everyone => Vec::new(),
        Predicate::Tag(tag) => vec![*tag],
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().flat_map(tags_named).collect(),
        Predicate::Not(part) => tags_named(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: TagId = TagId::new(1);
    const ASSISTED: TagId = TagId::new(9);

    fn verdict(predicate: &Predicate) -> Result<(), TargetingError> {
        check(predicate, &[ASSISTED])
    }

    #[test]
    fn a_sensitive_tag_may_narrow_but_never_decide_alone() {
        let both = Predicate::All(vec![Predicate::Tag(FAMILY), Predicate::Tag(ASSISTED)]);
        assert_eq!(verdict(&both), Ok(()));
        let alone = Predicate::Tag(ASSISTED);
        assert_eq!(verdict(&alone), Err(TargetingError::SensitiveAlone));
        let either = Predicate::Any(vec![Predicate::Tag(FAMILY), Predicate::Tag(ASSISTED)]);
        assert_eq!(verdict(&either), Err(TargetingError::SensitiveAlone));
        let hidden =
            Predicate::All(vec![Predicate::Tag(ASSISTED), Predicate::Not(Box::new(Predicate::Tag(FAMILY)))]);
        assert_eq!(verdict(&hidden), Err(TargetingError::SensitiveAlone));
    }

    #[test]
    fn nobody_is_kept_out_for_a_sensitive_tag() {
        let without = Predicate::Not(Box::new(Predicate::Tag(ASSISTED)));
        let narrowed = Predicate::All(vec![Predicate::Tag(FAMILY), without.clone()]);
        assert_eq!(verdict(&narrowed), Err(TargetingError::SensitiveExcluded));
        assert_eq!(verdict(&Predicate::Not(Box::new(without))), Err(TargetingError::SensitiveAlone));
    }
}

//! Every Rust file opens with a sentence that says what it is.

use super::sources::Source;
use super::{Finding, Rule};

/// A sentence shorter than this says nothing a file name does not say.
const OPENING_WORDS_MIN: usize = 3;

/// The first line is `//! ` and a sentence.
pub fn check(source: &Source) -> Option<Finding> {
    let first = source.text.lines().next().unwrap_or_default();
    let sentence = first.strip_prefix("//! ").unwrap_or_default();
    let is_opened = sentence.split_whitespace().count() >= OPENING_WORDS_MIN;
    let is_left_over = sentence.contains("being built") || sentence.contains("TODO");
    if is_opened && !is_left_over {
        return None;
    }
    let what = "the file does not open with `//!` and one sentence; say what it is and what always holds";
    Some(Finding::fault(Rule::Opening, &source.path, 1, what))
}

#[cfg(test)]
mod tests {
    use super::super::sources::fixture;
    use super::*;

    #[test]
    fn a_sentence_opens_a_file() {
        assert_eq!(check(&fixture("a.rs", "//! Money in whole fen.\n")), None);
        for text in
            ["", "use a::b;\n", "//! Money.\n", "// Money in whole fen.\n", "//! `domain`: being built.\n"]
        {
            assert!(check(&fixture("a.rs", text)).is_some(), "{text:?}");
        }
    }
}

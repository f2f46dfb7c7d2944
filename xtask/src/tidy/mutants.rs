//! Mutants still fit the code: the text each of them changes stands exactly once where it says.

use super::{Finding, Rule};
use crate::mutants::{self, Edit};
use crate::process::Failure;
use std::fs;
use std::path::Path;

/// Holds every mutant against the file it changes.
pub fn check(root: &Path) -> Result<Vec<Finding>, Failure> {
    let mutants = mutants::read(root)?;
    let edits =
        mutants.iter().flat_map(|mutant| mutant.edits().into_iter().map(|edit| (&*mutant.name, edit)));
    Ok(edits
        .filter_map(|(name, edit)| {
            compare(name, &edit, &fs::read_to_string(root.join(&edit.file)).unwrap_or_default())
        })
        .collect())
}

fn compare(name: &str, edit: &Edit, text: &str) -> Option<Finding> {
    let count = text.matches(&edit.find).count();
    let what = format!("the mutant {name} changes a text that stands here {count} times, not once");
    (count != 1).then(|| Finding::fault(Rule::Mutant, &edit.file, 1, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_of_code_that_is_gone_or_came_twice_is_a_fault() {
        let edit = Edit { file: "a.rs".into(), find: "if due".into(), replace: "if true".into() };
        assert_eq!(compare("N1", &edit, "x if due y"), None);
        assert!(compare("N1", &edit, "x").is_some_and(|finding| finding.rule == Rule::Mutant));
        assert!(compare("N1", &edit, "if due if due").is_some());
    }
}

//! A comment that sends its reader to a document names one that is here.

use super::sources::Source;
use super::{Finding, Rule};

/// Comments that name a `.md` file which is not among `documents`.
pub fn check(source: &Source, documents: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = source.text.lines().enumerate();
    for (index, line) in lines.filter(|(_, line)| line.trim_start().starts_with("//")) {
        for name in named_documents(line) {
            let is_here = documents.iter().any(|path| path == name || path.ends_with(&format!("/{name}")));
            if !is_here {
                let what =
                    format!("`{name}` is not in this repository; say the rule, or name a document that is");
                findings.push(Finding::fault(Rule::Reference, &source.path, index + 1, what));
            }
        }
    }
    findings
}

fn named_documents(comment: &str) -> impl Iterator<Item = &str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || ['.', '/', '_', '-'].contains(&letter);
    let words = comment.split(move |letter| !is_part(letter)).map(|word| word.trim_matches(['.', '/', '-']));
    words.filter(|word| word.len() > ".md".len() && word.ends_with(".md"))
}

#[cfg(test)]
mod tests {
    use super::super::sources::fixture;
    use super::*;

    #[test]
    fn a_document_is_found_by_its_name_or_its_path() {
        let documents = ["docs/ARCHITECTURE.md".to_owned(), "README.md".to_owned()];
        let text =
            "//! See `docs/ARCHITECTURE.md` and README.md.\nlet a = \"gone.md\";\n// as `gone.md` 2 says\n";
        let found = check(&fixture("a/src/b.rs", text), &documents);
        assert_eq!(found.len(), 1);
        assert!(found[0].line == 3 && found[0].what.contains("`gone.md`"), "{}", found[0]);
    }
}

//! `xtask/exceptions.toml`: the places where a rule is broken by intent, each with its reason.

use super::{Finding, Rule};
use crate::process::Failure;
use serde::Deserialize;
use std::fs;
use std::path::Path;

const FILE: &str = "xtask/exceptions.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    exception: Vec<Exception>,
}

/// One line of the list: this rule does not hold in this file, or, with `about`, for this one thing in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    rule: String,
    path: String,
    /// Words of the message it answers; empty covers every finding of the rule in the file.
    #[serde(default)]
    about: String,
    reason: String,
}

/// Reads the list.
pub fn read(root: &Path) -> Result<Vec<Exception>, Failure> {
    let text =
        fs::read_to_string(root.join(FILE)).map_err(|source| Failure::File { path: FILE.into(), source })?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Exception>, Failure> {
    toml::from_str::<List>(text)
        .map(|list| list.exception)
        .map_err(|error| Failure::Format { what: FILE.into(), source: error.into() })
}

/// Takes away what is excepted; an exception without a reason, or one that nothing needs, becomes a fault.
pub fn apply(findings: Vec<Finding>, exceptions: &[Exception]) -> Vec<Finding> {
    let covers = |exception: &Exception, finding: &Finding| {
        exception.rule == finding.rule.name()
            && exception.path == finding.path
            && finding.what.contains(&exception.about)
    };
    let mut left: Vec<Finding> = Vec::new();
    for exception in exceptions {
        if exception.reason.split_whitespace().count() < 3 {
            let what = format!("the exception of {} has no reason; write why", exception.path);
            left.push(Finding::fault(Rule::Exception, FILE, 1, what));
        }
        if !findings.iter().any(|finding| covers(exception, finding)) {
            let what =
                format!("nothing needs the exception `{}` of {}; remove it", exception.rule, exception.path);
            left.push(Finding::fault(Rule::Exception, FILE, 1, what));
        }
    }
    let is_excepted = |finding: &Finding| exceptions.iter().any(|exception| covers(exception, finding));
    left.extend(findings.into_iter().filter(|finding| !is_excepted(finding)));
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(rule: &str, reason: &str) -> Vec<Exception> {
        let text = format!("[[exception]]\nrule = \"{rule}\"\npath = \"a.rs\"\nreason = \"{reason}\"\n");
        parse(&text).expect("a valid list")
    }

    fn sql() -> Vec<Finding> {
        vec![Finding::fault(Rule::Sql, "a.rs", 7, "SQL")]
    }

    #[test]
    fn an_exception_covers_its_rule_in_its_file_only() {
        assert_eq!(apply(sql(), &one("sql", "a check reads the tables")), []);
        let left = apply(sql(), &one("float", "a check reads the tables"));
        assert_eq!(left.iter().filter(|finding| finding.rule == Rule::Sql).count(), 1);
    }

    #[test]
    fn an_exception_about_one_thing_leaves_the_others() {
        let text =
            "[[exception]]\nrule = \"sql\"\npath = \"a.rs\"\nabout = \"one\"\nreason = \"it is a sample\"\n";
        let findings = ["one", "two"].map(|what| Finding::fault(Rule::Sql, "a.rs", 7, what)).to_vec();
        let left = apply(findings, &parse(text).expect("a valid list"));
        assert!(left.len() == 1 && left[0].what == "two", "{left:?}");
    }

    #[test]
    fn an_exception_nobody_needs_is_a_fault() {
        assert_eq!(apply(Vec::new(), &one("sql", "a check reads the tables"))[0].rule, Rule::Exception);
    }

    #[test]
    fn an_exception_needs_a_reason() {
        assert_eq!(apply(sql(), &one("sql", "x"))[0].rule, Rule::Exception);
        assert!(parse("[[exception]]\nrule = \"sql\"\npath = \"a.rs\"\n").is_err());
    }
}

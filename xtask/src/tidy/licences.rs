//! Licences, origins and bans of dependencies, held against `deny.toml`.
//!
//! `cargo deny` reads the same file and knows more; this check is for machines that do not have it.

use super::{Finding, Rule};
use crate::process::Failure;
use crate::workspace::{Package, Workspace};
use serde::Deserialize;
use std::fs;
use std::path::Path;

const FILE: &str = "deny.toml";

/// The part of `deny.toml` this check reads.
#[derive(Debug, Deserialize)]
pub struct Policy {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<LicenceException>,
}

#[derive(Debug, Deserialize)]
struct LicenceException {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    #[serde(default)]
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

impl Policy {
    /// Reads `deny.toml` at `root`.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(root.join(FILE))
            .map_err(|source| Failure::File { path: FILE.into(), source })?;
        toml::from_str(&text).map_err(|error| Failure::Format { what: FILE.into(), source: error.into() })
    }

    fn allows(&self, package: &str, licence: &str) -> bool {
        let excepted = self.licenses.exceptions.iter().filter(|exception| exception.name == package);
        self.licenses
            .allow
            .iter()
            .chain(excepted.flat_map(|exception| &exception.allow))
            .any(|one| one == licence)
    }
}

/// Checks every foreign package of the graph.
pub fn check(workspace: &Workspace, policy: &Policy) -> Vec<Finding> {
    let ours = |package: &Package| workspace.workspace_members.contains(&package.id);
    let foreign = workspace.packages.iter().filter(|package| !ours(package));
    foreign.flat_map(|package| of_package(package, policy)).collect()
}

fn of_package(package: &Package, policy: &Policy) -> Vec<Finding> {
    let fault = |what: String| Finding::fault(Rule::Licence, "Cargo.lock", 1, what);
    let mut findings = Vec::new();
    let name = &package.name;
    if let Some(ban) = policy.bans.deny.iter().find(|ban| ban.name == *name) {
        findings.push(fault(format!(
            "`{name}` is banned: {}; `cargo tree -i {name}` tells who wants it",
            ban.reason
        )));
    }
    if !package.source.as_deref().is_some_and(|source| source.starts_with("registry+")) {
        findings.push(fault(format!("`{name}` does not come from the registry; publish it or do without")));
    }
    let expression = package.license.as_deref().unwrap_or_default();
    if !is_satisfied(expression, &|licence| policy.allows(name, licence)) {
        findings.push(fault(format!("`{name}` is under `{expression}`, which {FILE} does not allow")));
    }
    findings
}

/// Whether an SPDX expression can be satisfied with allowed licences; `/` is the old way to write `OR`.
fn is_satisfied(expression: &str, allows: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, allows };
    reader.either() && reader.words.is_empty()
}

/// Reads an expression from the front; `AND` binds closer than `OR`.
struct Reader<'a> {
    words: &'a [&'a str],
    allows: &'a dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.first() == Some(&word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }

    fn either(&mut self) -> bool {
        let mut holds = self.both();
        while self.take("OR") {
            holds |= self.both();
        }
        holds
    }

    fn both(&mut self) -> bool {
        let mut holds = self.one();
        while self.take("AND") {
            holds &= self.one();
        }
        holds
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let holds = self.either();
            return self.take(")") && holds;
        }
        let Some((licence, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        if !self.take("WITH") {
            return (self.allows)(licence);
        }
        let Some((exception, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        (self.allows)(&format!("{licence} WITH {exception}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::fixture::workspace;

    fn policy() -> Policy {
        toml::from_str(
            "[licenses]\nallow = [\"MIT\", \"Apache-2.0\"]\n\
             exceptions = [{ crate = \"slint\", allow = [\"GPL-3.0-only\"] }]\n\
             [bans]\ndeny = [{ crate = \"rsa\", reason = \"RUSTSEC-2023-0071\" }]",
        )
        .expect("a valid policy")
    }

    fn with(name: &str, licence: Option<&str>, source: Option<&str>) -> Vec<String> {
        let mut workspace = workspace(&[("domain", &[])], &[(name, &[])]);
        let package = workspace.packages.last_mut().expect("the foreign one");
        package.license = licence.map(str::to_owned);
        package.source = source.map(str::to_owned);
        check(&workspace, &policy()).into_iter().map(|finding| finding.what).collect()
    }

    const REGISTRY: Option<&str> = Some("registry+index");

    #[test]
    fn an_expression_is_read_as_spdx_says() {
        let allows =
            |licence: &str| ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].contains(&licence);
        for good in [
            "MIT",
            "GPL-3.0-only OR MIT",
            "MIT/Apache-2.0",
            "MIT AND (Apache-2.0 OR GPL-3.0-only)",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(is_satisfied(good, &allows), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "MIT WITH Something",
            "(MIT",
            "MIT MIT",
            "GPL AND MIT OR",
        ] {
            assert!(!is_satisfied(bad, &allows), "{bad}");
        }
    }

    #[test]
    fn an_exception_holds_for_its_crate_only() {
        assert!(with("slint", Some("GPL-3.0-only"), REGISTRY).is_empty());
        assert!(with("other", Some("GPL-3.0-only"), REGISTRY)[0].contains("does not allow"));
        assert_eq!(with("other", None, REGISTRY).len(), 1);
    }

    #[test]
    fn a_banned_crate_and_one_from_elsewhere_are_told() {
        assert!(with("rsa", Some("MIT"), REGISTRY)[0].contains("RUSTSEC-2023-0071"));
        assert!(with("fork", Some("MIT"), Some("git+somewhere"))[0].contains("registry"));
    }

    #[test]
    fn the_committed_policy_bans_rsa_and_allows_the_gpl_to_slint_alone() {
        let policy: Policy = toml::from_str(include_str!("../../../deny.toml")).expect("deny.toml");
        assert!(policy.bans.deny.iter().any(|ban| ban.name == "rsa"));
        assert!(policy.allows("slint", "GPL-3.0-only") && !policy.allows("axum", "GPL-3.0-only"));
    }
}

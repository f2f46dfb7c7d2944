//! Who may depend on whom.
//!
//! The table is the architecture: an arrow that is not in it is forbidden, and a new arrow needs an ADR.

use super::{Finding, Rule};
use crate::workspace::{Package, Workspace};
use std::fs;
use std::path::Path;

/// Our crates and what of ours each may name, in any kind of dependency.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("cloud-sync", &["domain", "protocol"]),
    ("ui", &[]),
    ("kiosk", &["cloud-sync", "domain", "ui"]),
    ("platform-api", &["domain", "protocol"]),
    ("simulator", &["cloud-sync", "domain", "kiosk", "platform-api", "protocol", "ui"]),
    ("image-test", &["domain", "protocol"]),
    ("xtask", &[]),
];

/// What a crate must not pull in, even through others: (crates, forbidden name or prefix ending in `*`, why).
const MUST_NOT_REACH: &[(&[&str], &[&str], &str)] = &[
    (
        &["domain", "protocol", "cloud-sync", "platform-api", "xtask"],
        &["slint", "slint-*", "i-slint-*"],
        "Slint is used under GPL-3.0 and must stay in `ui`, `kiosk` and `simulator`",
    ),
    (
        &["domain", "protocol"],
        &["tokio", "reqwest", "axum", "rusqlite", "hyper"],
        "this crate performs no I/O",
    ),
    (&["cloud-sync", "kiosk"], &["axum", "askama"], "a server has no place on the kiosk"),
];

/// Checks the arrows between our own crates.
pub fn members(workspace: &Workspace, root: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in workspace.members() {
        let manifest = Manifest::of(package, root);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == package.name) else {
            let what = format!("`{}` is not in the table of who may import whom; add it there", package.name);
            findings.push(Finding::fault(Rule::CrateImport, &manifest.path, 1, what));
            continue;
        };
        let ours = package.dependencies.iter().filter(|below| is_ours(workspace, &below.name));
        // A crate may name itself: its own tests switch its features on in this way.
        let forbidden =
            ours.filter(|below| below.name != package.name && !allowed.contains(&below.name.as_str()));
        for below in forbidden {
            let what =
                format!("`{}` may not import `{}`; the arrow is not in the table", package.name, below.name);
            findings.push(Finding::fault(
                Rule::CrateImport,
                &manifest.path,
                manifest.line_of(&below.name),
                what,
            ));
        }
    }
    findings
}

/// Checks what each crate pulls in through others.
pub fn reach(workspace: &Workspace, root: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in workspace.members() {
        let below = workspace.reachable(package);
        for (crates, names, why) in MUST_NOT_REACH {
            if !crates.contains(&package.name.as_str()) {
                continue;
            }
            for reached in
                below.iter().filter(|reached| names.iter().any(|name| is_named(&reached.name, name)))
            {
                let manifest = Manifest::of(package, root);
                let what = format!(
                    "`{}` reaches `{}` (see `cargo tree -p {} -i {}`); {why}",
                    package.name, reached.name, package.name, reached.name
                );
                findings.push(Finding::fault(Rule::Reach, &manifest.path, 1, what));
            }
        }
    }
    findings
}

fn is_ours(workspace: &Workspace, name: &str) -> bool {
    workspace.members().any(|member| member.name == name)
}

fn is_named(name: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |prefix| name.starts_with(prefix))
}

/// A `Cargo.toml`, to point into it.
struct Manifest {
    path: String,
    text: String,
}

impl Manifest {
    fn of(package: &Package, root: &Path) -> Self {
        let path = package.manifest_path.strip_prefix(root).unwrap_or(&package.manifest_path);
        Self {
            path: path.to_string_lossy().into_owned(),
            text: fs::read_to_string(&package.manifest_path).unwrap_or_default(),
        }
    }

    fn line_of(&self, dependency: &str) -> usize {
        let is_it =
            |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
        self.text.lines().position(is_it).map_or(1, |index| index + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::fixture::workspace;

    fn faults(members_of: &[(&str, &[&str])], foreign: &[(&str, &[&str])]) -> Vec<String> {
        let workspace = workspace(members_of, foreign);
        let root = Path::new("");
        let found = members(&workspace, root).into_iter().chain(reach(&workspace, root));
        found.map(|finding| finding.what).collect()
    }

    #[test]
    fn arrows_of_the_table_are_allowed_and_all_others_are_not() {
        assert!(faults(&[("domain", &[]), ("protocol", &["domain"])], &[]).is_empty());
        let found = faults(&[("domain", &["protocol"]), ("protocol", &[])], &[]);
        assert!(found[0].contains("`domain` may not import `protocol`"), "{found:?}");
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_told() {
        assert!(faults(&[("helpers", &[])], &[])[0].contains("not in the table"));
    }

    #[test]
    fn slint_is_found_behind_another_crate() {
        let foreign: &[(&str, &[&str])] = &[("charts", &["i-slint-core"]), ("i-slint-core", &[])];
        let found = faults(&[("platform-api", &["charts"])], foreign);
        assert!(found[0].contains("`platform-api` reaches `i-slint-core`"), "{found:?}");
        assert!(faults(&[("ui", &["charts"])], foreign).is_empty());
    }

    #[test]
    fn a_prefix_matches_only_with_its_star() {
        assert!(is_named("i-slint-core", "i-slint-*") && is_named("slint", "slint"));
        assert!(!is_named("slinter", "slint") && !is_named("slint", "slint-*"));
    }
}

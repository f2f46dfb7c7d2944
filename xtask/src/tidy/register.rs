//! The register of libraries: each one the workspace names has a row that says why, and no row outlives its library.

use super::{Finding, Rule};
use crate::process::Failure;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const MANIFEST: &str = "Cargo.toml";
const REGISTER: &str = "docs/adr/0005-libraries.md";

/// Holds the root manifest against the register.
pub fn check(root: &Path) -> Result<Vec<Finding>, Failure> {
    let read = |path: &str| {
        fs::read_to_string(root.join(path)).map_err(|source| Failure::File { path: path.into(), source })
    };
    compare(&read(MANIFEST)?, &read(REGISTER)?)
}

fn compare(manifest: &str, register: &str) -> Result<Vec<Finding>, Failure> {
    let libraries = libraries(manifest)?;
    let rows = rows(register);
    let missing = libraries.iter().filter(|name| !rows.iter().any(|(_, row)| row == *name)).map(|name| {
        let starts = |line: &str| {
            line.strip_prefix(name.as_str()).is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        let line = manifest.lines().position(starts).map_or(1, |index| index + 1);
        let what = format!("`{name}` has no row in {REGISTER}; write why it is here and what was not taken");
        Finding::fault(Rule::Register, MANIFEST, line, what)
    });
    let stale = rows.iter().filter(|(_, row)| !libraries.contains(row)).map(|(line, row)| {
        Finding::fault(
            Rule::Register,
            REGISTER,
            *line,
            format!("`{row}` is no library of ours; remove the row"),
        )
    });
    Ok(missing.chain(stale).collect())
}

/// Names under `[workspace.dependencies]` that are not folders of this workspace.
fn libraries(manifest: &str) -> Result<BTreeSet<String>, Failure> {
    let table: toml::Table = toml::from_str(manifest)
        .map_err(|error| Failure::Format { what: MANIFEST.into(), source: error.into() })?;
    let dependencies = table
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table)
        .ok_or_else(|| Failure::Refused(format!("{MANIFEST} has no [workspace.dependencies]")))?;
    let foreign = dependencies.iter().filter(|(_, value)| value.get("path").is_none());
    Ok(foreign.map(|(name, _)| name.clone()).collect())
}

/// The names in the first column, with their lines.
fn rows(register: &str) -> Vec<(usize, String)> {
    let mut rows = Vec::new();
    for (index, line) in register.lines().enumerate().filter(|(_, line)| line.starts_with("| `")) {
        let column = line.trim_start_matches('|').split('|').next().unwrap_or_default();
        rows.extend(column.split('`').skip(1).step_by(2).map(|name| (index + 1, name.to_owned())));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str =
        "[workspace.dependencies]\ndomain = { path = \"domain\" }\nserde = \"1\"\nserde_json = \"1\"\n";

    #[test]
    fn a_library_without_a_row_is_told_at_its_line() {
        let found = compare(MANIFEST, "| `serde` | messages | MIT | – |").expect("a valid manifest");
        assert_eq!(found.len(), 1);
        assert!(found[0].line == 4 && found[0].what.contains("`serde_json` has no row"), "{}", found[0]);
    }

    #[test]
    fn a_row_without_its_library_is_told() {
        let found =
            compare(MANIFEST, "| `serde`, `serde_json` | |\n| `chrono` | |").expect("a valid manifest");
        assert_eq!(found.len(), 1);
        assert!(found[0].line == 2 && found[0].what.contains("`chrono`"), "{}", found[0]);
    }
}

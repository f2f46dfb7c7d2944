//! Carts with known answers, worked out apart from this engine: every named field must be equal.

use domain::quote::{Case, CaseError, CaseFile, price};
use serde_json::Value;
use std::{fs, path::PathBuf};

fn cases(folder: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| (file.display().to_string(), fs::read_to_string(file).unwrap())).collect()
}

fn answer(text: &str) -> Result<Value, CaseError> {
    let file: CaseFile =
        serde_json::from_str(text).map_err(|error| CaseError::Malformed(error.to_string()))?;
    let quote = price(&Case::try_from(file)?)?;
    Ok(serde_json::to_value(quote).unwrap())
}

/// The path of the first field of `expected` that `found` does not equal.
fn difference(path: &str, expected: &Value, found: &Value) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected.iter().find_map(|(name, value)| {
            difference(&format!("{path}.{name}"), value, found.get(name).unwrap_or(&Value::Null))
        }),
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => wanted
            .iter()
            .zip(got)
            .enumerate()
            .find_map(|(index, (wanted, got))| difference(&format!("{path}[{index}]"), wanted, got)),
        (wanted, got) if wanted == got => None,
        (wanted, got) => Some(format!("{path}: expected {wanted}, found {got}")),
    }
}

#[test]
fn every_case_has_its_known_answer() {
    let cases = cases("quote");
    assert!(cases.len() > 100);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, text)| {
            let expected = &serde_json::from_str::<Value>(text).unwrap()["expect"];
            match answer(text) {
                Ok(found) => difference(name, expected, &found),
                Err(error) => Some(format!("{name}: {error}")),
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_malformed_case_is_refused_with_its_code() {
    for (name, text) in cases("quote-malformed") {
        let expected = serde_json::from_str::<Value>(&text).unwrap()["expect"]["error"].clone();
        assert_eq!(answer(&text).unwrap_err().code(), expected, "{name}");
    }
}

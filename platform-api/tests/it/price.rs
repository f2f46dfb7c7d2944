//! `platform-api price` as a shell sees it.

use platform_api::price;
use serde_json::{Value, json};
use std::path::PathBuf;

fn case(folder: &tempfile::TempDir, name: &str, price_fen: &Value) -> PathBuf {
    let file = folder.path().join(name);
    let line = json!({ "line_id": "L", "merchant_id": "M", "sku": "S", "price_fen": price_fen, "qty": 2 });
    let case = json!({ "id": name, "at": "2026-11-22T20:00:00+08:00", "cart": [line], "benefits": [] });
    std::fs::write(&file, case.to_string()).unwrap();
    file
}

#[test]
fn results_come_one_a_line_until_a_case_is_refused_with_its_problem_alone() {
    let folder = tempfile::tempdir().unwrap();
    let files =
        [("a", json!(150)), ("b", json!(1.5)), ("c", json!(1))].map(|(name, fen)| case(&folder, name, &fen));
    let (mut out, mut refusals) = (Vec::new(), Vec::new());
    assert!(!price::run(&files, &mut out, &mut refusals).unwrap());
    let results: Vec<Value> =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results.len(), 1, "the results before it stay, none comes after it");
    assert_eq!(results[0]["pay_fen"], 300);
    let problem: Value = serde_json::from_slice(&refusals).unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&json!("MALFORMED_CASE"), &json!(422)));
}

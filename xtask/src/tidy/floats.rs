//! No number with a fraction where money, rules or messages are made.

use super::sources::Source;
use super::syntax::Facts;
use super::{Finding, Rule};
use std::collections::BTreeSet;

/// The crates that count money.
const CRATES: &[&str] = &["domain/src/", "protocol/src/", "cloud-sync/src/", "platform-api/src/"];
/// Distances, scores and statistics are not money.
const ALLOWED: &[&str] = &["geo", "ranking", "wayfinding", "analytics"];

/// Lines that name a float in a crate that counts money.
pub fn check(source: &Source, facts: &Facts) -> Vec<Finding> {
    let counts_money = CRATES.iter().any(|folder| source.path.starts_with(folder));
    let words: BTreeSet<&str> = source.path.split(['/', '.']).collect();
    if !counts_money || ALLOWED.iter().any(|name| words.contains(name)) {
        return Vec::new();
    }
    let lines: BTreeSet<usize> = facts.floats.iter().copied().collect();
    let what = "a float in a crate that counts money; use whole fen, basis points or milliseconds";
    lines.into_iter().map(|line| Finding::fault(Rule::Float, &source.path, line, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{sources, syntax};
    use super::*;

    fn of(path: &str, text: &str) -> usize {
        check(&sources::fixture(path, text), &syntax::fixture(path, text)).len()
    }

    #[test]
    fn money_has_no_fraction_and_distance_may() {
        let text = "fn a(x: f64) -> i64 { 1 }\nconst RATE: i64 = b(0.5);\n";
        assert_eq!(of("domain/src/pricing.rs", text), 2);
        assert_eq!(of("domain/src/geo.rs", text), 0);
        assert_eq!(of("simulator/src/camera.rs", text), 0);
    }
}

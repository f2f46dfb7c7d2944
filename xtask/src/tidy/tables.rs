//! A table of the platform belongs to one module; no other module's store names it.

use super::sources::Source;
use super::syntax::Facts;
use super::{Finding, Rule};
use std::collections::{BTreeMap, BTreeSet};

const SOURCE_FOLDER: &str = "platform-api/src/";

/// One place where a table is named.
struct Mention {
    owner: String,
    path: String,
    line: usize,
    is_insert: bool,
}

/// Tables that more than one module names; the module that inserts into a table owns it.
pub fn check(parsed: &[(&Source, Facts)]) -> Vec<Finding> {
    let mut tables: BTreeMap<String, Vec<Mention>> = BTreeMap::new();
    for (source, facts) in parsed {
        let Some(owner) = owner(&source.path) else { continue };
        for (line, text) in &facts.strings {
            for (table, is_insert) in tables_of(text) {
                let path = source.path.clone();
                tables.entry(table).or_default().push(Mention {
                    owner: owner.clone(),
                    path,
                    line: *line,
                    is_insert,
                });
            }
        }
    }
    tables.iter().flat_map(|(table, mentions)| strangers(table, mentions)).collect()
}

/// `modules/coupons/store.rs` → `coupons`; everything of the foundation is one owner.
fn owner(path: &str) -> Option<String> {
    let inside = path.strip_prefix(SOURCE_FOLDER)?;
    let mut words = inside.split(['/', '.']);
    match words.next()? {
        "modules" => words.next().map(str::to_owned),
        "foundation" => Some("foundation".to_owned()),
        _ => None,
    }
}

fn strangers(table: &str, mentions: &[Mention]) -> Vec<Finding> {
    let owners: BTreeSet<&str> = mentions.iter().map(|mention| mention.owner.as_str()).collect();
    let Some(first) = mentions.iter().find(|mention| mention.is_insert).or(mentions.first()) else {
        return Vec::new();
    };
    let strangers = mentions.iter().filter(|mention| owners.len() > 1 && mention.owner != first.owner);
    strangers
        .map(|mention| {
            let what = format!("the table `{table}` belongs to `{}`; ask its face instead", first.owner);
            Finding::fault(Rule::Table, &mention.path, mention.line, what)
        })
        .collect()
}

/// The tables a statement names, and whether it inserts into them; names from `WITH` are not tables.
fn tables_of(statement: &str) -> BTreeSet<(String, bool)> {
    let spaced = statement.replace(['(', ')', ','], " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let is_keyword = |word: &str| word.chars().all(|letter| letter.is_ascii_uppercase());
    let is_name = |word: &str| {
        word.starts_with(|letter: char| letter.is_ascii_lowercase())
            && word
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
    };
    let local: BTreeSet<&str> = words.windows(2).filter(|pair| pair[1] == "AS").map(|pair| pair[0]).collect();
    let mut tables = BTreeSet::new();
    for pair in words.windows(2) {
        let introduces = is_keyword(pair[0]) && ["FROM", "JOIN", "INTO", "UPDATE"].contains(&pair[0]);
        if introduces && is_name(pair[1]) && !(words[0] == "WITH" && local.contains(pair[1])) {
            tables.insert((pair[1].to_owned(), pair[0] == "INTO"));
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::super::{sources, syntax};
    use super::*;

    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, sql)| {
                sources::fixture(&format!("{SOURCE_FOLDER}{path}"), &format!("const A: &str = \"{sql}\";"))
            })
            .collect();
        let parsed: Vec<(&Source, Facts)> =
            sources.iter().map(|source| (source, syntax::fixture(&source.path, &source.text))).collect();
        check(&parsed).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_module_asks_for_what_another_module_stores() {
        let found = faults(&[
            ("modules/coupons/store.rs", "SELECT a FROM coupon JOIN lease ON a = b"),
            ("modules/leases/store.rs", "INSERT INTO lease (a) VALUES ($1)"),
        ]);
        assert!(found.len() == 1 && found[0].contains("coupons/store.rs:1"), "{found:?}");
        assert!(found[0].contains("`lease` belongs to `leases`"), "{found:?}");
    }

    #[test]
    fn a_module_names_its_own_tables_in_as_many_files_as_it_likes() {
        let own = [
            (
                "modules/coupons/store.rs",
                "INSERT INTO coupon (a) VALUES ($1) ON CONFLICT DO UPDATE SET a = $1",
            ),
            ("modules/coupons/store/wallet.rs", "SELECT a FROM (SELECT a FROM coupon) WHERE b"),
        ];
        assert!(faults(&own).is_empty());
    }

    #[test]
    fn a_name_made_inside_a_statement_and_plain_english_are_no_tables() {
        assert_eq!(tables_of("WITH due AS (SELECT a FROM lease) SELECT a FROM due").len(), 1);
        assert!(tables_of("taken from the shelf").is_empty());
    }
}

//! SQL stands in store files, and in the platform's foundation for its own tables, nowhere else.

use super::sources::Source;
use super::syntax::Facts;
use super::{Finding, Rule};

const STATEMENTS: &[&str] = &[
    "ALTER TABLE ",
    "BEGIN IMMEDIATE",
    "CREATE INDEX ",
    "CREATE TABLE ",
    "CREATE UNIQUE ",
    "DELETE FROM ",
    "DROP ",
    "INSERT INTO ",
    "INSERT OR ",
    "PRAGMA ",
    "REPLACE INTO ",
    "SAVEPOINT ",
    "VACUUM",
];

/// Strings that are SQL, outside the files that may hold it.
pub fn check(source: &Source, facts: &Facts) -> Vec<Finding> {
    if may_hold_sql(source) {
        return Vec::new();
    }
    let statements = facts.strings.iter().filter(|(_, text)| is_sql(text));
    let what = "SQL outside a store; move the statement into the module's store file and call it from here";
    statements.map(|(line, _)| Finding::fault(Rule::Sql, &source.path, *line, what)).collect()
}

fn may_hold_sql(source: &Source) -> bool {
    let folders: Vec<&str> = source.path.split('/').collect();
    let is_store = folders.contains(&"store") || source.file_name().starts_with("store");
    is_store
        || source.path.starts_with("platform-api/src/foundation")
        || source.path == "xtask/src/tidy/sql.rs"
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start();
    if STATEMENTS.iter().any(|start| text.starts_with(start)) {
        return true;
    }
    let has = |word: &str| text.split_whitespace().any(|part| part.eq_ignore_ascii_case(word));
    let starts =
        |word: &str| text.split_whitespace().next().is_some_and(|part| part.eq_ignore_ascii_case(word));
    // In lower case these words are English too; a second word of the statement makes them SQL.
    text.starts_with("SELECT ")
        || (starts("select") && has("from"))
        || (starts("update") && has("set") && has("where"))
        || (text.starts_with("UPDATE ") && has("SET"))
        || (starts("insert") && has("into") && has("values"))
        || (starts("delete") && has("from") && has("where"))
        || (text.starts_with("WITH ") && has("SELECT"))
}

#[cfg(test)]
mod tests {
    use super::super::{sources, syntax};
    use super::*;

    fn of(path: &str, text: &str) -> Vec<Finding> {
        check(&sources::fixture(path, text), &syntax::fixture(path, text))
    }

    const QUERY: &str = "fn a() { db.query(\"SELECT id FROM coupon\"); }";

    #[test]
    fn a_store_and_the_foundation_may_hold_sql_and_a_service_may_not() {
        for path in [
            "platform-api/src/modules/coupons/store.rs",
            "platform-api/src/foundation/idempotency.rs",
            "cloud-sync/src/store/lease.rs",
            "cloud-sync/src/store.rs",
        ] {
            assert_eq!(of(path, QUERY), [], "{path}");
        }
        for path in ["platform-api/src/modules/coupons/service.rs", "cloud-sync/src/core/lease.rs"] {
            assert_eq!(of(path, QUERY)[0].rule, Rule::Sql, "{path}");
        }
    }

    #[test]
    fn statements_are_known_in_either_case_and_english_is_left_alone() {
        for text in
            ["select id from t", "\n  INSERT INTO t", "update t set a = 1 where b", "PRAGMA user_version"]
        {
            assert!(is_sql(text), "{text}");
        }
        for text in [
            "select a coupon first",
            "update the screen",
            "Select",
            "delete the file",
            "with care",
            "dropped",
        ] {
            assert!(!is_sql(text), "{text}");
        }
    }

    #[test]
    fn sql_is_found_inside_a_macro_and_allowed_inside_tests() {
        assert_eq!(of("a/src/b.rs", "fn a() { f(&format!(\"DELETE FROM {t}\")); }").len(), 1);
        assert_eq!(of("a/src/b.rs", "#[cfg(test)] mod tests { const Q: &str = \"DELETE FROM t\"; }"), []);
    }
}

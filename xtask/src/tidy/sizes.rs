//! How files are named, and how long they and their functions may be.
//!
//! The caps are high enough that a file which meets one has two subjects; the aim lies well below.

use super::sources::Source;
use super::syntax::Facts;
use super::{Finding, Rule};

/// Lines of code of a function, comments and blank lines not counted; clippy counts the same way.
const FUNCTION_LINES_MAX: usize = 70;
/// Lines of a Rust file without its inline tests.
const FILE_LINES_MAX: usize = 600;
/// From here on someone should ask whether the file has two subjects.
const FILE_LINES_QUESTION: usize = 400;
/// Lines of a markup file.
const MARKUP_LINES_MAX: usize = 300;

/// What needs no parsing: the name of the file, and the length of markup.
pub fn file(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.file_name() == "mod.rs" {
        let what = "mod.rs is not used here; name the file after its module and put it beside the folder";
        findings.push(Finding::fault(Rule::ModFile, &source.path, 1, what));
    }
    if let [_, "tests", file] = source.path.split('/').collect::<Vec<_>>()[..]
        && file != "it.rs"
        && source.is_rust()
    {
        let what =
            "a second binary of integration tests; put the file into tests/it/ and name it in tests/it.rs";
        findings.push(Finding::fault(Rule::TestBinary, &source.path, 1, what));
    }
    let lines = source.text.lines().count();
    if !source.is_rust() && lines > MARKUP_LINES_MAX {
        let what = format!("{lines} lines, at most {MARKUP_LINES_MAX}; move a part into a widget of its own");
        findings.push(Finding::fault(Rule::FileLines, &source.path, 1, what));
    }
    findings
}

/// Lengths of a Rust file and of its functions.
pub fn rust(source: &Source, facts: &Facts) -> Vec<Finding> {
    let tests: usize = facts.test_spans.iter().map(|(first, last)| last - first + 1).sum();
    let lines = source.text.lines().count() - tests;
    let mut findings = Vec::new();
    if lines > FILE_LINES_MAX {
        let what = format!("{lines} lines, at most {FILE_LINES_MAX}; split it by subject");
        findings.push(Finding::fault(Rule::FileLines, &source.path, 1, what));
    } else if lines > FILE_LINES_QUESTION {
        let what = format!("{lines} lines; does it have one subject?");
        findings.push(Finding::question(Rule::FileLines, &source.path, 1, what));
    }
    for function in &facts.functions {
        let length = code_lines(&source.text, function.first, function.last);
        if length > FUNCTION_LINES_MAX {
            let what = format!(
                "`{}` has {length} lines of code, at most {FUNCTION_LINES_MAX}; give its parts names of their own",
                function.name
            );
            findings.push(Finding::fault(Rule::FunctionLines, &source.path, function.first, what));
        }
    }
    findings
}

fn code_lines(text: &str, first: usize, last: usize) -> usize {
    let lines = text.lines().skip(first - 1).take(last + 1 - first);
    lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::super::{sources, syntax};
    use super::*;

    fn of(text: &str) -> Vec<Finding> {
        let source = sources::fixture("a/src/b.rs", text);
        rust(&source, &syntax::fixture("a/src/b.rs", text))
    }

    fn function(statements: usize, filler: &str) -> String {
        format!("fn long() {{\n{}}}\n", format!("    b();\n{filler}").repeat(statements))
    }

    #[test]
    fn a_function_may_have_seventy_lines_of_code_and_no_more() {
        assert_eq!(of(&function(68, "")), []);
        assert_eq!(of(&function(69, ""))[0].rule, Rule::FunctionLines);
    }

    #[test]
    fn comments_and_blank_lines_do_not_count() {
        assert_eq!(of(&function(68, "    // why\n\n")), []);
    }

    #[test]
    fn inline_tests_do_not_count_towards_the_file() {
        let code = "const A: u8 = 0;\n".repeat(399);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "const B: u8 = 0;\n".repeat(500));
        assert_eq!(of(&format!("{code}{tests}")), []);
        let longer = "const A: u8 = 0;\n".repeat(401);
        assert!(of(&longer)[0].is_question);
        assert!(!of(&"const A: u8 = 0;\n".repeat(601))[0].is_question);
    }

    #[test]
    fn markup_stops_at_three_hundred_lines() {
        assert_eq!(file(&sources::fixture("ui/slint/a.slint", &"\n".repeat(300))), []);
        assert_eq!(file(&sources::fixture("ui/slint/a.slint", &"\n".repeat(301)))[0].rule, Rule::FileLines);
    }

    #[test]
    fn a_crate_has_one_binary_of_integration_tests() {
        assert_eq!(file(&sources::fixture("kiosk/tests/it.rs", "")), []);
        assert_eq!(file(&sources::fixture("kiosk/tests/it/claims.rs", "")), []);
        assert_eq!(file(&sources::fixture("kiosk/tests/claims.rs", ""))[0].rule, Rule::TestBinary);
    }

    #[test]
    fn a_module_file_is_named_after_its_module() {
        assert_eq!(file(&sources::fixture("a/src/b/mod.rs", ""))[0].rule, Rule::ModFile);
    }
}

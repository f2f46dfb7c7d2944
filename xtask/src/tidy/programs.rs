//! A program that our code or tests start is one that `xtask setup` installs.

use super::sources::Source;
use super::{Finding, Rule};
use crate::setup;

/// Programs as they are named in code, and the Debian package each comes from.
const PROGRAMS: &[(&str, &str)] = &[
    ("\"Xvfb\"", "xvfb"),
    ("\"chromedriver\"", "chromium-driver"),
    ("\"chromium\"", "chromium"),
    ("\"fc-list\"", "fontconfig"),
    ("\"xdotool\"", "xdotool"),
    ("\"xvfb-run\"", "xvfb"),
];

/// Programs named in a file that `setup` does not install.
pub fn check(source: &Source) -> Vec<Finding> {
    missing(source, setup::installs)
}

fn missing(source: &Source, installs: impl Fn(&str) -> bool) -> Vec<Finding> {
    if source.path.starts_with("xtask/") {
        return Vec::new();
    }
    let named =
        PROGRAMS.iter().filter(|(program, package)| source.text.contains(program) && !installs(package));
    named
        .map(|(program, package)| {
            let line =
                source.text.lines().position(|line| line.contains(program)).map_or(1, |index| index + 1);
            let what =
                format!("{program} is started here; add `{package}` to the packages of xtask/src/setup.rs");
            Finding::fault(Rule::Setup, &source.path, line, what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sources::fixture;
    use super::*;

    #[test]
    fn a_program_that_is_started_and_not_installed_is_told() {
        let text = "fn a() {\n    Command::new(\"chromedriver\");\n}\n";
        let source = fixture("platform-api/tests/it/pages.rs", text);
        let found = missing(&source, |_| false);
        assert!(found.len() == 1 && found[0].line == 2 && found[0].what.contains("`chromium-driver`"));
        assert_eq!(missing(&source, |package| package == "chromium-driver"), []);
    }
}

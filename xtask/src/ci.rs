//! `ci`: what the build machine runs, in the order in which a mistake shows soonest.
//!
//! Every step runs even when an earlier one failed, so that one run shows all there is to mend; the table at
//! the end says what each took.

use crate::process::{self, Failure, capture, cargo};
use crate::{demo, setup, test, tidy};
use std::error::Error;
use std::time::{Duration, Instant};

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Skipped,
    Failed,
}

/// A step: the name in the table and what it does.
type Step = (&'static str, fn() -> Result<Verdict, Failure>);

const STEPS: &[Step] = &[
    ("setup", || passed(setup::run())),
    ("fmt", || passed(process::run(&mut cargo(["fmt", "--all", "--check"])))),
    ("tidy", || passed(tidy::run())),
    ("clippy", || passed(process::run(&mut cargo(CLIPPY)))),
    ("cargo xtask test", || passed(test::run())),
    ("cargo xtask demo --check", || passed(demo::check())),
    ("doc", || passed(process::run(cargo(DOC).env("RUSTDOCFLAGS", "-D warnings")))),
    ("deny", deny),
];
/// With all features, so that adapters no test opens (real cameras, screens without a desktop) still compile.
const CLIPPY: [&str; 8] =
    ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"];
const DOC: [&str; 4] = ["doc", "--workspace", "--no-deps", "--locked"];

/// Runs every step and prints the table; fails when a step failed.
pub fn run() -> Result<(), Failure> {
    let outcomes: Vec<(&str, Verdict, Duration)> = STEPS.iter().map(run_step).collect();
    println!("\n{}", table(&outcomes));
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|(_, verdict, _)| *verdict == Verdict::Failed)
        .map(|(name, _, _)| *name)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!("failed: {}", failed.join(", "))))
}

fn run_step((name, step): &Step) -> (&'static str, Verdict, Duration) {
    println!("\n== {name}");
    let start = now();
    let verdict = step().unwrap_or_else(|failure| {
        eprintln!("== {name} failed: {failure}");
        let mut cause = failure.source();
        while let Some(error) = cause {
            eprintln!("   because: {error}");
            cause = error.source();
        }
        Verdict::Failed
    });
    (name, verdict, now().duration_since(start))
}

fn passed(result: Result<(), Failure>) -> Result<Verdict, Failure> {
    result.map(|()| Verdict::Passed)
}

/// Bans, licences and sources by `cargo deny`, where it is installed.
///
/// Building it takes longer than the rest of a run, so it is not installed here. What must never slip in is
/// looked for by `tidy` as well, which reads the same `deny.toml`.
fn deny() -> Result<Verdict, Failure> {
    let is_there = capture(&mut cargo(["deny", "--version"])).is_ok_and(|output| output.status.success());
    if is_there {
        return passed(process::run(&mut cargo(["deny", "check", "bans", "licenses", "sources"])));
    }
    println!("SKIPPED: cargo-deny is not installed (`cargo install --locked cargo-deny` gives it).");
    println!(
        "SKIPPED: licences, bans and sources were checked by `tidy` alone; advisories were not checked."
    );
    Ok(Verdict::Skipped)
}

fn table(outcomes: &[(&str, Verdict, Duration)]) -> String {
    let width = outcomes.iter().map(|(name, _, _)| name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, verdict, took) in outcomes {
        let word = match verdict {
            Verdict::Passed => "passed",
            Verdict::Skipped => "SKIPPED",
            Verdict::Failed => "FAILED",
        };
        lines.push(format!("{name:<width$}  {word:<7}  {:>7.1} s", took.as_secs_f64()));
    }
    lines.join("\n")
}

#[expect(clippy::disallowed_methods, reason = "the clock of this process: how long a step took")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_fails_is_failed_in_the_table_and_not_lost() {
        let step: Step = ("broken", || Err(Failure::Refused("no".into())));
        let (name, verdict, _) = run_step(&step);
        assert_eq!((name, verdict), ("broken", Verdict::Failed));
    }

    #[test]
    fn the_table_gives_every_step_its_time() {
        let text = table(&[
            ("fmt", Verdict::Passed, Duration::from_millis(1250)),
            ("deny", Verdict::Skipped, Duration::ZERO),
        ]);
        assert_eq!(text, "fmt   passed       1.2 s\ndeny  SKIPPED      0.0 s");
    }

    #[test]
    fn the_commands_of_the_readme_are_steps() {
        let readme = include_str!("../../README.md");
        for (name, _) in STEPS.iter().filter(|(name, _)| name.starts_with("cargo xtask")) {
            let command = name.trim_end_matches(" --check");
            assert!(readme.contains(command), "README.md does not name `{command}`");
        }
    }
}

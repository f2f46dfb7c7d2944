//! `bench`: runs every benchmark named `figures`, holds each figure against its bar, and keeps a record.
//!
//! A figure below its bar, or an id nobody measures, makes the task fail.

use crate::process::{Failure, cargo, in_words, root};
use crate::workspace::Workspace;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// One measured figure, as a benchmark prints it: one JSON object on a line of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    id: String,
    value: f64,
    unit: String,
    /// `<=0.6`, `>=0.98`, or nothing where the figure is only reported.
    bar: Option<String>,
    /// What it was measured against, in words.
    against: Option<String>,
    runs: u64,
}

/// Whether a figure keeps its bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    NoBar,
    Held,
    Missed,
}

/// Runs the benchmarks; `ids` picks figures, an empty list means all of them.
pub fn run(ids: &[String]) -> Result<(), Failure> {
    let workspace = Workspace::own()?;
    let crates = crates_with_figures(&workspace);
    if crates.is_empty() {
        return Err(Failure::Refused("no crate has a benchmark named `figures` yet".into()));
    }
    let mut figures: Vec<Figure> = Vec::new();
    for name in crates {
        // Building the kiosk for a benchmark takes minutes: it is left alone once everything asked for is known.
        let is_known = |id: &String| figures.iter().any(|figure| figure.id == *id);
        if ids.is_empty() || !ids.iter().all(is_known) {
            figures.extend(run_crate(name, ids)?);
        }
    }
    let rows = judge(&figures)?;
    println!("\n{}", table(&rows));
    record(&figures)?;
    complaints(ids, &rows).map_or(Ok(()), |text| Err(Failure::Refused(text)))
}

fn crates_with_figures(workspace: &Workspace) -> Vec<&str> {
    workspace
        .members()
        .filter(|package| {
            package
                .targets
                .iter()
                .any(|target| target.name == "figures" && target.kind.iter().any(|kind| kind == "bench"))
        })
        .map(|package| package.name.as_str())
        .collect()
}

/// Runs one crate's benchmark; its figures are collected, everything else it says is passed on.
fn run_crate(name: &str, ids: &[String]) -> Result<Vec<Figure>, Failure> {
    let mut command = cargo(["bench", "--locked", "-p", name, "--bench", "figures", "--"]);
    command.args(ids);
    let line = in_words(&command);
    println!("$ {line}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| Failure::NotStarted { command: line.clone(), source })?;
    let mut figures = Vec::new();
    if let Some(output) = child.stdout.take() {
        for text in BufReader::new(output).lines() {
            let text = text.map_err(|source| Failure::File { path: line.clone(), source })?;
            match figure(&text)? {
                Some(figure) => figures.push(figure),
                None => println!("{text}"),
            }
        }
    }
    let status = child.wait().map_err(|source| Failure::NotStarted { command: line.clone(), source })?;
    if status.success() { Ok(figures) } else { Err(Failure::Ended { command: line, status }) }
}

/// The figure on this line; `None` for a line that is no JSON object.
fn figure(line: &str) -> Result<Option<Figure>, Failure> {
    if !line.starts_with('{') {
        return Ok(None);
    }
    serde_json::from_str(line)
        .map(Some)
        .map_err(|error| Failure::Format { what: format!("the figure `{line}`"), source: error.into() })
}

fn judge(figures: &[Figure]) -> Result<Vec<(&Figure, Verdict)>, Failure> {
    figures.iter().map(|figure| verdict(figure).map(|verdict| (figure, verdict))).collect()
}

fn verdict(figure: &Figure) -> Result<Verdict, Failure> {
    let Some(bar) = &figure.bar else {
        return Ok(Verdict::NoBar);
    };
    let limit = |text: &str| {
        text.trim().parse::<f64>().map_err(|error| Failure::Format {
            what: format!("the bar `{bar}` of {}", figure.id),
            source: error.into(),
        })
    };
    let held = if let Some(text) = bar.strip_prefix("<=") {
        figure.value <= limit(text)?
    } else if let Some(text) = bar.strip_prefix(">=") {
        figure.value >= limit(text)?
    } else {
        return Err(Failure::Refused(format!(
            "the bar `{bar}` of {} begins with neither <= nor >=",
            figure.id
        )));
    };
    Ok(if held { Verdict::Held } else { Verdict::Missed })
}

fn table(rows: &[(&Figure, Verdict)]) -> String {
    let mut lines = vec![["figure", "value", "bar", "", "against", "runs"].map(str::to_owned)];
    for (figure, verdict) in rows {
        let word = match verdict {
            Verdict::NoBar => "",
            Verdict::Held => "pass",
            Verdict::Missed => "FAIL",
        };
        lines.push([
            figure.id.clone(),
            format!("{:.3} {}", figure.value, figure.unit).trim_end().to_owned(),
            figure.bar.clone().unwrap_or_default(),
            word.to_owned(),
            figure.against.clone().unwrap_or_default(),
            figure.runs.to_string(),
        ]);
    }
    aligned(&lines)
}

fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Appends one line a figure to `target/bench/figures.jsonl`.
fn record(figures: &[Figure]) -> Result<(), Failure> {
    let folder = root().join("target/bench");
    let path = folder.join("figures.jsonl");
    let in_file = |source| Failure::File { path: path.display().to_string(), source };
    fs::create_dir_all(&folder).map_err(in_file)?;
    let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(in_file)?;
    for figure in figures {
        let line = serde_json::to_string(figure)
            .map_err(|error| Failure::Format { what: figure.id.clone(), source: error.into() })?;
        writeln!(file, "{line}").map_err(in_file)?;
    }
    Ok(())
}

/// What is wrong with this run, if anything.
fn complaints(ids: &[String], rows: &[(&Figure, Verdict)]) -> Option<String> {
    let unknown = ids.iter().filter(|id| !rows.iter().any(|(figure, _)| figure.id == **id));
    let missed = rows.iter().filter(|(_, verdict)| *verdict == Verdict::Missed);
    let lines: Vec<String> = unknown
        .map(|id| format!("no benchmark measures `{id}`"))
        .chain(missed.map(|(figure, _)| {
            let bar = figure.bar.as_deref().unwrap_or_default();
            format!("{} is {:.3} {}, which misses its bar {bar}", figure.id, figure.value, figure.unit)
        }))
        .collect();
    if lines.is_empty() { None } else { Some(lines.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &str, value: f64, bar: Option<&str>) -> Figure {
        Figure {
            id: id.into(),
            value,
            unit: "ms".into(),
            bar: bar.map(str::to_owned),
            against: None,
            runs: 5,
        }
    }

    #[test]
    fn a_bar_is_held_up_to_and_including_its_limit() {
        for (value, bar, expected) in [
            (0.6, Some("<=0.6"), Verdict::Held),
            (0.61, Some("<=0.6"), Verdict::Missed),
            (0.98, Some(">=0.98"), Verdict::Held),
            (0.97, Some(">= 0.98"), Verdict::Missed),
            (1e9, None, Verdict::NoBar),
        ] {
            assert_eq!(verdict(&of("a", value, bar)).ok(), Some(expected), "{value} against {bar:?}");
        }
    }

    #[test]
    fn a_bar_that_cannot_be_read_is_an_error_and_not_a_pass() {
        for bar in ["0.6", "<0.6", "<=fast", ""] {
            assert!(verdict(&of("a", 0.1, Some(bar))).is_err(), "{bar:?}");
        }
    }

    #[test]
    fn a_line_of_json_is_a_figure_and_any_other_line_is_not() {
        let line = r#"{"id":"a.b","value":0.5,"unit":"x","bar":"<=0.6","against":"one rqrr call","runs":7}"#;
        let Ok(Some(read)) = figure(line) else { panic!("a figure must be read") };
        assert_eq!((read.id.as_str(), read.value, read.runs), ("a.b", 0.5, 7));
        assert!(figure("warming up").is_ok_and(|read| read.is_none()));
        assert!(figure(r#"{"id":"a.b"}"#).is_err(), "half a figure must not be dropped silently");
    }

    #[test]
    fn a_missed_bar_and_an_unknown_id_are_both_told() {
        let (good, bad) = (of("good", 0.1, Some("<=1")), of("bad", 2.0, Some("<=1")));
        let rows = [(&good, Verdict::Held), (&bad, Verdict::Missed)];
        let Some(text) = complaints(&["good".into(), "typo".into()], &rows) else { panic!("must complain") };
        assert!(text.contains("`typo`") && text.contains("bad is 2.000 ms"), "{text}");
        assert_eq!(complaints(&["good".into()], &rows[..1]), None);
    }

    #[test]
    fn the_table_is_aligned_and_says_pass_or_fail() {
        let (one, two) = (of("a", 1.0, Some("<=2")), of("longer", 3.0, Some("<=2")));
        let text = table(&[(&one, Verdict::Held), (&two, Verdict::Missed)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1].find("pass"), lines[2].find("FAIL"));
        assert!(lines[1].find("pass").is_some());
    }
}

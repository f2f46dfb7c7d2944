//! What the story prints: one line a step, with the values it saw.

use crate::words::chain;
use std::{error::Error, fmt, io::Write};

/// A step did not hold, or could not be taken.
#[derive(Debug)]
pub struct Broken {
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Broken {
    /// A step that was taken and did not hold.
    pub fn new(what: impl Into<String>) -> Broken {
        Broken { what: what.into(), source: None }
    }

    /// The same, with what was seen.
    #[must_use]
    pub fn and(self, seen: impl fmt::Display) -> Broken {
        Broken { what: format!("{} ({seen})", self.what), source: self.source }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// Says what was being tried when something failed.
pub trait Trying<T> {
    /// The same result, with `what` in front of its cause.
    fn trying(self, what: &str) -> Result<T, Broken>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> Trying<T> for Result<T, E> {
    fn trying(self, what: &str) -> Result<T, Broken> {
        self.map_err(|error| Broken { what: what.to_owned(), source: Some(error.into()) })
    }
}

/// `Ok` when it holds, `what` with the values otherwise.
pub fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken::new(what())) }
}

/// The report of a story on a terminal.
pub type Telling = Report<std::io::Stdout>;

/// The steps so far.
pub struct Report<W> {
    out: W,
    held: u32,
    total: u32,
}

impl<W: Write> Report<W> {
    /// A report of a story of `total` steps.
    pub fn new(out: W, total: u32) -> Report<W> {
        Report { out, held: 0, total }
    }

    /// Opens a chapter.
    pub fn chapter(&mut self, title: &str) {
        self.line(&format!("\n{title}"));
    }

    /// Notes a step that held, with what it saw.
    pub fn held(&mut self, step: &str, seen: impl fmt::Display) {
        self.held += 1;
        self.line(&format!("  {:>2}. {step}\n      {seen}", self.held));
    }

    /// Prints the last line; true if every step held.
    pub fn close(mut self, outcome: &Result<(), Broken>) -> bool {
        if let Err(broken) = outcome {
            self.line(&format!("  ✗   {}", chain(broken)));
        }
        self.line(&format!("\ndemo: {} of {} steps", self.held, self.total));
        outcome.is_ok() && self.held == self.total
    }

    fn line(&mut self, text: &str) {
        // A closed terminal must not stop the story: its exit code still tells.
        let _ = writeln!(self.out, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(total: u32, steps: u32, outcome: Result<(), Broken>) -> (bool, String) {
        let mut out = Vec::new();
        let mut report = Report::new(&mut out, total);
        (0..steps).for_each(|step| report.held("step", step));
        let good = report.close(&outcome);
        (good, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_story_is_good_only_when_every_step_held() {
        let (good, text) = told(2, 2, Ok(()));
        assert!(good && text.ends_with("\ndemo: 2 of 2 steps\n"), "{text}");
        assert!(!told(3, 2, Ok(())).0, "a step was left out");
        let (good, text) = told(2, 1, Err(Broken::new("no offers")));
        assert!(!good && text.contains("no offers") && text.ends_with("demo: 1 of 2 steps\n"), "{text}");
    }
}

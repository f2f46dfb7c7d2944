//! `tidy`: the house rules that no compiler and no lint knows.
//!
//! Each check is a pure function over texts read once, so each is tested on small fixtures. A rule is broken
//! by intent only through `xtask/exceptions.toml`, where every line needs a reason, and a line nobody needs
//! any more is a fault itself.

mod doors;
mod exceptions;
mod floats;
mod imports;
mod licences;
mod markup;
mod modules;
mod mutants;
mod opening;
mod programs;
mod references;
mod register;
mod sizes;
mod sources;
mod sql;
mod syntax;
mod tables;

use crate::process::{Failure, root};
use crate::workspace::Workspace;
use sources::Source;
use std::fmt;
use syntax::Facts;

/// A rule of the house; its name is what an exception names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Which of our crates may depend on which.
    CrateImport,
    /// Crates that must not come in, even through others.
    Reach,
    /// Licences and origins of dependencies.
    Licence,
    /// A file that cannot be read as Rust.
    Syntax,
    /// Where SQL may stand.
    Sql,
    /// Whose a table is.
    Table,
    /// Which module of the platform may name which, and what of it.
    Module,
    /// Types of the markup outside the kiosk's window.
    Door,
    /// Numbers with a fraction where money is counted.
    Float,
    /// Lines of a function.
    FunctionLines,
    /// Lines of a file.
    FileLines,
    /// `mod.rs`.
    ModFile,
    /// The sentence a file opens with.
    Opening,
    /// Words in markup that nobody can translate.
    MarkupText,
    /// Colours, sizes and durations in a screen.
    MarkupStyle,
    /// A library without a row in the register.
    Register,
    /// A comment that names a document which is not here.
    Reference,
    /// More than one binary of integration tests in a crate.
    TestBinary,
    /// A program that is started and that setup does not install.
    Setup,
    /// A mutant whose text does not stand once in its file.
    Mutant,
    /// An exception that is not needed.
    Exception,
}

impl Rule {
    /// The name in messages and in `exceptions.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrateImport => "crate-import",
            Self::Reach => "reach",
            Self::Licence => "licence",
            Self::Syntax => "syntax",
            Self::Sql => "sql",
            Self::Table => "table",
            Self::Module => "module",
            Self::Door => "door",
            Self::Float => "float",
            Self::FunctionLines => "function-lines",
            Self::FileLines => "file-lines",
            Self::ModFile => "mod-file",
            Self::Opening => "opening",
            Self::MarkupText => "markup-text",
            Self::MarkupStyle => "markup-style",
            Self::Register => "register",
            Self::Reference => "reference",
            Self::TestBinary => "test-binary",
            Self::Setup => "setup",
            Self::Mutant => "mutant",
            Self::Exception => "exception",
        }
    }
}

/// One thing a check has to say, at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, from the root of the workspace.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule.
    pub rule: Rule,
    /// A question does not fail the run: someone should look.
    pub is_question: bool,
    /// What is the matter, and what to do.
    pub what: String,
}

impl Finding {
    /// A broken rule.
    pub fn fault(rule: Rule, path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, is_question: false, what: what.into() }
    }

    /// Something allowed that someone should look at.
    pub fn question(rule: Rule, path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { is_question: true, ..Self::fault(rule, path, line, what) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, .. } = self;
        write!(out, "{path}:{line}: {what} [{}]", self.rule.name())
    }
}

/// Runs every check over the workspace; fails when a rule is broken.
pub fn run() -> Result<(), Failure> {
    let root = root();
    let sources = sources::read(&root)?;
    let workspace = Workspace::resolved()?;
    let policy = licences::Policy::read(&root)?;
    let exceptions = exceptions::read(&root)?;

    let documents = sources::documents(&root)?;

    let mut findings = of_packages(&workspace, &policy, &root);
    findings.extend(register::check(&root)?);
    findings.extend(mutants::check(&root)?);
    findings.extend(of_sources(&sources));
    findings.extend(sources.iter().flat_map(|source| references::check(source, &documents)));
    let mut findings = exceptions::apply(findings, &exceptions);
    findings.sort();
    findings.iter().for_each(|finding| {
        let word = if finding.is_question { "question" } else { "fault" };
        println!("{word}: {finding}");
    });
    let faults = findings.iter().filter(|finding| !finding.is_question).count();
    println!("tidy: {} files, {faults} faults, {} questions", sources.len(), findings.len() - faults);
    if faults == 0 { Ok(()) } else { Err(Failure::Refused(format!("{faults} house rules are broken"))) }
}

fn of_packages(workspace: &Workspace, policy: &licences::Policy, root: &std::path::Path) -> Vec<Finding> {
    let mut findings = imports::members(workspace, root);
    findings.extend(imports::reach(workspace, root));
    findings.extend(licences::check(workspace, policy));
    findings
}

/// The checks that only read text.
fn of_sources(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut parsed: Vec<(&Source, Facts)> = Vec::new();
    for source in sources {
        findings.extend(sizes::file(source));
        findings.extend(programs::check(source));
        if source.is_rust() {
            findings.extend(opening::check(source));
            match syntax::facts(source) {
                Ok(facts) => parsed.push((source, facts)),
                Err(finding) => findings.push(finding),
            }
        } else {
            findings.extend(markup::check(source));
        }
    }
    for (source, facts) in &parsed {
        findings.extend(sizes::rust(source, facts));
        findings.extend(sql::check(source, facts));
        findings.extend(doors::check(source, facts));
        findings.extend(floats::check(source, facts));
    }
    findings.extend(modules::check(&parsed));
    findings.extend(tables::check(&parsed));
    findings
}

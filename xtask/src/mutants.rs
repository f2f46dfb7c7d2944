//! `mutants`: breaks the code on purpose, one rule at a time, and demands that the proof notices.
//!
//! `mutants/*.toml` lists the changes: a text that stands exactly once in a file, what to put in its place, the rule that
//! breaks, and the command that must fail then. Each is made in a copy of the tree, never in the tree itself. A mutant
//! that does not compile proves nothing and is a failure of its own.

use crate::process::{Failure, capture, cargo, in_words, root};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// The folder of the lists.
const FOLDER: &str = "mutants";
/// The longest a proof may take to notice: past it nobody would run it.
const NOTICED_S_MAX: u64 = 120;

/// A list of mutants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// One change that breaks a rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// What it is called on the command line.
    pub name: String,
    /// The file it changes, from the root of the workspace.
    pub file: String,
    /// What stands there, exactly once.
    pub find: String,
    /// What stands there afterwards.
    pub replace: String,
    /// Further changes, where one rule is kept in several places.
    #[serde(default)]
    pub also: Vec<Edit>,
    /// The rule that breaks, for example `I3`.
    pub breaks: String,
    /// A cargo command that must fail; the words after `cargo`.
    pub command: String,
}

/// One change of one file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file.
    pub file: String,
    /// What stands there, exactly once.
    pub find: String,
    /// What stands there afterwards.
    pub replace: String,
}

impl Mutant {
    /// Every change it makes.
    pub fn edits(&self) -> Vec<Edit> {
        let first = Edit { file: self.file.clone(), find: self.find.clone(), replace: self.replace.clone() };
        std::iter::once(first).chain(self.also.iter().cloned()).collect()
    }
}

/// Why a mutant was not caught.
#[derive(Debug, PartialEq, Eq)]
enum Escape {
    /// It does not compile, so nothing was tested.
    DoesNotBuild,
    /// The proof passed.
    NotNoticed,
    /// The proof did not end in time.
    TooSlow,
}

/// Reads every list, in the order of file names.
pub fn read(root: &Path) -> Result<Vec<Mutant>, Failure> {
    let folder = root.join(FOLDER);
    let in_folder = |source| Failure::File { path: FOLDER.into(), source };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&folder).map_err(in_folder)? {
        files.push(entry.map_err(in_folder)?.path());
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let mut mutants = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let text =
            fs::read_to_string(&file).map_err(|source| Failure::File { path: name.clone(), source })?;
        let list: List =
            toml::from_str(&text).map_err(|error| Failure::Format { what: name, source: error.into() })?;
        mutants.extend(list.mutant);
    }
    Ok(mutants)
}

/// Runs the named mutants, or all; fails when one escapes.
pub fn run(names: &[String]) -> Result<(), Failure> {
    let mutants = read(&root())?;
    if let Some(unknown) = names.iter().find(|name| !mutants.iter().any(|mutant| mutant.name == **name)) {
        return Err(Failure::Usage(format!("there is no mutant `{unknown}` in {FOLDER}")));
    }
    let tree = copy_tree()?;
    let mut escaped = Vec::new();
    for mutant in mutants.iter().filter(|mutant| names.is_empty() || names.contains(&mutant.name)) {
        let began = now();
        let escape = try_one(&tree, mutant)?;
        let took = now().duration_since(began).as_secs_f64();
        let word = escape.as_ref().map_or("caught".to_owned(), |escape| format!("ESCAPED ({escape:?})"));
        println!("{:<10} {:<10} {took:>6.1} s  {word}", mutant.name, mutant.breaks);
        if escape.is_some() {
            escaped.push(mutant.name.clone());
        }
    }
    if escaped.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!("not noticed: {}", escaped.join(", "))))
}

/// A copy of every file git knows, below the build folder; unchanged files keep their age, so little is built again.
fn copy_tree() -> Result<PathBuf, Failure> {
    let listed = capture(Command::new("git").args(["ls-files", "-z"]).current_dir(root()))?;
    let tree = root().join("target/mutants/tree");
    for name in String::from_utf8_lossy(&listed.stdout).split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root().join(name), tree.join(name));
        let in_file = |source| Failure::File { path: name.to_owned(), source };
        let Ok(fresh) = fs::read(&from) else { continue };
        if fs::read(&to).is_ok_and(|known| known == fresh) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(in_file)?;
        }
        fs::write(&to, fresh).map_err(in_file)?;
    }
    Ok(tree)
}

fn try_one(tree: &Path, mutant: &Mutant) -> Result<Option<Escape>, Failure> {
    let mut originals: Vec<(PathBuf, String)> = Vec::new();
    let mut outcome = Ok(());
    for edit in mutant.edits() {
        outcome = outcome.and_then(|()| {
            let path = tree.join(&edit.file);
            let in_file = |source| Failure::File { path: edit.file.clone(), source };
            let original = fs::read_to_string(&path).map_err(in_file)?;
            let changed = change(&original, &mutant.name, &edit)?;
            originals.push((path.clone(), original));
            fs::write(&path, changed).map_err(in_file)
        });
    }
    let outcome = outcome.and_then(|()| notice(tree, &mutant.command));
    // Backwards, so that a file changed twice ends as it was.
    for (path, original) in originals.into_iter().rev() {
        let name = path.display().to_string();
        fs::write(&path, original).map_err(|source| Failure::File { path: name, source })?;
    }
    outcome
}

fn change(original: &str, name: &str, edit: &Edit) -> Result<String, Failure> {
    match original.matches(&edit.find).count() {
        1 => Ok(original.replacen(&edit.find, &edit.replace, 1)),
        count => Err(Failure::Refused(format!(
            "mutant {name}: its text stands {count} times in {}, not once",
            edit.file
        ))),
    }
}

fn notice(tree: &Path, command: &str) -> Result<Option<Escape>, Failure> {
    let words: Vec<&str> = command.split_whitespace().collect();
    if !capture(&mut in_tree(tree, &building(&words)))?.status.success() {
        return Ok(Some(Escape::DoesNotBuild));
    }
    let mut proof = in_tree(tree, &words);
    proof.stdout(Stdio::piped()).stderr(Stdio::null());
    let line = in_words(&proof);
    let failed = |source| Failure::NotStarted { command: line.clone(), source };
    let mut child = proof.spawn().map_err(failed)?;
    let (tell, ended) = channel();
    let output = child.stdout.take();
    // What it writes ends when it does.
    let reading = std::thread::spawn(move || {
        let read = output.map(|mut output| std::io::copy(&mut output, &mut std::io::sink()));
        // Nobody waits any more once the time is over.
        let _ = tell.send(read.is_some());
    });
    let in_time = ended.recv_timeout(Duration::from_secs(NOTICED_S_MAX)).is_ok();
    if !in_time {
        child.kill().map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    drop(reading);
    Ok(match (in_time, status.success()) {
        (false, _) => Some(Escape::TooSlow),
        (true, true) => Some(Escape::NotNoticed),
        (true, false) => None,
    })
}

/// The command that builds what another runs.
fn building<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let own = words.split(|word| *word == "--").next().unwrap_or_default();
    match own.split_first() {
        Some((&"run", rest)) => std::iter::once("build").chain(rest.iter().copied()).collect(),
        Some((&"test", _)) => own.iter().copied().chain(["--no-run"]).collect(),
        Some(_) | None => own.to_vec(),
    }
}

/// A cargo of the copy, with a build folder of its own.
fn in_tree(tree: &Path, words: &[&str]) -> Command {
    let mut command = cargo(words);
    command.current_dir(tree).env("CARGO_TARGET_DIR", root().join("target/mutants/build"));
    command
}

#[expect(clippy::disallowed_methods, reason = "the clock of this process: how long a proof took")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_stands_twice_or_nowhere_is_refused() {
        let edit = |find: &str| Edit { file: "a.rs".into(), find: find.into(), replace: "b".into() };
        assert_eq!(change("x a x", "N1", &edit("a")).ok().as_deref(), Some("x b x"));
        assert!(change("a a", "N1", &edit("a")).is_err());
        assert!(change("c", "N1", &edit("a")).is_err());
    }

    #[test]
    fn what_is_run_is_built_first() {
        assert_eq!(building(&["run", "-p", "x", "--", "run", "--seed"]), ["build", "-p", "x"]);
        assert_eq!(building(&["test", "-p", "x", "--", "name"]), ["test", "-p", "x", "--no-run"]);
    }

    #[test]
    fn every_list_of_the_workspace_can_be_read() {
        let mutants = read(&root()).unwrap_or_default();
        assert!(!mutants.is_empty());
        let mut names: Vec<&str> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), mutants.len(), "two mutants of one name");
    }
}

//! Starting other programs, and the one error type of all tasks.
//!
//! Every command is printed before it runs, so that a reader of a log can repeat it by hand.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};

/// Why a task did not finish.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line asked for something that does not exist.
    #[error("{0}")]
    Usage(String),
    /// The task ran and its answer is no.
    #[error("{0}")]
    Refused(String),
    /// A program could not be started at all.
    #[error("`{command}` could not be started")]
    NotStarted {
        /// The command as a person would type it.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program ran and reported failure.
    #[error("`{command}` ended with {status}")]
    Ended {
        /// The command as a person would type it.
        command: String,
        /// Its exit status.
        status: ExitStatus,
    },
    /// A file could not be read or written.
    #[error("{path}")]
    File {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program or file answered in a shape this task does not know.
    #[error("{what} is not understood")]
    Format {
        /// What was being read.
        what: String,
        /// The parser's complaint.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Prints the command, runs it with this process's own input and output, and demands success.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let line = in_words(command);
    println!("$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Ended { command: line, status }),
        Err(source) => Err(Failure::NotStarted { command: line, source }),
    }
}

/// Runs the command silently and gives what it wrote; success is the caller's to judge.
pub fn capture(command: &mut Command) -> Result<Output, Failure> {
    let line = in_words(command);
    command.stdin(Stdio::null()).output().map_err(|source| Failure::NotStarted { command: line, source })
}

/// A cargo of the same toolchain that runs this task, started at the root of the workspace.
///
/// What `cargo run` told *this* program about its own package is taken away: build scripts that watch those
/// variables would otherwise rebuild their crates each time one alternates between `cargo` and `cargo xtask`.
pub fn cargo<I, S>(arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// The root of the workspace, wherever the task was called from.
pub fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), PathBuf::from)
}

/// The command as a person would type it, without the folder of the program.
pub fn in_words(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
}

/// Whether a program of this name stands in one of the folders of `PATH`.
pub fn is_on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_printed_as_a_person_would_type_it() {
        let mut command = Command::new("/usr/lib/cargo/bin/cargo");
        command.args(["test", "--workspace"]);
        assert_eq!(in_words(&command), "cargo test --workspace");
    }

    #[test]
    fn a_command_that_fails_is_an_error_that_names_it() {
        let Err(failure) = run(Command::new("sh").args(["-c", "exit 3"])) else {
            panic!("exit code 3 must not count as success");
        };
        assert!(failure.to_string().contains("sh -c exit 3"), "{failure}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_not_on_the_path() {
        assert!(is_on_path("sh"));
        assert!(!is_on_path("no-program-has-this-name"));
    }
}

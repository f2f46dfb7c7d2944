//! The programs of the story, each a process of its own.

use super::report::{Broken, Trying};
use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// How long a program may take until it says that it is ready: a debug build on a busy machine.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// How long a program may take to stop in an orderly way.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running program; killed when dropped.
pub struct Program {
    name: &'static str,
    child: Child,
    /// Kept open: a program must not fail because nobody reads on.
    _output: BufReader<ChildStdout>,
    ready: String,
}

/// How a program is started.
pub struct Start<'a> {
    /// What it is called in messages.
    pub name: &'static str,
    /// Its file.
    pub file: &'a Path,
    /// Where its log goes.
    pub log: PathBuf,
    /// What a line of its output begins with when it is ready; the rest of the line says where.
    pub ready_prefix: &'static str,
}

impl Program {
    /// Starts a program and waits until it says that it is ready.
    pub async fn start<I, A>(start: Start<'_>, arguments: I) -> Result<Program, Broken>
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        let name = start.name;
        let log = File::options().create(true).append(true).open(&start.log).trying("opening a log")?;
        let mut child = Command::new(start.file)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .trying(&format!("starting {name}"))?;
        let output = child.stdout.take().ok_or_else(|| Broken::new(format!("{name} has no output")))?;
        let mut output = BufReader::new(output);
        let waiting = wait_for_line(&mut output, start.ready_prefix);
        let ready = match timeout(READY_LIMIT, waiting).await {
            Ok(Some(ready)) => ready,
            Ok(None) => {
                return Err(Broken::new(format!(
                    "{name} ended before it was ready; see {}",
                    start.log.display()
                )));
            }
            Err(_) => {
                return Err(Broken::new(format!(
                    "{name} was not ready in time; see {}",
                    start.log.display()
                )));
            }
        };
        Ok(Program { name, child, _output: output, ready })
    }

    /// What the program said where it can be reached.
    pub fn address(&self) -> &str {
        &self.ready
    }

    /// Kills the program at once, as a power cut of the process would.
    pub async fn kill(&mut self) -> Result<(), Broken> {
        self.child.kill().await.trying(&format!("killing {}", self.name))
    }

    /// Waits for a program that was asked to stop.
    pub async fn ended(&mut self) -> Result<(), Broken> {
        match timeout(STOP_LIMIT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(Broken::new(format!("{} ended with {status}", self.name))),
            Ok(Err(error)) => Err(error).trying(&format!("waiting for {}", self.name)),
            Err(_) => Err(Broken::new(format!("{} did not stop in time", self.name))),
        }
    }
}

async fn wait_for_line(output: &mut BufReader<ChildStdout>, prefix: &str) -> Option<String> {
    let mut line = String::new();
    loop {
        line.clear();
        if output.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if let Some(rest) = line.trim_end().strip_prefix(prefix) {
            return Some(rest.trim().to_owned());
        }
    }
}

//! `demo`: the whole city on one machine, to look at or to check.
//!
//! `--check` runs the story headless and answers with its exit code. Without it, and with a display, the
//! platform and the simulator's window stay open until the window closes or Ctrl-C is pressed; whatever
//! happens, nothing this task started is left running.

use crate::process::{self, Failure, cargo, in_words, root};
use crate::setup;
use crate::workspace::Workspace;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// Where the platform listens unless `--listen` says otherwise; only this machine can reach it.
const LISTEN: &str = "127.0.0.1:8480";
/// How long the platform may take to be ready: it seeds a city first, in a debug build.
const READY_PROBES_MAX: u32 = 600;
const PROBE_EVERY: Duration = Duration::from_millis(100);
/// How long a program may take to stop after it was asked to.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// What the command line asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    is_check: bool,
    listen: SocketAddr,
}

/// The programs of the demonstration.
struct Programs {
    platform: PathBuf,
    simulator: PathBuf,
}

/// The task itself.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = parse(arguments)?;
    if options.is_check || !has_display() {
        if !options.is_check {
            println!("demo: no display, so the story is checked instead");
        }
        return check();
    }
    setup::run()?;
    show(&build()?, options.listen)
}

/// Runs the stories headless, the screens' and the wire's; fails when one of their steps did not hold.
pub fn check() -> Result<(), Failure> {
    setup::run()?;
    let programs = build()?;
    let folder = folder()?;
    let mut story = Command::new(&programs.simulator);
    story.arg("story").arg("--out").arg(&folder);
    story.arg("--platform-bin").arg(&programs.platform);
    let told = process::run(story.current_dir(root()));
    eprintln!("demo: a picture of every screen is in {}", folder.display());
    told?;
    let mut wire = Command::new(&programs.simulator);
    wire.arg("wire").arg("--out").arg(folder.join("wire")).arg("--platform-bin").arg(&programs.platform);
    process::run(wire.current_dir(root()))
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let mut is_check = false;
    let mut listen = LISTEN;
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--check" => is_check = true,
            "--listen" => listen = words.next().unwrap_or_default(),
            other => return Err(Failure::Usage(format!("demo: `{other}` is not understood"))),
        }
    }
    let listen = listen
        .parse()
        .map_err(|_| Failure::Usage(format!("demo: `{listen}` is no address like {LISTEN}")))?;
    Ok(Options { is_check, listen })
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn build() -> Result<Programs, Failure> {
    process::run(&mut cargo(["build", "--locked", "-p", "platform-api", "-p", "simulator", "-p", "kiosk"]))?;
    let folder = Workspace::own()?.target_directory.join("debug");
    Ok(Programs { platform: folder.join("platform-api"), simulator: folder.join("simulator") })
}

/// `target/demo` at the root of the workspace, whatever folder cargo builds to.
fn folder() -> Result<PathBuf, Failure> {
    let folder = root().join("target/demo");
    fs::create_dir_all(&folder)
        .map_err(|source| Failure::File { path: folder.display().to_string(), source })?;
    Ok(folder)
}

/// The folder, with nothing in it.
fn fresh(folder: &Path) -> Result<PathBuf, Failure> {
    let in_folder = |source| Failure::File { path: folder.display().to_string(), source };
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(in_folder)?;
    }
    fs::create_dir_all(folder).map_err(in_folder)?;
    Ok(folder.to_path_buf())
}

/// Platform and window, until one of them ends or the user has seen enough.
fn show(programs: &Programs, listen: SocketAddr) -> Result<(), Failure> {
    let news = signals()?;
    let folder = folder()?;
    // A demonstration starts in a city where nothing has happened yet.
    let (platform_data, window_data) = (fresh(&folder.join("platform"))?, fresh(&folder.join("window"))?);
    let url = format!("http://{}", here(listen));
    let mut platform = start(
        Command::new(&programs.platform)
            .args(["serve", "--demo", "--listen", &listen.to_string(), "--data"])
            .arg(platform_data),
    )?;
    let mut window = Command::new(&programs.simulator);
    window.args(["--platform", &url, "--data"]).arg(window_data);
    let result = wait_until_ready(here(listen), &mut platform.0, &news)
        .and_then(|()| show_window(&mut window, &url, &mut platform.0, &news));
    platform.stop(&news);
    result
}

fn show_window(
    command: &mut Command,
    url: &str,
    platform: &mut Child,
    news: &Receiver<i32>,
) -> Result<(), Failure> {
    let mut window = start(command)?;
    println!("\n  手机页面 (phone page)     {url}/phone\n  商户核销 (merchant page)  {url}/merchant");
    println!("\n  Close the window or press Ctrl-C to stop both.\n");
    let result = watch(platform, &mut window.0, news);
    window.stop(news);
    result
}

/// A program this task started; it is stopped before this task ends.
struct Started(Child);

fn start(command: &mut Command) -> Result<Started, Failure> {
    let line = in_words(command);
    println!("$ {line}");
    command
        .current_dir(root())
        .spawn()
        .map(Started)
        .map_err(|source| Failure::NotStarted { command: line, source })
}

impl Started {
    /// Asks the program to end, waits for it, and ends it when it does not.
    fn stop(&mut self, news: &Receiver<i32>) {
        if has_ended(&mut self.0) {
            return;
        }
        // The shell's own `kill` is there on every machine; std can only end a process the hard way.
        let _asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.0.id())]).status();
        while !has_ended(&mut self.0) {
            if news.recv_timeout(STOP_WITHIN).is_err() {
                break;
            }
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if !has_ended(&mut self.0) {
            let _killed = self.0.kill();
            let _reaped = self.0.wait();
        }
    }
}

fn has_ended(child: &mut Child) -> bool {
    child.try_wait().map_or(true, |status| status.is_some())
}

/// Ctrl-C, a request to end, or the end of a child, as they come.
fn signals() -> Result<Receiver<i32>, Failure> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGCHLD])
        .map_err(|source| Failure::File { path: "signal handlers".into(), source })?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if sender.send(signal).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

fn wait_until_ready(address: SocketAddr, platform: &mut Child, news: &Receiver<i32>) -> Result<(), Failure> {
    for _ in 0..READY_PROBES_MAX {
        if is_ready(address) {
            return Ok(());
        }
        match news.recv_timeout(PROBE_EVERY) {
            Ok(SIGINT | SIGTERM) => {
                return Err(Failure::Refused("stopped before the platform was ready".into()));
            }
            Ok(_) if has_ended(platform) => {
                return Err(Failure::Refused("the platform ended before it was ready".into()));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Err(Failure::Refused(format!("the platform did not answer /readyz at {address}")))
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status_line = [0; 12];
        stream.read_exact(&mut status_line)?;
        Ok(status_line.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

/// Until the window closes, the platform ends, or a signal asks for the end.
fn watch(platform: &mut Child, window: &mut Child, news: &Receiver<i32>) -> Result<(), Failure> {
    loop {
        match news.recv() {
            Ok(SIGINT | SIGTERM) => return Ok(()),
            Ok(_) if has_ended(platform) => {
                return Err(Failure::Refused("the platform ended by itself".into()));
            }
            Ok(_) => {
                if let Ok(Some(status)) = window.try_wait() {
                    return if status.success() {
                        Ok(())
                    } else {
                        Err(Failure::Refused(format!("the simulator ended with {status}")))
                    };
                }
            }
            Err(_) => return Err(Failure::Refused("the signal handler is gone".into())),
        }
    }
}

/// The address as this machine reaches it: `0.0.0.0` listens everywhere but is no place to connect to.
fn here(listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port())
    } else {
        listen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read_and_a_misspelt_one_is_refused() {
        let options = parse(&words("--check --listen 0.0.0.0:9000")).expect("valid options");
        assert!(options.is_check && options.listen.port() == 9000);
        assert!(!parse(&[]).expect("no option is valid").is_check);
        for wrong in ["--chekc", "--listen", "--listen here"] {
            assert!(parse(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_platform_that_listens_everywhere_is_reached_on_loopback() {
        let everywhere = "0.0.0.0:9000".parse().expect("an address");
        assert_eq!(here(everywhere).to_string(), "127.0.0.1:9000");
    }

    #[test]
    fn only_the_answer_200_means_ready() {
        for (answer, expected) in [("HTTP/1.1 200 OK\r\n\r\n", true), ("HTTP/1.1 503 Busy\r\n\r\n", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("its address");
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("one question");
                let mut question = [0; 18];
                stream.read_exact(&mut question).expect("the question");
                stream.write_all(answer.as_bytes()).expect("the answer");
                question
            });
            assert_eq!(is_ready(address), expected, "{answer}");
            assert_eq!(server.join().expect("a server"), *b"GET /readyz HTTP/1");
        }
    }

    #[test]
    fn a_program_that_was_started_is_gone_after_stop() {
        let news = signals().expect("signal handlers");
        let mut started =
            start(Command::new("sh").args(["-c", "read forever"]).stdin(std::process::Stdio::piped()))
                .expect("a shell");
        started.stop(&news);
        assert!(has_ended(&mut started.0));
    }

    #[test]
    fn a_platform_that_dies_early_is_told_at_once() {
        let news = signals().expect("signal handlers");
        let closed =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
        let mut child = start(Command::new("sh").args(["-c", "exit 1"])).expect("a shell");
        let failure = wait_until_ready(closed, &mut child.0, &news).expect_err("it is dead");
        assert!(failure.to_string().contains("ended before"), "{failure}");
    }
}

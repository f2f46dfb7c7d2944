//! The kiosk of the story: a process that may be killed and started again, and the socket that plays its shoppers.

use super::report::{Broken, Trying, must};
use crate::{
    cast::process::{Program, Start},
    control::{Answer, Request, Status, Until},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, tcp},
    time::timeout,
};

/// How long a shopper waits for something to happen: rendering and decoding in a debug build on a busy machine.
const WAIT_MS: u64 = 60_000;
/// How long the kiosk may take to answer at all: what it is asked to wait for, and room.
const ANSWER_LIMIT: Duration = Duration::from_millis(2 * WAIT_MS);
/// Buttons of the offers screen that are no cards.
const OFFERS_CONTROLS: [&str; 3] = ["结束", "上一页", "下一页"];
/// More pages than any kiosk has.
const PAGES_MAX: usize = 50;

/// Where a kiosk keeps its data and puts its pictures.
#[derive(Clone, Debug)]
pub struct Places {
    /// The simulator's own program.
    pub program: PathBuf,
    /// Its data folder; survives the process.
    pub data: PathBuf,
    /// Pictures of its screens.
    pub pictures: PathBuf,
    /// What it and the other programs write to stderr.
    pub logs: PathBuf,
}

/// A kiosk, whatever process it runs in at the moment.
pub struct Kiosk {
    places: Places,
    process: Process,
    picture_no: u32,
    texts: BTreeSet<String>,
    shown: BTreeSet<String>,
}

struct Process {
    program: Program,
    lines: BufReader<tcp::OwnedReadHalf>,
    requests: tcp::OwnedWriteHalf,
}

impl Kiosk {
    /// Starts a kiosk whose clock is `offset_ms` ahead of the machine's.
    pub async fn start(places: Places, offset_ms: i64) -> Result<Kiosk, Broken> {
        let process = Process::start(&places, offset_ms, true).await?;
        Ok(Kiosk { places, process, picture_no: 0, texts: BTreeSet::new(), shown: BTreeSet::new() })
    }

    /// Kills the process at once and starts another one on the same data, cut off or not.
    pub async fn crash(&mut self, offset_ms: i64, network: bool) -> Result<(), Broken> {
        self.process.program.kill().await?;
        self.process = Process::start(&self.places, offset_ms, network).await?;
        Ok(())
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.places.data
    }

    /// Every text any of its screens has shown when it was asked.
    pub fn texts(&self) -> &BTreeSet<String> {
        &self.texts
    }

    /// Every code that was held before its camera.
    pub fn shown(&self) -> &BTreeSet<String> {
        &self.shown
    }

    /// Asks for something; the kiosk's refusal is a broken step, told with what was on the screen.
    pub async fn ask(&mut self, request: &Request) -> Result<Status, Broken> {
        let broken = match self.ask_once(request).await? {
            Ok(status) => return Ok(status),
            Err(broken) => broken,
        };
        let file = self.next_picture("broken");
        let drawn = self.ask_once(&Request::Picture { file: self.places.pictures.join(&file) }).await?;
        let seen = drawn.map_or_else(|_| "no picture".to_owned(), |status| format!("{file}; {status:?}"));
        Err(broken.and(format!("{request:?}; {seen}")))
    }

    async fn ask_once(&mut self, request: &Request) -> Result<Result<Status, Broken>, Broken> {
        let asked = timeout(ANSWER_LIMIT, self.process.ask(request)).await;
        Ok(match asked.trying("waiting for the kiosk's answer")?? {
            Answer::Done(status) => {
                self.texts.extend(status.texts.iter().cloned());
                Ok(*status)
            }
            Answer::Failed(why) => Err(Broken::new(format!("kiosk: {why}"))),
        })
    }

    /// How it is.
    pub async fn status(&mut self) -> Result<Status, Broken> {
        self.ask(&Request::Status).await
    }

    /// Waits until the kiosk is as described.
    pub async fn wait(&mut self, until: Until) -> Result<Status, Broken> {
        self.ask(&Request::Wait { until, limit_ms: WAIT_MS }).await
    }

    /// Waits for a screen.
    pub async fn wait_screen(&mut self, screen: &str) -> Result<Status, Broken> {
        self.wait(Until::Screen(screen.to_owned())).await
    }

    /// Holds up a phone until the kiosk shows `screen`, then takes it away.
    pub async fn show(&mut self, text: &str, screen: &str) -> Result<Status, Broken> {
        self.shown.insert(text.to_owned());
        self.ask(&Request::ShowCode { text: text.to_owned() }).await?;
        let seen = self.wait_screen(screen).await;
        self.ask(&Request::Clear).await?;
        seen
    }

    /// Taps a button.
    pub async fn tap(&mut self, label: &str) -> Result<Status, Broken> {
        self.ask(&Request::Tap { label: label.to_owned() }).await
    }

    /// Taps a button and waits for the screen it leads to.
    pub async fn tap_to(&mut self, label: &str, screen: &str) -> Result<Status, Broken> {
        self.tap(label).await?;
        self.wait_screen(screen).await
    }

    /// Walks up to the screen and holds up a phone that shows `text`; gives the offers screen.
    pub async fn begin(&mut self, text: &str) -> Result<Status, Broken> {
        self.tap_to("触摸开始", "scan").await?;
        self.show(text, "offers").await
    }

    /// Every offer of the session, page by page; ends on the last page.
    pub async fn offers(&mut self) -> Result<Vec<String>, Broken> {
        let mut titles: Vec<String> = Vec::new();
        for _ in 0..PAGES_MAX {
            let status = self.status().await?;
            let (controls, cards): (Vec<String>, Vec<String>) =
                status.buttons.into_iter().partition(|label| OFFERS_CONTROLS.contains(&label.as_str()));
            titles.extend(cards);
            if !controls.iter().any(|label| label == "下一页") {
                return Ok(titles);
            }
            self.tap("下一页").await?;
        }
        Err(Broken::new("the offers have no last page"))
    }

    /// Turns pages back and forth until the card is there; gives the screen with it.
    pub async fn find_card(&mut self, title: &str) -> Result<Status, Broken> {
        for turn in ["上一页", "下一页"] {
            for _ in 0..PAGES_MAX {
                let status = self.status().await?;
                if status.buttons.iter().any(|label| label == title) {
                    return Ok(status);
                }
                if !status.buttons.iter().any(|label| label == turn) {
                    break;
                }
                self.tap(turn).await?;
            }
        }
        Err(Broken::new(format!("no card says {title}")))
    }

    /// Draws the screen into the next numbered PNG and gives its name.
    pub async fn picture(&mut self, name: &str) -> Result<String, Broken> {
        let file = self.next_picture(name);
        self.ask(&Request::Picture { file: self.places.pictures.join(&file) }).await?;
        Ok(file)
    }

    fn next_picture(&mut self, name: &str) -> String {
        self.picture_no += 1;
        format!("{:02}-{name}.png", self.picture_no)
    }

    /// The file of a picture.
    pub fn picture_file(&self, name: &str) -> PathBuf {
        self.places.pictures.join(name)
    }

    /// Stops the process in an orderly way.
    pub async fn stop(&mut self) -> Result<(), Broken> {
        self.ask(&Request::Stop).await?;
        self.process.program.ended().await
    }
}

impl Process {
    async fn start(places: &Places, offset_ms: i64, network: bool) -> Result<Process, Broken> {
        let start = Start {
            name: "the kiosk",
            file: &places.program,
            log: places.logs.join("kiosk.log"),
            ready_prefix: "control socket ",
        };
        let data = places.data.to_string_lossy().into_owned();
        let (offset, network) = (format!("--clock-offset-ms={offset_ms}"), format!("--network={network}"));
        let program = Program::start(start, ["device", "--data", &data, &offset, &network]).await?;
        let stream = TcpStream::connect(program.address()).await.trying("reaching the control socket")?;
        let (lines, requests) = stream.into_split();
        Ok(Process { program, lines: BufReader::new(lines), requests })
    }

    async fn ask(&mut self, request: &Request) -> Result<Answer, Broken> {
        let mut line = serde_json::to_string(request).trying("writing a request")?;
        line.push('\n');
        self.requests.write_all(line.as_bytes()).await.trying("asking the kiosk")?;
        let mut answer = String::new();
        let read = self.lines.read_line(&mut answer).await.trying("hearing the kiosk")?;
        must(read > 0, || "the kiosk ended in the middle of the story".to_owned())?;
        serde_json::from_str(&answer).trying("understanding the kiosk")
    }
}

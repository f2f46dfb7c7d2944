//! One kiosk as its own process: what its control socket promises without any platform.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use simulator::control::{Answer, Request, Status, Until};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

struct Device {
    process: Child,
    /// A program whose output nobody holds could fail to write.
    _output: BufReader<ChildStdout>,
    lines: BufReader<TcpStream>,
}

impl Device {
    fn start(data: &Path) -> Device {
        let mut process = Command::new(env!("CARGO_BIN_EXE_simulator"))
            .args(["device", "--network", "false", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut ready = String::new();
        output.read_line(&mut ready).unwrap();
        let address = ready.trim().strip_prefix("control socket ").expect("a ready device says where");
        let lines = BufReader::new(TcpStream::connect(address).unwrap());
        Device { process, _output: output, lines }
    }

    fn ask(&mut self, request: &Request) -> Answer {
        let line = serde_json::to_string(request).unwrap() + "\n";
        self.lines.get_mut().write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        self.lines.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    fn done(&mut self, request: &Request) -> Status {
        match self.ask(request) {
            Answer::Done(status) => *status,
            Answer::Failed(why) => panic!("{request:?}: {why}"),
        }
    }

    fn wait(&mut self, until: Until) -> Status {
        self.done(&Request::Wait { until, limit_ms: 30_000 })
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // It has ended already when the test asked it to.
        let _killed = self.process.kill();
        let _reaped = self.process.wait();
    }
}

#[test]
fn an_unpaired_kiosk_says_so_in_chinese_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let mut device = Device::start(&folder.path().join("data"));
    let status = device.wait(Until::Screen("maintenance".into()));
    assert!(!status.enrolled && status.offers == 0 && status.outbox_rows == 0, "{status:?}");
    let title = status.texts.iter().find(|text| text.contains("尚未配对")).expect("a title");
    assert_eq!(status.buttons, ["重试"], "{title}");
    let file = folder.path().join("maintenance.png");
    device.done(&Request::Picture { file: file.clone() });
    let picture = image::open(&file).unwrap().into_luma8();
    assert_eq!(picture.dimensions(), (1080, 1920));
    let share = drawn_share(&picture);
    assert!((0.005..0.2).contains(&share), "{share} of the screen is drawn on");
    device.done(&Request::Stop);
    assert!(device.process.wait().unwrap().success());
}

/// The part of the screen above the footer that differs clearly from what most of it shows: strokes of letters.
fn drawn_share(picture: &image::GrayImage) -> f64 {
    let page: Vec<u8> = picture.rows().take(1600).flatten().map(|pixel| pixel.0[0]).collect();
    let mut counts = [0_usize; 256];
    page.iter().for_each(|level| counts[usize::from(*level)] += 1);
    let paper = (0..=255_u8).max_by_key(|level| counts[usize::from(*level)]).unwrap();
    page.iter().filter(|level| level.abs_diff(paper) > 80).count() as f64 / page.len() as f64
}

#[test]
fn what_cannot_be_done_is_answered_and_the_next_request_still_served() {
    let folder = tempfile::tempdir().unwrap();
    let mut device = Device::start(folder.path());
    device.wait(Until::Screen("maintenance".into()));
    let refused = device.ask(&Request::Tap { label: "领取".into() });
    assert!(matches!(&refused, Answer::Failed(why) if why.contains("重试")), "{refused:?}");
    let vain = device.ask(&Request::Wait { until: Until::Offers(1), limit_ms: 50 });
    assert!(matches!(vain, Answer::Failed(_)), "{vain:?}");
    let missing = device.ask(&Request::ShowPicture { file: "nowhere.png".into() });
    assert!(matches!(missing, Answer::Failed(_)), "{missing:?}");
    assert_eq!(device.done(&Request::Status).screen, "maintenance");
}

#[test]
fn a_clock_set_ahead_is_shown_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut device = Device::start(folder.path());
    let before = device.wait(Until::Screen("maintenance".into()));
    let clock = |status: &Status| status.texts.iter().find(|text| is_clock(text)).cloned().expect("a clock");
    // Twelve hours are another time of day whatever it is now.
    let after = device.done(&Request::Clock { offset_ms: 12 * 3_600_000 });
    assert_ne!(clock(&before), clock(&after));
}

fn is_clock(text: &str) -> bool {
    text.len() == 5
        && text
            .chars()
            .enumerate()
            .all(|(place, letter)| letter == ':' || (place != 2 && letter.is_ascii_digit()))
}

#[test]
fn a_killed_kiosk_starts_again_on_the_same_data() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("device.key");
    let mut device = Device::start(folder.path());
    device.wait(Until::Screen("maintenance".into()));
    let before = std::fs::read(&key).unwrap();
    drop(device);
    let mut again = Device::start(folder.path());
    again.wait(Until::Screen("maintenance".into()));
    assert_eq!(std::fs::read(&key).unwrap(), before, "the device is the same one");
}

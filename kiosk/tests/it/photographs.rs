//! The decoder on real photographs, when they are at hand: a folder named by `QR_PHOTOS`, else `../shared/data/qr`
//! beside the workspace. They are not ours to copy here; without them the test says so and passes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiosk::adapters::picture_file;
use kiosk::adapters::qr_ladder::StillDecoder;
use kiosk::adapters::system_clock::SystemClock;
use kiosk::ports::Decoder;

/// Every n-th photograph with a code is enough for unoptimised code; all of those without are looked at.
const EVERY: usize = 4;
/// Share of photographs with a code in which an expected payload must be read.
const READ_SHARE_MIN: f64 = 0.94;

struct Photograph {
    file: PathBuf,
    expected: BTreeSet<String>,
}

#[test]
fn photographs_are_read_and_those_without_a_code_give_nothing() {
    let folder = folder();
    let Ok(manifest) = std::fs::read_to_string(folder.join("manifest.csv")) else {
        eprintln!("SKIPPED: no photographs at {}; set QR_PHOTOS to their folder", folder.display());
        return;
    };
    let (empty, coded): (Vec<Photograph>, Vec<Photograph>) = manifest
        .lines()
        .skip(1)
        .map(|line| photograph(&folder, line))
        .partition(|photograph| photograph.expected.is_empty());
    assert!(!empty.is_empty() && coded.len() >= EVERY, "the manifest lists both kinds");
    for photograph in &empty {
        assert_eq!(read(&photograph.file), BTreeSet::new(), "{}", photograph.file.display());
    }
    let sample: Vec<&Photograph> = coded.iter().step_by(EVERY).collect();
    let missed: Vec<&Path> = sample
        .iter()
        .filter(|photograph| read(&photograph.file).is_disjoint(&photograph.expected))
        .map(|photograph| photograph.file.as_path())
        .collect();
    let share = 1.0 - missed.len() as f64 / sample.len() as f64;
    assert!(share >= READ_SHARE_MIN, "read {share:.3} of {}; missed {missed:?}", sample.len());
}

fn folder() -> PathBuf {
    std::env::var_os("QR_PHOTOS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/qr"), PathBuf::from)
}

fn read(file: &Path) -> BTreeSet<String> {
    let frame = picture_file::load(file).unwrap();
    let mut decoder = StillDecoder::new(Arc::new(SystemClock::new()));
    let payloads = decoder.decode(&frame.luma, frame.width, frame.height);
    payloads.iter().map(|payload| comparable(&payload.text)).collect()
}

/// The manifest writes line ends and the space round a text in one way; codes do not.
fn comparable(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

/// A line begins: file, kind, a JSON list of texts as a quoted field.
fn photograph(folder: &Path, line: &str) -> Photograph {
    let fields = fields(line);
    let expected: Vec<String> = serde_json::from_str(&fields[2]).unwrap();
    let expected = expected.iter().map(|text| comparable(text)).collect();
    Photograph { file: folder.join(&fields[0]), expected }
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().expect("there is always a field");
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => field.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

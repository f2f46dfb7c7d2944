//! The decoder ladder on drawn codes: what it must read, how exactly, and when it must stop.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kiosk::adapters::qr_ladder::{LIVE_ROTATION, LiveDecoder, STILL_TIME_MAX, StillDecoder};
use kiosk::adapters::system_clock::SystemClock;
use kiosk::ports::{Decoder, Frame, Monotonic, Payload};
use qrcode::bits::Bits;
use qrcode::{EcLevel, QrCode, Version};

use crate::frames::{Look, drawn, with_code};
use crate::idle_scene::{Chance, frame, idle};

const SMALL: (usize, usize) = (320, 240);

fn clock() -> Arc<dyn Monotonic> {
    Arc::new(SystemClock::new())
}

fn read(frame: &Frame) -> Vec<Payload> {
    StillDecoder::new(clock()).decode(&frame.luma, frame.width, frame.height)
}

fn bytes(frame: &Frame) -> Vec<Vec<u8>> {
    read(frame).into_iter().map(|payload| payload.bytes).collect()
}

#[test]
fn codes_are_read_upright_turned_inverted_dim_small_and_large() {
    let plain = Look::default();
    let looks = [
        ("upright", plain, SMALL),
        ("turned", Look { turn: 33.0, ..plain }, SMALL),
        ("upside down", Look { turn: 180.0, ..plain }, SMALL),
        ("inverted", Look { dark: 230, light: 20, ..plain }, SMALL),
        ("dim", Look { dark: 90, light: 110, around: 100, ..plain }, SMALL),
        ("small", Look { module: 2.0, ..plain }, SMALL),
        ("close up", Look { module: 17.0, ..plain }, (720, 720)),
        ("in a photograph of ten megapixels", Look { module: 14.0, ..plain }, (3600, 2800)),
    ];
    for (name, look, size) in looks {
        let frame = with_code(b"CITY-PASS-7", look, size);
        assert_eq!(bytes(&frame), [b"CITY-PASS-7"], "{name}");
    }
}

#[test]
fn a_payload_is_the_bytes_as_encoded_whatever_they_mean() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let payloads: [&[u8]; 5] =
        [b"0123456789", b"A1 $%*+-./:", "消费通".as_bytes(), &[0xE9, 0xFC, 0x00, 0xFF], &every_byte];
    for payload in payloads {
        let frame = with_code(payload, Look::default(), (480, 480));
        assert_eq!(bytes(&frame), [payload]);
    }
}

#[test]
fn text_is_utf8_when_it_can_be_and_otherwise_what_the_code_names() {
    let chinese = with_code("消费通".as_bytes(), Look::default(), SMALL);
    assert_eq!(read(&chinese)[0].text, "消费通");
    let mut bits = Bits::new(Version::Normal(2));
    bits.push_eci_designator(3).unwrap();
    bits.push_byte_data(b"caf\xE9").unwrap();
    bits.push_terminator(EcLevel::L).unwrap();
    let code = QrCode::with_bits(bits, EcLevel::L).unwrap();
    let latin = &read(&drawn(&code, Look::default(), SMALL))[0];
    assert_eq!((latin.text.as_str(), latin.bytes.as_slice()), ("café", &b"caf\xE9"[..]));
}

#[test]
fn two_codes_in_one_picture_are_both_read_and_a_code_shown_twice_counts_once() {
    let beside = |left: &[u8], right: &[u8]| {
        let (left, right) =
            (with_code(left, Look::default(), SMALL), with_code(right, Look::default(), SMALL));
        let rows = left.luma.chunks_exact(320).zip(right.luma.chunks_exact(320));
        let luma: Vec<u8> = rows.flat_map(|(left, right)| [left, right].concat()).collect();
        bytes(&frame(luma, 640, 240)).into_iter().collect::<BTreeSet<_>>()
    };
    assert_eq!(beside(b"ONE", b"TWO"), BTreeSet::from([b"ONE".to_vec(), b"TWO".to_vec()]));
    let twice = beside(b"SAME", b"SAME");
    assert_eq!(twice, BTreeSet::from([b"SAME".to_vec()]));
}

#[test]
fn an_empty_scene_noise_or_a_broken_frame_gives_nothing() {
    for seed in 0..2 {
        assert!(read(&idle(seed)).is_empty(), "seed {seed}");
    }
    let mut chance = Chance::new(9);
    let noise = frame((0..640 * 480).map(|_| chance.below(256) as u8).collect(), 640, 480);
    assert!(read(&noise).is_empty());
    let mut decoder = StillDecoder::new(clock());
    assert!(decoder.decode(&[0; 10], 4, 4).is_empty());
    assert!(decoder.decode(&[], 0, 0).is_empty());
    assert!(decoder.decode(&[7], 1, 1).is_empty());
}

/// A wall of finder patterns: every three of them could be a code, and none is.
#[test]
fn a_picture_made_to_waste_time_is_given_up_after_a_second() {
    let pattern = |x: usize, y: usize| {
        let (x, y) = (x.abs_diff(3), y.abs_diff(3));
        x.max(y) != 2 && x.max(y) <= 3
    };
    let (width, height) = (1280, 960);
    let shade = |at: usize| {
        let (x, y) = (at % width / 2 % 9, at / width / 2 % 9);
        if x < 7 && y < 7 && pattern(x, y) { 20 } else { 230 }
    };
    let wall = frame((0..width * height).map(shade).collect(), width, height);
    let clock = clock();
    let began_at = clock.monotonic();
    assert!(StillDecoder::new(Arc::clone(&clock)).decode(&wall.luma, wall.width, wall.height).is_empty());
    let took = clock.monotonic().saturating_sub(began_at);
    // Unoptimised code on a busy machine gets half a second more to notice.
    assert!(took < STILL_TIME_MAX + Duration::from_millis(500), "took {took:?}");
}

/// A clock that moves on each time it is read.
struct Racing {
    millis: AtomicU64,
    step: u64,
}

impl Monotonic for Racing {
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.millis.fetch_add(self.step, Ordering::Relaxed))
    }
}

#[test]
fn no_pass_begins_once_the_time_is_up() {
    let inverted = with_code(b"LATE", Look { dark: 230, light: 20, ..Look::default() }, SMALL);
    let read_at = |step| {
        let clock = Arc::new(Racing { millis: AtomicU64::new(0), step });
        StillDecoder::new(clock).decode(&inverted.luma, inverted.width, inverted.height)
    };
    assert_eq!(read_at(1).len(), 1, "a slow clock leaves time for the pass that reads it");
    assert!(read_at(600).is_empty(), "the first pass alone takes the time");
}

#[test]
fn live_every_pass_comes_round_within_eight_frames() {
    const { assert!(LIVE_ROTATION <= 8) };
    let plain = with_code(b"LIVE", Look::default(), SMALL);
    let mut decoder = LiveDecoder::new(clock());
    let mut passes = || -> Vec<Option<&str>> {
        (0..LIVE_ROTATION)
            .map(|_| decoder.decode(&plain.luma, plain.width, plain.height).first().map(|read| read.pass))
            .collect()
    };
    let first = passes();
    assert_eq!(first, passes(), "the rotation repeats");
    let names: BTreeSet<&str> = first.iter().flatten().copied().collect();
    assert_eq!(names.len(), first.iter().flatten().count(), "no pass comes twice: {first:?}");
    assert!(names.len() >= LIVE_ROTATION / 2, "a plain code is read by most passes: {first:?}");
}

#[test]
fn live_a_code_only_one_pass_can_read_is_read_within_a_rotation() {
    let inverted = with_code(b"DARK MODE", Look { dark: 230, light: 20, ..Look::default() }, SMALL);
    let mut decoder = LiveDecoder::new(clock());
    let read = (0..LIVE_ROTATION)
        .flat_map(|_| decoder.decode(&inverted.luma, inverted.width, inverted.height))
        .any(|payload| payload.bytes == b"DARK MODE");
    assert!(read);
}

#[test]
fn a_payload_never_shows_its_text_in_a_log() {
    let payload = read(&with_code(b"SECRET", Look::default(), SMALL)).remove(0);
    assert!(!format!("{payload:?}").contains("SECRET"));
}

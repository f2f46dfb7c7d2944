//! The rendered camera: what it shows can be read by the kiosk's own decoder, and the same seed shows the same.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use kiosk::adapters::qr_ladder::{LIVE_ROTATION, LiveDecoder};
use kiosk::adapters::system_clock::SystemClock;
use kiosk::ports::{Decoder, Frame, FrameSource, Monotonic};
use simulator::devices::camera::{FRAME_HEIGHT, FRAME_WIDTH, RenderedCamera, ShowError, Stage};

/// As long as a consumer code: alphanumeric, about 240 characters.
fn consumer_code() -> String {
    "CC1:6BFOXN%TS3DHPVO13J /G-/2YRVA.Q/R82JD2FCJG96V75DOW%IY17EIHY P8L6IWM$S4U45P84HW6U/4:84LC6 YM::QQHIZC4"
        .repeat(2)
}

fn camera(seed: u64) -> (RenderedCamera, Stage, Arc<dyn Monotonic>) {
    let clock: Arc<dyn Monotonic> = Arc::new(SystemClock::new());
    let stage = Stage::default();
    (RenderedCamera::new(seed, stage.clone(), Arc::clone(&clock)), stage, clock)
}

fn next(camera: &mut RenderedCamera) -> Frame {
    camera.next_frame().unwrap().expect("a rendered camera always has a frame")
}

/// Everything read within one rotation of the live decoder.
fn read_live(camera: &mut RenderedCamera, clock: &Arc<dyn Monotonic>) -> BTreeSet<Vec<u8>> {
    let mut decoder = LiveDecoder::new(Arc::clone(clock));
    let mut read = BTreeSet::new();
    for _ in 0..LIVE_ROTATION {
        let frame = next(camera);
        let payloads = decoder.decode(&frame.luma, frame.width, frame.height);
        read.extend(payloads.into_iter().map(|payload| payload.bytes));
    }
    read
}

#[test]
fn a_code_held_up_is_read_within_one_rotation_whoever_holds_it() {
    let code = consumer_code();
    for seed in 0..8 {
        let (mut camera, stage, clock) = camera(seed);
        stage.show_code(code.as_bytes()).unwrap();
        let read = read_live(&mut camera, &clock);
        assert_eq!(read, BTreeSet::from([code.clone().into_bytes()]), "seed {seed}");
    }
}

#[test]
fn nothing_is_read_in_an_empty_mall_or_after_the_phone_is_gone() {
    let (mut camera, stage, clock) = camera(3);
    assert!(read_live(&mut camera, &clock).is_empty());
    stage.show_code(b"HELLO").unwrap();
    assert_eq!(read_live(&mut camera, &clock).len(), 1);
    stage.clear();
    assert!(read_live(&mut camera, &clock).is_empty());
}

#[test]
fn the_same_seed_gives_the_same_frames_and_another_gives_others() {
    let frames = |seed| {
        let (mut camera, stage, _) = camera(seed);
        let idle = next(&mut camera).luma;
        stage.show_code(b"SAME").unwrap();
        [idle, next(&mut camera).luma, next(&mut camera).luma]
    };
    let first = frames(11);
    assert!(first == frames(11));
    assert!(first != frames(12));
    assert!(first[1] != first[2], "the hand and the noise never rest");
}

#[test]
fn the_largest_code_there_is_can_be_read_and_a_larger_one_is_refused() {
    let (mut camera, stage, clock) = camera(5);
    let code: Vec<u8> = b"0123456789ABCDEF".iter().copied().cycle().take(4096).collect();
    stage.show_code(&code).unwrap();
    assert_eq!(read_live(&mut camera, &clock), BTreeSet::from([code]));
    assert!(matches!(stage.show_code(&[0xFF; 4096]), Err(ShowError::NoSuchCode(_))));
}

#[test]
fn a_picture_held_up_is_seen_in_its_own_shape() {
    let (mut camera, stage, _) = camera(7);
    let empty = next(&mut camera).luma;
    let white = Frame { luma: vec![250; 64 * 64], width: 64, height: 64, taken_at: Default::default() };
    stage.show_picture(&white).unwrap();
    let luma = next(&mut camera).luma;
    let middle = FRAME_HEIGHT / 2 * FRAME_WIDTH + FRAME_WIDTH / 2;
    assert!(luma[middle] > 200, "{} was {}", luma[middle], empty[middle]);
    let broken = Frame { luma: vec![1; 3], ..white };
    assert!(matches!(stage.show_picture(&broken), Err(ShowError::BrokenPicture)));
}

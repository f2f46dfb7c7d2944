//! `decoder.idle_vs_rqrr`: CPU of the live decoder on an empty scene, against one rqrr call on the same frames.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use kiosk::adapters::qr_ladder::{LIVE_ROTATION, LiveDecoder};
use kiosk::adapters::system_clock::SystemClock;
use kiosk::ports::{Decoder, Frame};
use rustix::time::{ClockId, clock_gettime};

use crate::Figure;
use crate::idle_scene::idle;

pub const ID: &str = "decoder.idle_vs_rqrr";
const RUNS: usize = 9;
const FRAMES: usize = 4;

/// The median over runs of: mean over frames and a full rotation of passes, by mean of one rqrr call a frame.
pub fn measure() -> Option<Figure> {
    let mut ratios: Vec<f64> = (0..RUNS)
        .map(|run| {
            let frames: Vec<Frame> = (0..FRAMES).map(|at| idle((run * FRAMES + at) as u64)).collect();
            ratio(&frames)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    Some(Figure {
        id: ID,
        value: ratios[RUNS / 2],
        unit: "ratio of CPU time",
        bar: Some("<=0.6"),
        against: "one rqrr call (prepare, detect, decode) on the same 1280x720 frames",
        runs: RUNS,
    })
}

fn ratio(frames: &[Frame]) -> f64 {
    let mut live = LiveDecoder::new(Arc::new(SystemClock::new()));
    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    for frame in frames {
        // The same frame all round: each pass sees each frame.
        ours += cpu_time(|| {
            for _ in 0..LIVE_ROTATION {
                assert!(black_box(live.decode(&frame.luma, frame.width, frame.height)).is_empty());
            }
        });
        theirs += cpu_time(|| {
            black_box(read_with_rqrr(frame));
        });
    }
    ours.as_secs_f64() / LIVE_ROTATION as f64 / theirs.as_secs_f64()
}

fn read_with_rqrr(frame: &Frame) -> usize {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| frame.luma[y * width + x]);
    let grids = image.detect_grids();
    grids.iter().filter(|grid| grid.decode_to(Vec::new()).is_ok()).count()
}

/// Time this thread spent on a processor, so that a busy machine counts for nothing.
fn cpu_time(work: impl FnOnce()) -> Duration {
    let now = || clock_gettime(ClockId::ThreadCPUTime);
    let began_at = now();
    work();
    let ended_at = now();
    let seconds = ended_at.tv_sec - began_at.tv_sec;
    Duration::from_nanos((seconds * 1_000_000_000 + ended_at.tv_nsec - began_at.tv_nsec) as u64)
}

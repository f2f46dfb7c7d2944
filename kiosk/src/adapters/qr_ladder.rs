//! The decoder ladder: many cheap ways to read a QR code, tried in turn.
//!
//! A still picture gets every pass until one reads or the time is up; live video gets one pass a frame, so that
//! an empty scene costs little. No library panic leaves this module, and no picture makes it run on.

mod budget;
mod passes;
mod picture;
mod readers;
mod timed_image;

use std::sync::Arc;
use std::time::Duration;

use crate::ports::{Decoder, Monotonic, Payload};

use budget::Budget;
use passes::{LIVE, Pass, STILL};
use picture::Picture;

pub use passes::silence_guarded_panics;

/// Frames within which every pass of the live decoder comes round once.
pub const LIVE_ROTATION: usize = LIVE.len();

/// How long one still picture may take.
pub const STILL_TIME_MAX: Duration = Duration::from_secs(1);

/// When a still is told to stop, so that the last step in hand still ends within [`STILL_TIME_MAX`].
const STILL_WORK_MAX: Duration = Duration::from_millis(850);

/// How long one live frame may take: a crowded scene loses a frame or two, never a second.
const LIVE_TIME_MAX: Duration = Duration::from_millis(200);

/// Pixels of a picture a pass works on; larger ones are shrunk first. A code that fills a fifth of such a picture
/// still has four pixels a module at version 20.
const PIXELS_MAX: usize = 1280 * 1024;

/// Pixels for the one pass that looks at a large still closely.
const PIXELS_MAX_LARGE: usize = 4 * PIXELS_MAX;

/// Reads a still picture with every pass, stopping at the first that reads, or at [`STILL_TIME_MAX`].
pub struct StillDecoder {
    clock: Arc<dyn Monotonic>,
}

impl StillDecoder {
    /// A decoder that measures its time on `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Monotonic>) -> Self {
        Self { clock }
    }
}

impl Decoder for StillDecoder {
    fn decode(&mut self, luma: &[u8], width: u32, height: u32) -> Vec<Payload> {
        let budget = Budget::starting_now(&*self.clock, STILL_WORK_MAX);
        let Some(whole) = Picture::borrowed(luma, width, height) else {
            return Vec::new();
        };
        let fitted = whole.fit(PIXELS_MAX);
        for pass in &STILL {
            if budget.is_spent() {
                break;
            }
            let read = pass.run(&fitted, &budget);
            if !read.is_empty() {
                return read;
            }
        }
        if fitted.same_size(&whole) || budget.is_spent() {
            return Vec::new();
        }
        Pass::LARGE.run(&whole.fit(PIXELS_MAX_LARGE), &budget)
    }
}

/// Reads live video: one pass for each frame, every pass within [`LIVE_ROTATION`] frames.
pub struct LiveDecoder {
    clock: Arc<dyn Monotonic>,
    next: usize,
}

impl LiveDecoder {
    /// A decoder that starts with the pass that reads most; it measures its time on `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Monotonic>) -> Self {
        Self { clock, next: 0 }
    }
}

impl Decoder for LiveDecoder {
    fn decode(&mut self, luma: &[u8], width: u32, height: u32) -> Vec<Payload> {
        let budget = Budget::starting_now(&*self.clock, LIVE_TIME_MAX);
        let pass = &LIVE[self.next];
        self.next = (self.next + 1) % LIVE.len();
        match Picture::borrowed(luma, width, height) {
            Some(whole) => pass.run(&whole.fit(PIXELS_MAX), &budget),
            None => Vec::new(),
        }
    }
}

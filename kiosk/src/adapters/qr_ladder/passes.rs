//! The passes of the ladder: a way to prepare a picture and a way to read it.
//!
//! Their choice and order come from measuring each pass alone on photographs: each one here reads some that no
//! other does, and the cheap ones that read most come first.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::ports::Payload;

use super::budget::Budget;
use super::picture::Picture;
use super::readers::{Found, read_classic, read_classic_one_threshold, read_modern, read_with_rqrr};

/// One way to read a picture.
#[derive(Clone, Copy)]
pub struct Pass {
    name: &'static str,
    prepare: Prepare,
    read: Read,
}

type Prepare = for<'a> fn(&'a Picture<'_>) -> Picture<'a>;
type Read = fn(&Picture<'_>, &Budget<'_>) -> Vec<Found>;

/// For stills, in order. rqrr comes last: it adds the fewest and costs the most.
pub const STILL: [Pass; 11] = [
    AS_IS,
    STRETCHED_HALF,
    INVERTED,
    INVERTED_HALF,
    QUARTER,
    ONE_THRESHOLD,
    SHARPENED,
    MIDDLE_DOUBLED,
    RQRR_HALF,
    RQRR_MIDDLE_DOUBLED,
    RQRR,
];

/// For live video: dear passes stand between cheap ones, so that no two follow each other.
pub const LIVE: [Pass; 8] =
    [AS_IS, STRETCHED_HALF, SHARPENED, INVERTED_HALF, ONE_THRESHOLD, QUARTER, MIDDLE_DOUBLED, RQRR_HALF];

const AS_IS: Pass = Pass::new("as-is", |p| p.view(), read_modern);
const STRETCHED_HALF: Pass = Pass::new("half-stretched", |p| p.shrunk(2).stretched(), read_modern);
const INVERTED: Pass = Pass::new("inverted", |p| p.inverted(), read_modern);
const INVERTED_HALF: Pass = Pass::new("half-inverted", |p| p.shrunk(2).inverted(), read_modern);
const QUARTER: Pass = Pass::new("quarter", |p| p.shrunk(4), read_modern);
const ONE_THRESHOLD: Pass = Pass::new("classic-one-threshold", |p| p.view(), read_classic_one_threshold);
const SHARPENED: Pass = Pass::new("sharpened", |p| p.sharpened(), read_modern);
const MIDDLE_DOUBLED: Pass = Pass::new("classic-middle-doubled", |p| p.middle().doubled(), read_classic);
const RQRR_HALF: Pass = Pass::new("rqrr-half", |p| p.shrunk(2), read_with_rqrr);
const RQRR_MIDDLE_DOUBLED: Pass = Pass::new("rqrr-middle-doubled", |p| p.middle().doubled(), read_with_rqrr);
const RQRR: Pass = Pass::new("rqrr", |p| p.view(), read_with_rqrr);

impl Pass {
    /// For a still that had to be shrunk: one close look at more of its pixels.
    pub const LARGE: Pass = Pass::new("large", |p| p.view(), read_modern);

    const fn new(name: &'static str, prepare: Prepare, read: Read) -> Pass {
        Pass { name, prepare, read }
    }

    /// Every distinct payload this pass reads; a panic in a library counts as having read nothing.
    pub fn run(&self, picture: &Picture<'_>, budget: &Budget<'_>) -> Vec<Payload> {
        let work = || (self.read)(&(self.prepare)(picture), budget);
        let found = guarded(work).unwrap_or_default();
        let mut payloads: Vec<Payload> = Vec::with_capacity(found.len());
        for Found { bytes, text } in found {
            if !bytes.is_empty() && payloads.iter().all(|known| known.bytes != bytes) {
                payloads.push(Payload { bytes, text, pass: self.name });
            }
        }
        payloads
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work)).ok();
    GUARDED.set(false);
    result
}

/// Keeps panics that a pass catches off stderr; every other panic is reported as before. Call once at start.
pub fn silence_guarded_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !GUARDED.get() {
            report(panic);
        }
    }));
}

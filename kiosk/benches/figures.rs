//! Figures of this crate: one JSON line each on standard output, for `cargo xtask bench`.
//!
//! Arguments pick figures by id; without any, all are measured. Both sides of a ratio are measured in turn in the
//! same run, so that a machine that slows down slows both.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may stop at the first surprise")]

#[path = "figures/decoder_idle.rs"]
mod decoder_idle;
#[path = "figures/decoder_reads.rs"]
mod decoder_reads;
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/desk.rs"]
mod desk;
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/frames.rs"]
mod frames;
#[path = "../tests/it/idle_scene.rs"]
mod idle_scene;
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/it/mall.rs"]
mod mall;
#[path = "figures/offer_paint.rs"]
mod offer_paint;

use serde::Serialize;

/// One measured figure.
#[derive(Serialize)]
struct Figure {
    id: &'static str,
    value: f64,
    unit: &'static str,
    bar: Option<&'static str>,
    against: &'static str,
    runs: usize,
}

/// Measures one figure and what belongs beside it; none when what it needs is not there, which it has said on standard
/// error.
type Measure = fn() -> Vec<Figure>;

const FIGURES: [(&str, Measure); 3] = [
    (decoder_idle::ID, || decoder_idle::measure().into_iter().collect()),
    (decoder_reads::ID, || decoder_reads::measure().into_iter().collect()),
    (offer_paint::ID, offer_paint::measure),
];

fn main() {
    kiosk::adapters::qr_ladder::silence_guarded_panics();
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    for (id, measure) in FIGURES {
        let is_wanted = wanted.is_empty() || wanted.iter().any(|name| name == id);
        for figure in is_wanted.then(measure).into_iter().flatten() {
            println!("{}", serde_json::to_string(&figure).unwrap());
        }
    }
}

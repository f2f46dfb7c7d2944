//! Figures of this crate: one JSON line each on standard output, for `cargo xtask bench`.
//!
//! Arguments pick figures by id; without any, all are measured. Both sides of a ratio are measured in turn in the
//! same run, so that a machine that slows down slows both.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may stop at the first surprise")]

#[path = "figures/decoder_idle.rs"]
mod decoder_idle;
#[path = "figures/decoder_reads.rs"]
mod decoder_reads;
#[path = "../tests/it/idle_scene.rs"]
mod idle_scene;

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

/// Measures one figure; none when what it needs is not there, which it has said on standard error.
type Measure = fn() -> Option<Figure>;

const FIGURES: [(&str, Measure); 2] =
    [(decoder_idle::ID, decoder_idle::measure), (decoder_reads::ID, decoder_reads::measure)];

fn main() {
    kiosk::adapters::qr_ladder::silence_guarded_panics();
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    for (id, measure) in FIGURES {
        let is_wanted = wanted.is_empty() || wanted.iter().any(|name| name == id);
        if let Some(figure) = is_wanted.then(measure).flatten() {
            println!("{}", serde_json::to_string(&figure).unwrap());
        }
    }
}

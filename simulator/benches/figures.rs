//! Figures of this crate: one JSON line each on standard output, for `cargo xtask bench`.
//!
//! The fleet is played with every fault family on, as in a nightly run, so the figure is what a proof costs.

#![allow(clippy::unwrap_used, reason = "a benchmark may stop at the first surprise")]

use simulator::fleet::{self, Setting, faults::parse_families};
use std::time::Instant;

const KIOSK_DAYS: &str = "sim.kiosk_days_per_s";
const KIOSKS: usize = 20;
const HOURS: i64 = 24;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == KIOSK_DAYS) {
        return;
    }
    let families = parse_families("all").unwrap();
    let setting = Setting { seed: 1, kiosks: KIOSKS, hours: HOURS, families };
    let began = Instant::now();
    let report = fleet::run(&setting, 1, false).unwrap();
    assert!(report.is_sound(), "{}", report.story());
    let value = KIOSKS as f64 * HOURS as f64 / 24.0 / began.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "id": KIOSK_DAYS, "value": value, "unit": "kiosk-days/s", "bar": null,
            "against": "one thread, every fault family", "runs": 1,
        })
    );
}

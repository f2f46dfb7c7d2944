//! `decoder.live_vs_still_reads`: photographs read within one rotation of the live decoder, against those read by
//! all passes of the still one. The photographs are in the folder `QR_PHOTOS`, else `../shared/data/qr`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiosk::adapters::picture_file;
use kiosk::adapters::qr_ladder::{LIVE_ROTATION, LiveDecoder, StillDecoder};
use kiosk::adapters::system_clock::SystemClock;
use kiosk::ports::{Decoder, Frame};

use crate::Figure;

pub const ID: &str = "decoder.live_vs_still_reads";

/// A photograph counts as read live when the rotation gave a payload that the still decoder gave too.
pub fn measure() -> Option<Figure> {
    let folder = std::env::var_os("QR_PHOTOS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/qr"), PathBuf::from);
    let frames = photographs(&folder);
    if frames.is_empty() {
        eprintln!("SKIPPED {ID}: no photographs at {}; set QR_PHOTOS to their folder", folder.display());
        return None;
    }
    let clock = Arc::new(SystemClock::new());
    let (mut live_reads, mut still_reads) = (0_u32, 0_u32);
    for frame in &frames {
        let still = reads(&mut StillDecoder::new(clock.clone()), frame, 1);
        if !still.is_empty() {
            still_reads += 1;
            let live = reads(&mut LiveDecoder::new(clock.clone()), frame, LIVE_ROTATION);
            live_reads += u32::from(!live.is_disjoint(&still));
        }
    }
    eprintln!("{ID}: {live_reads} of {still_reads}, {} photographs", frames.len());
    Some(Figure {
        id: ID,
        value: f64::from(live_reads) / f64::from(still_reads),
        unit: "ratio of photographs",
        bar: Some(">=0.98"),
        against: "photographs read by all passes of the still decoder",
        runs: 1,
    })
}

fn photographs(folder: &Path) -> Vec<Frame> {
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.iter().filter_map(|file| picture_file::load(file).ok()).collect()
}

fn reads(decoder: &mut dyn Decoder, frame: &Frame, times: usize) -> BTreeSet<Vec<u8>> {
    (0..times)
        .flat_map(|_| decoder.decode(&frame.luma, frame.width, frame.height))
        .map(|payload| payload.bytes)
        .collect()
}

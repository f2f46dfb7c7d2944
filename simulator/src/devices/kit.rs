//! Everything a kiosk is given here instead of devices: camera, clock, network, and a loudspeaker that only logs.

use super::camera::{RenderedCamera, Stage};
use crate::{
    clock::ShiftedClock,
    network::{Cable, CutTransport},
};
use cloud_sync::{
    core::About,
    store::MediaPolicy,
    transport::http::{HttpError, HttpTransport},
};
use kiosk::{
    adapters::{qr_ladder::LiveDecoder, system_chance::SystemChance},
    ports::{CameraError, Cue, FrameSource, Monotonic, Speaker},
    scanner::ScannerLimits,
    shell::Parts,
};
use std::{path::Path, sync::Arc, time::Duration};

/// Frames are rendered by the processor that also decodes them: half as many as a camera gives leave room for both.
const FRAME_INTERVAL: Duration = Duration::from_millis(50);

/// What is simulated around a kiosk; clones share it.
#[derive(Clone)]
pub struct World {
    /// Its clock.
    pub clock: ShiftedClock,
    /// What is held before its camera.
    pub stage: Stage,
    /// Its network.
    pub cable: Cable,
}

/// A loudspeaker for the log.
struct Muted;

impl Speaker for Muted {
    fn play(&self, cue: Cue) {
        tracing::info!(?cue, "played a sound");
    }
}

/// The parts of a kiosk that keeps its data in `data` and stands in the mall that `seed` makes.
///
/// # Errors
/// [`HttpError`] when the system gives no TLS.
pub fn kiosk_parts(world: &World, data: &Path, seed: u64) -> Result<Parts, HttpError> {
    let (stage, clock) = (world.stage.clone(), world.clock.clone());
    let stopwatch: Arc<dyn Monotonic> = Arc::new(clock.clone());
    let (frame_clock, decoder_clock) = (Arc::clone(&stopwatch), Arc::clone(&stopwatch));
    let camera = move || -> Result<Box<dyn FrameSource>, CameraError> {
        Ok(Box::new(RenderedCamera::new(seed, stage.clone(), Arc::clone(&frame_clock))))
    };
    Ok(Parts {
        clock: Arc::new(clock),
        stopwatch,
        chance: Arc::new(|| Box::new(SystemChance)),
        camera: Arc::new(camera),
        decoder: Arc::new(move || Box::new(LiveDecoder::new(Arc::clone(&decoder_clock)))),
        scanner_limits: ScannerLimits { frame_interval_min: FRAME_INTERVAL, ..ScannerLimits::default() },
        speaker: Box::new(Muted),
        transport: Arc::new(CutTransport::new(HttpTransport::new(None)?, world.cable.clone())),
        data: data.to_owned(),
        // A developer's disk is fuller than a kiosk's, and is not ours to keep free.
        media: MediaPolicy { floor_bp: 100, ..MediaPolicy::default() },
        about: About { build: env!("CARGO_PKG_VERSION").to_owned(), hardware: "simulator".to_owned() },
    })
}

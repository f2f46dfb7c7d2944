//! Live scanning: a camera thread fills a slot of one frame, a decoder thread empties it, a watcher replaces
//! whichever of the two is stuck.
//!
//! Frames never queue: the decoder always sees the newest. Dropping the scanner stops all of it.

mod camera;
mod decoder;
mod preview;
mod shared;
mod watcher;

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::ports::{CameraError, Decoder, Monotonic, OpenCamera, Payload};

pub use preview::Preview;
use shared::Shared;

/// Limits of the scanner's threads.
#[derive(Clone, Debug)]
pub struct ScannerLimits {
    /// Shortest time between two frames; a source that could give more is asked less often.
    pub frame_interval_min: Duration,
    /// A call into the camera that takes longer counts as stuck.
    pub camera_stall_max: Duration,
    /// A decode that takes longer counts as stuck.
    pub decoder_stall_max: Duration,
    /// Wait before a failed camera is opened again; it doubles each time.
    pub reopen_wait_min: Duration,
    /// The longest such wait.
    pub reopen_wait_max: Duration,
    /// How often a stuck thread is replaced before the scanner gives up on that part: each leaves a thread behind.
    pub replacements_max: u32,
}

impl Default for ScannerLimits {
    fn default() -> Self {
        Self {
            frame_interval_min: Duration::from_millis(25),
            camera_stall_max: Duration::from_secs(5),
            decoder_stall_max: Duration::from_secs(3),
            reopen_wait_min: Duration::from_millis(500),
            reopen_wait_max: Duration::from_secs(10),
            replacements_max: 8,
        }
    }
}

/// What the scanner looks for; while it is nothing, the camera is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watching {
    /// Nothing: no camera, no frames.
    #[default]
    Nothing,
    /// Codes.
    Codes,
    /// Codes, and pictures to aim by.
    CodesAndPreview,
}

/// The part of the scanner something is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The camera and its thread.
    Camera,
    /// The decoder and its thread.
    Decoder,
}

/// What the scanner tells.
#[derive(Debug)]
pub enum Sighting {
    /// A code was read in the frame taken at `taken_at`; a code held still is told for every frame that read it.
    Code {
        /// What the code says.
        payload: Payload,
        /// When its frame was taken.
        taken_at: Duration,
    },
    /// The first frame after opening came in.
    CameraReady,
    /// The camera cannot be opened, or failed; told once, then it is tried again until [`Sighting::CameraReady`].
    CameraLost(CameraError),
    /// The part was stuck or broke, and was replaced.
    Replaced(Part),
    /// The part was replaced too often; only a new process helps.
    GaveUp(Part),
}

/// Hears what the scanner tells, on the scanner's threads; it must return at once.
pub type Listener = Arc<dyn Fn(Sighting) + Send + Sync>;

/// Makes a decoder, on the thread that will use it.
pub type MakeDecoder = Arc<dyn Fn() -> Box<dyn Decoder> + Send + Sync>;

/// What the scanner works with.
pub struct ScannerParts {
    /// Opens the camera.
    pub camera: Arc<dyn OpenCamera>,
    /// Makes the decoder.
    pub decoder: MakeDecoder,
    /// The clock that frames are timed on.
    pub clock: Arc<dyn Monotonic>,
    /// Hears what was seen.
    pub listener: Listener,
}

/// The running scanner.
pub struct Scanner {
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
}

impl Scanner {
    /// Starts the threads; nothing is watched until [`Scanner::watch`] says so.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(parts: ScannerParts, limits: ScannerLimits) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(parts, limits));
        let watched = Arc::clone(&shared);
        let watcher =
            thread::Builder::new().name("scan-watcher".into()).spawn(move || watcher::run(&watched))?;
        Ok(Self { shared, watcher: Some(watcher) })
    }

    /// Says what to look for from now on.
    pub fn watch(&self, watching: Watching) {
        self.shared.watch(watching);
    }

    /// Takes the newest picture to aim by, once; none unless [`Watching::CodesAndPreview`] and a frame came since.
    #[must_use]
    pub fn take_preview(&self) -> Option<Preview> {
        self.shared.lock().preview.take()
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(watcher) = self.watcher.take() {
            // A watcher that panicked has been reported by the panic hook; there is nothing left to stop.
            drop(watcher.join());
        }
    }
}

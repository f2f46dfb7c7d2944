//! Ports: what the kiosk needs from the world, as small traits of plain types.
//!
//! Adapters and the simulator implement them; a port never decides anything.

use std::fmt;
use std::time::Duration;

/// One grey picture from a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Brightness, one byte a pixel, row by row with no padding: `width * height` bytes.
    pub luma: Vec<u8>,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// When the picture was taken, on the [`Monotonic`] clock.
    pub taken_at: Duration,
}

/// Why a camera gives no frames.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// There is no such camera, or none at all.
    #[error("no camera found: {0}")]
    Absent(String),
    /// The camera offers no format this kiosk can read.
    #[error("camera offers no usable format: {0}")]
    NoFormat(String),
    /// The camera opened and then failed; open it again.
    #[error("camera failed: {0}")]
    Failed(String),
    /// A recorded source has shown its last frame.
    #[error("camera recording ended")]
    Ended,
}

/// Where frames come from.
pub trait FrameSource {
    /// Waits for the next frame and gives it.
    ///
    /// `Ok(None)` means that no frame came in a while and asking again is right. The call may block for as
    /// long as the driver likes, so only a thread of its own may make it.
    ///
    /// # Errors
    /// Any error ends this source: drop it and open another.
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError>;
}

/// Opens a camera; called on the camera's own thread each time the last source ended, and on another one when a
/// source is stuck.
pub trait OpenCamera: Send + Sync {
    /// Gives a source that is ready to be asked for frames.
    ///
    /// # Errors
    /// [`CameraError`] when there is no usable camera; it answers quickly and never waits for one to appear.
    fn open(&self) -> Result<Box<dyn FrameSource>, CameraError>;
}

impl<F> OpenCamera for F
where
    F: Fn() -> Result<Box<dyn FrameSource>, CameraError> + Send + Sync,
{
    fn open(&self) -> Result<Box<dyn FrameSource>, CameraError> {
        self()
    }
}

/// What one code in a picture says. Its `Debug` hides what that is, because codes name people.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    /// The bytes the code carries, as encoded.
    pub bytes: Vec<u8>,
    /// The bytes as text, in the character set the code names or, failing that, the likeliest one.
    pub text: String,
    /// Name of the step that read it.
    pub pass: &'static str,
}

impl fmt::Debug for Payload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Payload {{ {} bytes by {} }}", self.bytes.len(), self.pass)
    }
}

/// Reads codes in a grey picture.
pub trait Decoder {
    /// Gives every code this call read; empty when none was found or the sizes do not fit `luma`.
    ///
    /// It never panics and never runs long: an implementation bounds its own work.
    fn decode(&mut self, luma: &[u8], width: u32, height: u32) -> Vec<Payload>;
}

/// Time that only moves forward, for limits and ages; its zero means nothing. Asleep, a machine need not count it.
pub trait Monotonic: Send + Sync {
    /// Time since this clock's zero.
    fn monotonic(&self) -> Duration;
}

/// The clocks of the machine, and where ids and keys come from: the sync engine asks for the same.
pub use cloud_sync::ports::{Chance, Clock, Now};

/// Makes a source of chance; each part of the kiosk that draws has its own.
pub type MakeChance = std::sync::Arc<dyn Fn() -> Box<dyn Chance> + Send + Sync>;

/// A sound with a meaning. It never tells what was claimed, nor by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// A code was accepted.
    Accepted,
    /// A code or a claim was refused.
    Refused,
    /// A coupon was claimed.
    Claimed,
}

/// Plays sounds.
pub trait Speaker {
    /// Plays the cue and returns at once; without a sound card nothing happens.
    fn play(&self, cue: Cue);
}

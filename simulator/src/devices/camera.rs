//! A camera that sees a mall, and a phone when somebody holds one up.
//!
//! Frames are rendered: a screen in perspective in an unsteady hand, defocus, noise and exposure, people passing
//! behind. The same seed and the same presentations give the same frames, whatever the clock says.

mod dice;
mod lens;
mod scene;
mod screen;

use std::f32::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError};

use kiosk::ports::{CameraError, Frame, FrameSource, Monotonic};
use qrcode::bits::Bits;
use qrcode::types::{QrError, QrResult};
use qrcode::{EcLevel, QrCode, Version};

use dice::Dice;
use lens::{Lens, Pose};
use scene::Scene;
use screen::Screen;

/// Pixels in a row of a rendered frame.
pub const FRAME_WIDTH: usize = 1280;
/// Rows of a rendered frame.
pub const FRAME_HEIGHT: usize = 720;

/// Frames a second that the movements are drawn for.
const FRAMES_PER_SECOND: f32 = 20.0;

/// Why something cannot be shown to the camera.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// No QR code holds that many bytes.
    #[error("payload does not fit a QR code")]
    NoSuchCode(#[from] QrError),
    /// The picture has no pixels, or not as many as its sides say.
    #[error("picture is empty or broken")]
    BrokenPicture,
}

/// What is held in front of the camera; clones share it.
#[derive(Clone, Default)]
pub struct Stage {
    shown: Arc<Mutex<Shown>>,
}

#[derive(Clone, Default)]
struct Shown {
    /// Counts what was ever shown: each showing has its own hand and its own light.
    showing: u64,
    screen: Option<Arc<Screen>>,
}

impl Stage {
    /// Holds up a phone whose page shows `payload` as a QR code (medium correction, low when it is too long).
    ///
    /// # Errors
    /// [`ShowError::NoSuchCode`] past what a version 40 code holds.
    pub fn show_code(&self, payload: &[u8]) -> Result<(), ShowError> {
        let code = QrCode::with_error_correction_level(payload, EcLevel::M)
            .or_else(|_| QrCode::with_error_correction_level(payload, EcLevel::L))
            .or_else(|_| largest_alphanumeric(payload))?;
        self.show(Some(Screen::with_code(&code)));
        Ok(())
    }

    /// Holds up a screen of the shape of `picture` that shows it; the frame's time does not matter.
    ///
    /// # Errors
    /// [`ShowError::BrokenPicture`] when its sides and bytes disagree.
    pub fn show_picture(&self, picture: &Frame) -> Result<(), ShowError> {
        let screen = Screen::with_picture(picture).ok_or(ShowError::BrokenPicture)?;
        self.show(Some(screen));
        Ok(())
    }

    /// Takes away whatever was held up.
    pub fn clear(&self) {
        self.show(None);
    }

    fn show(&self, screen: Option<Screen>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.showing += 1;
        shown.screen = screen.map(Arc::new);
    }

    fn shown(&self) -> Shown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A version 40 code in one alphanumeric segment: the library's own split of mixed text wastes a little too much.
fn largest_alphanumeric(payload: &[u8]) -> QrResult<QrCode> {
    if !payload
        .iter()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || b" $%*+-./:".contains(byte))
    {
        return Err(QrError::InvalidCharacter);
    }
    let mut bits = Bits::new(Version::Normal(40));
    bits.push_alphanumeric_data(payload)?;
    bits.push_terminator(EcLevel::L)?;
    QrCode::with_bits(bits, EcLevel::L)
}

/// The camera. It never waits: whoever asks sets the pace.
pub struct RenderedCamera {
    stage: Stage,
    clock: Arc<dyn Monotonic>,
    seed: u64,
    frames: u32,
    scene: Scene,
    lens: Lens,
    held: Option<Held>,
    showing: u64,
}

/// A screen in a hand.
struct Held {
    screen: Arc<Screen>,
    rest: Pose,
    phases: [f32; 6],
}

impl RenderedCamera {
    /// A camera in the mall that `seed` makes; its frames carry the time of `clock`.
    #[must_use]
    pub fn new(seed: u64, stage: Stage, clock: Arc<dyn Monotonic>) -> Self {
        let mut dice = Dice::new(seed);
        let scene = Scene::new(&mut dice);
        let lens = Lens::new(&mut dice);
        Self { stage, clock, seed, frames: 0, scene, lens, held: None, showing: 0 }
    }

    fn render(&mut self) -> Vec<u8> {
        let shown = self.stage.shown();
        if shown.showing != self.showing {
            self.showing = shown.showing;
            let mut dice = Dice::new(self.seed ^ shown.showing.rotate_left(32));
            self.held = shown.screen.map(|screen| Held::new(screen, &mut dice));
        }
        let seconds = self.frames as f32 / FRAMES_PER_SECOND;
        self.frames = self.frames.wrapping_add(1);
        let mut luma = self.scene.at(seconds);
        if let Some(held) = &self.held {
            // The shutter is open for about 8 ms; the hand moves meanwhile.
            let (opens, shuts) = (held.pose(seconds), held.pose(seconds + 0.008));
            lens::draw(&mut luma, &held.screen, &opens, &shuts);
        }
        self.lens.expose(&mut luma, seconds);
        luma
    }
}

impl FrameSource for RenderedCamera {
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let luma = self.render();
        let taken_at = self.clock.monotonic();
        Ok(Some(Frame { luma, width: FRAME_WIDTH as u32, height: FRAME_HEIGHT as u32, taken_at }))
    }
}

impl Held {
    fn new(screen: Arc<Screen>, dice: &mut Dice) -> Self {
        let rest = Pose {
            x: FRAME_WIDTH as f32 / 2.0 + dice.between(-90.0, 90.0),
            y: FRAME_HEIGHT as f32 / 2.0 + dice.between(-25.0, 25.0),
            turn: dice.between(-0.16, 0.16),
            yaw: dice.between(-0.3, 0.3),
            pitch: dice.between(-0.3, 0.3),
            scale: dice.between(0.94, 1.04),
        };
        let phases = std::array::from_fn(|_| dice.between(0.0, TAU));
        Self { screen, rest, phases }
    }

    /// Where the hand holds it: slow sway and a faster tremble.
    fn pose(&self, seconds: f32) -> Pose {
        let sway = |phase: usize, hertz: f32| (seconds * hertz * TAU + self.phases[phase]).sin();
        Pose {
            x: self.rest.x + 7.0 * sway(0, 0.31) + 0.8 * sway(1, 6.1),
            y: self.rest.y + 5.0 * sway(2, 0.23) + 0.8 * sway(3, 7.3),
            turn: self.rest.turn + 0.015 * sway(4, 0.4),
            yaw: self.rest.yaw + 0.02 * sway(5, 0.27),
            pitch: self.rest.pitch + 0.02 * sway(0, 0.37),
            scale: self.rest.scale * (1.0 + 0.012 * sway(1, 0.19)),
        }
    }
}

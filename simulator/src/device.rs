//! `simulator device`: one kiosk as its own process, without a display.
//!
//! The kiosk is the real library; what is simulated is the world around it: the camera, the clock, the network and the
//! finger. It draws with the software renderer, so a picture of it is what a shopper would see.

mod door;
pub(crate) mod logs;
mod screen;
mod steward;

use crate::{
    clock::ShiftedClock,
    devices::{World, camera::Stage, kiosk_parts},
    network::Cable,
};
use cloud_sync::transport::http::HttpError;
use i_slint_backend_testing::{TestingBackend, TestingBackendOptions};
use kiosk::shell::{Kiosk, RunError, StartError};
use slint::{ComponentHandle, PhysicalSize};
use std::{io::Write, net::SocketAddr, path::PathBuf, rc::Rc};
use steward::Steward;

/// The glass of the kiosk, in pixels.
const WIDTH: u32 = 1080;
const HEIGHT: u32 = 1920;

/// What `simulator device` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the kiosk keeps its data.
    pub data: PathBuf,
    /// How far its clock is ahead of the machine's, in milliseconds.
    pub clock_offset_ms: i64,
    /// Whether its network works at the start.
    pub network: bool,
    /// Makes the mall before its camera.
    pub seed: u64,
    /// Where the control socket listens.
    pub control: SocketAddr,
}

/// Why there is no device.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The kiosk does not start.
    #[error("the kiosk does not start")]
    Kiosk(#[from] StartError),
    /// A part of the kiosk has ended.
    #[error("the kiosk has stopped")]
    Stopped(#[from] RunError),
    /// The world around it cannot be made.
    #[error("the world around the kiosk cannot be made")]
    World(#[from] HttpError),
    /// A folder, a log or the control socket cannot be used.
    #[error("{what} cannot be used")]
    System {
        /// Which.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The renderer or its event loop does not start, or broke.
    #[error("the screen cannot be drawn")]
    Screen(#[from] slint::PlatformError),
    /// The event loop takes no work.
    #[error("the event loop takes no work")]
    Loop(#[from] slint::EventLoopError),
}

/// Runs the kiosk until it is asked to stop.
///
/// # Errors
/// [`DeviceError`].
pub fn run(options: &Options) -> Result<(), DeviceError> {
    let system = |what| move |source| DeviceError::System { what, source };
    std::fs::create_dir_all(&options.data).map_err(system("the data folder"))?;
    logs::start(&options.data).map_err(system("the log"))?;
    choose_screen()?;
    let clock = ShiftedClock::new(options.clock_offset_ms);
    let (stage, cable) = (Stage::default(), Cable::new(options.network));
    let world = World { clock, stage, cable };
    let kiosk = Rc::new(Kiosk::start(kiosk_parts(&world, &options.data, options.seed)?)?);
    let (address, asked) = door::open(options.control).map_err(system("the control socket"))?;
    let window = kiosk.window().component();
    window.show()?;
    window.window().set_size(PhysicalSize::new(WIDTH, HEIGHT));
    slint::spawn_local(Steward::new(Rc::clone(&kiosk), world).serve(asked))?;
    let mut out = std::io::stdout();
    writeln!(out, "control socket {address}").and_then(|()| out.flush()).map_err(system("stdout"))?;
    slint::run_event_loop()?;
    kiosk.check()?;
    Ok(window.hide()?)
}

/// Real pixels, real time, no display.
fn choose_screen() -> Result<(), slint::PlatformError> {
    let options =
        TestingBackendOptions { mock_time: false, threading: true, renderer_name: Some("software".into()) };
    slint::platform::set_platform(Box::new(TestingBackend::new(options)))
        .map_err(|error| slint::PlatformError::Other(error.to_string()))
}

//! `simulator`: the real kiosk in a window of the desktop, and a panel to play its shoppers.
//!
//! Two windows of one process: the kiosk is drawn smaller than its glass, so that it fits the display, and behaves as
//! on a device. What is simulated around it is the same as in `simulator device`.

#[cfg(feature = "desktop")]
mod desk;
#[cfg(feature = "desktop")]
mod fit;
#[cfg(feature = "desktop")]
mod markup;
#[cfg(feature = "desktop")]
mod town;
#[cfg(feature = "desktop")]
mod words;

use std::path::PathBuf;

/// What `simulator` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The platform's address.
    pub platform: Option<String>,
    /// Where the kiosk keeps its data.
    pub data: PathBuf,
    /// Makes the mall before its camera.
    pub seed: u64,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum DesktopError {
    /// Nothing to show a window on.
    #[error("there is no display: DISPLAY is not set; `simulator story` plays without one")]
    NoDisplay,
    /// This build has no backend for one.
    #[error("this build opens no window: its feature `desktop` is off")]
    NotBuilt,
    /// The kiosk does not start.
    #[error("the kiosk does not start")]
    Kiosk(#[from] kiosk::shell::StartError),
    /// A part of the kiosk has ended.
    #[error("the kiosk has stopped")]
    Stopped(#[from] kiosk::shell::RunError),
    /// The world around it cannot be made.
    #[error("the world around the kiosk cannot be made")]
    World(#[from] cloud_sync::transport::http::HttpError),
    /// A folder, the log or a thread cannot be had.
    #[error("{what} cannot be used")]
    System {
        /// Which.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The way to the platform cannot be made.
    #[error("the platform cannot be asked")]
    Platform(#[from] crate::story::StoryError),
    /// The display does not take a window, or broke.
    #[error("the display cannot be used")]
    Display(#[from] slint::PlatformError),
}

/// Opens the windows and serves until one of them is closed.
///
/// # Errors
/// [`DesktopError`].
#[cfg(feature = "desktop")]
pub fn run(options: &Options) -> Result<(), DesktopError> {
    let display = std::env::var_os("DISPLAY");
    if display.is_none_or(|name| name.is_empty()) {
        return Err(DesktopError::NoDisplay);
    }
    let system = |what| move |source| DesktopError::System { what, source };
    std::fs::create_dir_all(&options.data).map_err(system("the data folder"))?;
    crate::device::logs::start(&options.data).map_err(system("the log"))?;
    slint::BackendSelector::new().backend_name("winit".into()).renderer_name("software".into()).select()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(system("a thread for the network"))?;
    let desk = desk::Desk::open(options, runtime.handle())?;
    desk.show()?;
    slint::run_event_loop()?;
    desk.check()?;
    Ok(desk.hide()?)
}

/// Says that this build opens no window.
///
/// # Errors
/// [`DesktopError::NotBuilt`], always.
#[cfg(not(feature = "desktop"))]
pub fn run(_: &Options) -> Result<(), DesktopError> {
    Err(DesktopError::NotBuilt)
}

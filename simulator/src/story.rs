//! `simulator story`: the product's proof, told by separate processes and checked at every step.
//!
//! A step is counted only after what it says was seen; the first one that does not hold ends the story.

pub(crate) mod arrive;
mod books;
pub(crate) mod clocks;
mod kiosk;
mod night;
mod offline;
mod privacy;
mod redeem;
mod refusals;
mod traces;

pub(crate) use crate::cast::{city, people, platform, report};

use self::kiosk::{Kiosk, Places};
use city::City;
use platform::Platform;
use report::{Broken, Report, Telling, Trying};
use std::{
    fs,
    path::{Path, PathBuf},
};

pub use report::Broken as StoryError;

/// The steps of the whole story.
const STEPS: u32 = 39;

/// What `simulator story` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The platform's program.
    pub platform_bin: PathBuf,
    /// Where pictures, logs and the texts of all screens go.
    pub out: PathBuf,
    /// Where platform and kiosk keep their data; what an earlier story left there is removed.
    pub data: PathBuf,
}

/// What every chapter works with.
pub(crate) struct Story {
    report: Telling,
    platform: Platform,
    kiosk: Kiosk,
    city: City,
}

/// Tells the story; true if every step held.
///
/// # Errors
/// When it could not even begin.
pub fn run(options: &Options) -> Result<bool, StoryError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().trying("starting")?;
    runtime.block_on(tell(options))
}

async fn tell(options: &Options) -> Result<bool, Broken> {
    let places = prepare(options)?;
    let (screens, platform_data) = (options.out.join("screens.txt"), options.data.join("platform"));
    let report = Report::new(std::io::stdout(), STEPS);
    let log = places.logs.join("platform.log");
    let platform = Platform::start(&options.platform_bin, &platform_data, &log).await?;
    let mut story = match arrive::tell(report, platform, places).await {
        Ok(story) => story,
        Err((report, broken)) => return Ok(report.close(&Err(broken))),
    };
    let outcome = chapters(&mut story).await;
    let texts: Vec<&str> = story.kiosk.texts().iter().map(String::as_str).collect();
    fs::write(screens, texts.join("\n")).trying("writing the texts of the screens")?;
    let Story { report, mut platform, mut kiosk, .. } = story;
    let outcome = match outcome {
        Ok(()) => stop(&mut kiosk, &mut platform).await,
        Err(broken) => Err(broken),
    };
    Ok(report.close(&outcome))
}

async fn chapters(story: &mut Story) -> Result<(), Broken> {
    let night = night::tell(story).await?;
    refusals::tell(story, &night).await?;
    offline::tell(story).await?;
    redeem::tell(story, &night).await?;
    books::tell(story).await?;
    traces::tell(story).await
}

async fn stop(kiosk: &mut Kiosk, platform: &mut Platform) -> Result<(), Broken> {
    kiosk.stop().await?;
    platform.stop().await
}

/// Empty folders for one story; only those that a story makes itself are emptied.
fn prepare(options: &Options) -> Result<Places, Broken> {
    let folder = |path: &Path| -> Result<PathBuf, Broken> {
        if path.exists() {
            fs::remove_dir_all(path).trying(&format!("emptying {}", path.display()))?;
        }
        fs::create_dir_all(path).trying(&format!("making {}", path.display()))?;
        fs::canonicalize(path).trying(&format!("finding {}", path.display()))
    };
    folder(&options.data.join("platform"))?;
    Ok(Places {
        program: std::env::current_exe().trying("finding this program")?,
        data: folder(&options.data.join("kiosk"))?,
        logs: folder(&options.out.join("logs"))?,
        pictures: without_pictures(&options.out)?,
    })
}

/// The folder of the pictures, without those of an earlier story.
fn without_pictures(out: &Path) -> Result<PathBuf, Broken> {
    for entry in fs::read_dir(out).trying("looking for old pictures")? {
        let path = entry.trying("looking for old pictures")?.path();
        if path.extension().is_some_and(|kind| kind == "png") {
            fs::remove_file(&path).trying("removing an old picture")?;
        }
    }
    fs::canonicalize(out).trying("finding the folder of the pictures")
}

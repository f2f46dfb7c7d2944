//! A camera that shows recorded pictures: files, a folder of them, or frames made in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ports::{CameraError, Frame, FrameSource, Monotonic};

use super::picture_file;

/// Pictures a folder may hold: a recording is for trying things out, not an archive.
const FILES_MAX: usize = 10_000;

/// What happens after the last picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// The source ends with [`CameraError::Ended`].
    Stop,
    /// The first picture follows.
    Repeat,
}

/// Shows pictures in order, each read when its turn comes and stamped with that time.
pub struct ReplayCamera {
    pictures: Vec<Picture>,
    next: usize,
    at_end: AtEnd,
    clock: Arc<dyn Monotonic>,
}

enum Picture {
    File(PathBuf),
    Frame(Frame),
}

impl ReplayCamera {
    /// Shows the PNG and JPEG files of `folder` in the order of their names, or the one file it is.
    ///
    /// # Errors
    /// [`CameraError::Absent`] when there are none.
    pub fn open(folder: &Path, at_end: AtEnd, clock: Arc<dyn Monotonic>) -> Result<Self, CameraError> {
        let files = picture_files(folder)
            .map_err(|error| CameraError::Absent(format!("{}: {error}", folder.display())))?;
        Self::showing(files.into_iter().map(Picture::File).collect(), at_end, clock)
    }

    /// Shows `frames` in order; their own times are replaced.
    ///
    /// # Errors
    /// [`CameraError::Absent`] when there are none.
    pub fn of_frames(
        frames: Vec<Frame>,
        at_end: AtEnd,
        clock: Arc<dyn Monotonic>,
    ) -> Result<Self, CameraError> {
        Self::showing(frames.into_iter().map(Picture::Frame).collect(), at_end, clock)
    }

    fn showing(
        pictures: Vec<Picture>,
        at_end: AtEnd,
        clock: Arc<dyn Monotonic>,
    ) -> Result<Self, CameraError> {
        if pictures.is_empty() {
            return Err(CameraError::Absent("recording holds no pictures".into()));
        }
        Ok(Self { pictures, next: 0, at_end, clock })
    }
}

impl FrameSource for ReplayCamera {
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        if self.next == self.pictures.len() {
            match self.at_end {
                AtEnd::Stop => return Err(CameraError::Ended),
                AtEnd::Repeat => self.next = 0,
            }
        }
        let mut frame = match &self.pictures[self.next] {
            Picture::Frame(frame) => frame.clone(),
            Picture::File(file) => picture_file::load(file)
                .map_err(|error| CameraError::Failed(format!("{}: {error}", file.display())))?,
        };
        self.next += 1;
        frame.taken_at = self.clock.monotonic();
        Ok(Some(frame))
    }
}

fn picture_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in folder.read_dir()?.take(FILES_MAX) {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        if ["png", "jpg", "jpeg"].iter().any(|known| extension == *known) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

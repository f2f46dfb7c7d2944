//! A USB or built-in camera through nokhwa (V4L2 on Linux).
//!
//! The format is chosen here, never left to the library, whose own choice may be 320 x 180 at one frame a second.

use std::sync::Arc;

use nokhwa::pixel_format::LumaFormat;
use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};
use nokhwa::{Camera, NokhwaError};

use crate::ports::{CameraError, Frame, FrameSource, Monotonic};

/// Frames a second below which a code in a moving hand is missed.
const RATE_MIN: u32 = 10;
/// The size codes are read at; larger frames only cost time.
const WIDTH_WANTED: u32 = 1280;
const HEIGHT_WANTED: u32 = 720;
/// Asked for when the driver does not list its formats.
const RATE_WANTED: u32 = 30;

/// An open camera.
pub struct NokhwaCamera {
    camera: Camera,
    clock: Arc<dyn Monotonic>,
}

impl NokhwaCamera {
    /// Opens camera `index` (0 is `/dev/video0`) in the best format it has, and starts it.
    ///
    /// # Errors
    /// [`CameraError::Absent`] when there is no such camera, [`CameraError::NoFormat`] when it cannot give frames a
    /// code can be read in, [`CameraError::Failed`] when it does not start.
    pub fn open(index: u32, clock: Arc<dyn Monotonic>) -> Result<Self, CameraError> {
        let mut camera = connect(index)?;
        // A driver that lists nothing keeps the format it was opened with.
        if let Some(best) = camera.compatible_camera_formats().ok().and_then(|listed| choose(&listed)) {
            camera
                .set_camera_requset(exactly(best))
                .map_err(|error| CameraError::NoFormat(format!("{best}: {error}")))?;
        }
        let format = camera.camera_format();
        if !is_usable(&format) {
            return Err(CameraError::NoFormat(format.to_string()));
        }
        camera.open_stream().map_err(|error| CameraError::Failed(error.to_string()))?;
        Ok(Self { camera, clock })
    }
}

impl FrameSource for NokhwaCamera {
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let buffer = self.camera.frame().map_err(|error| CameraError::Failed(error.to_string()))?;
        let taken_at = self.clock.monotonic();
        let Resolution { width_x: width, height_y: height } = buffer.resolution();
        let pixels = width as usize * height as usize;
        let luma = match buffer.source_frame_format() {
            FrameFormat::YUYV => every_second_byte(buffer.buffer(), pixels),
            FrameFormat::GRAY | FrameFormat::NV12 => buffer.buffer().get(..pixels).map(<[u8]>::to_vec),
            FrameFormat::MJPEG | FrameFormat::RAWRGB | FrameFormat::RAWBGR => {
                buffer.decode_image::<LumaFormat>().ok().map(|image| image.into_raw())
            }
        };
        // One broken frame is a bad cable, not a lost camera: skip it.
        let whole = luma.filter(|luma| luma.len() == pixels);
        Ok(whole.map(|luma| Frame { luma, width, height, taken_at }))
    }
}

/// Formats a frame can be made of.
const FORMATS: [FrameFormat; 6] = [
    FrameFormat::YUYV,
    FrameFormat::GRAY,
    FrameFormat::NV12,
    FrameFormat::MJPEG,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
];

/// Opens the device in any format: what it can do is asked only afterwards. A driver that lists nothing, or whose
/// present rate is no whole number, opens only when told exactly what to do.
fn connect(index: u32) -> Result<Camera, CameraError> {
    let any = RequestedFormat::with_formats(RequestedFormatType::AbsoluteHighestResolution, &FORMATS);
    let told = [
        CameraFormat::new_from(WIDTH_WANTED, HEIGHT_WANTED, FrameFormat::MJPEG, RATE_WANTED),
        CameraFormat::new_from(640, 480, FrameFormat::YUYV, RATE_WANTED),
    ];
    let mut failure = match Camera::new(CameraIndex::Index(index), any) {
        Ok(camera) => return Ok(camera),
        Err(failure) => failure,
    };
    for format in told {
        if let NokhwaError::OpenDeviceError(device, reason) = failure {
            return Err(CameraError::Absent(format!("/dev/video{index}: {device}: {reason}")));
        }
        match Camera::new(CameraIndex::Index(index), exactly(format)) {
            Ok(camera) => return Ok(camera),
            Err(next) => failure = next,
        }
    }
    Err(CameraError::NoFormat(failure.to_string()))
}

fn exactly(format: CameraFormat) -> RequestedFormat<'static> {
    RequestedFormat::with_formats(RequestedFormatType::Exact(format), &FORMATS)
}

/// The usable format nearest to 1280 x 720; of equals the one cheapest to read, then the fastest.
fn choose(listed: &[CameraFormat]) -> Option<CameraFormat> {
    listed.iter().copied().filter(is_usable).min_by_key(|format| {
        let wide = format.width().abs_diff(WIDTH_WANTED);
        let high = format.height().abs_diff(HEIGHT_WANTED);
        (wide + high, cost(format.format()), u32::MAX - format.frame_rate())
    })
}

fn is_usable(format: &CameraFormat) -> bool {
    format.frame_rate() >= RATE_MIN && format.width() >= 320 && format.height() >= 240
}

/// Order of the work it takes to get brightness out of a format.
fn cost(format: FrameFormat) -> u8 {
    match format {
        FrameFormat::GRAY => 0,
        FrameFormat::NV12 => 1,
        FrameFormat::YUYV => 2,
        FrameFormat::RAWRGB | FrameFormat::RAWBGR => 3,
        FrameFormat::MJPEG => 4,
    }
}

/// Brightness out of brightness-colour pairs; none when the driver gave less than a frame.
fn every_second_byte(bytes: &[u8], pixels: usize) -> Option<Vec<u8>> {
    Some(bytes.get(..2 * pixels)?.iter().step_by(2).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(width: u32, height: u32, format: FrameFormat, rate: u32) -> CameraFormat {
        CameraFormat::new_from(width, height, format, rate)
    }

    #[test]
    fn the_slow_and_tiny_format_a_driver_lists_first_is_never_chosen() {
        let listed = [
            format(320, 180, FrameFormat::YUYV, 1),
            format(1280, 720, FrameFormat::YUYV, 5),
            format(1280, 720, FrameFormat::MJPEG, 30),
            format(1920, 1080, FrameFormat::MJPEG, 30),
        ];
        assert_eq!(choose(&listed), Some(listed[2]));
        assert_eq!(choose(&listed[..2]), None);
    }

    #[test]
    fn of_equal_sizes_the_one_without_decompression_is_chosen() {
        let listed = [format(1280, 720, FrameFormat::MJPEG, 60), format(1280, 720, FrameFormat::YUYV, 30)];
        assert_eq!(choose(&listed), Some(listed[1]));
    }

    #[test]
    fn brightness_is_every_second_byte_and_a_short_frame_gives_none() {
        assert_eq!(every_second_byte(&[1, 128, 2, 128, 9, 9], 2), Some(vec![1, 2]));
        assert_eq!(every_second_byte(&[1, 128, 2], 2), None);
    }

    #[test]
    fn a_camera_that_is_not_there_is_reported_as_absent() {
        let clock: Arc<dyn Monotonic> = Arc::new(crate::adapters::system_clock::SystemClock::new());
        let refused = NokhwaCamera::open(99, clock).map(|_| ());
        assert!(matches!(refused, Err(CameraError::Absent(_))), "{refused:?}");
    }
}

//! Where the two windows stand, and how much smaller than its glass the kiosk is drawn.
//!
//! A scale, not a picture: texts and touches stay as exact as on a device.

use slint::{LogicalSize, PhysicalPosition, PhysicalSize, PlatformError, Window, platform::WindowEvent};

/// The glass of the kiosk, in its own pixels.
const GLASS: LogicalSize = LogicalSize { width: 1080.0, height: 1920.0 };
/// Distance of the windows to the edges of the display and to each other, in pixels.
const GAP: u16 = 24;
/// Scales closer than this are the same.
const SAME: f32 = 0.001;

/// Draws the kiosk at `percent` of its glass, in the pixels of the desktop that `panel` is on.
///
/// The backend sets the desktop's scale whenever a window is made or moves to another display, so this is called again
/// and again; it does nothing while all is well. True if it had to do something.
pub fn apply(kiosk: &Window, panel: &Window, percent: i32) -> Result<bool, PlatformError> {
    let scale = scale(panel.scale_factor(), percent);
    if (kiosk.scale_factor() - scale).abs() < SAME {
        return Ok(false);
    }
    let size = pixels(scale);
    kiosk.dispatch_event_with_result(WindowEvent::ScaleFactorChanged { scale_factor: scale })?;
    kiosk.set_size(size);
    // A window that has this size already hears of no change.
    kiosk.dispatch_event_with_result(WindowEvent::Resized { size: GLASS })?;
    place(kiosk, panel, size);
    Ok(true)
}

fn scale(desktop: f32, percent: i32) -> f32 {
    let percent = u8::try_from(percent.clamp(10, 100)).unwrap_or(100);
    desktop * f32::from(percent) / 100.0
}

fn pixels(scale: f32) -> PhysicalSize {
    let rounded = |length: f32| (length * scale).round() as u32;
    PhysicalSize::new(rounded(GLASS.width), rounded(GLASS.height))
}

fn place(kiosk: &Window, panel: &Window, size: PhysicalSize) {
    let gap = i32::from(GAP);
    let width = i32::try_from(size.width).unwrap_or(i32::MAX);
    kiosk.set_position(PhysicalPosition::new(gap, gap));
    panel.set_position(PhysicalPosition::new(width.saturating_add(2 * gap), gap));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_glass_fits_a_full_hd_display_at_the_size_it_starts_with() {
        let size = pixels(scale(1.0, 45));
        assert_eq!((size.width, size.height), (486, 864));
    }

    #[test]
    fn a_dense_display_shows_it_as_large() {
        let size = pixels(scale(2.0, 45));
        assert_eq!((size.width, size.height), (972, 1728));
    }
}

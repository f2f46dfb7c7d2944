//! Frames with a code drawn plainly, so that a test knows what is there.

use kiosk::ports::Frame;
use qrcode::{Color, EcLevel, QrCode};

use crate::idle_scene::frame;

/// How a code is drawn.
#[derive(Clone, Copy)]
pub struct Look {
    /// Frame pixels for one module.
    pub module: f32,
    /// Turn in degrees.
    pub turn: f32,
    pub dark: u8,
    pub light: u8,
    /// What lies round the code and its quiet zone.
    pub around: u8,
}

impl Default for Look {
    fn default() -> Self {
        Self { module: 4.0, turn: 0.0, dark: 20, light: 230, around: 120 }
    }
}

/// `payload` as a code of low correction in the middle of a frame.
pub fn with_code(payload: &[u8], look: Look, (width, height): (usize, usize)) -> Frame {
    let code = QrCode::with_error_correction_level(payload, EcLevel::L).unwrap();
    drawn(&code, look, (width, height))
}

/// A given code in the middle of a frame.
pub fn drawn(code: &QrCode, look: Look, (width, height): (usize, usize)) -> Frame {
    let (colors, modules) = (code.to_colors(), code.width() as f32);
    let (sin, cos) = look.turn.to_radians().sin_cos();
    let shade = |at: usize| {
        let x = (at % width) as f32 + 0.5 - width as f32 / 2.0;
        let y = (at / width) as f32 + 0.5 - height as f32 / 2.0;
        let u = (x * cos + y * sin) / look.module + modules / 2.0;
        let v = (y * cos - x * sin) / look.module + modules / 2.0;
        let inside = |margin: f32| u.min(v) >= -margin && u.max(v) < modules + margin;
        if !inside(4.0) {
            look.around
        } else if inside(0.0) && colors[v as usize * code.width() + u as usize] == Color::Dark {
            look.dark
        } else {
            look.light
        }
    };
    frame((0..width * height).map(shade).collect(), width, height)
}

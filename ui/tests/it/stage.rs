//! A window without a display: the testing backend for time and queries, the software renderer for pixels.

use std::path::PathBuf;
use std::time::Duration;

use i_slint_backend_testing::{
    AccessibleRole, ElementHandle, ElementQuery, TestingBackend, TestingBackendOptions, mock_elapsed_time,
};
use slint::platform::{PointerEventButton, WindowEvent};
use slint::{ComponentHandle, PhysicalSize};
use ui::{KioskWindow, Nav, Screen, Theme};

/// Side of the smallest target and gap between two, in millimetres.
const TARGET_MM: f32 = 20.0;
const GAP_MM: f32 = 4.0;

pub struct Stage {
    pub window: KioskWindow,
}

impl Stage {
    pub fn new() -> Self {
        let options = TestingBackendOptions {
            mock_time: true,
            threading: false,
            renderer_name: Some("software".into()),
        };
        slint::platform::set_platform(Box::new(TestingBackend::new(options))).expect("one stage a test");
        let window = KioskWindow::new().unwrap();
        window.show().unwrap();
        window.window().set_size(PhysicalSize::new(1080, 1920));
        Self { window }
    }

    /// Goes to `screen` and waits until its entrance is over.
    pub fn open(&self, screen: Screen) {
        self.window.global::<Nav>().set_screen(screen);
        self.wait(1_500);
    }

    pub fn wait(&self, ms: u64) {
        // Small steps: animations start at the first frame that sees them.
        for _ in 0..ms.div_ceil(50) {
            mock_elapsed_time(Duration::from_millis(50));
        }
    }

    /// Writes what the window shows to `target/screens/<name>.png` and gives the pixels back.
    pub fn shot(&self, name: &str) -> image::RgbaImage {
        let pixels = self.window.window().take_snapshot().unwrap();
        let picture =
            image::RgbaImage::from_raw(pixels.width(), pixels.height(), pixels.as_bytes().to_vec()).unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screens");
        std::fs::create_dir_all(&folder).unwrap();
        picture.save(folder.join(format!("{name}.png"))).unwrap();
        picture
    }

    /// The controls a shopper can see; the query gives some of them several times.
    pub fn buttons(&self) -> Vec<ElementHandle> {
        let mut seen = Vec::new();
        let mut buttons = Vec::new();
        let query = ElementQuery::from_root(&self.window).match_descendants();
        for button in query.match_accessible_role(AccessibleRole::Button).find_all() {
            let place = button.absolute_position();
            let key = (button.accessible_label(), place.x.to_bits(), place.y.to_bits());
            if !seen.contains(&key) {
                seen.push(key);
                buttons.push(button);
            }
        }
        buttons
    }

    /// Taps the one control with this spoken name.
    pub fn tap(&self, label: &str) {
        let mut named = self.buttons();
        named.retain(|button| button.accessible_label().as_deref() == Some(label));
        assert_eq!(named.len(), 1, "controls named {label}");
        named[0].mock_single_click(PointerEventButton::Left);
        self.wait(100);
    }

    /// Presses and lets go at this place, in pixels.
    pub fn press(&self, x: f32, y: f32) {
        let position = slint::LogicalPosition::new(x, y);
        let button = PointerEventButton::Left;
        let window = self.window.window();
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        self.wait(50);
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
    }

    /// What a demanding reviewer would refuse: small or crowded targets, nameless controls, cut text.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.control_faults();
        faults.extend(self.text_faults());
        faults
    }

    fn control_faults(&self) -> Vec<String> {
        let mm_per_px = self.window.global::<Theme>().get_mm_per_px();
        let mut faults = Vec::new();
        let buttons = self.buttons();
        for (index, button) in buttons.iter().enumerate() {
            let name = button.accessible_label().unwrap_or_default();
            if name.is_empty() {
                faults.push(format!("control {index} has no spoken name"));
            }
            let shortest_mm = button.size().width.min(button.size().height) * mm_per_px;
            if shortest_mm < TARGET_MM {
                faults.push(format!("{name} is {shortest_mm} mm small"));
            }
            if !self.holds(button) {
                faults.push(format!("{name} leaves the screen"));
            }
            for other in &buttons[index + 1..] {
                let gap_mm = gap(button, other) * mm_per_px;
                if gap_mm < GAP_MM - 0.01 {
                    let other = other.accessible_label().unwrap_or_default();
                    faults.push(format!("{name} and {other} are {gap_mm} mm apart"));
                }
            }
        }
        faults
    }

    fn text_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        // The mark sits inside the text that was cut, so its place tells which one.
        for mark in ElementHandle::find_by_element_id(&self.window, "Label::clip-mark") {
            let place = mark.absolute_position();
            faults.push(format!("text is cut at {}, {}", place.x, place.y));
        }
        let labels =
            ElementQuery::from_root(&self.window).match_descendants().match_inherits("Label").find_all();
        for label in labels.iter().filter(|label| label.size().width > 0.0 && !self.holds(label)) {
            faults.push(format!("text {:?} leaves the screen", label.accessible_label()));
        }
        faults.sort();
        faults.dedup();
        faults
    }

    fn holds(&self, element: &ElementHandle) -> bool {
        let (place, size) = (element.absolute_position(), element.size());
        place.x >= 0.0 && place.y >= 0.0 && place.x + size.width <= 1080.5 && place.y + size.height <= 1920.5
    }
}

/// Distance between the nearest edges of two boxes, in pixels; 0 when they touch or overlap.
fn gap(one: &ElementHandle, two: &ElementHandle) -> f32 {
    let (a, b) = (one.absolute_position(), two.absolute_position());
    let (a_size, b_size) = (one.size(), two.size());
    let across = (b.x - (a.x + a_size.width)).max(a.x - (b.x + b_size.width)).max(0.0);
    let down = (b.y - (a.y + a_size.height)).max(a.y - (b.y + b_size.height)).max(0.0);
    across.hypot(down)
}

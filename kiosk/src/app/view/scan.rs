//! Scan: what to do now, in one line. The picture itself goes from the camera to the window and is kept nowhere.

use std::time::Duration;

use crate::app::flow::scan::TIPS_AFTER;
use crate::app::state::{Camera, State};
use crate::ports::Now;

/// What scan shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanView {
    /// What to do now.
    pub hint: String,
    /// It helps somebody for whom it does not work.
    pub is_warning: bool,
}

pub(super) fn view(state: &State, since: Duration, now: Now) -> ScanView {
    let waited = now.monotonic.saturating_sub(since);
    let (hint, is_warning) = if state.opening.is_some() {
        ("已读到消费码，请稍候", false)
    } else if state.device.camera == Camera::Lost {
        ("摄像头暂时不可用，可先逛逛，或到服务台领券", true)
    } else if waited >= TIPS_AFTER {
        ("还没看清：请调亮屏幕，离镜头一掌远，拿稳两秒", true)
    } else {
        ("把消费码放进框里，离屏幕一掌远", false)
    };
    ScanView { hint: hint.to_owned(), is_warning }
}

//! The still-there door.

use slint::ComponentHandle;
use ui::{KioskWindow, StillThere};

use super::{Send, number, tap};
use crate::app::Tap;
use crate::app::view::StillThereView;

pub fn connect(window: &KioskWindow, send: &Send) {
    let door = window.global::<StillThere>();
    door.on_stay(tap(send, Tap::Stay));
    door.on_end(tap(send, Tap::End));
}

pub fn show(window: &KioskWindow, view: Option<&StillThereView>) {
    let door = window.global::<StillThere>();
    door.set_seconds_left(number(view.map_or(0, |view| view.seconds_left)));
    door.set_seconds_total(number(view.map_or(1, |view| view.seconds_total)));
}

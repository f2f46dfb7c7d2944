//! The refused door.

use slint::ComponentHandle;
use ui::{KioskWindow, RefusalKind, Refused};

use super::{Send, tap, text};
use crate::app::Tap;
use crate::app::view::{RefusedView, Weight};

pub fn connect(window: &KioskWindow, send: &Send) {
    let door = window.global::<Refused>();
    door.on_primary(tap(send, Tap::RefusedPrimary));
    door.on_secondary(tap(send, Tap::RefusedSecondary));
}

pub fn show(window: &KioskWindow, view: Option<&RefusedView>) {
    let door = window.global::<Refused>();
    let or_empty = |read: fn(&RefusedView) -> &str| text(view.map_or("", read));
    door.set_kind(match view.map(|view| view.weight) {
        Some(Weight::Alert) => RefusalKind::Alert,
        Some(Weight::Warning) => RefusalKind::Warning,
        Some(Weight::Info) | None => RefusalKind::Info,
    });
    door.set_title(or_empty(|view| &view.title));
    door.set_body(or_empty(|view| &view.body));
    door.set_help(or_empty(|view| &view.help));
    door.set_primary_label(or_empty(|view| &view.primary));
    door.set_secondary_label(or_empty(|view| &view.secondary));
}

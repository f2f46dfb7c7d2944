//! The maintenance door. A pairing code is typed on the command line, so none is shown.

use slint::ComponentHandle;
use ui::{Fact, KioskWindow, Maintenance};

use super::{Send, model, tap, text};
use crate::app::Tap;
use crate::app::view::{FactView, MaintenanceView};

pub fn connect(window: &KioskWindow, send: &Send) {
    window.global::<Maintenance>().on_retry(tap(send, Tap::Retry));
}

pub fn show(window: &KioskWindow, view: Option<&MaintenanceView>) {
    let door = window.global::<Maintenance>();
    door.set_title(text(view.map_or("", |view| &view.title)));
    door.set_body(text(view.map_or("", |view| &view.body)));
    door.set_pairing_code(text(""));
    door.set_facts(model(view.map_or_else(Vec::new, |view| view.facts.iter().map(fact).collect())));
    door.set_retry_label(text(view.map_or("", |view| &view.retry)));
}

fn fact(view: &FactView) -> Fact {
    Fact { label: text(&view.label), value: text(&view.value) }
}

//! The offer detail door.

use slint::ComponentHandle;
use ui::{Card, KioskWindow, OfferDetail};

use super::{Send, lines, offers, tap, text};
use crate::app::Tap;
use crate::app::view::OfferDetailView;

pub fn connect(window: &KioskWindow, send: &Send) {
    let door = window.global::<OfferDetail>();
    door.on_claim(tap(send, Tap::Claim));
    door.on_back(tap(send, Tap::Back));
    door.on_end(tap(send, Tap::End));
}

pub fn show(window: &KioskWindow, view: Option<&OfferDetailView>) {
    let door = window.global::<OfferDetail>();
    door.set_card(view.map_or_else(Card::default, |view| offers::card(&view.card)));
    door.set_terms(lines(view.map_or(&[], |view| &view.terms)));
    door.set_action_label(text(view.map_or("", |view| &view.action)));
    door.set_action_enabled(view.is_some_and(|view| view.action_enabled));
    door.set_offline_text(text(view.map_or("", |view| &view.offline_text)));
}

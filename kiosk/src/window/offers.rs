//! The offers door, and cards as the markup draws them.

use std::rc::Rc;

use slint::ComponentHandle;
use ui::{Card, ChipKind, KioskWindow, Offers};

use super::{Send, model, number, tap, text};
use crate::app::view::{CardView, Chip, OffersView};
use crate::app::{Event, Tap};

pub fn connect(window: &KioskWindow, send: &Send) {
    let door = window.global::<Offers>();
    let open = Rc::clone(send);
    door.on_open(move |id| {
        // The id came from here; one that is not read was no card of ours.
        if let Ok(batch) = id.parse() {
            open(Event::Tapped(Tap::Open(batch)));
        }
    });
    door.on_previous(tap(send, Tap::PreviousPage));
    door.on_next(tap(send, Tap::NextPage));
    door.on_empty_action(tap(send, Tap::EmptyAction));
    door.on_end(tap(send, Tap::End));
}

pub fn show(window: &KioskWindow, view: Option<&OffersView>) {
    let door = window.global::<Offers>();
    let or_empty = |read: fn(&OffersView) -> &str| text(view.map_or("", read));
    door.set_greeting(or_empty(|view| &view.greeting));
    door.set_subline(or_empty(|view| &view.subline));
    door.set_offline_text(or_empty(|view| &view.offline_text));
    door.set_countdown_text(or_empty(|view| &view.countdown_text));
    door.set_empty_title(or_empty(|view| &view.empty_title));
    door.set_empty_text(or_empty(|view| &view.empty_text));
    door.set_empty_action_label(or_empty(|view| &view.empty_action));
    door.set_page(number(view.map_or(1, |view| view.page)));
    door.set_pages(number(view.map_or(1, |view| view.pages)));
    door.set_cards(model(view.map_or_else(Vec::new, |view| view.cards.iter().map(card).collect())));
}

/// A card, as the markup has it.
pub fn card(view: &CardView) -> Card {
    Card {
        id: text(&view.id),
        amount_prefix: text(&view.amount.prefix),
        amount_number: text(&view.amount.number),
        amount_suffix: text(&view.amount.suffix),
        rule: text(&view.rule),
        title: text(&view.title),
        place: text(&view.place),
        why: text(&view.why),
        expiry: text(&view.expiry),
        chip_text: text(&view.chip_text),
        chip_kind: match view.chip {
            Chip::Open => ChipKind::Open,
            Chip::Held => ChipKind::Held,
            Chip::Gone => ChipKind::Gone,
            Chip::Pending => ChipKind::Pending,
            Chip::Later => ChipKind::Later,
        },
        gov_funded: view.government_funded,
        stock: text(&view.stock),
        enabled: view.enabled,
    }
}

//! The attract door. Its pictures are drawn here, from public offers only.

use slint::ComponentHandle;
use ui::{Attract, KioskWindow, Slide};

use super::{Send, model, picture, tap, text};
use crate::app::Tap;
use crate::app::view::{AttractView, SlideView};

pub fn connect(window: &KioskWindow, send: &Send) {
    window.global::<Attract>().on_start(tap(send, Tap::Start));
}

pub fn show(window: &KioskWindow, view: Option<&AttractView>) {
    let door = window.global::<Attract>();
    // The loop stays while its screen is away: it is public, and drawing it again would cost the next shopper time.
    let Some(view) = view else { return };
    door.set_help_line(text(&view.help_line));
    door.set_slides(model(view.slides.iter().enumerate().map(|(place, view)| slide(place, view)).collect()));
}

fn slide(place: usize, view: &SlideView) -> Slide {
    Slide {
        picture: picture::ticket(place, view.government_funded),
        amount: text(&view.amount.in_a_word()),
        caption: text(&view.caption),
        detail: text(&view.detail),
    }
}

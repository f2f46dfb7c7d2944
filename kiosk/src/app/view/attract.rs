//! Attract: the mall, who helps, and what is on today. Nobody is known here, so it shows what anybody may see.

use domain::eligibility::{Person, may_see};

use super::{card, words};
use crate::app::state::State;
use crate::ports::Now;

/// Slides of one round: a passer-by sees two or three.
const SLIDES_MAX: usize = 4;

/// What attract shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttractView {
    /// The loop; empty shows the built-in card.
    pub slides: Vec<SlideView>,
    /// Who helps; may be empty.
    pub help_line: String,
}

/// One picture of the loop, to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlideView {
    /// ¥ | 30 |
    pub amount: words::Amount,
    /// The city pays a part.
    pub government_funded: bool,
    /// What it is called.
    pub caption: String,
    /// When it holds and where.
    pub detail: String,
}

pub(super) fn view(state: &State, now: Now) -> AttractView {
    let catalogue = &state.device.catalogue;
    let at = state.time(now);
    let shown = |batch: &&cloud_sync::BatchRow| {
        batch.active && batch.terms.claim_from <= at && may_see(&batch.terms, Person::Anonymous, at)
    };
    let slides = catalogue.batches.values().filter(shown).take(SLIDES_MAX).map(|batch| SlideView {
        amount: words::amount(&batch.terms.benefit),
        government_funded: batch.is_government_funded(),
        caption: batch.title.clone(),
        detail: format!("{} {}", words::rule(&batch.terms.benefit), card::place(state, batch)),
    });
    AttractView { slides: slides.collect(), help_line: help_line(state) }
}

fn help_line(state: &State) -> String {
    let Some(mall) = &state.device.catalogue.mall else {
        return String::new();
    };
    let desk = (!mall.service_desk.is_empty()).then(|| format!("服务台：{}", mall.service_desk));
    let hotline = (!mall.hotline.is_empty()).then(|| format!("热线：{}", mall.hotline));
    [desk, hotline].into_iter().flatten().collect::<Vec<_>>().join("   ")
}

//! What is shown: `State → ViewModel`, plain data that any window could draw.
//!
//! Only the screen that shows has a view; every other one is `None`, so that nothing of a person waits behind a screen.

mod attract;
pub mod card;
mod claimed;
mod maintenance;
mod offer_detail;
mod offers;
mod refused;
mod scan;
mod still_there;
pub mod words;

pub use attract::{AttractView, SlideView};
pub use card::{CardView, Chip};
pub use claimed::ClaimedView;
pub use maintenance::{FactView, MaintenanceView, pairing_failure};
pub use offer_detail::OfferDetailView;
pub use offers::OffersView;
pub use refused::{RefusedView, Weight};
pub use scan::ScanView;
pub use still_there::StillThereView;

use domain::time::{MinuteOfDay, UtcMillis};

use super::state::{Screen, State};
use crate::ports::Now;

/// Everything the window shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewModel {
    /// Which screen.
    pub screen: ScreenName,
    /// What every screen shows.
    pub frame: FrameView,
    /// The attract screen.
    pub attract: Option<AttractView>,
    /// The scan screen.
    pub scan: Option<ScanView>,
    /// The offers screen.
    pub offers: Option<OffersView>,
    /// The offer detail screen.
    pub offer_detail: Option<OfferDetailView>,
    /// The claimed screen.
    pub claimed: Option<ClaimedView>,
    /// The refused screen.
    pub refused: Option<RefusedView>,
    /// The still-there screen.
    pub still_there: Option<StillThereView>,
    /// The maintenance screen.
    pub maintenance: Option<MaintenanceView>,
}

/// The screens by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenName {
    /// `attract`
    Attract,
    /// `scan`
    Scan,
    /// `offers`
    Offers,
    /// `offer_detail`
    OfferDetail,
    /// `claimed`
    Claimed,
    /// `refused`
    Refused,
    /// `still_there`
    StillThere,
    /// `maintenance`
    Maintenance,
}

impl ScreenName {
    /// The name of its files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attract => "attract",
            Self::Scan => "scan",
            Self::Offers => "offers",
            Self::OfferDetail => "offer_detail",
            Self::Claimed => "claimed",
            Self::Refused => "refused",
            Self::StillThere => "still_there",
            Self::Maintenance => "maintenance",
        }
    }
}

/// What every screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameView {
    /// The mall.
    pub mall_name: String,
    /// 20:05
    pub clock: String,
    /// 2026-11-22 周日
    pub date: String,
    /// The platform answers.
    pub online: bool,
    /// The evening palette.
    pub night: bool,
    /// Pitch of the panel in micrometres.
    pub pixel_um: u32,
}

/// What to show at `now`.
#[must_use]
pub fn view(state: &State, now: Now) -> ViewModel {
    let mut model = ViewModel {
        screen: name(&state.screen),
        frame: frame(state, now),
        attract: None,
        scan: None,
        offers: None,
        offer_detail: None,
        claimed: None,
        refused: None,
        still_there: None,
        maintenance: None,
    };
    match &state.screen {
        Screen::Attract => model.attract = Some(attract::view(state, now)),
        Screen::Scan { since } => model.scan = Some(scan::view(state, *since, now)),
        Screen::Offers => model.offers = offers::view(state, now),
        Screen::OfferDetail(batch) => model.offer_detail = offer_detail::view(state, *batch, now),
        Screen::Claimed { batch, since } => model.claimed = claimed::view(state, *batch, *since, now),
        Screen::Refused { why, .. } => model.refused = Some(refused::view(state, *why, now)),
        Screen::StillThere { since, .. } => model.still_there = Some(still_there::view(state, *since, now)),
        Screen::Maintenance => model.maintenance = Some(maintenance::view(state)),
    }
    model
}

/// The name of a screen.
#[must_use]
pub fn name(screen: &Screen) -> ScreenName {
    match screen {
        Screen::Attract => ScreenName::Attract,
        Screen::Scan { .. } => ScreenName::Scan,
        Screen::Offers => ScreenName::Offers,
        Screen::OfferDetail(_) => ScreenName::OfferDetail,
        Screen::Claimed { .. } => ScreenName::Claimed,
        Screen::Refused { .. } => ScreenName::Refused,
        Screen::StillThere { .. } => ScreenName::StillThere,
        Screen::Maintenance => ScreenName::Maintenance,
    }
}

fn frame(state: &State, now: Now) -> FrameView {
    let at = state.time(now);
    let config = &state.device.catalogue.config;
    let mall = state.device.catalogue.mall.as_ref();
    FrameView {
        mall_name: mall.map_or_else(|| "城市消费通".to_owned(), |mall| mall.name.clone()),
        clock: words::clock(at),
        date: words::date(at),
        online: state.device.online,
        night: is_night(at, config.night_from, config.night_to),
        pixel_um: config.pixel_um,
    }
}

/// The night runs past midnight when it ends before it begins; equal ends mean that there is none.
fn is_night(at: UtcMillis, from: MinuteOfDay, to: MinuteOfDay) -> bool {
    let minute = at.minute_of_day();
    if from <= to { from <= minute && minute < to } else { minute >= from || minute < to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_runs_past_midnight() {
        let minute = |hour, minute| MinuteOfDay::new(hour, minute).unwrap();
        let at = |text: &str| UtcMillis::parse_rfc3339(text).unwrap();
        let night = |text: &str| is_night(at(text), minute(19, 30), minute(6, 0));
        assert!(!night("2026-11-22T19:29:59+08:00"));
        assert!(night("2026-11-22T19:30:00+08:00"));
        assert!(night("2026-11-23T05:59:00+08:00"));
        assert!(!night("2026-11-23T06:00:00+08:00"));
        assert!(!is_night(at("2026-11-22T12:00:00+08:00"), minute(6, 0), minute(6, 0)));
    }
}

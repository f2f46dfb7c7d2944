//! What the sync core tells the screen.

use super::Link;
use crate::{
    ports::Anchor,
    store::{Settled, Storage},
};

/// Something the kiosk may want to react to. News are hints: the truth is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The kiosk is enrolled, since just now or since before it started.
    Enrolled,
    /// The kiosk cannot issue: a person must pair it.
    NotEnrolled(PairingNeeded),
    /// A pairing code was not accepted, or the platform could not be asked; try again.
    EnrolFailed {
        /// The platform's stable code, or the class of the failure, for example `PAIRING_REFUSED`, `UNREACHABLE`.
        code: String,
    },
    /// The platform answers, or does not.
    Link(Link),
    /// What time it is. While that is not trusted nothing is issued and only public offers are shown.
    Time {
        /// Where the monotonic clock stands in the platform's time, as well as it is known.
        anchor: Anchor,
        /// It may be issued by.
        trusted: bool,
    },
    /// A feed page was applied: take the new catalogue.
    CatalogueChanged,
    /// A medium came that the catalogue names: what was shown without a picture can be shown with it.
    MediaChanged,
    /// The disk has room, or content gives way. Claims go on all the same.
    Storage(Storage),
    /// Slots came or went other than by a claim on this screen.
    StockChanged,
    /// The platform's word on a claim.
    ClaimSettled(Settled),
}

/// Why somebody must pair the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingNeeded {
    /// It was never enrolled, or its ledger or key was lost.
    New,
    /// The platform refuses this device: revoked, unknown, or its signature does not fit.
    DeviceRefused,
    /// Another enrolment took its place.
    EpochEnded,
    /// Its disk is older than what it once said, or lives in a second kiosk: both must be paired again.
    Fenced,
}

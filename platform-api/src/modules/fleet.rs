//! Fleet: how a kiosk joins, where it stands, how it is, and what it is configured with.
//!
//! Invariants: a pairing code works once, for ten minutes, and cannot be guessed; a kiosk the platform knows is paired
//! again by two people, and gets the next epoch, never an old one.

mod http;
mod model;
mod pairing;
mod rules;
mod service;
mod store;

pub use http::module;
pub use model::{KioskStatus, PairingAsked, PairingCode, Place};
pub use pairing::{ask_pairing, create_pairing_code, decide_pairing};
pub use service::{FleetError, place, publish_config};

use crate::foundation::db::{DbError, Tx};
use domain::ids::{DeviceId, MallId};

/// The mall a kiosk stands in; `None` for one that never was enrolled.
pub fn mall_of(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<MallId>, DbError> {
    store::mall_of(tx, device)
}

/// The groups a kiosk was put into, by name.
pub fn groups_of(tx: &mut Tx<'_>, device: DeviceId) -> Result<Vec<String>, DbError> {
    store::groups_of(tx, device)
}

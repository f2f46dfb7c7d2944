//! Pairing codes and kiosks.

use domain::{
    ids::{DeviceId, MallId},
    time::UtcMillis,
};

/// Where a kiosk stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The mall.
    pub mall: MallId,
    /// In words, for example 一层中庭东侧.
    pub place: String,
}

/// A fresh pairing code, shown once to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingCode {
    /// Twelve letters and digits without look-alikes, in groups of four.
    pub code: String,
    /// First instant it no longer works.
    pub expires_at: UtcMillis,
}

/// A pairing code as stored: only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenPairing {
    pub(super) place: Place,
    /// The kiosk to enrol again; `None` for a new one.
    pub(super) device: Option<DeviceId>,
    pub(super) expires_at: UtcMillis,
    pub(super) used: bool,
}

/// Somebody asked for a known kiosk to be paired again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingAsked {
    /// Where it is to stand.
    pub place: Place,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: UtcMillis,
    /// What the second person said; `None` while nobody has.
    pub approved: Option<bool>,
}

/// How a kiosk is, by its last heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KioskStatus {
    /// The kiosk.
    pub device: DeviceId,
    /// Where it stands.
    pub place: Place,
    /// Version of its build.
    pub build: String,
    /// Version of its configuration.
    pub config_version: u64,
    /// Place it reached in the feed.
    pub feed_cursor: u64,
    /// Reports it has not delivered yet.
    pub outbox_rows: u64,
    /// Slots it can still issue.
    pub lease_slots: u64,
    /// Its camera delivers frames.
    pub camera: bool,
    /// Its push stream is open.
    pub stream: bool,
    /// Its disk is low: pictures, and perhaps its feed, wait for room.
    pub disk_low: bool,
    /// How far its clock is ahead of the platform's; negative when behind.
    pub clock_ahead_ms: i64,
    /// When it was last heard of.
    pub heard_at: UtcMillis,
}

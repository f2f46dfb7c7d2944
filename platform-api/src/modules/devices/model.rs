//! What is known of a device.

use domain::{ids::DeviceId, time::UtcMillis};
use protocol::device::Challenge;

/// A kiosk as far as trust goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// How often it was enrolled.
    pub epoch: u32,
    /// Its present Ed25519 public key.
    pub public_key: [u8; 32],
    /// When its last heartbeat or enrolment was.
    pub heard_at: UtcMillis,
    /// Its calls are refused.
    pub revoked: bool,
    /// Its epoch has ended by confession; its calls are refused until it is enrolled again.
    pub fenced: bool,
}

/// A life of a kiosk that ended by confession.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fencing {
    /// The kiosk.
    pub device: DeviceId,
    /// The life that ended.
    pub epoch: u32,
    /// What was noticed, and when.
    pub challenge: Challenge,
    /// When it confessed.
    pub at: UtcMillis,
}

//! What is known of a device.

use domain::{ids::DeviceId, time::UtcMillis};

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
}

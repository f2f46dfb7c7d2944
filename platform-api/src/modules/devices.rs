//! Devices: the keys kiosks sign their requests with.
//!
//! A kiosk makes its key itself; the platform pins the public half when the kiosk is enrolled. Enrolling again counts
//! the epoch up and replaces the key, so that an old disk can no longer speak for the device.
//!
//! Invariant: a revoked device, an unknown one and a signature over anything but this very request are all refused.

mod authenticator;
mod model;
mod store;

pub use authenticator::DeviceAuthenticator;
pub use model::Device;

use crate::foundation::{
    act::Act,
    app::App,
    db::{DbError, Tx},
    error::Problem,
};
use domain::ids::DeviceId;
use ed25519_dalek::SigningKey;

/// Pins a new device with its first key; its epoch is 1.
pub fn register(
    tx: &mut Tx<'_>,
    act: &Act,
    public_key: &[u8; 32],
    hardware: &str,
) -> Result<Device, DbError> {
    let device = Device {
        id: act.mint(DeviceId::new),
        epoch: 1,
        public_key: *public_key,
        heard_at: act.now,
        revoked: false,
    };
    store::insert(tx, &device, hardware, act.now)?;
    Ok(device)
}

/// Gives a known device a new key and the next epoch; a revoked one is trusted again. `None` for an unknown one.
pub fn enrol_again(
    tx: &mut Tx<'_>,
    act: &Act,
    id: DeviceId,
    public_key: &[u8; 32],
) -> Result<Option<Device>, DbError> {
    let Some(known) = store::find(tx, id)? else { return Ok(None) };
    let device = Device {
        epoch: known.epoch.saturating_add(1),
        public_key: *public_key,
        heard_at: act.now,
        revoked: false,
        ..known
    };
    store::update(tx, &device)?;
    Ok(Some(device))
}

/// The device, revoked or not.
pub fn find(tx: &mut Tx<'_>, id: DeviceId) -> Result<Option<Device>, DbError> {
    store::find(tx, id)
}

/// Notes that the device was heard from now.
pub fn heard(tx: &mut Tx<'_>, act: &Act, id: DeviceId) -> Result<(), DbError> {
    store::set_heard(tx, id, act.now)
}

/// Refuses the device from its next call on; true if there is such a device.
pub fn revoke(tx: &mut Tx<'_>, act: &Act, id: DeviceId) -> Result<bool, DbError> {
    store::set_revoked(tx, id, act.now)
}

/// The key grants and feed pages are signed with. Kiosks pin its public half when they are enrolled.
pub fn platform_key(app: &App) -> Result<SigningKey, Problem> {
    let seed = app.secrets.key("platform-signing", app.entropy.as_ref());
    seed.map(|seed| SigningKey::from_bytes(&seed)).map_err(|error| Problem::internal(&error))
}

//! Devices: the keys kiosks sign their requests with.
//!
//! A kiosk makes its key itself; the platform pins the public half when the kiosk is enrolled. Enrolling again counts
//! the epoch up and replaces the key, so that an old disk can no longer speak for the device.
//!
//! Every signed POST carries a number that only grows in one epoch; a request older than one served before is answered
//! with a challenge, and a kiosk that receives it confesses and is fenced.
//!
//! Invariants: a revoked or fenced device, an unknown one and a signature over anything but this very request are all
//! refused; a fence is lifted by nothing but a new enrolment.

mod authenticator;
mod fencing;
mod model;
mod post;
mod store;

pub use authenticator::DeviceAuthenticator;
pub use fencing::{ConfessionRefused, confess, fencings};
pub use model::{Device, Fencing};
pub use post::{AsBehind, KioskPost, answer, write};

use crate::foundation::{
    act::Act,
    app::App,
    db::{DbError, Tx},
    error::Problem,
};
use domain::{
    ids::{DeviceId, MallId},
    time::UtcMillis,
};
use ed25519_dalek::SigningKey;
use protocol::device::{Behind, HighWater};

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
        fenced: false,
    };
    store::insert(tx, &device, hardware, act.now)?;
    Ok(device)
}

/// Gives a known device a new key and the next epoch, in which nothing was heard of it yet; a revoked or fenced one is
/// trusted again. `None` for an unknown one.
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
        fenced: false,
        ..known
    };
    store::update(tx, &device)?;
    Ok(Some(device))
}

/// The device, revoked or not.
pub fn find(tx: &mut Tx<'_>, id: DeviceId) -> Result<Option<Device>, DbError> {
    store::find(tx, id)
}

/// Notes where the device stands; its coupons are those of this mall from now on.
pub fn place(tx: &mut Tx<'_>, id: DeviceId, mall: MallId) -> Result<(), DbError> {
    store::set_mall(tx, id, mall)
}

/// Where the device stands; `None` for one that was never told.
pub fn mall(tx: &mut Tx<'_>, id: DeviceId) -> Result<Option<MallId>, DbError> {
    store::mall(tx, id)
}

/// How many devices of a mall were heard of since an instant; those refused do not count.
pub fn heard_in(tx: &mut Tx<'_>, mall: MallId, since: UtcMillis) -> Result<u32, DbError> {
    store::heard_in(tx, mall, since)
}

/// The life of the device whose calls are served; `None` when none is.
pub fn trusted_epoch(tx: &mut Tx<'_>, id: DeviceId) -> Result<Option<u32>, DbError> {
    let trusted = store::find(tx, id)?.filter(|device| !device.revoked && !device.fenced);
    Ok(trusted.map(|device| device.epoch))
}

/// Takes the counts of a device's ledger; says what is wrong when one of them is smaller than heard before.
pub fn hear(tx: &mut Tx<'_>, id: DeviceId, said: &HighWater) -> Result<Result<(), Behind>, DbError> {
    let heard = store::high_water(tx, id)?;
    if said.is_behind(&heard) {
        return Ok(Err(Behind::HighWater { said: *said, heard }));
    }
    store::set_high_water(tx, id, said)?;
    Ok(Ok(()))
}

/// Notes the number of a lease request that was granted: its ledger has known it since before it was sent.
pub fn saw_request(tx: &mut Tx<'_>, id: DeviceId, request_no: u64) -> Result<(), DbError> {
    store::raise_request_no(tx, id, request_no)
}

/// Notes one more voucher that the kiosk has reported for the first time; those of a life before its present one count
/// no more. What a till has seen does not count: whoever shows a voucher must not be able to fence its kiosk.
pub fn saw_report(tx: &mut Tx<'_>, id: DeviceId, epoch: u32) -> Result<(), DbError> {
    store::count_report(tx, id, epoch)
}

/// The device that signs with this key now, revoked or not.
pub fn find_by_key(tx: &mut Tx<'_>, public_key: &[u8; 32]) -> Result<Option<Device>, DbError> {
    store::find_by_key(tx, public_key)
}

/// True for a device that has sent a signed POST in its present epoch, or is refused.
pub fn has_spoken(tx: &mut Tx<'_>, device: &Device) -> Result<bool, DbError> {
    Ok(device.revoked || device.fenced || store::counter(tx, device.id)?.0 > 0)
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

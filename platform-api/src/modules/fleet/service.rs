//! Enrolment, heartbeat, configuration.

use super::{
    model::{KioskStatus, Place},
    rules, store,
};
use crate::{
    foundation::{
        act::Act,
        audit,
        change_log::{self, Change},
        db::{DbError, Tx},
        error::{Code, Problem},
    },
    modules::devices::{self, Device},
};
use domain::ids::{CityCode, DeviceId};
use protocol::{
    device::{Behind, EnrolAnswer, EnrolRequest, Heartbeat, HeartbeatAnswer, KioskConfig},
    feed::{self, Row},
};

/// Why the fleet refuses.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The pairing code is wrong, used or too old.
    #[error("the pairing code does not work")]
    PairingRefused,
    /// The code lets a new kiosk in, and this one has been here.
    #[error("the kiosk is known")]
    KnownKiosk,
    /// Nobody asked for this kiosk to be paired again, it is decided, or it was too long ago.
    #[error("nobody asked for this kiosk to be paired again")]
    NotAsked,
    /// A known kiosk is paired again by two people.
    #[error("nobody approves their own request")]
    SelfApproval,
    /// There is no such kiosk.
    #[error("there is no such kiosk")]
    NoSuchKiosk,
    /// The kiosk speaks for an epoch that has ended.
    #[error("the epoch has ended")]
    EpochEnded,
    /// Too many groups, or a name that is none.
    #[error("the groups are refused")]
    Groups,
    /// The counts of its ledger are smaller than heard before: its disk is older than what it once said.
    #[error("the kiosk's disk is older than what it once said")]
    Behind(Behind),
    /// A configuration must be newer than the one it replaces.
    #[error("the configuration is not newer")]
    OldConfig,
    /// The configuration could not be written.
    #[error("the configuration could not be written")]
    Encoding(#[from] serde_json::Error),
    /// The database failed.
    #[error("the fleet was not recorded")]
    Database(#[from] DbError),
}

impl From<FleetError> for Problem {
    fn from(error: FleetError) -> Problem {
        match error {
            FleetError::PairingRefused => Problem::new(Code::PairingRefused),
            FleetError::KnownKiosk => {
                Problem::new(Code::PairingRefused).detail("the kiosk is known: two people pair it again")
            }
            FleetError::NotAsked => Problem::new(Code::Conflict).detail("no request waits for a decision"),
            FleetError::SelfApproval => Problem::new(Code::SelfApproval),
            FleetError::NoSuchKiosk => Problem::new(Code::NotFound),
            FleetError::EpochEnded => Problem::new(Code::EpochEnded),
            FleetError::Groups => Problem::new(Code::Invalid).detail("groups: at most 16, of a-z, 0-9 and -"),
            // Answered with a challenge before it comes to this.
            FleetError::Behind(_) => Problem::new(Code::CounterBehind),
            FleetError::OldConfig => Problem::new(Code::Conflict).detail("the version must grow"),
            FleetError::Database(error) => Problem::from(error),
            FleetError::Encoding(_) => Problem::internal(&error),
        }
    }
}

impl devices::AsBehind for FleetError {
    fn behind(&self) -> Option<Behind> {
        match self {
            FleetError::Behind(behind) => Some(*behind),
            FleetError::PairingRefused
            | FleetError::KnownKiosk
            | FleetError::NotAsked
            | FleetError::SelfApproval
            | FleetError::NoSuchKiosk
            | FleetError::EpochEnded
            | FleetError::Groups
            | FleetError::OldConfig
            | FleetError::Encoding(_)
            | FleetError::Database(_) => None,
        }
    }
}

/// What the platform tells every kiosk it enrols.
pub(super) struct Welcome {
    pub(super) city: CityCode,
    pub(super) platform_key: [u8; 32],
}

/// Enrols a kiosk that shows a working pairing code.
pub(super) fn enrol(
    tx: &mut Tx<'_>,
    act: &Act,
    welcome: &Welcome,
    request: &EnrolRequest,
) -> Result<EnrolAnswer, FleetError> {
    let hash = rules::code_hash(&request.pairing_code);
    let pairing = store::find_pairing(tx, hash)?.filter(|pairing| rules::works(pairing, act.now));
    let pairing = pairing.ok_or(FleetError::PairingRefused)?;
    store::use_pairing(tx, hash, act.now)?;
    let device = pin_key(tx, act, pairing.device, request)?;
    let mall = pairing.place.mall;
    devices::place(tx, device.id, mall)?;
    store::save(tx, &newcomer(&device, pairing.place, request))?;
    Ok(EnrolAnswer {
        device: device.id,
        epoch: device.epoch,
        city: welcome.city,
        mall,
        platform_key: welcome.platform_key,
        now: act.now,
    })
}

/// A new kiosk whose key is known, and that has never sent anything, never heard that it was enrolled: it is the same kiosk
/// in its next life. It could never be paired otherwise, because it keeps the key until somebody answers. One that has
/// spoken is paired again by two people.
fn pin_key(
    tx: &mut Tx<'_>,
    act: &Act,
    known: Option<DeviceId>,
    request: &EnrolRequest,
) -> Result<Device, FleetError> {
    let of_key = devices::find_by_key(tx, &request.public_key)?;
    let again = match (known, of_key) {
        (Some(id), _) => Some(id),
        (None, Some(device)) if devices::has_spoken(tx, &device)? => return Err(FleetError::KnownKiosk),
        (None, Some(device)) => Some(device.id),
        (None, None) => None,
    };
    let device = match again {
        Some(id) => devices::enrol_again(tx, act, id, &request.public_key)?.ok_or(FleetError::NoSuchKiosk),
        None => Ok(devices::register(tx, act, &request.public_key, &request.hardware)?),
    }?;
    tracing::info!(device.id = %device.id, device.epoch, "enrolled kiosk {} for epoch {}", device.id, device.epoch);
    Ok(device)
}

fn newcomer(device: &Device, place: Place, request: &EnrolRequest) -> KioskStatus {
    KioskStatus {
        device: device.id,
        place,
        build: request.build.clone(),
        config_version: 0,
        feed_cursor: 0,
        outbox_rows: 0,
        lease_slots: 0,
        camera: false,
        stream: false,
        disk_low: false,
        clock_ahead_ms: 0,
        heard_at: device.heard_at,
    }
}

/// Notes how the calling kiosk is.
pub(super) fn heartbeat(
    tx: &mut Tx<'_>,
    act: &Act,
    heartbeat: &Heartbeat,
) -> Result<HeartbeatAnswer, FleetError> {
    let id = act.actor.kiosk().ok_or(FleetError::NoSuchKiosk)?;
    let device = devices::find(tx, id)?.ok_or(FleetError::NoSuchKiosk)?;
    if device.epoch != heartbeat.epoch {
        return Err(FleetError::EpochEnded);
    }
    let known = store::find(tx, id)?.ok_or(FleetError::NoSuchKiosk)?;
    devices::hear(tx, id, &heartbeat.high_water)?.map_err(FleetError::Behind)?;
    devices::heard(tx, act, id)?;
    let status = KioskStatus {
        build: heartbeat.build.clone(),
        config_version: heartbeat.config_version,
        feed_cursor: heartbeat.feed_cursor,
        outbox_rows: heartbeat.outbox_rows,
        lease_slots: heartbeat.lease_slots,
        camera: heartbeat.camera,
        stream: heartbeat.stream,
        disk_low: heartbeat.disk_low,
        clock_ahead_ms: heartbeat.at.since(act.now),
        heard_at: act.now,
        ..known
    };
    store::save(tx, &status)?;
    let feed_head = u64::try_from(change_log::newest_seq(tx)?).unwrap_or(0);
    Ok(HeartbeatAnswer { now: act.now, feed_head })
}

/// Kiosks after `after`, at most `limit`.
pub(super) fn list(tx: &mut Tx<'_>, after: Option<&str>, limit: u32) -> Result<Vec<KioskStatus>, FleetError> {
    Ok(store::list(tx, after, limit)?)
}

/// Refuses a kiosk from its next call on.
pub(super) fn revoke(tx: &mut Tx<'_>, act: &Act, device: DeviceId) -> Result<(), FleetError> {
    if !devices::revoke(tx, act, device)? {
        return Err(FleetError::NoSuchKiosk);
    }
    note(tx, act, "kiosk.revoke", &format!("kiosk:{device}"))
}

/// Moves a kiosk to another mall, or into other groups: from now on it sees what is meant for those.
pub fn place(
    tx: &mut Tx<'_>,
    act: &Act,
    device: DeviceId,
    (place, groups): (&Place, &[String]),
) -> Result<(), FleetError> {
    if !rules::are_groups(groups) {
        return Err(FleetError::Groups);
    }
    let known = store::find(tx, device)?.ok_or(FleetError::NoSuchKiosk)?;
    store::save(tx, &KioskStatus { place: place.clone(), ..known })?;
    store::set_groups(tx, device, groups)?;
    note(tx, act, "kiosk.place", &format!("kiosk:{device}"))
}

/// Pushes a configuration to every kiosk of the city. Its version must be newer than any pushed before.
pub fn publish_config(tx: &mut Tx<'_>, act: &Act, config: &KioskConfig) -> Result<(), FleetError> {
    let newest = newest_config(tx)?;
    if config.version <= newest {
        return Err(FleetError::OldConfig);
    }
    let change = feed::Change::put("config", &Row::Config(config.clone()))?;
    let body = change.row.as_ref().map(serde_json::to_string).transpose()?;
    change_log::append(tx, act, &Change { kind: &change.kind, id: &change.id, scope: "city", body })?;
    note(tx, act, "kiosk.config", &format!("config:{}", config.version))
}

pub(super) fn note(tx: &mut Tx<'_>, act: &Act, action: &str, subject: &str) -> Result<(), FleetError> {
    let entry = audit::Entry { surface: "O", action, subject, before: None, after: None, reason: "" };
    Ok(audit::append(tx, act, &entry)?)
}

fn newest_config(tx: &mut Tx<'_>) -> Result<u64, FleetError> {
    let body = change_log::find(tx, feed::CONFIG, "config")?;
    let config = body.map(|body| serde_json::from_str::<KioskConfig>(&body)).transpose()?;
    Ok(config.map_or(0, |config| config.version))
}

//! Who this kiosk is: device, epoch, platform, pinned keys; and the platform's time when last heard of.

use super::{StoreError, device_key::DeviceKey, sql::Kept, value::bytes};
use domain::{
    ids::{CityCode, DeviceId, MallId},
    time::UtcMillis,
};
use protocol::device::EnrolAnswer;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Whether the platform still stands by an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As far as this kiosk knows.
    Good,
    /// It refused the device: nothing is issued until it answers again or the kiosk is enrolled anew.
    DeviceRefused,
    /// It said that another enrolment took this one's place; likewise.
    EpochEnded,
    /// This disk is older than what the kiosk once said, or another copy of it is: only a new enrolment helps.
    Fenced,
}

impl Standing {
    const ALL: [Standing; 4] =
        [Standing::Good, Standing::DeviceRefused, Standing::EpochEnded, Standing::Fenced];

    const fn name(self) -> &'static str {
        match self {
            Standing::Good => "good",
            Standing::DeviceRefused => "device_refused",
            Standing::EpochEnded => "epoch_ended",
            Standing::Fenced => "fenced",
        }
    }
}

/// The enrolment in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// This kiosk.
    pub device: DeviceId,
    /// Counts its enrolments.
    pub epoch: u32,
    /// Where the platform is, for example `https://pass.example.cn`.
    pub origin: String,
    /// The city it stands in.
    pub city: CityCode,
    /// The mall it stands in.
    pub mall: MallId,
    /// Feed pages and grants must be signed with this key.
    pub platform_key: [u8; 32],
    /// Whether the platform still stands by it.
    pub standing: Standing,
}

impl Identity {
    /// Whose feed the content database holds.
    pub(super) fn scope(&self) -> Vec<u8> {
        [&self.platform_key[..], &self.mall.to_bytes()].concat()
    }
}

/// The enrolment, provided the key it pinned is at hand: without it nothing can be signed.
pub(super) fn load(ledger: &Connection, key: &DeviceKey) -> Result<Option<Identity>, StoreError> {
    let found = ledger
        .one(
            "SELECT device, epoch, origin, city, mall, platform_key, standing, public_key FROM identity",
            [],
            |row| Ok((read(row)?, bytes::<32>(row, 7)?)),
        )
        .optional()?;
    let own = key.current().verifying_key().to_bytes();
    Ok(found.and_then(|(identity, pinned)| (pinned == own).then_some(identity)))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Identity> {
    Ok(Identity {
        device: DeviceId::from_bytes(bytes(row, 0)?),
        epoch: row.get(1)?,
        origin: row.get(2)?,
        city: CityCode::new(row.get(3)?),
        mall: MallId::from_bytes(bytes(row, 4)?),
        platform_key: bytes(row, 5)?,
        standing: read_standing(row, 6)?,
    })
}

fn read_standing(row: &Row<'_>, column: usize) -> rusqlite::Result<Standing> {
    let name: String = row.get(column)?;
    let unknown = || rusqlite::Error::InvalidColumnType(column, name.clone(), rusqlite::types::Type::Text);
    Standing::ALL.into_iter().find(|standing| standing.name() == name).ok_or_else(unknown)
}

/// Notes whether the platform still stands by the enrolment; a kiosk that fenced itself stays so whatever it is told.
pub(super) fn set_standing(ledger: &Connection, standing: Standing) -> Result<(), StoreError> {
    ledger.run("UPDATE identity SET standing = ?1 WHERE challenge IS NULL", [standing.name()])?;
    Ok(())
}

/// The public half of the device key the enrolment pinned.
pub(super) fn pinned_key(ledger: &Connection) -> Result<Option<[u8; 32]>, StoreError> {
    Ok(ledger.one("SELECT public_key FROM identity", [], |row| row.get(0)).optional()?)
}

/// Replaces the enrolment.
pub(super) fn save(
    ledger: &Connection,
    origin: &str,
    answer: &EnrolAnswer,
    public_key: [u8; 32],
) -> Result<(), StoreError> {
    ledger.run(
        "INSERT OR REPLACE INTO identity (one, device, epoch, origin, city, mall, platform_key, public_key)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            answer.device.to_bytes(),
            answer.epoch,
            origin,
            answer.city.get(),
            answer.mall.to_bytes(),
            answer.platform_key,
            public_key
        ],
    )?;
    Ok(())
}

/// Remembers the platform's time; the platform is right also when it is earlier than before.
pub(super) fn note_platform_time(ledger: &Connection, now: UtcMillis) -> Result<(), StoreError> {
    ledger.run("UPDATE memory SET platform_at_ms = ?1", [now.get()])?;
    Ok(())
}

/// Remembers that it is so late; never takes back a later time.
pub(super) fn note_time(ledger: &Connection, now: UtcMillis) -> Result<(), StoreError> {
    ledger.run("UPDATE memory SET platform_at_ms = ?1 WHERE platform_at_ms < ?1", [now.get()])?;
    Ok(())
}

/// The latest time known: when the platform was last heard of, or the last claim, or noted since.
pub(super) fn platform_time(ledger: &Connection) -> Result<Option<UtcMillis>, StoreError> {
    Ok(ledger.one("SELECT platform_at_ms FROM memory", [], |row| {
        row.get::<_, Option<i64>>(0).map(|at| at.map(UtcMillis::new))
    })?)
}

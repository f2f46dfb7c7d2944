//! The tables `pairing_code`, `pairing_again`, `kiosk` and `kiosk_group`.

use super::model::{KioskStatus, OpenPairing, PairingAsked, Place};
use crate::foundation::db::{DbError, Row, Tx, Value};
use domain::{
    ids::{DeviceId, MallId},
    time::UtcMillis,
};

pub(super) fn insert_pairing(
    tx: &mut Tx<'_>,
    code_sha256: [u8; 32],
    pairing: &OpenPairing,
    created_by: &str,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO pairing_code (code_sha256, mall, place, device, created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            code_sha256.into(),
            pairing.place.mall.into(),
            (&pairing.place.place).into(),
            pairing.device.into(),
            created_by.into(),
            pairing.expires_at.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn find_pairing(tx: &mut Tx<'_>, code_sha256: [u8; 32]) -> Result<Option<OpenPairing>, DbError> {
    let row = tx.query_opt(
        "SELECT mall, place, device, expires_at, used_at FROM pairing_code WHERE code_sha256 = $1",
        &[code_sha256.into()],
    )?;
    row.map(|row| {
        Ok(OpenPairing {
            place: Place { mall: row.get("mall")?, place: row.get("place")? },
            device: row.get("device")?,
            expires_at: row.get("expires_at")?,
            used: row.get::<Option<UtcMillis>>("used_at")?.is_some(),
        })
    })
    .transpose()
}

pub(super) fn use_pairing(tx: &mut Tx<'_>, code_sha256: [u8; 32], now: UtcMillis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE pairing_code SET used_at = $2 WHERE code_sha256 = $1",
        &[code_sha256.into(), now.into()],
    )?;
    Ok(())
}

/// Asks for a kiosk to be paired again, in place of what was asked before.
pub(super) fn ask_pairing(tx: &mut Tx<'_>, device: DeviceId, asked: &PairingAsked) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO pairing_again (device, mall, place, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (device) DO UPDATE SET mall = excluded.mall, place = excluded.place,
             asked_by = excluded.asked_by, asked_at = excluded.asked_at, decided_by = NULL, decided_at = NULL,
             approved = NULL",
        &[
            device.into(),
            asked.place.mall.into(),
            (&asked.place.place).into(),
            (&asked.asked_by).into(),
            asked.asked_at.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn pairing_asked(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<PairingAsked>, DbError> {
    let row = tx.query_opt(
        "SELECT mall, place, asked_by, asked_at, approved FROM pairing_again WHERE device = $1",
        &[device.into()],
    )?;
    row.map(|row| {
        Ok(PairingAsked {
            place: Place { mall: row.get("mall")?, place: row.get("place")? },
            asked_by: row.get("asked_by")?,
            asked_at: row.get("asked_at")?,
            approved: row.get("approved")?,
        })
    })
    .transpose()
}

pub(super) fn decide_pairing(
    tx: &mut Tx<'_>,
    device: DeviceId,
    approved: bool,
    (by, now): (&str, UtcMillis),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE pairing_again SET approved = $2, decided_by = $3, decided_at = $4 WHERE device = $1",
        &[device.into(), approved.into(), by.into(), now.into()],
    )?;
    Ok(())
}

/// Saves all that is known of a kiosk, in place of what was known before.
pub(super) fn save(tx: &mut Tx<'_>, kiosk: &KioskStatus) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO kiosk (device, mall, place, build, config_version, feed_cursor, outbox_rows, lease_slots, camera,
             stream, disk_low, clock_ahead_ms, heard_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (device) DO UPDATE SET mall = excluded.mall, place = excluded.place, build = excluded.build,
             config_version = excluded.config_version, feed_cursor = excluded.feed_cursor,
             outbox_rows = excluded.outbox_rows, lease_slots = excluded.lease_slots, camera = excluded.camera,
             stream = excluded.stream, disk_low = excluded.disk_low,
             clock_ahead_ms = excluded.clock_ahead_ms, heard_at = excluded.heard_at",
        &[
            kiosk.device.into(),
            kiosk.place.mall.into(),
            (&kiosk.place.place).into(),
            (&kiosk.build).into(),
            number(kiosk.config_version),
            number(kiosk.feed_cursor),
            number(kiosk.outbox_rows),
            number(kiosk.lease_slots),
            kiosk.camera.into(),
            kiosk.stream.into(),
            kiosk.disk_low.into(),
            kiosk.clock_ahead_ms.into(),
            kiosk.heard_at.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<KioskStatus>, DbError> {
    let row = tx.query_opt(
        "SELECT device, mall, place, build, config_version, feed_cursor, outbox_rows, lease_slots, camera,
             stream, disk_low, clock_ahead_ms, heard_at
         FROM kiosk WHERE device = $1",
        &[device.into()],
    )?;
    row.as_ref().map(read).transpose()
}

/// Kiosks after `after` by id, at most `limit`.
pub(super) fn list(tx: &mut Tx<'_>, after: Option<&str>, limit: u32) -> Result<Vec<KioskStatus>, DbError> {
    let rows = tx.query(
        "SELECT device, mall, place, build, config_version, feed_cursor, outbox_rows, lease_slots, camera,
             stream, disk_low, clock_ahead_ms, heard_at
         FROM kiosk WHERE device > $1 ORDER BY device LIMIT $2",
        &[after.unwrap_or_default().into(), limit.into()],
    )?;
    rows.iter().map(read).collect()
}

pub(super) fn mall_of(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<MallId>, DbError> {
    let row = tx.query_opt("SELECT mall FROM kiosk WHERE device = $1", &[device.into()])?;
    row.map(|row| row.get("mall")).transpose()
}

/// Puts a kiosk into these groups and no others.
pub(super) fn set_groups(tx: &mut Tx<'_>, device: DeviceId, groups: &[String]) -> Result<(), DbError> {
    tx.execute("DELETE FROM kiosk_group WHERE device = $1", &[device.into()])?;
    for group in groups {
        tx.execute(
            "INSERT INTO kiosk_group (device, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[device.into(), group.into()],
        )?;
    }
    Ok(())
}

/// Groups of one kiosk, by name.
pub(super) fn groups_of(tx: &mut Tx<'_>, device: DeviceId) -> Result<Vec<String>, DbError> {
    let rows = tx.query("SELECT name FROM kiosk_group WHERE device = $1 ORDER BY name", &[device.into()])?;
    rows.iter().map(|row| row.get("name")).collect()
}

fn read(row: &Row) -> Result<KioskStatus, DbError> {
    let count = |column| row.get::<i64>(column).map(|number| u64::try_from(number).unwrap_or(0));
    Ok(KioskStatus {
        device: row.get("device")?,
        place: Place { mall: row.get("mall")?, place: row.get("place")? },
        build: row.get("build")?,
        config_version: count("config_version")?,
        feed_cursor: count("feed_cursor")?,
        outbox_rows: count("outbox_rows")?,
        lease_slots: count("lease_slots")?,
        camera: row.get("camera")?,
        stream: row.get("stream")?,
        disk_low: row.get("disk_low")?,
        clock_ahead_ms: row.get("clock_ahead_ms")?,
        heard_at: row.get("heard_at")?,
    })
}

/// Counters a kiosk reports; one past 63 bits is shown as the largest.
fn number(count: u64) -> Value {
    Value::from(i64::try_from(count).unwrap_or(i64::MAX))
}

//! The tables `device` and `fencing`.

use super::{
    model::{Device, Fencing},
    post::KioskPost,
};
use crate::foundation::db::{DbError, Row, Tx, Value};
use domain::{
    ids::{DeviceId, MallId},
    time::UtcMillis,
};
use protocol::device::HighWater;

pub(super) fn insert(
    tx: &mut Tx<'_>,
    device: &Device,
    hardware: &str,
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO device (id, epoch, public_key, hardware, enrolled_at, heard_at) VALUES ($1, $2, $3, $4, $5, $5)",
        &[device.id.into(), device.epoch.into(), device.public_key.into(), hardware.into(), now.into()],
    )?;
    Ok(())
}

pub(super) fn update(tx: &mut Tx<'_>, device: &Device) -> Result<(), DbError> {
    tx.execute(
        "UPDATE device SET epoch = $2, public_key = $3, heard_at = $4, revoked_at = NULL, fenced_at = NULL,
             counter = 0, counter_signature = NULL, heard_request_no = 0, heard_vouchers = 0,
             reported_vouchers = 0
         WHERE id = $1",
        &[device.id.into(), device.epoch.into(), device.public_key.into(), device.heard_at.into()],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, id: DeviceId) -> Result<Option<Device>, DbError> {
    let row = tx.query_opt(
        "SELECT id, epoch, public_key, heard_at, revoked_at, fenced_at FROM device WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(read).transpose()
}

pub(super) fn set_mall(tx: &mut Tx<'_>, id: DeviceId, mall: MallId) -> Result<(), DbError> {
    tx.execute("UPDATE device SET mall = $2 WHERE id = $1", &[id.into(), mall.into()])?;
    Ok(())
}

pub(super) fn mall(tx: &mut Tx<'_>, id: DeviceId) -> Result<Option<MallId>, DbError> {
    let row = tx.query_opt("SELECT mall FROM device WHERE id = $1", &[id.into()])?;
    Ok(row.map(|row| row.get("mall")).transpose()?.flatten())
}

pub(super) fn heard_in(tx: &mut Tx<'_>, mall: MallId, since: UtcMillis) -> Result<u32, DbError> {
    tx.query_one(
        "SELECT COUNT(*) AS devices FROM device WHERE mall = $1 AND heard_at >= $2 AND revoked_at IS NULL",
        &[mall.into(), since.into()],
    )?
    .get("devices")
}

pub(super) fn find_by_key(tx: &mut Tx<'_>, public_key: &[u8; 32]) -> Result<Option<Device>, DbError> {
    let row = tx.query_opt(
        "SELECT id, epoch, public_key, heard_at, revoked_at, fenced_at FROM device WHERE public_key = $1",
        &[(*public_key).into()],
    )?;
    row.as_ref().map(read).transpose()
}

pub(super) fn set_heard(tx: &mut Tx<'_>, id: DeviceId, now: UtcMillis) -> Result<(), DbError> {
    tx.execute("UPDATE device SET heard_at = $2 WHERE id = $1", &[id.into(), now.into()])?;
    Ok(())
}

pub(super) fn set_revoked(tx: &mut Tx<'_>, id: DeviceId, now: UtcMillis) -> Result<bool, DbError> {
    let sql = "UPDATE device SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1";
    Ok(tx.execute(sql, &[id.into(), now.into()])? == 1)
}

fn read(row: &Row) -> Result<Device, DbError> {
    Ok(Device {
        id: row.get("id")?,
        epoch: row.get("epoch")?,
        public_key: row.get("public_key")?,
        heard_at: row.get("heard_at")?,
        revoked: row.get::<Option<UtcMillis>>("revoked_at")?.is_some(),
        fenced: row.get::<Option<UtcMillis>>("fenced_at")?.is_some(),
    })
}

/// Remembers the number and the signature of a request, if it is greater than any before; false if not.
pub(super) fn advance(tx: &mut Tx<'_>, id: DeviceId, post: &KioskPost) -> Result<bool, DbError> {
    let sql = "UPDATE device SET counter = $2, counter_signature = $3 WHERE id = $1 AND counter < $2";
    Ok(tx.execute(sql, &[id.into(), number(post.counter), post.signature_sha256.into()])? == 1)
}

/// The greatest number served, and the hash of the signature it came with.
pub(super) fn counter(tx: &mut Tx<'_>, id: DeviceId) -> Result<(u64, Option<[u8; 32]>), DbError> {
    let row = tx.query_one("SELECT counter, counter_signature FROM device WHERE id = $1", &[id.into()])?;
    Ok((count(&row, "counter")?, row.get("counter_signature")?))
}

pub(super) fn high_water(tx: &mut Tx<'_>, id: DeviceId) -> Result<HighWater, DbError> {
    let sql = "SELECT heard_request_no, heard_vouchers FROM device WHERE id = $1";
    let row = tx.query_one(sql, &[id.into()])?;
    Ok(HighWater { request_no: count(&row, "heard_request_no")?, vouchers: count(&row, "heard_vouchers")? })
}

pub(super) fn set_high_water(tx: &mut Tx<'_>, id: DeviceId, heard: &HighWater) -> Result<(), DbError> {
    let sql = "UPDATE device SET heard_request_no = $2, heard_vouchers = $3 WHERE id = $1";
    tx.execute(sql, &[id.into(), number(heard.request_no), number(heard.vouchers)])?;
    Ok(())
}

pub(super) fn raise_request_no(tx: &mut Tx<'_>, id: DeviceId, request_no: u64) -> Result<(), DbError> {
    let sql = "UPDATE device SET heard_request_no = $2 WHERE id = $1 AND heard_request_no < $2";
    tx.execute(sql, &[id.into(), number(request_no)])?;
    Ok(())
}

/// Counts a report of this life, and raises what the ledger must know of when the heartbeats have said less.
pub(super) fn count_report(tx: &mut Tx<'_>, id: DeviceId, epoch: u32) -> Result<(), DbError> {
    tx.execute(
        "UPDATE device SET reported_vouchers = reported_vouchers + 1,
             heard_vouchers = CASE WHEN heard_vouchers > reported_vouchers THEN heard_vouchers
                                   ELSE reported_vouchers + 1 END
         WHERE id = $1 AND epoch = $2",
        &[id.into(), epoch.into()],
    )?;
    Ok(())
}

/// Ends the present epoch of the device and records why; a second confession changes nothing.
pub(super) fn fence(tx: &mut Tx<'_>, fencing: &Fencing, challenge: &str) -> Result<(), DbError> {
    let Fencing { device, epoch, at, .. } = *fencing;
    tx.execute(
        "UPDATE device SET fenced_at = COALESCE(fenced_at, $3) WHERE id = $1 AND epoch = $2",
        &[device.into(), epoch.into(), at.into()],
    )?;
    tx.execute(
        "INSERT INTO fencing (device, epoch, challenge, challenged_at, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (device, epoch) DO NOTHING",
        &[device.into(), epoch.into(), challenge.into(), fencing.challenge.at.into(), at.into()],
    )?;
    Ok(())
}

/// Fencings, newest first.
pub(super) fn fencings(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Fencing>, DbError> {
    let rows = tx.query(
        "SELECT device, epoch, challenge, at FROM fencing ORDER BY at DESC, device, epoch LIMIT $1",
        &[limit.into()],
    )?;
    rows.iter().map(read_fencing).collect()
}

fn read_fencing(row: &Row) -> Result<Fencing, DbError> {
    let body: String = row.get("challenge")?;
    let wrong =
        |error: serde_json::Error| DbError::Failed { query: "fencing.challenge", source: error.into() };
    Ok(Fencing {
        device: row.get("device")?,
        epoch: row.get("epoch")?,
        challenge: serde_json::from_str(&body).map_err(wrong)?,
        at: row.get("at")?,
    })
}

/// Counts of a kiosk; one past 63 bits is kept as the largest.
fn number(count: u64) -> Value {
    Value::from(i64::try_from(count).unwrap_or(i64::MAX))
}

fn count(row: &Row, column: &'static str) -> Result<u64, DbError> {
    row.get::<i64>(column).map(|number| u64::try_from(number).unwrap_or(0))
}

//! The `device` table.

use super::model::Device;
use crate::foundation::db::{DbError, Row, Tx};
use domain::{ids::DeviceId, time::UtcMillis};

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
        "UPDATE device SET epoch = $2, public_key = $3, heard_at = $4, revoked_at = NULL WHERE id = $1",
        &[device.id.into(), device.epoch.into(), device.public_key.into(), device.heard_at.into()],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, id: DeviceId) -> Result<Option<Device>, DbError> {
    let row = tx.query_opt(
        "SELECT id, epoch, public_key, heard_at, revoked_at FROM device WHERE id = $1",
        &[id.into()],
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
    })
}

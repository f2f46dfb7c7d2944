//! The tables of pictures.

use super::model::{Picture, PictureId};
use crate::foundation::db::{DbError, Row, Tx};
use domain::time::UtcMillis;
use protocol::media::{MediaHash, MediaRef};

pub(super) fn insert(tx: &mut Tx<'_>, picture: &Picture, (by, at): (&str, UtcMillis)) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO picture (id, name, uploaded_by, uploaded_at) VALUES ($1, $2, $3, $4)",
        &[picture.id.into(), (&picture.name).into(), by.into(), at.into()],
    )?;
    for media in &picture.variants {
        tx.execute(
            "INSERT INTO picture_variant (picture, width, height, sha256, bytes, mime) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                picture.id.into(),
                media.width.into(),
                media.height.into(),
                media.sha256.into(),
                media.bytes.into(),
                (&media.mime).into(),
            ],
        )?;
    }
    Ok(())
}

pub(super) fn name(tx: &mut Tx<'_>, id: PictureId) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("SELECT name FROM picture WHERE id = $1", &[id.into()])?;
    row.map(|row| row.get("name")).transpose()
}

/// The variants of a picture, narrowest first; a picture has as many as there are widths of screens.
pub(super) fn variants(tx: &mut Tx<'_>, id: PictureId) -> Result<Vec<MediaRef>, DbError> {
    let rows = tx.query(
        "SELECT sha256, bytes, width, height, mime FROM picture_variant WHERE picture = $1 ORDER BY width LIMIT 8",
        &[id.into()],
    )?;
    rows.iter().map(read).collect()
}

/// What is known of a medium, whichever picture it belongs to.
pub(super) fn medium(tx: &mut Tx<'_>, sha256: MediaHash) -> Result<Option<MediaRef>, DbError> {
    let row = tx.query_opt(
        "SELECT sha256, bytes, width, height, mime FROM picture_variant WHERE sha256 = $1 ORDER BY picture LIMIT 1",
        &[sha256.into()],
    )?;
    row.as_ref().map(read).transpose()
}

/// Pictures with ids after `after`, by id, without their variants.
pub(super) fn list(tx: &mut Tx<'_>, after: &str, limit: u32) -> Result<Vec<(PictureId, String)>, DbError> {
    let rows = tx.query(
        "SELECT id, name FROM picture WHERE id > $1 ORDER BY id LIMIT $2",
        &[after.into(), limit.into()],
    )?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}

fn read(row: &Row) -> Result<MediaRef, DbError> {
    Ok(MediaRef {
        sha256: row.get("sha256")?,
        bytes: row.get("bytes")?,
        width: row.get("width")?,
        height: row.get("height")?,
        mime: row.get("mime")?,
    })
}

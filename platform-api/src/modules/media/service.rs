//! Taking pictures in and giving media out.

use super::{
    folder::Folder,
    model::{MediaError, Picture, PictureId},
    rules, scale, store,
};
use crate::foundation::{
    act::Act,
    audit,
    db::{DbError, Tx},
};
use protocol::media::{MediaHash, MediaRef};
use std::path::Path;

/// A picture whose variants are on disk and in no table yet.
#[derive(Clone, Debug)]
pub struct Prepared(Picture);

/// Scales the picture in `file` and keeps its variants durably in the folder `media` of `data`. Blocks for up to seconds
/// and touches no table: neither for async threads nor inside a transaction.
///
/// # Errors
/// When the name, format or size is refused, or the disk fails. Files that were written meanwhile are swept later.
pub fn prepare(data: &Path, name: &str, file: &[u8]) -> Result<Prepared, MediaError> {
    rules::check_name(name)?;
    let folder = Folder::of(data);
    let mut variants = Vec::new();
    for scaled in scale::scale(file)? {
        folder.keep(scaled.media.sha256, &scaled.bytes)?;
        variants.push(scaled.media);
    }
    Ok(Prepared(Picture { id: PictureId::of(file), name: name.to_owned(), variants }))
}

/// Records a prepared picture; one that is known already stays as it is, with the name it got first.
///
/// # Errors
/// When the database fails.
pub fn record(tx: &mut Tx<'_>, act: &Act, prepared: &Prepared) -> Result<Picture, MediaError> {
    let Prepared(new) = prepared;
    if let Some(known) = picture(tx, new.id)? {
        return Ok(known);
    }
    store::insert(tx, new, (&act.actor.to_string(), act.now))?;
    let (subject, after) = (format!("picture:{}", new.id), new.name.as_str());
    let (before, after, reason) = (None, Some(after), "");
    let entry =
        audit::Entry { surface: "O", action: "picture.upload", subject: &subject, before, after, reason };
    audit::append(tx, act, &entry)?;
    Ok(new.clone())
}

/// The picture with its variants.
///
/// # Errors
/// When the database fails.
pub fn picture(tx: &mut Tx<'_>, id: PictureId) -> Result<Option<Picture>, DbError> {
    let Some(name) = store::name(tx, id)? else { return Ok(None) };
    Ok(Some(Picture { id, name, variants: store::variants(tx, id)? }))
}

/// What a feed row names of a picture: its variants, narrowest first; none for no picture.
///
/// # Errors
/// When the database fails.
pub fn variants(tx: &mut Tx<'_>, picture: Option<PictureId>) -> Result<Vec<MediaRef>, DbError> {
    picture.map_or(Ok(Vec::new()), |id| store::variants(tx, id))
}

/// Pictures with ids after `after`, by id.
pub(super) fn list(tx: &mut Tx<'_>, after: &str, limit: u32) -> Result<Vec<Picture>, DbError> {
    let mut pictures = Vec::new();
    for (id, name) in store::list(tx, after, limit)? {
        pictures.push(Picture { id, name, variants: store::variants(tx, id)? });
    }
    Ok(pictures)
}

/// What is known of a medium.
pub(super) fn medium(tx: &mut Tx<'_>, sha256: MediaHash) -> Result<MediaRef, MediaError> {
    store::medium(tx, sha256)?.ok_or(MediaError::Unknown)
}

//! The feed: pages of what changed, for kiosks.
//!
//! It reads the change log that the other modules write in their own transactions, and signs what it gives out. Of its
//! own it adds the filters of people, and owns the table `feed_filter`, which says what they were built from. A page never skips a change that concerns the kiosk, and asking again with the same place is always safe.
//! A kiosk whose place is not of this history, or that sees something else since it was there, gets a snapshot.

mod http;
mod jobs;
mod rules;
mod service;
mod store;

pub use http::module;

use crate::{
    foundation::db::{DbError, Tx},
    modules::fleet,
};
use domain::ids::DeviceId;

/// The scopes of the change log that concern a kiosk; `None` for one that never was enrolled.
pub fn scopes_of(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<Vec<String>>, DbError> {
    let Some(mall) = fleet::mall_of(tx, device)? else { return Ok(None) };
    let groups = fleet::groups_of(tx, device)?;
    Ok(Some(rules::Reader { device, mall, groups }.scopes()))
}

//! Passes: what a phone needs to show codes for a day without a network.

use super::{
    super::{
        error::ConsumersError,
        keys::Keys,
        model::{CODE_TAGS_PREFERRED, PassShown},
        store::{codes as codes_rows, passes as rows},
    },
    ring, tags,
};
use crate::foundation::{act::Act, db::Tx};
use domain::{
    ids::ConsumerId,
    rotating_code::{self, Link, Pass, STEPS_MAX},
    time::UtcMillis,
};

/// Passes of one person that live at a time: a phone asks for one every few hours, and a person has few phones.
const LIVE_MAX: u32 = 24;

/// A new pass of a day. Tags travel only with live consents P2 and P3; its secret is kept by the phone alone.
pub(in super::super) fn issue(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    consumer: ConsumerId,
) -> Result<PassShown, ConsumersError> {
    if rows::live(tx, consumer, act.now)? >= LIVE_MAX {
        return Err(ConsumersError::TooManyPasses);
    }
    tags::refresh(tx, act, keys, consumer)?;
    let tags = tags::of(tx, consumer, act.now)?;
    let tags = tags.into_iter().take(CODE_TAGS_PREFERRED).map(|assertion| assertion.tag).collect();
    let (city, key_id, key) = ring::signing(tx, act, keys)?;
    // A pass carries whole seconds, so its times are those it will be read with.
    let starts_at = UtcMillis::from_seconds(act.now.seconds());
    let pseudonym = keys.pseudonym(consumer, starts_at.day());
    codes_rows::remember_pseudonym(tx, starts_at.day(), pseudonym, consumer)?;
    let secret: Link = act.chance();
    let anchor = rotating_code::anchor(pseudonym, secret, STEPS_MAX);
    let pass = Pass { city, pseudonym, starts_at, steps: STEPS_MAX, anchor, tags };
    rows::insert(tx, (anchor, consumer), (act.now, pass.ends_at()))?;
    let sealed = rotating_code::issue_pass(&pass, key_id, &key);
    Ok(PassShown { sealed, secret, pseudonym, starts_at, ends_at: pass.ends_at() })
}

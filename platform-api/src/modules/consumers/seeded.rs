//! The door for seeds: people as they are after having registered and filled everything in.

use super::{
    error::ConsumersError,
    keys::Keys,
    model::{Evidence, Profile, Purpose},
    service::{self, Registration, consents},
    store,
};
use crate::foundation::{
    act::Act,
    db::{DbError, Tx},
};
use domain::ids::ConsumerId;

/// A person to be there from the start.
#[derive(Clone, Debug)]
pub struct Seeded<'a> {
    /// Mobile number; nobody has it yet.
    pub phone: &'a str,
    /// The name the person chose.
    pub name: &'a str,
    /// The profile; kept only if `consents` holds P2.
    pub profile: Option<&'a Profile>,
    /// What the person consented to besides P1.
    pub consents: &'a [Purpose],
    /// What registers and papers show.
    pub evidence: &'a [Evidence],
}

/// Registers a person through the same services a phone uses; a known phone gives the account it belongs to.
pub fn register_seeded(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    person: &Seeded<'_>,
) -> Result<ConsumerId, ConsumersError> {
    let account_text_version = Some(consents::newest_text(tx, Purpose::Account)?.version);
    let registration = Registration { phone: person.phone, account_text_version, channel: "desk" };
    let (id, new) = service::find_or_register(tx, act, keys, &registration)?;
    if !new {
        return Ok(id);
    }
    service::rename(tx, act, keys, (id, person.name))?;
    for purpose in person.consents.iter().copied().filter(|purpose| *purpose != Purpose::Account) {
        let text_version = consents::newest_text(tx, purpose)?.version;
        consents::grant(tx, act, id, &consents::Given { purpose, text_version, channel: "desk" })?;
    }
    let Some(profile) = person.profile.filter(|_| person.consents.contains(&Purpose::CrowdCode)) else {
        return Ok(id);
    };
    service::save_profile(tx, act, keys, (id, profile))?;
    for evidence in person.evidence {
        service::record_evidence(tx, act, keys, (id, evidence))?;
    }
    Ok(id)
}

/// The account of a seeded phone; `None` when nobody has it.
pub fn find_seeded(tx: &mut Tx<'_>, keys: &Keys, phone: &str) -> Result<Option<ConsumerId>, DbError> {
    store::find_by_phone(tx, &keys.phone_hash(phone))
}

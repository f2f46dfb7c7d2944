//! Accounts: registering, names, profiles and evidence. Each function is part of its caller's transaction.

pub(super) mod codes;
pub(super) mod consents;
pub(super) mod denied;
pub(super) mod passes;
pub(super) mod ring;
pub(super) mod sign_in;
pub(super) mod tags;

use super::{
    error::ConsumersError,
    keys::{Keys, PersonKey},
    model::{Account, Evaluation, Evidence, Level, Profile, Purpose},
    rules,
    store::{self, Stored},
};
use crate::foundation::{
    act::Act,
    db::{DbError, Tx},
};
use domain::{ids::ConsumerId, time::UtcMillis};

/// First year of birth taken.
const BIRTH_YEAR_MIN: u16 = 1900;
/// What a person is called until they say otherwise.
const NAME_DEFAULT: &str = "新朋友";

/// What a new account needs: the newest P1 text, consented to, and where that happened.
pub(super) struct Registration<'a> {
    pub(super) phone: &'a str,
    pub(super) account_text_version: Option<u32>,
    pub(super) channel: &'a str,
}

/// The consumer with a verified phone; registered when there is none. The flag is true for a new one.
pub(super) fn find_or_register(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    registration: &Registration<'_>,
) -> Result<(ConsumerId, bool), ConsumersError> {
    if !rules::is_phone(registration.phone) {
        return Err(ConsumersError::Field("phone"));
    }
    if let Some(known) = store::find_by_phone(tx, &keys.phone_hash(registration.phone))? {
        return Ok((known, false));
    }
    let text = consents::newest_text(tx, Purpose::Account)?;
    let Some(version) = registration.account_text_version else {
        return Err(ConsumersError::ConsentRequired {
            purpose: Purpose::Account,
            text_version: text.version,
        });
    };
    let id = create(tx, act, keys, registration.phone)?;
    consents::grant(
        tx,
        act,
        id,
        &consents::Given { purpose: Purpose::Account, text_version: version, channel: registration.channel },
    )?;
    Ok((id, true))
}

fn create(tx: &mut Tx<'_>, act: &Act, keys: &Keys, phone: &str) -> Result<ConsumerId, ConsumersError> {
    let id = act.mint(ConsumerId::new);
    let (key, key_sealed) = keys.new_person(act, id)?;
    let stored = Stored {
        id,
        phone_hash: keys.phone_hash(phone),
        key_sealed,
        phone_sealed: key.seal(act, "phone", phone)?,
        name_sealed: key.seal(act, "name", NAME_DEFAULT)?,
        name_masked: rules::mask_name(NAME_DEFAULT),
        profile_sealed: None,
        rule_version: None,
        created_at: act.now,
    };
    store::insert(tx, &stored)?;
    let verified = Evidence {
        kind: "phone".to_owned(),
        level: Level::L1,
        valid_from: act.now,
        valid_until: None,
        reference: "otp".to_owned(),
    };
    store::put_evidence(tx, id, &verified, act.now)?;
    Ok(id)
}

/// The account as its owner sees it.
pub(super) fn account(tx: &mut Tx<'_>, keys: &Keys, id: ConsumerId) -> Result<Account, ConsumersError> {
    let (stored, key) = load(tx, keys, id)?;
    Ok(Account {
        id,
        name: key.open("name", &stored.name_sealed)?,
        phone_masked: rules::mask_phone(&key.open("phone", &stored.phone_sealed)?),
        profile: open_profile(&stored, &key)?,
        name_masked: stored.name_masked,
        created_at: stored.created_at,
    })
}

/// Changes what the person is called.
pub(super) fn rename(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    (id, name): (ConsumerId, &str),
) -> Result<Account, ConsumersError> {
    let name = rules::clean_name(name).ok_or(ConsumersError::Field("name"))?;
    let (_, key) = load(tx, keys, id)?;
    store::set_name(tx, id, &key.seal(act, "name", &name)?, &rules::mask_name(&name))?;
    account(tx, keys, id)
}

/// Saves the profile and evaluates it. Needs a live P2; refused for anybody who may be under 14, and then nothing is
/// kept.
pub(super) fn save_profile(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    (id, profile): (ConsumerId, &Profile),
) -> Result<Evaluation, ConsumersError> {
    consents::require(tx, id, Purpose::CrowdCode)?;
    check_profile(profile, act.now)?;
    let (_, key) = load(tx, keys, id)?;
    let sealed = key.seal(act, "profile", &serde_json::to_string(profile)?)?;
    store::set_profile(tx, id, Some(sealed), act.now)?;
    tags::evaluate(tx, act, keys, id)
}

fn check_profile(profile: &Profile, now: UtcMillis) -> Result<(), ConsumersError> {
    let this_year = now.shanghai().map_or(0, |clock| clock.year);
    if profile.birth_year < BIRTH_YEAR_MIN || i32::from(profile.birth_year) > this_year {
        return Err(ConsumersError::Field("birth_year"));
    }
    if !(100_000..=999_999).contains(&profile.home_city.get()) {
        return Err(ConsumersError::Field("home_city"));
    }
    if !rules::may_be_profiled(profile.birth_year, now) {
        return Err(ConsumersError::Minor);
    }
    Ok(())
}

/// Records what an authority, a paper or a stay shows, and evaluates again.
pub(super) fn record_evidence(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    (id, evidence): (ConsumerId, &Evidence),
) -> Result<(), ConsumersError> {
    if !super::model::EVIDENCE_KINDS.contains(&evidence.kind.as_str()) {
        return Err(ConsumersError::Field("kind"));
    }
    consents::require(tx, id, Purpose::CrowdCode)?;
    let (stored, _) = load(tx, keys, id)?;
    store::put_evidence(tx, id, evidence, act.now)?;
    if stored.profile_sealed.is_some() {
        tags::evaluate(tx, act, keys, id)?;
    }
    Ok(())
}

/// The name as others see it.
pub(super) fn masked_name(tx: &mut Tx<'_>, id: ConsumerId) -> Result<Option<String>, DbError> {
    store::name_masked(tx, id)
}

fn load(tx: &mut Tx<'_>, keys: &Keys, id: ConsumerId) -> Result<(Stored, PersonKey), ConsumersError> {
    let stored = store::find(tx, id)?.ok_or(ConsumersError::Unknown)?;
    let key = keys.open_person(id, &stored.key_sealed)?;
    Ok((stored, key))
}

fn open_profile(stored: &Stored, key: &PersonKey) -> Result<Option<Profile>, ConsumersError> {
    let Some(sealed) = &stored.profile_sealed else { return Ok(None) };
    Ok(Some(serde_json::from_str(&key.open("profile", sealed)?)?))
}

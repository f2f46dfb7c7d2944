//! Pairing codes: one person lets a new kiosk in, two let a known one begin its next life.
//!
//! Invariant: a code for a known kiosk comes from the approval of somebody who did not ask for it. Whoever enrols as a
//! known kiosk takes its place and its name, so one stolen session of an operator must not be enough.

use super::{
    model::{OpenPairing, PairingAsked, PairingCode, Place},
    rules,
    service::{FleetError, note},
    store,
};
use crate::{
    foundation::{
        act::Act,
        db::{DbError, Tx},
    },
    modules::devices,
};
use domain::{ids::DeviceId, time::UtcMillis};

/// A pairing code for a new kiosk at a place.
pub fn create_pairing_code(tx: &mut Tx<'_>, act: &Act, place: &Place) -> Result<PairingCode, FleetError> {
    let code = new_code(tx, act, place, None)?;
    note(tx, act, "kiosk.pair", &format!("mall:{}", place.mall))?;
    Ok(code)
}

/// Asks for a kiosk to be paired again, in place of what was asked before; a second person decides within a day.
pub fn ask_pairing(
    tx: &mut Tx<'_>,
    act: &Act,
    device: DeviceId,
    place: &Place,
) -> Result<PairingAsked, FleetError> {
    devices::find(tx, device)?.ok_or(FleetError::NoSuchKiosk)?;
    let asked_by = act.actor.to_string();
    let asked = PairingAsked { place: place.clone(), asked_by, asked_at: act.now, approved: None };
    store::ask_pairing(tx, device, &asked)?;
    note(tx, act, "kiosk.pair.ask", &format!("kiosk:{device}"))?;
    Ok(asked)
}

/// What was asked last for this kiosk.
pub(super) fn asked(tx: &mut Tx<'_>, device: DeviceId) -> Result<PairingAsked, FleetError> {
    store::pairing_asked(tx, device)?.ok_or(FleetError::NoSuchKiosk)
}

/// A second person lets the kiosk be paired again, which gives the code, or does not.
pub fn decide_pairing(
    tx: &mut Tx<'_>,
    act: &Act,
    device: DeviceId,
    approve: bool,
) -> Result<Option<PairingCode>, FleetError> {
    let asked = store::pairing_asked(tx, device)?.filter(|asked| rules::is_open(asked, act.now));
    let asked = asked.ok_or(FleetError::NotAsked)?;
    let by = act.actor.to_string();
    if asked.asked_by == by {
        return Err(FleetError::SelfApproval);
    }
    store::decide_pairing(tx, device, approve, (&by, act.now))?;
    let subject = format!("kiosk:{device}");
    if !approve {
        note(tx, act, "kiosk.pair.reject", &subject)?;
        return Ok(None);
    }
    note(tx, act, "kiosk.pair.approve", &subject)?;
    new_code(tx, act, &asked.place, Some(device)).map(Some)
}

/// True if `typed` is a code that works now. Strangers who guess are answered from here, and never reach the writer.
pub(super) fn works(tx: &mut Tx<'_>, typed: &str, now: UtcMillis) -> Result<bool, DbError> {
    let pairing = store::find_pairing(tx, rules::code_hash(typed))?;
    Ok(pairing.is_some_and(|pairing| rules::works(&pairing, now)))
}

fn new_code(
    tx: &mut Tx<'_>,
    act: &Act,
    place: &Place,
    device: Option<DeviceId>,
) -> Result<PairingCode, FleetError> {
    let code = rules::new_code(|bound| act.chance_below(bound));
    let expires_at = act.now.plus_ms(rules::PAIRING_MS);
    let pairing = OpenPairing { place: place.clone(), device, expires_at, used: false };
    store::insert_pairing(tx, rules::code_hash(&code), &pairing, &act.actor.to_string())?;
    Ok(PairingCode { code, expires_at })
}

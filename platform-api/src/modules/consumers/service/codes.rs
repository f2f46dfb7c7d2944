//! Consumer codes: issued to a phone, believed once.

use super::{
    super::{
        error::{ConsumersError, ScanError},
        keys::Keys,
        model::{CODE_TAGS_PREFERRED, CodeShown, PSEUDONYM_KEPT_DAYS},
        store::{self, codes as rows, passes},
    },
    ring, tags,
};
use crate::foundation::{
    act::Act,
    db::{DbError, Tx},
};
use domain::{
    consumer_code::{
        self, CLOCK_SKEW_MS, CODE_RENEW_MS, CODE_VALID_MS, CodeHead, IdentifyCode, Pseudonym, RedeemCode,
        accepted_until,
    },
    ids::{CityCode, ConsumerId, CouponId},
    key_ring::KeyRing,
    sealed::KeyId,
    time::{ShanghaiDay, UtcMillis},
};
use ed25519_dalek::SigningKey;

const IDENTIFY: &str = "identify";
const REDEEM: &str = "redeem";

/// A new code that says who stands before a screen. Tags travel only with live consents P2 and P3.
pub(in super::super) fn identify(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    consumer: ConsumerId,
) -> Result<CodeShown, ConsumersError> {
    super::denied::refuse_blocked(tx, consumer)?;
    tags::refresh(tx, act, keys, consumer)?;
    let tags = tags::of(tx, consumer, act.now)?;
    let tags = tags.into_iter().take(CODE_TAGS_PREFERRED).map(|assertion| assertion.tag).collect();
    let (head, key_id, key) = head(tx, act, keys, consumer)?;
    let code = IdentifyCode { head, tags, pass: None };
    Ok(shown(consumer_code::issue_identify(&code, key_id, &key), &head))
}

/// A new code that lets a merchant redeem one coupon. That the coupon is the consumer's is the caller's check.
pub(in super::super) fn redeem(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    (consumer, coupon): (ConsumerId, CouponId),
) -> Result<CodeShown, ConsumersError> {
    store::name_masked(tx, consumer)?.ok_or(ConsumersError::Unknown)?;
    let (head, key_id, key) = head(tx, act, keys, consumer)?;
    let code = RedeemCode { head, coupon };
    Ok(shown(consumer_code::issue_redeem(&code, key_id, &key), &head))
}

fn head(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    consumer: ConsumerId,
) -> Result<(CodeHead, KeyId, SigningKey), ConsumersError> {
    let (city, key_id, key) = ring::signing(tx, act, keys)?;
    // A code carries whole seconds, so its times are those it will be read with.
    let issued_at = UtcMillis::from_seconds(act.now.seconds());
    let pseudonym = keys.pseudonym(consumer, issued_at.day());
    rows::remember_pseudonym(tx, issued_at.day(), pseudonym, consumer)?;
    let expires_at = issued_at.plus_ms(CODE_VALID_MS);
    Ok((CodeHead { city, pseudonym, issued_at, expires_at, nonce: act.chance() }, key_id, key))
}

fn shown(text: String, head: &CodeHead) -> CodeShown {
    CodeShown { text, renew_at: head.issued_at.plus_ms(CODE_RENEW_MS), expires_at: head.expires_at }
}

/// Who a pseudonym is. A code shown just before midnight is used after it, and two clocks differ, so the days beside
/// `day` are looked at too; 128 bits never meet by chance.
pub(in super::super) fn resolve(
    tx: &mut Tx<'_>,
    day: ShanghaiDay,
    pseudonym: Pseudonym,
) -> Result<Option<ConsumerId>, DbError> {
    rows::find_pseudonym(tx, pseudonym, (day.plus_days(-1), day.plus_days(1)))
}

/// Believes an identify code by signature, purpose and time; does not use it up.
pub(in super::super) fn check_identify(
    tx: &mut Tx<'_>,
    act: &Act,
    text: &str,
) -> Result<IdentifyCode, ScanError> {
    let code = consumer_code::verify_identify(text.as_bytes(), &ring_held(tx, act.now)?, act.now)?;
    match code.pass {
        Some(anchor) if !passes::is_good(tx, anchor)? => Err(ScanError::PassRevoked),
        Some(_) | None => Ok(code),
    }
}

/// Believes a redeem code by signature, purpose and time; does not use it up.
pub(in super::super) fn check_redeem(
    tx: &mut Tx<'_>,
    act: &Act,
    text: &str,
) -> Result<RedeemCode, ScanError> {
    Ok(consumer_code::verify_redeem(text.as_bytes(), &ring_held(tx, act.now)?, act.now)?)
}

/// [`check_identify`], and uses the code up.
pub(in super::super) fn use_identify(
    tx: &mut Tx<'_>,
    act: &Act,
    text: &str,
) -> Result<IdentifyCode, ScanError> {
    let code = check_identify(tx, act, text)?;
    burn(tx, act, &code.head, IDENTIFY)?;
    Ok(code)
}

/// [`check_redeem`], and uses the code up.
pub(in super::super) fn use_redeem(tx: &mut Tx<'_>, act: &Act, text: &str) -> Result<RedeemCode, ScanError> {
    let code = check_redeem(tx, act, text)?;
    burn(tx, act, &code.head, REDEEM)?;
    Ok(code)
}

/// The first to use a code may use it again while it lives (a preview, then a confirmation); anybody else may not.
fn burn(tx: &mut Tx<'_>, act: &Act, head: &CodeHead, purpose: &str) -> Result<(), ScanError> {
    let holder = act.actor.to_string();
    let first = rows::burn(tx, head, (purpose, &holder), (act.now, accepted_until(head)))?;
    if first == holder { Ok(()) } else { Err(ScanError::Replayed) }
}

/// The ring to verify with; an unprepared platform holds an empty one and believes nobody.
fn ring_held(tx: &mut Tx<'_>, now: UtcMillis) -> Result<KeyRing, DbError> {
    let empty = || KeyRing { version: 0, city: CityCode::new(0), keys: Vec::new() };
    Ok(ring::current(tx, now)?.unwrap_or_else(empty))
}

/// Forgets pseudonyms past their retention, burned codes and passes that could not be accepted any more; gives how many.
pub(in super::super) fn forget_expired(tx: &mut Tx<'_>, act: &Act) -> Result<u64, DbError> {
    let pseudonyms = rows::forget_pseudonyms(tx, act.now.day().plus_days(-PSEUDONYM_KEPT_DAYS))?;
    // A code of the last step is believed for a while longer.
    let ended_before = act.now.plus_ms(-CLOCK_SKEW_MS);
    Ok(pseudonyms + rows::forget_burned(tx, act.now)? + passes::forget(tx, ended_before)?)
}

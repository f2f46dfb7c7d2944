//! Consumers: accounts, consents, 人群赋码, and the code a phone shows.
//!
//! Promises: nothing about a person is kept or used without a live consent (P1 account, P2 profile and tags, P3 tags in
//! the code); nobody who may be under 14 is profiled; what names a person is sealed; a code is accepted once; which tag
//! a person gets is decided by a published rule set, never by code. Tag names never leave this module towards a screen.
//!
//! Functions that issue or open something need [`Keys`]: take them once per request with [`Keys::of`].

mod error;
mod http;
mod jobs;
mod keys;
mod model;
mod rules;
mod seeded;
mod service;
mod store;

pub use error::{ConsumersError, ScanError};
pub use http::module;
pub use keys::Keys;
pub use model::{
    Account, CodeShown, Consent, ConsentText, Denied, Evaluation, Evidence, Household, Level, Occupation,
    PassShown, Profile, Purpose, Study, TagAssertion, Talent, Visit,
};
pub use rules::{rule_set::RuleSetError, targeting::TargetingError};
pub use seeded::{Seeded, find_seeded, register_seeded};
pub use service::sign_in::{SignIn, SignedIn};

use crate::foundation::{
    act::{Act, Actor},
    app::App,
    db::{DbError, Tx},
    secrets::SecretError,
};
use domain::{
    consumer_code::{IdentifyCode, Pseudonym, RedeemCode},
    ids::{ConsumerId, CouponId, TagId},
    key_ring::KeyRing,
    rotating_code::Link,
    sealed::KeyId,
    segment::Predicate,
    time::{ShanghaiDay, UtcMillis},
};

/// The rule sets this build publishes, oldest first.
const RULE_SETS: [&str; 1] = [include_str!("../../published/rule_set_1.toml")];
/// The consent texts this build publishes.
const CONSENT_TEXTS: &str = include_str!("../../published/consent_texts.toml");

/// Brings the module up to this build at the start: consent texts, rule sets and tag numbers, key ring. Idempotent.
pub fn prepare(app: &App) -> Result<(), ConsumersError> {
    let keys = Keys::of(app)?;
    let city = app.config.city.id();
    let seed = app.entropy.seed().map_err(SecretError::from)?;
    let act = Act::new(app.clock.now(), Actor::System("prepare"), "prepare-consumers".to_owned(), seed);
    app.db.write(move |tx| {
        act.restart();
        service::consents::publish_texts(tx, &act, CONSENT_TEXTS)?;
        RULE_SETS.iter().try_for_each(|text| publish_rule_set(tx, &act, &keys, text).map(drop))?;
        service::ring::create(tx, city)?;
        rotate(tx, &act, &keys).map(drop)
    })
}

/// Publishes the next rule set (TOML, see `published/rule_set_1.toml`) and gives its version. People are evaluated by it
/// from its `effective_from` on, the next time their code is renewed.
pub fn publish_rule_set(tx: &mut Tx<'_>, act: &Act, keys: &Keys, text: &str) -> Result<u32, ConsumersError> {
    service::tags::publish(tx, act, keys, text)
}

/// Who a pseudonym was on `day` (that of the code's `issued_at` or of a kiosk's claim). Days are resolved for 40 days.
pub fn resolve(
    tx: &mut Tx<'_>,
    day: ShanghaiDay,
    pseudonym: Pseudonym,
) -> Result<Option<ConsumerId>, DbError> {
    service::codes::resolve(tx, day, pseudonym)
}

/// Believes a scanned identify code by signature, purpose and time. For a preview: the code is not used up.
pub fn check_identify(tx: &mut Tx<'_>, act: &Act, text: &str) -> Result<IdentifyCode, ScanError> {
    service::codes::check_identify(tx, act, text)
}

/// [`check_identify`], and uses the code up for everybody but `act.actor`.
pub fn verify_identify(tx: &mut Tx<'_>, act: &Act, text: &str) -> Result<IdentifyCode, ScanError> {
    service::codes::use_identify(tx, act, text)
}

/// Believes a scanned redeem code by signature, purpose and time. For a preview: the code is not used up.
pub fn check_redeem(tx: &mut Tx<'_>, act: &Act, text: &str) -> Result<RedeemCode, ScanError> {
    service::codes::check_redeem(tx, act, text)
}

/// [`check_redeem`], and uses the code up for everybody but `act.actor`.
pub fn verify_redeem(tx: &mut Tx<'_>, act: &Act, text: &str) -> Result<RedeemCode, ScanError> {
    service::codes::use_redeem(tx, act, text)
}

/// A new redeem code for a coupon; that the coupon is the consumer's and usable is the caller's check. Writes.
pub fn issue_redeem_code(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    (consumer, coupon): (ConsumerId, CouponId),
) -> Result<CodeShown, ConsumersError> {
    service::codes::redeem(tx, act, keys, (consumer, coupon))
}

/// A new pass, from which a phone without a network shows identify codes for a day. Writes.
pub fn issue_pass(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    consumer: ConsumerId,
) -> Result<PassShown, ConsumersError> {
    service::passes::issue(tx, act, keys, consumer)
}

/// Anchors of passes that were taken back while their codes could still be believed, at most `limit`.
pub fn revoked_passes(tx: &mut Tx<'_>, now: UtcMillis, limit: u32) -> Result<Vec<Link>, DbError> {
    store::passes::revoked(tx, now, limit)
}

/// A new identify code, valid 120 s and to be renewed after 30 s; at most four tags, none without P2 and P3. Writes.
pub fn current_identify_code(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    consumer: ConsumerId,
) -> Result<CodeShown, ConsumersError> {
    service::codes::identify(tx, act, keys, consumer)
}

/// The name as others may see it, such as 林**; `None` for an unknown consumer.
pub fn masked_name(tx: &mut Tx<'_>, consumer: ConsumerId) -> Result<Option<String>, DbError> {
    service::masked_name(tx, consumer)
}

/// The public key ring at `act.now`; `None` before [`prepare`].
pub fn key_ring(tx: &mut Tx<'_>, act: &Act) -> Result<Option<KeyRing>, DbError> {
    service::ring::current(tx, act.now)
}

/// Brings the ring to `act.now`. A job calls it; a change goes to the kiosks through the change log.
pub fn rotate(tx: &mut Tx<'_>, act: &Act, keys: &Keys) -> Result<KeyRing, ConsumersError> {
    service::ring::rotate(tx, act, keys)
}

/// Forgets pseudonyms older than 40 days and burned codes nobody could use any more; gives how many. A job calls it.
pub fn forget_expired(tx: &mut Tx<'_>, act: &Act) -> Result<u64, DbError> {
    service::codes::forget_expired(tx, act)
}

/// Takes a key that is no longer trusted out of the ring, at once and for good; another takes its place.
pub fn revoke_key(tx: &mut Tx<'_>, act: &Act, keys: &Keys, key_id: KeyId) -> Result<KeyRing, ConsumersError> {
    service::ring::revoke(tx, act, keys, key_id)
}

/// The number of the tag `name`, for targeting; `None` when no rule set has it.
pub fn tag_id(tx: &mut Tx<'_>, name: &str) -> Result<Option<TagId>, DbError> {
    store::tags::tag_by_name(tx, name)
}

/// The tags offers may go by at `now`, the preferred first; none without live consents P2 and P3.
pub fn tags_of(tx: &mut Tx<'_>, consumer: ConsumerId, now: UtcMillis) -> Result<Vec<TagId>, DbError> {
    Ok(service::tags::of(tx, consumer, now)?.into_iter().map(|assertion| assertion.tag).collect())
}

/// Accepts a predicate an offer may use: known tags only, and a sensitive one never alone nor against people.
pub fn check_targeting(tx: &mut Tx<'_>, predicate: &Predicate) -> Result<(), ConsumersError> {
    service::tags::check_targeting(tx, predicate)
}

/// Records what an authority, a paper or a stay shows about a consumer, and evaluates again. Needs a live P2.
pub fn record_evidence(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    (consumer, evidence): (ConsumerId, &Evidence),
) -> Result<(), ConsumersError> {
    service::record_evidence(tx, act, keys, (consumer, evidence))
}

/// Checks a code sent to a phone and opens a session; a new phone is registered. `None` for a wrong code: save the
/// transaction all the same, for the try is used up.
pub fn sign_in(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    request: &SignIn,
) -> Result<Option<SignedIn>, ConsumersError> {
    service::sign_in::sign_in(tx, act, keys, request)
}

/// The account as its owner sees it.
pub fn account(tx: &mut Tx<'_>, keys: &Keys, consumer: ConsumerId) -> Result<Account, ConsumersError> {
    service::account(tx, keys, consumer)
}

/// Changes what a person is called: 1 to 20 characters.
pub fn rename(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    (consumer, name): (ConsumerId, &str),
) -> Result<Account, ConsumersError> {
    service::rename(tx, act, keys, (consumer, name))
}

/// Saves a profile and evaluates it. Needs a live P2; nothing is kept of anybody who may be under 14.
pub fn save_profile(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    (consumer, profile): (ConsumerId, &Profile),
) -> Result<Evaluation, ConsumersError> {
    service::save_profile(tx, act, keys, (consumer, profile))
}

/// The newest consent texts, in the order of purposes.
pub fn consent_texts(tx: &mut Tx<'_>) -> Result<Vec<ConsentText>, DbError> {
    service::consents::texts(tx)
}

/// True while a person's consent to a purpose is live.
pub fn has_consent(tx: &mut Tx<'_>, consumer: ConsumerId, purpose: Purpose) -> Result<bool, DbError> {
    service::consents::is_live(tx, consumer, purpose)
}

/// Records a consent given on the phone to the newest text of a purpose; `text_version` is the one that was shown.
pub fn grant_consent(
    tx: &mut Tx<'_>,
    act: &Act,
    consumer: ConsumerId,
    (purpose, text_version): (Purpose, u32),
) -> Result<(), ConsumersError> {
    let given = service::consents::Given { purpose, text_version, channel: "phone" };
    service::consents::grant(tx, act, consumer, &given)
}

/// Takes a consent back; with P2 the profile and all tags go at once.
pub fn withdraw_consent(
    tx: &mut Tx<'_>,
    act: &Act,
    consumer: ConsumerId,
    purpose: Purpose,
) -> Result<(), ConsumersError> {
    service::consents::withdraw(tx, act, consumer, purpose)
}

/// Who is blocked, and who took P2 or P3 back since `since`.
pub fn denied(tx: &mut Tx<'_>, since: UtcMillis) -> Result<Denied, DbError> {
    service::denied::denied(tx, since)
}

/// Blocks a person or no longer, with a reason of at most 200 characters for the audit.
pub fn set_blocked(
    tx: &mut Tx<'_>,
    act: &Act,
    consumer: ConsumerId,
    order: (bool, &str),
) -> Result<(), ConsumersError> {
    service::denied::set_blocked(tx, act, consumer, order)
}

/// Who a consumer is to kiosks on a day.
pub fn pseudonym(keys: &Keys, consumer: ConsumerId, day: ShanghaiDay) -> Pseudonym {
    keys.pseudonym(consumer, day)
}

/// Up to `limit` consumers registered before an instant, by id, after the id `after`.
pub fn registered_before(
    tx: &mut Tx<'_>,
    before: UtcMillis,
    page: (&str, u32),
) -> Result<Vec<ConsumerId>, DbError> {
    store::denied::registered_before(tx, before, page)
}

//! A kiosk's reports: each slot becomes one coupon, or a word why not, however often it is reported.

use super::{
    super::{
        model::{Coupon, CouponError, Origin},
        rules::{self, ReportFacts},
        store,
    },
    conflicts,
};
use crate::{
    foundation::{
        act::Act,
        db::Tx,
        outbox::{self, Event},
    },
    modules::{
        campaigns::{self, BatchVersion},
        consumers,
        leases::{self, SlotClaim, SlotState, VoucherRefused},
    },
};
use domain::{
    coupon::CouponState,
    ids::{ConsumerId, CouponId},
};
use protocol::outbox::{CLAIMS_MAX, ClaimOutcome, ClaimReport, ClaimsAnswer, ClaimsRequest, Verdict};

/// The voucher is not one of ours, or does not fit the row it came with.
const VOUCHER_REFUSED: &str = "VOUCHER_REFUSED";
/// Nobody had this pseudonym on the day of the claim.
const UNKNOWN_PERSON: &str = "UNKNOWN_PERSON";
/// The slot is a coupon of somebody else: one disk lives in two kiosks.
const SLOT_TAKEN: &str = "SLOT_TAKEN";

/// Answers up to 200 reports, each on its own: one that is refused does not touch the others.
///
/// `device_ahead_ms` is how far the kiosk's clock was ahead of the platform's when it signed the request. A report may
/// be delivered by the same kiosk in a later life; its truth is the voucher, not who brings it.
pub fn report_claims(
    tx: &mut Tx<'_>,
    act: &Act,
    request: &ClaimsRequest,
    device_ahead_ms: i64,
) -> Result<ClaimsAnswer, CouponError> {
    if request.claims.len() > CLAIMS_MAX {
        return Err(CouponError::Field("claims"));
    }
    let mut outcomes = Vec::with_capacity(request.claims.len());
    for report in &request.claims {
        let verdict = answer(tx, act, report, device_ahead_ms)?;
        outcomes.push(ClaimOutcome { event: report.event, verdict });
    }
    Ok(ClaimsAnswer { outcomes })
}

fn answer(
    tx: &mut Tx<'_>,
    act: &Act,
    report: &ClaimReport,
    device_ahead_ms: i64,
) -> Result<Verdict, CouponError> {
    let claim = match leases::slot_for_voucher(tx, &report.voucher) {
        Ok(claim) => claim,
        Err(VoucherRefused::NotGenuine(_) | VoucherRefused::NoSuchSlot) => {
            return Ok(rejected(VOUCHER_REFUSED));
        }
        Err(VoucherRefused::Database(error)) => return Err(error.into()),
    };
    let slot = (claim.voucher.lease, claim.voucher.slot);
    if slot != (report.lease, report.slot) || act.actor.kiosk() != Some(claim.device) {
        return Ok(rejected(VOUCHER_REFUSED));
    }
    conflicts::note(tx, act, (&claim, &report.voucher), format!("kiosk:{}", claim.device))?;
    let Some(owner) = consumers::resolve(tx, claim.voucher.claimed_at.day(), claim.voucher.pseudonym)? else {
        return Ok(rejected(UNKNOWN_PERSON));
    };
    if let Some(coupon) = store::find_by_slot(tx, slot)? {
        return Ok(if coupon.owner == owner { accepted(&coupon) } else { rejected(SLOT_TAKEN) });
    }
    if let Some(code) = store::rejected(tx, slot, owner)? {
        return Ok(rejected(&code));
    }
    decide(tx, act, (&claim, owner), device_ahead_ms)
}

fn decide(
    tx: &mut Tx<'_>,
    act: &Act,
    (claim, owner): (&SlotClaim, ConsumerId),
    device_ahead_ms: i64,
) -> Result<Verdict, CouponError> {
    let version = version_of(tx, claim)?;
    match check(tx, act, (claim, owner, &version), device_ahead_ms)? {
        Ok(suspect) => {
            let coupon = issue(tx, act, (claim, owner, &version), suspect)?;
            leases::mark_reported(tx, act, claim)?;
            Ok(accepted(&coupon))
        }
        Err(reason) => {
            let slot = (claim.voucher.lease, claim.voucher.slot);
            store::insert_rejected(tx, slot, (owner, reason.code()), act.now)?;
            Ok(rejected(reason.code()))
        }
    }
}

/// The version of the terms the slot was lent under.
pub(super) fn version_of(tx: &mut Tx<'_>, claim: &SlotClaim) -> Result<BatchVersion, CouponError> {
    campaigns::batch_version(tx, claim.voucher.batch, claim.version)?.ok_or(CouponError::Unknown)
}

/// Asks the rules about a slot nobody has spoken for.
pub(super) fn check(
    tx: &mut Tx<'_>,
    act: &Act,
    (claim, owner, version): (&SlotClaim, ConsumerId, &BatchVersion),
    device_ahead_ms: i64,
) -> Result<Result<Option<&'static str>, rules::NoCoupon>, CouponError> {
    let day = claim.voucher.claimed_at.day();
    let (held_total, held_that_day) = store::held(tx, (owner, claim.voucher.batch), day)?;
    let recalled = campaigns::batch(tx, claim.voucher.batch)?.is_some_and(|batch| batch.recalled.is_some());
    Ok(rules::decide_report(&ReportFacts {
        voucher: &claim.voucher,
        slot: if claim.state == SlotState::Returned { SlotState::Returned } else { SlotState::Open },
        terms: &version.content.terms,
        held_total,
        held_that_day,
        issued_within: claim.issued_within,
        recalled,
        device_ahead_ms,
        now: act.now,
    }))
}

/// Makes the coupon of a slot; the lease is told by the caller, who knows whether it was reported or redeemed.
pub(super) fn issue(
    tx: &mut Tx<'_>,
    act: &Act,
    (claim, owner, version): (&SlotClaim, ConsumerId, &BatchVersion),
    suspect: Option<&'static str>,
) -> Result<Coupon, CouponError> {
    let voucher = &claim.voucher;
    let coupon = Coupon {
        id: act.mint(CouponId::new),
        owner,
        batch: voucher.batch,
        version: version.version,
        state: CouponState::Issued,
        claimed_at: voucher.claimed_at,
        ends_at: version.content.terms.ends_at(voucher.claimed_at),
        origin: Some(Origin { device: claim.device, lease: voucher.lease, slot: voucher.slot }),
        suspect: suspect.map(str::to_owned),
    };
    store::insert(tx, &coupon, act.now)?;
    let facts = serde_json::json!({ "batch": coupon.batch, "owner": owner, "suspect": suspect });
    let (topic, subject) = ("coupon.issued", coupon.id.to_string());
    outbox::append(tx, act, &Event { topic, subject: &subject, body: facts.to_string() })?;
    Ok(coupon)
}

fn accepted(coupon: &Coupon) -> Verdict {
    match &coupon.suspect {
        Some(code) => Verdict::Suspect { code: code.clone() },
        None => Verdict::Issued { ends_at: coupon.ends_at },
    }
}

fn rejected(code: &str) -> Verdict {
    Verdict::Rejected { code: code.to_owned() }
}

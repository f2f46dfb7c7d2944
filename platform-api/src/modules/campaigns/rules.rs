//! How a batch moves through its life, who may move it, and what it can cost the government at most.

use super::model::{
    Approval, Batch, BatchContent, BatchMove, BatchState, BatchVersion, Campaign, CampaignError, HoldOut,
    NewBatch, NewCampaign,
};
use crate::foundation::act::{Actor, Role};
use domain::{
    batch::BatchTerms,
    ids::ConsumerId,
    money::{Fen, sum},
    pricing::{Party, fund},
    time::UtcMillis,
};
use sha2::{Digest, Sha256};

const NAME_CHARS_MAX: usize = 40;
const PURPOSE_CHARS_MAX: usize = 200;
const TITLE_CHARS_MAX: usize = 16;
const WHY_CHARS_MAX: usize = 30;
const LINE_CHARS_MAX: usize = 60;
const LINES_MAX: usize = 5;
const STORES_MAX: usize = 200;
/// Coupons of one batch: more than the people of the largest city who could claim one.
const STOCK_MAX: u32 = 10_000_000;
const LEASE_SLOTS_MAX: u32 = protocol::lease::LEASE_SLOTS_MAX;

/// The state after a move; refused for any move the life of a batch does not name.
pub fn state_after(state: BatchState, step: BatchMove) -> Result<BatchState, CampaignError> {
    match (state, step) {
        (BatchState::Draft, BatchMove::Submit) => Ok(BatchState::Submitted),
        (BatchState::Submitted, BatchMove::Approve) => Ok(BatchState::Approved),
        (BatchState::Submitted, BatchMove::Reject) => Ok(BatchState::Rejected),
        (BatchState::Rejected, BatchMove::Redraft) => Ok(BatchState::Draft),
        (BatchState::Approved, BatchMove::Activate) | (BatchState::Paused, BatchMove::Resume) => {
            Ok(BatchState::Active)
        }
        (BatchState::Active, BatchMove::Pause) => Ok(BatchState::Paused),
        (BatchState::Active | BatchState::Paused, BatchMove::End) => Ok(BatchState::Ended),
        (BatchState::Ended, BatchMove::Close) => Ok(BatchState::Closed),
        (from, _) => Err(CampaignError::State(from.name())),
    }
}

/// Who may make a move by hand. Holding an offer back is safe, so its editor may do it too; approval has its own way.
pub fn may_move(actor: &Actor, step: BatchMove) -> Result<(), CampaignError> {
    let role = actor.role();
    let allowed = match step {
        BatchMove::Pause => {
            matches!(role, Some(Role::OpCampaignEditor | Role::OpCampaignApprover | Role::OpSuper))
        }
        BatchMove::Activate | BatchMove::Resume | BatchMove::End | BatchMove::Close => {
            matches!(role, Some(Role::OpCampaignApprover | Role::OpSuper))
        }
        BatchMove::Submit | BatchMove::Approve | BatchMove::Reject | BatchMove::Redraft => false,
    };
    if allowed { Ok(()) } else { Err(CampaignError::Role) }
}

/// Accepts a decision on a submitted version by somebody who did not write it (`I42`).
pub fn check_decision(version: &BatchVersion, decided_by: &str) -> Result<(), CampaignError> {
    if version.approval != Approval::Submitted {
        return Err(CampaignError::State(version.approval.name()));
    }
    if version.drafted_by == decided_by { Err(CampaignError::SelfApproval) } else { Ok(()) }
}

/// Accepts a batch that may still promise something: one that has ended never binds money again.
pub fn check_open(state: BatchState) -> Result<(), CampaignError> {
    match state {
        BatchState::Draft
        | BatchState::Submitted
        | BatchState::Rejected
        | BatchState::Approved
        | BatchState::Active
        | BatchState::Paused => Ok(()),
        BatchState::Ended | BatchState::Closed => Err(CampaignError::State(state.name())),
    }
}

/// Accepts a batch that may be recalled: approved once, and not over for good.
pub fn check_recallable(state: BatchState) -> Result<(), CampaignError> {
    match state {
        BatchState::Approved | BatchState::Active | BatchState::Paused | BatchState::Ended => Ok(()),
        BatchState::Draft | BatchState::Submitted | BatchState::Rejected | BatchState::Closed => {
            Err(CampaignError::State(state.name()))
        }
    }
}

/// Accepts a reason a shopper may read.
pub fn check_reason(reason: &str) -> Result<(), CampaignError> {
    check_text("reason", reason, LINE_CHARS_MAX)
}

/// By how many coupons the stock falls to come to `total`: less than what it comes to now, and never below what is issued.
pub fn cut(batch: &Batch, total: u32) -> Result<u32, CampaignError> {
    let coming = batch.stock.total.saturating_sub(batch.cut_due);
    let allowed = (batch.stock.issued.max(1)..coming).contains(&total);
    if allowed { Ok(coming - total) } else { Err(CampaignError::Field("stock_total")) }
}

/// What was promised for `count` coupons that leave the stock. The promise is the same for each coupon of it; a recalled
/// batch has given it back before.
pub fn released_by_cut(batch: &Batch, count: u32) -> Fen {
    if batch.recalled.is_some() {
        return Fen::ZERO;
    }
    let each = batch.committed_fen.get() / i64::from(batch.stock.total.max(1));
    Fen::new(each.saturating_mul(i64::from(count)))
}

/// What one coupon can cost the government at most; refused when a percentage has no cap.
pub fn most_government_pays(terms: &BatchTerms) -> Result<Fen, CampaignError> {
    if !terms.funding.iter().any(|funder| funder.party == Party::Gov) {
        return Ok(Fen::ZERO);
    }
    let most = terms.benefit.most().ok_or(CampaignError::Uncapped)?;
    let shares = fund(most, &terms.funding);
    let government = shares.iter().filter(|share| share.party == Party::Gov).map(|share| share.amount_fen);
    sum(government).ok_or(CampaignError::Field("benefit"))
}

/// What `coupons` coupons can cost the government at most.
pub fn commitment(terms: &BatchTerms, coupons: u32) -> Result<Fen, CampaignError> {
    let one = most_government_pays(terms)?;
    one.get().checked_mul(i64::from(coupons)).map(Fen::new).ok_or(CampaignError::Field("stock_total"))
}

/// Accepts a promise of `wanted` where `available` is in the campaign and `promised` of it is promised already.
pub fn check_budget(available: Fen, promised: Fen, wanted: Fen) -> Result<(), CampaignError> {
    let left = available.checked_sub(promised).unwrap_or(Fen::ZERO);
    let shortfall = wanted.get().saturating_sub(left.get());
    if shortfall > 0 { Err(CampaignError::Budget { shortfall_fen: Fen::new(shortfall) }) } else { Ok(()) }
}

/// True once no coupon of these terms can be used any more.
pub fn is_over(terms: &BatchTerms, now: UtcMillis) -> bool {
    // The last claim falls just before claim_until; a validity in days counts from its day.
    now >= terms.claim_until && now >= terms.ends_at(terms.claim_until.plus_ms(-1))
}

/// Accepts a campaign with a name, a purpose, a budget and a period.
pub fn check_campaign(new: &NewCampaign) -> Result<(), CampaignError> {
    check_text("name", &new.name, NAME_CHARS_MAX)?;
    check_text("purpose", &new.purpose, PURPOSE_CHARS_MAX)?;
    if new.holdout_bp > HOLDOUT_BP_MAX {
        return Err(CampaignError::Field("holdout_bp"));
    }
    if new.budget_fen <= Fen::ZERO {
        return Err(CampaignError::Field("budget_fen"));
    }
    if new.until_at <= new.from_at { Err(CampaignError::Field("until_at")) } else { Ok(()) }
}

/// Everybody.
const HOLDOUT_BP_MAX: u32 = 10_000;
/// Accounts are drawn from when they are this much older than the campaign: longer than a kiosk can be cut off and
/// still have stock.
const SETTLED_MS: i64 = 4 * 86_400_000;

/// Accounts registered before this instant are drawn from.
pub fn registered_before(campaign_from: UtcMillis) -> UtcMillis {
    campaign_from.plus_ms(-SETTLED_MS)
}

impl HoldOut {
    /// True for a person who is held out, provided they were registered before [`HoldOut::registered_before`]. The salt
    /// is secret: nobody can work it out for themselves.
    pub fn draws(&self, consumer: ConsumerId) -> bool {
        let digest = Sha256::new_with_prefix(self.salt).chain_update(consumer.to_bytes()).finalize();
        let number = digest.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        number % HOLDOUT_BP_MAX < self.part_bp
    }
}

/// Accepts terms that are claimed within the period the campaign's money was granted for.
pub fn check_period(campaign: &Campaign, terms: &BatchTerms) -> Result<(), CampaignError> {
    if terms.claim_from < campaign.from_at {
        return Err(CampaignError::Field("claim_from_at"));
    }
    if terms.claim_until > campaign.until_at { Err(CampaignError::Field("claim_until_at")) } else { Ok(()) }
}

/// Accepts the numbers of a batch and what its first version says.
pub fn check_batch(new: &NewBatch) -> Result<(), CampaignError> {
    if !(1..=STOCK_MAX).contains(&new.stock_total) {
        return Err(CampaignError::Field("stock_total"));
    }
    if !(1..=LEASE_SLOTS_MAX).contains(&new.lease_slots) {
        return Err(CampaignError::Field("lease_slots"));
    }
    check_content(&new.content)
}

/// Accepts what can be shown on a ticket and honoured as written.
pub fn check_content(content: &BatchContent) -> Result<(), CampaignError> {
    check_text("title", &content.title, TITLE_CHARS_MAX)?;
    check_text("why", &content.why, WHY_CHARS_MAX)?;
    if content.terms_text.len() > LINES_MAX || content.stores.len() > STORES_MAX {
        return Err(CampaignError::Field("terms_text"));
    }
    content.terms_text.iter().try_for_each(|line| check_text("terms_text", line, LINE_CHARS_MAX))?;
    content.terms.check()?;
    most_government_pays(&content.terms)?;
    let brand_pays = content.terms.funding.iter().any(|funder| funder.party == Party::Brand);
    match &content.brand {
        Some(brand) if brand_pays => check_text("brand", brand, NAME_CHARS_MAX),
        None if !brand_pays => Ok(()),
        Some(_) | None => Err(CampaignError::Field("brand")),
    }
}

fn check_text(field: &'static str, text: &str, chars_max: usize) -> Result<(), CampaignError> {
    let fits = !text.trim().is_empty() && text.chars().count() <= chars_max;
    if fits && !text.chars().any(char::is_control) { Ok(()) } else { Err(CampaignError::Field(field)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        batch::{PersonLimit, Validity},
        money::BasisPoints,
        pricing::{Benefit, Funder},
        segment::Predicate,
        time::ShanghaiDay,
    };

    fn terms(benefit: Benefit, parts: &[(Party, u16)]) -> BatchTerms {
        let funder = |&(party, bp): &(Party, u16)| Funder { party, bp: BasisPoints::new(bp).unwrap() };
        BatchTerms {
            benefit,
            min_pay_fen: Fen::ZERO,
            funding: parts.iter().map(funder).collect(),
            targeting: Predicate::Everyone,
            claim_from: ShanghaiDay::new(20_000).start(),
            claim_until: ShanghaiDay::new(20_010).start(),
            claim_windows: vec![],
            quota: domain::quota::Quota::default(),
            use_windows: vec![],
            validity: Validity::Days(3),
            per_person: PersonLimit { total: 1, day: 1 },
        }
    }

    const OFF_30: Benefit = Benefit::NoThreshold { off_fen: Fen::new(3_001) };

    #[test]
    fn a_batch_moves_only_along_its_life() {
        let all = [
            BatchState::Draft,
            BatchState::Submitted,
            BatchState::Rejected,
            BatchState::Approved,
            BatchState::Active,
            BatchState::Paused,
            BatchState::Ended,
            BatchState::Closed,
        ];
        let starts =
            |step| all.into_iter().filter(move |from| state_after(*from, step).is_ok()).collect::<Vec<_>>();
        assert_eq!(starts(BatchMove::Activate), [BatchState::Approved]);
        assert_eq!(starts(BatchMove::Pause), [BatchState::Active]);
        assert_eq!(starts(BatchMove::End), [BatchState::Active, BatchState::Paused]);
        assert_eq!(starts(BatchMove::Close), [BatchState::Ended]);
        assert_eq!(starts(BatchMove::Approve), [BatchState::Submitted]);
    }

    #[test]
    fn a_promise_counts_the_governments_part_of_every_coupon_rounded_as_it_is_paid() {
        let shared = terms(OFF_30, &[(Party::Gov, 6_000), (Party::Merchant, 4_000)]);
        assert_eq!(commitment(&shared, 10).unwrap(), Fen::new(18_000));
        let private = terms(OFF_30, &[(Party::Platform, 10_000)]);
        assert_eq!(commitment(&private, 10).unwrap(), Fen::ZERO);
    }

    #[test]
    fn public_money_never_pays_a_percentage_without_a_cap() {
        let off_bp = BasisPoints::new(2_000).unwrap();
        let uncapped = Benefit::PercentOff { off_bp, cap_fen: None, threshold_fen: None };
        let refused = commitment(&terms(uncapped, &[(Party::Gov, 10_000)]), 1);
        assert!(matches!(refused, Err(CampaignError::Uncapped)));
        assert!(commitment(&terms(uncapped, &[(Party::Merchant, 10_000)]), 1).is_ok());
    }

    #[test]
    fn a_promise_fits_to_the_last_fen_and_not_one_beyond() {
        assert!(check_budget(Fen::new(100), Fen::new(40), Fen::new(60)).is_ok());
        let refused = check_budget(Fen::new(100), Fen::new(40), Fen::new(61));
        assert!(
            matches!(refused, Err(CampaignError::Budget { shortfall_fen }) if shortfall_fen == Fen::new(1))
        );
    }

    #[test]
    fn a_batch_is_over_when_its_last_coupon_has_ended() {
        let terms = terms(OFF_30, &[(Party::Gov, 10_000)]);
        // Claimed on the last day, day 20,009, a coupon of three days lives until 20,012 begins.
        let end = ShanghaiDay::new(20_012).start();
        assert!(!is_over(&terms, end.plus_ms(-1)));
        assert!(is_over(&terms, end));
    }
}

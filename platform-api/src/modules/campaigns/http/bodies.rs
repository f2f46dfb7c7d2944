//! The wire forms of campaigns and batches; instants are RFC 3339, money is fen.

use super::super::model::{
    Batch, BatchContent, BatchVersion, Campaign, CampaignError, NewBatch, NewCampaign, Recall,
};
use crate::modules::{ledger::CampaignBalances, media::PictureId};
use domain::{
    batch::{BatchTerms, PersonLimit, Validity},
    ids::{CampaignId, FundId, MallId, MerchantId, StoreId},
    money::Fen,
    pricing::{Benefit, Funder},
    quota::Quota,
    segment::Predicate,
    time::UtcMillis,
    window::Window,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A campaign to be created.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CampaignRequest {
    /// The fund's id.
    #[schema(value_type = String)]
    fund: FundId,
    #[schema(example = "2026 夜间经济消费季", max_length = 40)]
    name: String,
    #[schema(example = "促进夜间餐饮消费", max_length = 200)]
    purpose: String,
    #[schema(example = 10_000_000, minimum = 1)]
    budget_fen: i64,
    #[schema(example = "2026-11-01T00:00:00+08:00")]
    from_at: String,
    #[schema(example = "2027-01-01T00:00:00+08:00")]
    until_at: String,
    /// The part of all people it is not shown to, in basis points, so that its effect can be measured.
    #[serde(default)]
    #[schema(example = 500, maximum = 10000)]
    holdout_bp: u32,
}

impl TryFrom<CampaignRequest> for NewCampaign {
    type Error = CampaignError;
    fn try_from(request: CampaignRequest) -> Result<NewCampaign, CampaignError> {
        Ok(NewCampaign {
            fund: request.fund,
            name: request.name,
            purpose: request.purpose,
            budget_fen: Fen::new(request.budget_fen),
            from_at: instant("from_at", &request.from_at)?,
            until_at: instant("until_at", &request.until_at)?,
            holdout_bp: request.holdout_bp,
        })
    }
}

/// A campaign.
#[derive(Serialize, ToSchema)]
pub(super) struct CampaignBody {
    id: String,
    fund: String,
    name: String,
    purpose: String,
    allocated_fen: i64,
    from_at: String,
    until_at: String,
    closed: bool,
    holdout_bp: u32,
}

impl From<Campaign> for CampaignBody {
    fn from(campaign: Campaign) -> CampaignBody {
        CampaignBody {
            id: campaign.id.to_string(),
            fund: campaign.fund.to_string(),
            name: campaign.name,
            purpose: campaign.purpose,
            allocated_fen: campaign.allocated_fen.get(),
            from_at: text(campaign.from_at),
            until_at: text(campaign.until_at),
            closed: campaign.closed,
            holdout_bp: campaign.holdout_bp,
        }
    }
}

/// Where the money of a campaign is, in fen.
#[derive(Serialize, ToSchema)]
pub(super) struct FiguresBody {
    allocated_fen: i64,
    reserved_fen: i64,
    spent_fen: i64,
    available_fen: i64,
    returned_fen: i64,
}

impl From<CampaignBalances> for FiguresBody {
    fn from(balances: CampaignBalances) -> FiguresBody {
        FiguresBody {
            allocated_fen: balances.allocated_fen.get(),
            reserved_fen: balances.reserved_fen.get(),
            spent_fen: balances.spent_fen.get(),
            available_fen: balances.available_fen.get(),
            returned_fen: balances.returned_fen.get(),
        }
    }
}

/// A batch to be drafted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchRequest {
    /// The campaign's id.
    #[schema(value_type = String)]
    campaign: CampaignId,
    /// The mall's id.
    #[schema(value_type = String)]
    mall: MallId,
    /// The merchant's id; absent for a coupon that holds in many shops.
    #[schema(value_type = Option<String>)]
    merchant: Option<MerchantId>,
    #[schema(example = 500, minimum = 1)]
    stock_total: u32,
    #[schema(example = 20, minimum = 1, maximum = 50)]
    lease_slots: u32,
    content: ContentBody,
}

impl TryFrom<BatchRequest> for NewBatch {
    type Error = CampaignError;
    fn try_from(request: BatchRequest) -> Result<NewBatch, CampaignError> {
        Ok(NewBatch {
            campaign: request.campaign,
            mall: request.mall,
            merchant: request.merchant,
            stock_total: request.stock_total,
            lease_slots: request.lease_slots,
            content: request.content.try_into()?,
        })
    }
}

/// What a version says.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContentBody {
    #[schema(example = "夜宵满100减30", max_length = 16)]
    title: String,
    #[schema(example = "为夜归的年轻人准备", max_length = 30)]
    why: String,
    /// At most five lines.
    #[serde(default)]
    terms_text: Vec<String>,
    /// Ids of the stores it holds at; empty means all of its merchant or mall.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    stores: Vec<StoreId>,
    /// The brand that pays, when one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// The id of the picture kiosks show with it; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    picture: Option<PictureId>,
    /// `kind` is `amount_off`, `percent_off` or `no_threshold`.
    #[schema(value_type = Object, example = json!({"kind": "amount_off", "threshold_fen": 10000, "off_fen": 3000}))]
    benefit: Benefit,
    /// What must stay to pay.
    #[serde(default)]
    #[schema(value_type = i64)]
    min_pay_fen: Fen,
    /// Who pays, in rounding order; the parts add up to 10,000.
    #[schema(value_type = Vec<Object>, example = json!([{"party": "gov", "bp": 6000}, {"party": "merchant", "bp": 4000}]))]
    funding: Vec<Funder>,
    /// `everyone`, or tags joined by `all`, `any`, `not`.
    #[schema(value_type = Object, example = json!("everyone"))]
    targeting: Predicate,
    #[schema(example = "2026-11-20T00:00:00+08:00")]
    claim_from_at: String,
    #[schema(example = "2026-12-20T00:00:00+08:00")]
    claim_until_at: String,
    /// Weekly windows in Shanghai time; empty means always.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, example = json!([{"from": "20:00", "to": "02:00"}]))]
    claim_windows: Vec<Window>,
    /// Weekly windows in Shanghai time; empty means always.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    use_windows: Vec<Window>,
    /// How many may be issued on one day and in one window, in Shanghai time; absent for as many as there are. With
    /// windows nothing is issued outside of them.
    #[serde(default, skip_serializing_if = "Quota::is_unlimited")]
    #[schema(value_type = Object, example = json!({"per_day": 200, "per_window":
        [{"window": {"from": "20:00", "to": "22:00"}, "coupons": 50}]}))]
    quota: Quota,
    validity: ValidityBody,
    per_person_total: u32,
    per_person_day: u32,
}

/// How long a claimed coupon lives; exactly one of the two.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum ValidityBody {
    /// Until this instant.
    UntilAt(String),
    /// Until 24:00 of the n-th day, the day of the claim being the first.
    Days(u16),
}

impl TryFrom<ContentBody> for BatchContent {
    type Error = CampaignError;
    fn try_from(body: ContentBody) -> Result<BatchContent, CampaignError> {
        let validity = match body.validity {
            ValidityBody::UntilAt(at) => Validity::Until(instant("validity", &at)?),
            ValidityBody::Days(days) => Validity::Days(days),
        };
        Ok(BatchContent {
            title: body.title,
            why: body.why,
            terms_text: body.terms_text,
            stores: body.stores,
            brand: body.brand,
            picture: body.picture,
            terms: BatchTerms {
                benefit: body.benefit,
                min_pay_fen: body.min_pay_fen,
                funding: body.funding,
                targeting: body.targeting,
                claim_from: instant("claim_from_at", &body.claim_from_at)?,
                claim_until: instant("claim_until_at", &body.claim_until_at)?,
                claim_windows: body.claim_windows,
                quota: body.quota,
                use_windows: body.use_windows,
                validity,
                per_person: PersonLimit { total: body.per_person_total, day: body.per_person_day },
            },
        })
    }
}

impl From<BatchContent> for ContentBody {
    fn from(content: BatchContent) -> ContentBody {
        let terms = content.terms;
        ContentBody {
            title: content.title,
            why: content.why,
            terms_text: content.terms_text,
            stores: content.stores,
            brand: content.brand,
            picture: content.picture,
            benefit: terms.benefit,
            min_pay_fen: terms.min_pay_fen,
            funding: terms.funding,
            targeting: terms.targeting,
            claim_from_at: text(terms.claim_from),
            claim_until_at: text(terms.claim_until),
            claim_windows: terms.claim_windows,
            quota: terms.quota,
            use_windows: terms.use_windows,
            validity: match terms.validity {
                Validity::Until(at) => ValidityBody::UntilAt(text(at)),
                Validity::Days(days) => ValidityBody::Days(days),
            },
            per_person_total: terms.per_person.total,
            per_person_day: terms.per_person.day,
        }
    }
}

/// A batch: free + leased + issued = total.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchBody {
    id: String,
    campaign: String,
    mall: String,
    merchant: Option<String>,
    /// draft, submitted, rejected, approved, active, paused, ended or closed.
    state: &'static str,
    /// The version in force; absent before the first approval.
    version: Option<u32>,
    stock_total: u32,
    stock_free: u32,
    stock_leased: u32,
    stock_issued: u32,
    /// What it may cost the government in all.
    committed_fen: i64,
    /// What it has cost the government.
    spent_fen: i64,
    /// Coupons that leave the stock as kiosks give them back, because it was cut while they were out.
    stock_cut_due: u32,
    /// Why it was recalled; absent when it was not.
    recalled: Option<String>,
}

impl From<Batch> for BatchBody {
    fn from(batch: Batch) -> BatchBody {
        BatchBody {
            id: batch.id.to_string(),
            campaign: batch.campaign.to_string(),
            mall: batch.mall.to_string(),
            merchant: batch.merchant.map(|merchant| merchant.to_string()),
            state: batch.state.name(),
            version: batch.version,
            stock_total: batch.stock.total,
            stock_free: batch.stock.free,
            stock_leased: batch.stock.leased,
            stock_issued: batch.stock.issued,
            committed_fen: batch.committed_fen.get(),
            spent_fen: batch.spent_fen.get(),
            stock_cut_due: batch.cut_due,
            recalled: batch.recalled,
        }
    }
}

/// A lower stock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StockRequest {
    /// How many coupons there are to be in all, those issued among them.
    #[schema(example = 300, minimum = 1)]
    pub(super) stock_total: u32,
    /// Why; goes into the audit log.
    #[schema(example = "商户备货不足", max_length = 60)]
    pub(super) reason: String,
}

/// A recall to be asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecallRequest {
    /// Why; shown to shoppers and cashiers.
    #[schema(example = "商户停业，活动取消", max_length = 60)]
    pub(super) reason: String,
}

/// A recall.
#[derive(Serialize, ToSchema)]
pub(super) struct RecallBody {
    reason: String,
    asked_by: String,
    /// Absent while the second person has not decided.
    approved: Option<bool>,
}

impl From<Recall> for RecallBody {
    fn from(recall: Recall) -> RecallBody {
        RecallBody { reason: recall.reason, asked_by: recall.asked_by, approved: recall.approved }
    }
}

/// A version of a batch.
#[derive(Serialize, ToSchema)]
pub(super) struct VersionBody {
    batch: String,
    version: u32,
    /// draft, submitted, approved or rejected.
    approval: &'static str,
    drafted_by: String,
    decided_by: Option<String>,
    content: ContentBody,
}

impl From<BatchVersion> for VersionBody {
    fn from(version: BatchVersion) -> VersionBody {
        VersionBody {
            batch: version.batch.to_string(),
            version: version.version,
            approval: version.approval.name(),
            drafted_by: version.drafted_by,
            decided_by: version.decided_by,
            content: version.content.into(),
        }
    }
}

/// A second person's word.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionRequest {
    /// True to approve, false to reject.
    pub(super) approve: bool,
    /// Why; goes into the audit log.
    #[serde(default)]
    #[schema(example = "预算与规则核对无误")]
    pub(super) reason: String,
}

/// What should happen to a batch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveRequest {
    /// activate, pause, resume, end or close.
    #[serde(rename = "move")]
    #[schema(example = "pause")]
    pub(super) step: String,
    /// Why; goes into the audit log.
    #[serde(default)]
    #[schema(example = "门店临时停业")]
    pub(super) reason: String,
}

fn instant(field: &'static str, text: &str) -> Result<UtcMillis, CampaignError> {
    UtcMillis::parse_rfc3339(text).ok_or(CampaignError::Field(field))
}

fn text(at: UtcMillis) -> String {
    at.to_rfc3339().unwrap_or_default()
}

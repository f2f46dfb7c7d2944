//! The wire forms of coupons and redemptions; instants are RFC 3339, money is fen.

use super::super::{
    model::{CouponError, CouponView, Presented, Preview, Redemption, ShownCode},
    rules,
};
use domain::{
    ids::StoreId,
    money::Fen,
    pricing::{Benefit, FunderShare, Party},
    time::UtcMillis,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A coupon as its holder sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct CouponBody {
    id: String,
    batch: String,
    /// issued, locked, redeemed, expired or voided; by the clock, not by a job.
    state: &'static str,
    #[schema(example = "夜宵满100减30")]
    title: String,
    why: String,
    terms_text: Vec<String>,
    merchant_name: Option<String>,
    /// Where it holds; empty means in every store of the merchant or mall.
    stores: Vec<CouponStoreBody>,
    /// `kind` is `amount_off`, `percent_off` or `no_threshold`.
    #[schema(value_type = Object)]
    benefit: Benefit,
    /// Public money pays a part.
    government_funded: bool,
    claimed_at: String,
    ends_at: String,
    redeemed_at: Option<String>,
    redeemed_store_name: Option<String>,
    /// Why its batch was recalled; absent when it was not.
    recalled: Option<String>,
}

/// A store a coupon holds at.
#[derive(Serialize, ToSchema)]
pub(super) struct CouponStoreBody {
    name: String,
    place: String,
}

impl From<CouponView> for CouponBody {
    fn from(view: CouponView) -> CouponBody {
        let (redeemed_at, redeemed_store_name) = view.redeemed.map(|(at, name)| (text(at), name)).unzip();
        CouponBody {
            id: view.coupon.id.to_string(),
            batch: view.coupon.batch.to_string(),
            state: view.coupon.state.name(),
            title: view.content.title,
            why: view.content.why,
            terms_text: view.content.terms_text,
            merchant_name: view.merchant_name,
            stores: view.stores.into_iter().map(|(name, place)| CouponStoreBody { name, place }).collect(),
            government_funded: view.content.terms.funding.iter().any(|funder| funder.party == Party::Gov),
            benefit: view.content.terms.benefit,
            claimed_at: text(view.coupon.claimed_at),
            ends_at: text(view.coupon.ends_at),
            redeemed_at,
            redeemed_store_name,
            recalled: view.recalled,
        }
    }
}

/// What the phone shows to a cashier.
#[derive(Serialize, ToSchema)]
pub(super) struct CodeBody {
    /// To be drawn as a QR code.
    #[schema(example = "CX1:6BF…")]
    code: String,
    /// To be typed instead.
    #[schema(example = "4071925836")]
    pin: String,
    /// When both die.
    expires_at: String,
}

impl From<ShownCode> for CodeBody {
    fn from(shown: ShownCode) -> CodeBody {
        CodeBody { code: shown.code, pin: shown.pin, expires_at: text(shown.expires_at) }
    }
}

/// What a cashier read or typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PresentedRequest {
    /// A redeem code (`CX1:`), a voucher (`CV1:`) or ten digits.
    #[schema(example = "4071925836", max_length = 512)]
    code: String,
    /// With a voucher: the holder's own consumer code, fresh from the phone.
    #[serde(default)]
    holder_code: Option<String>,
    /// The store's id.
    #[schema(value_type = String)]
    store: StoreId,
    /// The bill before the discount, in fen.
    #[schema(example = 12_800, minimum = 1, maximum = 100_000_000)]
    bill_fen: i64,
}

impl From<PresentedRequest> for Presented {
    fn from(request: PresentedRequest) -> Presented {
        Presented {
            code: rules::tidy(&request.code),
            holder_code: request.holder_code.map(|code| rules::tidy(&code)),
            store: request.store,
            bill_fen: Fen::new(request.bill_fen),
        }
    }
}

/// One payer's part of a discount.
#[derive(Serialize, ToSchema)]
pub(super) struct ShareBody {
    /// gov, platform, merchant or brand.
    #[schema(value_type = String)]
    party: Party,
    amount_fen: i64,
}

fn shares(shares: &[FunderShare]) -> Vec<ShareBody> {
    let share = |share: FunderShare| ShareBody { party: share.party, amount_fen: share.amount_fen.get() };
    rules::by_party(shares).into_iter().map(share).collect()
}

/// What a redemption would do.
#[derive(Serialize, ToSchema)]
pub(super) struct PreviewBody {
    title: String,
    ends_at: String,
    bill_fen: i64,
    discount_fen: i64,
    /// What the customer pays at the till.
    pay_fen: i64,
    /// Who pays the discount; the parts add up to it.
    shares: Vec<ShareBody>,
    /// What the platform keeps of the funded part.
    commission_fen: i64,
}

impl From<Preview> for PreviewBody {
    fn from(preview: Preview) -> PreviewBody {
        PreviewBody {
            title: preview.title,
            ends_at: text(preview.ends_at),
            bill_fen: preview.bill_fen.get(),
            discount_fen: preview.discount_fen.get(),
            pay_fen: preview.pay_fen.get(),
            shares: shares(&preview.shares),
            commission_fen: preview.commission_fen.get(),
        }
    }
}

/// A coupon used up.
#[derive(Serialize, ToSchema)]
pub(super) struct RedemptionBody {
    id: String,
    coupon: String,
    title: String,
    store: String,
    store_name: String,
    cashier_name: String,
    redeemed_at: String,
    bill_fen: i64,
    discount_fen: i64,
    pay_fen: i64,
    shares: Vec<ShareBody>,
    commission_fen: i64,
}

impl From<Redemption> for RedemptionBody {
    fn from(redemption: Redemption) -> RedemptionBody {
        RedemptionBody {
            id: redemption.id.to_string(),
            coupon: redemption.coupon.to_string(),
            pay_fen: redemption.pay_fen().get(),
            shares: shares(&redemption.shares),
            title: redemption.title,
            store: redemption.store.to_string(),
            store_name: redemption.store_name,
            cashier_name: redemption.cashier_name,
            redeemed_at: text(redemption.at),
            bill_fen: redemption.bill_fen.get(),
            discount_fen: redemption.discount_fen.get(),
            commission_fen: redemption.commission_fen.get(),
        }
    }
}

/// Which redemptions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RedemptionsQuery {
    /// Only this store.
    #[param(value_type = Option<String>)]
    pub(super) store: Option<StoreId>,
    /// Not before this instant; today's first when absent.
    from_at: Option<String>,
}

impl RedemptionsQuery {
    /// The instant the list begins.
    pub(super) fn from(&self, now: UtcMillis) -> Result<UtcMillis, CouponError> {
        match &self.from_at {
            Some(text) => UtcMillis::parse_rfc3339(text).ok_or(CouponError::Field("from_at")),
            None => Ok(now.day().start()),
        }
    }
}

/// An instant as RFC 3339.
pub(super) fn text(at: UtcMillis) -> String {
    at.to_rfc3339().unwrap_or_default()
}

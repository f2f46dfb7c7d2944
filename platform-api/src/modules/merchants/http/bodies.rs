//! The wire forms of merchants, stores and tills.

use super::super::model::{MerchantError, Standing, Store, Till};
use crate::modules::media::PictureId;
use domain::{
    ids::{MallId, MerchantId, StoreId},
    window::Window,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The id of what was created.
#[derive(Serialize, ToSchema)]
pub(super) struct Created {
    #[schema(example = "0198c0de-0000-7000-8000-000000000003")]
    pub(super) id: String,
}

/// A mall to be created.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MallRequest {
    /// Its name.
    #[schema(example = "海曙天街", max_length = 40)]
    pub(super) name: String,
    /// The number to call for help.
    #[schema(example = "0574-12345", max_length = 20)]
    pub(super) hotline: String,
    /// Where people are helped.
    #[schema(example = "一层服务台", max_length = 40)]
    pub(super) service_desk: String,
}

/// A merchant to be created.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MerchantRequest {
    /// Its name.
    #[schema(example = "宁波巷口餐饮有限公司", max_length = 40)]
    pub(super) name: String,
    /// Unified social credit code, 18 digits and capitals; one merchant a licence.
    #[schema(example = "91330200MA2AXXXX0B", min_length = 18, max_length = 18)]
    pub(super) licence_no: String,
}

/// Whether business may be done, and why that changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StandingRequest {
    /// `active` or `suspended`.
    #[schema(example = "suspended")]
    pub(super) standing: String,
    /// Why; goes into the audit log.
    #[schema(example = "营业执照到期")]
    pub(super) reason: String,
}

impl StandingRequest {
    pub(super) fn standing(&self) -> Result<Standing, MerchantError> {
        Standing::from_name(&self.standing).ok_or(MerchantError::Field("standing"))
    }
}

/// Where something stands now.
#[derive(Serialize, ToSchema)]
pub(super) struct StandingBody {
    /// `active` or `suspended`.
    pub(super) standing: &'static str,
}

/// A commission from an instant on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommissionRequest {
    /// Basis points of the funded part of a discount.
    #[schema(example = 200, minimum = 0, maximum = 10_000)]
    pub(super) rate_bp: u16,
    /// First instant it applies, by the time of redemption; not in the past.
    #[schema(example = "2026-12-01T00:00:00+08:00")]
    pub(super) from_at: String,
}

/// The commission that was agreed.
#[derive(Serialize, ToSchema)]
pub(super) struct CommissionBody {
    pub(super) rate_bp: u16,
    pub(super) from_at: String,
}

/// A store to be opened.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreRequest {
    /// The merchant's id.
    #[schema(value_type = String)]
    pub(super) merchant: MerchantId,
    /// The mall's id.
    #[schema(value_type = String)]
    pub(super) mall: MallId,
    /// The name on the door.
    #[schema(example = "巷口面馆", max_length = 40)]
    pub(super) name: String,
    /// Floor as written in the lift.
    #[schema(example = "B1", max_length = 20)]
    pub(super) floor: String,
    /// Place on the floor, unique in the mall.
    #[schema(example = "B1-08", max_length = 20)]
    pub(super) place: String,
    /// What it sells.
    #[schema(example = "餐饮", max_length = 20)]
    pub(super) category: String,
    /// When it is open, as weekly windows in Shanghai time; empty means always.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, example = json!([{"from": "10:00", "to": "22:00"}]))]
    pub(super) open: Vec<Window>,
    /// The id of the picture kiosks show of it; absent for none.
    #[schema(value_type = Option<String>)]
    pub(super) picture: Option<PictureId>,
}

/// The picture of a store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StorePictureRequest {
    /// The picture's id; absent for none.
    #[schema(value_type = Option<String>)]
    pub(super) picture: Option<PictureId>,
}

/// Where somebody works.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TillRequest {
    /// The employer's id.
    #[schema(value_type = String)]
    pub(super) merchant: MerchantId,
    /// The only store they work in; absent for every store of the merchant.
    #[schema(value_type = Option<String>)]
    pub(super) store: Option<StoreId>,
    /// What colleagues call them; stands on redemptions.
    #[schema(example = "小周", max_length = 20)]
    pub(super) name: String,
}

/// The answer of a write that has nothing to tell.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    /// Always true.
    pub(super) done: bool,
}

/// A till the caller may redeem at.
#[derive(Serialize, ToSchema)]
pub(super) struct TillBody {
    pub(super) store: String,
    pub(super) store_name: String,
    pub(super) floor: String,
    pub(super) place: String,
    pub(super) merchant_name: String,
    pub(super) staff_name: String,
}

impl From<Till> for TillBody {
    fn from(till: Till) -> TillBody {
        TillBody {
            store: till.store.id.to_string(),
            store_name: till.store.name,
            floor: till.store.floor,
            place: till.store.place,
            merchant_name: till.merchant_name,
            staff_name: till.staff_name,
        }
    }
}

/// Which stores.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StoresQuery {
    /// Only this mall.
    #[param(value_type = Option<String>)]
    pub(super) mall: Option<MallId>,
    /// Only this category, for example 餐饮.
    pub(super) category: Option<String>,
}

/// A store a shopper may visit.
#[derive(Serialize, ToSchema)]
pub(super) struct StoreBody {
    pub(super) id: String,
    pub(super) merchant: String,
    pub(super) mall: String,
    pub(super) name: String,
    pub(super) floor: String,
    pub(super) place: String,
    pub(super) category: String,
    /// Weekly windows in Shanghai time; empty means always.
    #[schema(value_type = Vec<Object>)]
    pub(super) open: Vec<Window>,
    #[serde(skip)]
    pub(super) sort_key: String,
}

impl From<Store> for StoreBody {
    fn from(store: Store) -> StoreBody {
        StoreBody {
            sort_key: store.sort_key(),
            id: store.id.to_string(),
            merchant: store.merchant.to_string(),
            mall: store.mall.to_string(),
            name: store.name,
            floor: store.floor,
            place: store.place,
            category: store.category,
            open: store.open,
        }
    }
}

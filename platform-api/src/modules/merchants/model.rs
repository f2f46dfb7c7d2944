//! What a merchant, a store and a till are.

use crate::{foundation::db::DbError, modules::media::PictureId};
use domain::{
    ids::{MallId, MerchantId, StaffId, StoreId},
    window::Window,
};

/// A building with stores and kiosks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewMall`")]
pub struct Mall {
    pub id: MallId,
    pub name: String,
    pub hotline: String,
    pub service_desk: String,
}

/// A mall to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMall {
    /// Its name, 1 to 40 characters.
    pub name: String,
    /// The number to call for help.
    pub hotline: String,
    /// Where people are helped, for example 一层服务台.
    pub service_desk: String,
}

/// A business of the city.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewMerchant`")]
pub struct Merchant {
    pub id: MerchantId,
    pub name: String,
    pub licence_no: String,
    pub standing: Standing,
}

/// A merchant to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMerchant {
    /// Its name, 1 to 40 characters.
    pub name: String,
    /// The number of its business licence (统一社会信用代码, 18 characters); one merchant a licence.
    pub licence_no: String,
}

/// One place of a merchant, on one floor of one mall.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewStore`")]
pub struct Store {
    pub id: StoreId,
    pub merchant: MerchantId,
    pub mall: MallId,
    pub name: String,
    pub floor: String,
    pub place: String,
    pub category: String,
    pub open: Vec<Window>,
    pub picture: Option<PictureId>,
    pub standing: Standing,
}

impl Store {
    /// Where the store stands in every list: by place, then by id.
    pub fn sort_key(&self) -> String {
        format!("{}/{}", self.place, self.id)
    }
}

/// A store to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStore {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where it is.
    pub mall: MallId,
    /// The name on the door, 1 to 40 characters.
    pub name: String,
    /// Floor as written in the lift, for example B1 or 3F.
    pub floor: String,
    /// Place on the floor, unique in the mall, for example B1-08.
    pub place: String,
    /// What it sells, for example 餐饮.
    pub category: String,
    /// When it is open; empty means always.
    pub open: Vec<Window>,
    /// The picture kiosks show of it.
    pub picture: Option<PictureId>,
}

/// Somebody who is to stand at a till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTillStaff {
    /// The account.
    pub staff: StaffId,
    /// The employer.
    pub merchant: MerchantId,
    /// The only store they work in; `None` for every store of the merchant.
    pub store: Option<StoreId>,
    /// What colleagues call them; printed on redemptions.
    pub name: String,
}

/// A till somebody may redeem at: merchant and store are active, and the person works there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Till {
    /// The member of staff.
    pub staff: StaffId,
    /// Their name.
    pub staff_name: String,
    /// The merchant's name.
    pub merchant_name: String,
    /// The store.
    pub store: Store,
}

/// Whether business may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Open for business.
    Active,
    /// Out of business until the operator says otherwise.
    Suspended,
}

impl Standing {
    /// The stable text stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Standing::Active => "active",
            Standing::Suspended => "suspended",
        }
    }

    /// Reads [`Standing::name`] back.
    pub fn from_name(name: &str) -> Option<Standing> {
        [Standing::Active, Standing::Suspended].into_iter().find(|standing| standing.name() == name)
    }
}

/// Which stores are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreQuery {
    /// Only this mall.
    pub mall: Option<MallId>,
    /// Only this merchant.
    pub merchant: Option<MerchantId>,
    /// Only this category.
    pub category: Option<String>,
    /// Only those a shopper may visit: store and merchant active.
    pub active_only: bool,
    /// The sort key (the place) after which the list begins; empty for its beginning.
    pub after: String,
    /// Rows at most.
    pub limit: u32,
}

/// Why something about merchants is refused.
#[derive(Debug, thiserror::Error)]
pub enum MerchantError {
    /// A field is empty or too long.
    #[error("the field {0} breaks its limits")]
    Field(&'static str),
    /// No such mall, merchant or store.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The licence belongs to a merchant already, or the place to a store.
    #[error("there is one with this {0} already")]
    Taken(&'static str),
    /// The person does not work at this store.
    #[error("not a till of this person")]
    NotYourTill,
    /// The store or its merchant is suspended.
    #[error("the store is suspended")]
    Suspended,
    /// Not recorded.
    #[error("not recorded")]
    Database(#[from] DbError),
    /// A row could not be written as JSON.
    #[error("a row could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

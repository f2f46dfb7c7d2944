//! Merchants (商户): malls, merchants, stores, who stands at which till, and the commission agreed.
//!
//! Owns the tables `mall`, `merchant`, `store`, `till_staff`, `commission_plan`. Promises that a store stands in the
//! kiosks' feed exactly while it and its merchant are active, and that a till of a suspended merchant is refused.

mod http;
mod model;
mod rules;
mod service;
mod store;

pub use http::module;
pub use model::{
    Mall, Merchant, MerchantError, NewMall, NewMerchant, NewStore, NewTillStaff, Standing, Store, StoreQuery,
    Till,
};
pub use service::{
    bind_staff, commission_at, create_mall, create_merchant, mall, merchant, open_store, set_commission,
    set_merchant_standing, set_store_picture, set_store_standing, store_by_id, stores, till, tills,
};

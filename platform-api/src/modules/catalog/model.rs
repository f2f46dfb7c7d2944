//! What a product is.

use crate::{foundation::db::DbError, modules::merchants::MerchantError};
use domain::{ids::StoreId, money::Fen};

/// One thing a store sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Where.
    pub store: StoreId,
    /// The store's own number of it, 1 to 20 letters, digits or dashes.
    pub sku: String,
    /// Its name, 1 to 40 characters.
    pub name: String,
    /// Its category, for example 面食.
    pub category: String,
    /// Its price.
    pub price_fen: Fen,
    /// It is on offer.
    pub listed: bool,
}

/// Why something about products is refused.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A field breaks its limits.
    #[error("the field {0} breaks its limits")]
    Field(&'static str),
    /// No such store, or not one of the caller's merchant.
    #[error("there is no such store")]
    Unknown,
    /// The merchant's side refuses.
    #[error("the store is refused")]
    Merchant(#[from] MerchantError),
    /// Not recorded.
    #[error("not recorded")]
    Database(#[from] DbError),
}

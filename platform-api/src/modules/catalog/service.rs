//! Listing products and changing them.

use super::{
    model::{CatalogError, Product},
    rules, store,
};
use crate::{
    foundation::{
        act::Act,
        audit,
        db::{DbError, Tx},
    },
    modules::merchants::{self, Standing},
};
use domain::ids::{MerchantId, StoreId};

/// Puts a product into a store's window or changes it. `owner` is the merchant that must own the store; `None` for the
/// platform itself, which fills a new city.
pub fn put_product(
    tx: &mut Tx<'_>,
    act: &Act,
    owner: Option<MerchantId>,
    product: &Product,
) -> Result<(), CatalogError> {
    rules::check(product)?;
    let shop = merchants::store_by_id(tx, product.store)?.ok_or(CatalogError::Unknown)?;
    if owner.is_some_and(|owner| owner != shop.merchant) {
        return Err(CatalogError::Unknown);
    }
    store::upsert(tx, product, act.now)?;
    let (subject, after) =
        (format!("product:{}/{}", product.store, product.sku), product.price_fen.get().to_string());
    let action = "product.put";
    let entry = audit::Entry {
        surface: "M",
        action,
        subject: &subject,
        before: None,
        after: Some(&after),
        reason: "",
    };
    Ok(audit::append(tx, act, &entry)?)
}

/// What a store sells, by category; empty while it or its merchant is out of business.
pub fn products(tx: &mut Tx<'_>, id: StoreId) -> Result<Vec<Product>, CatalogError> {
    let shop = merchants::store_by_id(tx, id)?.ok_or(CatalogError::Unknown)?;
    let merchant = merchants::merchant(tx, shop.merchant)?.ok_or(CatalogError::Unknown)?;
    if shop.standing != Standing::Active || merchant.standing != Standing::Active {
        return Ok(Vec::new());
    }
    Ok(store::listed(tx, id)?)
}

/// Categories in the order of their names, each with its number of products.
pub fn categories(tx: &mut Tx<'_>) -> Result<Vec<(String, u32)>, DbError> {
    store::categories(tx)
}

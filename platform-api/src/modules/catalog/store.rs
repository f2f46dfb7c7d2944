//! The table `product`.

use super::model::Product;
use crate::foundation::db::{DbError, Row, Tx};
use domain::{ids::StoreId, time::UtcMillis};

/// Products of one store; a shop window, not a warehouse.
const PRODUCTS_MAX: u32 = 500;
/// Categories of a city.
const CATEGORIES_MAX: u32 = 500;

pub(super) fn upsert(tx: &mut Tx<'_>, product: &Product, now: UtcMillis) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO product (store, sku, name, category, price_fen, listed, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (store, sku) DO UPDATE SET name = excluded.name, category = excluded.category,
             price_fen = excluded.price_fen, listed = excluded.listed, changed_at = excluded.changed_at",
        &[
            product.store.into(),
            (&product.sku).into(),
            (&product.name).into(),
            (&product.category).into(),
            product.price_fen.into(),
            product.listed.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn listed(tx: &mut Tx<'_>, store: StoreId) -> Result<Vec<Product>, DbError> {
    let rows = tx.query(
        "SELECT store, sku, name, category, price_fen, listed FROM product
         WHERE store = $1 AND listed = 1 ORDER BY category, sku LIMIT $2",
        &[store.into(), PRODUCTS_MAX.into()],
    )?;
    rows.iter().map(read).collect()
}

pub(super) fn categories(tx: &mut Tx<'_>) -> Result<Vec<(String, u32)>, DbError> {
    let rows = tx.query(
        "SELECT category, COUNT(*) AS products FROM product WHERE listed = 1
         GROUP BY category ORDER BY category LIMIT $1",
        &[CATEGORIES_MAX.into()],
    )?;
    rows.iter().map(|row| Ok((row.get("category")?, row.get("products")?))).collect()
}

fn read(row: &Row) -> Result<Product, DbError> {
    Ok(Product {
        store: row.get("store")?,
        sku: row.get("sku")?,
        name: row.get("name")?,
        category: row.get("category")?,
        price_fen: row.get("price_fen")?,
        listed: row.get("listed")?,
    })
}

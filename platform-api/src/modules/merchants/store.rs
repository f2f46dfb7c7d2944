//! The tables of merchants.

use super::model::{Mall, Merchant, NewTillStaff, Standing, Store, StoreQuery};
use crate::{
    foundation::db::{DbError, Row, Tx},
    modules::media::PictureId,
};
use domain::{
    ids::{MallId, MerchantId, StaffId, StoreId},
    money::BasisPoints,
    time::UtcMillis,
};

pub(super) fn insert_mall(tx: &mut Tx<'_>, mall: &Mall, now: UtcMillis) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO mall (id, name, hotline, service_desk, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            mall.id.into(),
            (&mall.name).into(),
            (&mall.hotline).into(),
            (&mall.service_desk).into(),
            now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn mall(tx: &mut Tx<'_>, id: MallId) -> Result<Option<Mall>, DbError> {
    let row = tx.query_opt("SELECT id, name, hotline, service_desk FROM mall WHERE id = $1", &[id.into()])?;
    row.map(|row| {
        Ok(Mall {
            id: row.get("id")?,
            name: row.get("name")?,
            hotline: row.get("hotline")?,
            service_desk: row.get("service_desk")?,
        })
    })
    .transpose()
}

pub(super) fn insert_merchant(tx: &mut Tx<'_>, merchant: &Merchant, now: UtcMillis) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO merchant (id, name, licence_no, standing, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            merchant.id.into(),
            (&merchant.name).into(),
            (&merchant.licence_no).into(),
            merchant.standing.name().into(),
            now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn merchant(tx: &mut Tx<'_>, id: MerchantId) -> Result<Option<Merchant>, DbError> {
    let row =
        tx.query_opt("SELECT id, name, licence_no, standing FROM merchant WHERE id = $1", &[id.into()])?;
    row.map(|row| {
        Ok(Merchant {
            id: row.get("id")?,
            name: row.get("name")?,
            licence_no: row.get("licence_no")?,
            standing: standing(&row)?,
        })
    })
    .transpose()
}

pub(super) fn set_merchant_standing(
    tx: &mut Tx<'_>,
    id: MerchantId,
    standing: Standing,
) -> Result<(), DbError> {
    tx.execute("UPDATE merchant SET standing = $2 WHERE id = $1", &[id.into(), standing.name().into()])?;
    Ok(())
}

pub(super) fn insert_store(
    tx: &mut Tx<'_>,
    store: &Store,
    open: &str,
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO store (id, merchant, mall, name, floor, place, category, open, standing, created_at, picture)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            store.id.into(),
            store.merchant.into(),
            store.mall.into(),
            (&store.name).into(),
            (&store.floor).into(),
            (&store.place).into(),
            (&store.category).into(),
            open.into(),
            store.standing.name().into(),
            now.into(),
            store.picture.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn store(tx: &mut Tx<'_>, id: StoreId) -> Result<Option<Store>, DbError> {
    let row = tx.query_opt(
        "SELECT id, merchant, mall, name, floor, place, category, open, standing, picture FROM store WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(read_store).transpose()
}

pub(super) fn set_store_standing(tx: &mut Tx<'_>, id: StoreId, standing: Standing) -> Result<(), DbError> {
    tx.execute("UPDATE store SET standing = $2 WHERE id = $1", &[id.into(), standing.name().into()])?;
    Ok(())
}

pub(super) fn set_store_picture(
    tx: &mut Tx<'_>,
    id: StoreId,
    picture: Option<PictureId>,
) -> Result<(), DbError> {
    tx.execute("UPDATE store SET picture = $2 WHERE id = $1", &[id.into(), picture.into()])?;
    Ok(())
}

/// Stores by place; a place is unique in its mall, and the id decides between malls.
pub(super) fn stores(tx: &mut Tx<'_>, query: &StoreQuery) -> Result<Vec<Store>, DbError> {
    let rows = tx.query(
        "SELECT s.id, s.merchant, s.mall, s.name, s.floor, s.place, s.category, s.open, s.standing, s.picture
         FROM store s JOIN merchant m ON m.id = s.merchant
         WHERE (CAST($1 AS TEXT) IS NULL OR s.mall = $1) AND (CAST($2 AS TEXT) IS NULL OR s.merchant = $2)
           AND (CAST($3 AS TEXT) IS NULL OR s.category = $3)
           AND ($4 = 0 OR (s.standing = 'active' AND m.standing = 'active'))
           AND s.place || '/' || s.id > $5
         ORDER BY s.place || '/' || s.id LIMIT $6",
        &[
            query.mall.into(),
            query.merchant.into(),
            query.category.clone().into(),
            query.active_only.into(),
            (&query.after).into(),
            query.limit.into(),
        ],
    )?;
    rows.iter().map(read_store).collect()
}

/// Binds anew: whoever changes the store keeps the account.
pub(super) fn upsert_till_staff(
    tx: &mut Tx<'_>,
    binding: &NewTillStaff,
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO till_staff (staff, merchant, store, name, bound_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (staff) DO UPDATE SET merchant = excluded.merchant, store = excluded.store,
             name = excluded.name, bound_at = excluded.bound_at",
        &[
            binding.staff.into(),
            binding.merchant.into(),
            binding.store.into(),
            (&binding.name).into(),
            now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn till_staff(tx: &mut Tx<'_>, staff: StaffId) -> Result<Option<NewTillStaff>, DbError> {
    let row = tx
        .query_opt("SELECT staff, merchant, store, name FROM till_staff WHERE staff = $1", &[staff.into()])?;
    row.map(|row| {
        Ok(NewTillStaff {
            staff: row.get("staff")?,
            merchant: row.get("merchant")?,
            store: row.get("store")?,
            name: row.get("name")?,
        })
    })
    .transpose()
}

pub(super) fn upsert_commission(
    tx: &mut Tx<'_>,
    merchant: MerchantId,
    from: UtcMillis,
    rate: BasisPoints,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO commission_plan (merchant, from_at, rate_bp) VALUES ($1, $2, $3)
         ON CONFLICT (merchant, from_at) DO UPDATE SET rate_bp = excluded.rate_bp",
        &[merchant.into(), from.into(), rate.get().into()],
    )?;
    Ok(())
}

pub(super) fn commission_at(
    tx: &mut Tx<'_>,
    merchant: MerchantId,
    at: UtcMillis,
) -> Result<Option<u16>, DbError> {
    let row = tx.query_opt(
        "SELECT rate_bp FROM commission_plan WHERE merchant = $1 AND from_at <= $2
         ORDER BY from_at DESC LIMIT 1",
        &[merchant.into(), at.into()],
    )?;
    row.map(|row| row.get("rate_bp")).transpose()
}

fn read_store(row: &Row) -> Result<Store, DbError> {
    let open: String = row.get("open")?;
    Ok(Store {
        id: row.get("id")?,
        merchant: row.get("merchant")?,
        mall: row.get("mall")?,
        name: row.get("name")?,
        floor: row.get("floor")?,
        place: row.get("place")?,
        category: row.get("category")?,
        open: serde_json::from_str(&open).map_err(|source| wrong("store.open", source))?,
        picture: row.get("picture")?,
        standing: standing(row)?,
    })
}

fn standing(row: &Row) -> Result<Standing, DbError> {
    let name: String = row.get("standing")?;
    Standing::from_name(&name).ok_or_else(|| wrong("standing", "an unknown standing"))
}

fn wrong(column: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DbError {
    DbError::Failed { query: column, source: source.into() }
}

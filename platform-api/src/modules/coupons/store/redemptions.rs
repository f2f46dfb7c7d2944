//! The tables `redemption` and `redemption_share`.

use super::super::model::{Redemption, RedemptionQuery, Summary};
use crate::foundation::db::{DbError, Row, Tx};
use domain::{
    ids::{CouponId, MerchantId, RedemptionId, StoreId},
    money::Fen,
    pricing::{FunderShare, Party},
    time::UtcMillis,
};

/// Refused by the unique index on `coupon` when the coupon has been redeemed.
pub(in super::super) fn insert(
    tx: &mut Tx<'_>,
    redemption: &Redemption,
    presented: &'static str,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO redemption (id, coupon, merchant, store, store_name, cashier, cashier_name, title, at, bill_fen,
             discount_fen, commission_fen, presented)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            redemption.id.into(),
            redemption.coupon.into(),
            redemption.merchant.into(),
            redemption.store.into(),
            (&redemption.store_name).into(),
            redemption.cashier.into(),
            (&redemption.cashier_name).into(),
            (&redemption.title).into(),
            redemption.at.into(),
            redemption.bill_fen.into(),
            redemption.discount_fen.into(),
            redemption.commission_fen.into(),
            presented.into(),
        ],
    )?;
    for (share, place) in redemption.shares.iter().zip(0_i64..) {
        tx.execute(
            "INSERT INTO redemption_share (redemption, place, party, amount_fen) VALUES ($1, $2, $3, $4)",
            &[redemption.id.into(), place.into(), party_name(share.party).into(), share.amount_fen.into()],
        )?;
    }
    Ok(())
}

pub(in super::super) fn find(tx: &mut Tx<'_>, id: RedemptionId) -> Result<Option<Redemption>, DbError> {
    let row = tx.query_opt(
        "SELECT id, coupon, merchant, store, store_name, cashier, cashier_name, title, at, bill_fen, discount_fen,
             commission_fen
         FROM redemption WHERE id = $1",
        &[id.into()],
    )?;
    row.map(|row| read(tx, &row)).transpose()
}

pub(in super::super) fn of_coupon(tx: &mut Tx<'_>, coupon: CouponId) -> Result<Option<Redemption>, DbError> {
    let row = tx.query_opt(
        "SELECT id, coupon, merchant, store, store_name, cashier, cashier_name, title, at, bill_fen, discount_fen,
             commission_fen
         FROM redemption WHERE coupon = $1",
        &[coupon.into()],
    )?;
    row.map(|row| read(tx, &row)).transpose()
}

pub(in super::super) fn list(tx: &mut Tx<'_>, query: &RedemptionQuery) -> Result<Vec<Redemption>, DbError> {
    let rows = tx.query(
        "SELECT id, coupon, merchant, store, store_name, cashier, cashier_name, title, at, bill_fen, discount_fen,
             commission_fen
         FROM redemption
         WHERE merchant = $1 AND (CAST($2 AS TEXT) IS NULL OR store = $2) AND at >= $3
           AND (CAST($4 AS TEXT) IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5",
        &[
            query.merchant.into(),
            query.store.into(),
            query.from.into(),
            query.before.clone().into(),
            query.limit.into(),
        ],
    )?;
    rows.iter().map(|row| read(tx, row)).collect()
}

pub(in super::super) fn summary(
    tx: &mut Tx<'_>,
    (merchant, store): (MerchantId, Option<StoreId>),
    from: UtcMillis,
) -> Result<Summary, DbError> {
    let row = tx.query_one(
        "SELECT COUNT(*) AS count, CAST(COALESCE(SUM(bill_fen), 0) AS BIGINT) AS bill_fen,
             CAST(COALESCE(SUM(discount_fen), 0) AS BIGINT) AS discount_fen
         FROM redemption WHERE merchant = $1 AND (CAST($2 AS TEXT) IS NULL OR store = $2) AND at >= $3",
        &[merchant.into(), store.into(), from.into()],
    )?;
    Ok(Summary {
        count: row.get("count")?,
        bill_fen: row.get("bill_fen")?,
        discount_fen: row.get("discount_fen")?,
    })
}

fn shares(tx: &mut Tx<'_>, redemption: RedemptionId) -> Result<Vec<FunderShare>, DbError> {
    let rows = tx.query(
        "SELECT party, amount_fen FROM redemption_share WHERE redemption = $1 ORDER BY place",
        &[redemption.into()],
    )?;
    rows.iter()
        .map(|row| Ok(FunderShare { party: party(row)?, amount_fen: row.get::<Fen>("amount_fen")? }))
        .collect()
}

fn read(tx: &mut Tx<'_>, row: &Row) -> Result<Redemption, DbError> {
    let id = row.get("id")?;
    Ok(Redemption {
        id,
        coupon: row.get("coupon")?,
        merchant: row.get("merchant")?,
        store: row.get("store")?,
        store_name: row.get("store_name")?,
        cashier: row.get("cashier")?,
        cashier_name: row.get("cashier_name")?,
        title: row.get("title")?,
        at: row.get("at")?,
        bill_fen: row.get("bill_fen")?,
        discount_fen: row.get("discount_fen")?,
        commission_fen: row.get("commission_fen")?,
        shares: shares(tx, id)?,
    })
}

const PARTIES: [Party; 4] = [Party::Gov, Party::Platform, Party::Merchant, Party::Brand];

/// The stable text stored and sent.
pub(in super::super) const fn party_name(party: Party) -> &'static str {
    match party {
        Party::Gov => "gov",
        Party::Platform => "platform",
        Party::Merchant => "merchant",
        Party::Brand => "brand",
    }
}

fn party(row: &Row) -> Result<Party, DbError> {
    let name: String = row.get("party")?;
    let found = PARTIES.into_iter().find(|party| party_name(*party) == name);
    found
        .ok_or_else(|| DbError::Failed { query: "redemption_share.party", source: "an unknown party".into() })
}

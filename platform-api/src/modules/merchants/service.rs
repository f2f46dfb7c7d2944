//! Creating merchants and stores, suspending them, and finding the till of a member of staff.

use super::{
    model::{
        Mall, Merchant, MerchantError, NewMall, NewMerchant, NewStore, NewTillStaff, Standing, Store,
        StoreQuery, Till,
    },
    rules, store,
};
use crate::{
    foundation::{
        act::Act,
        audit,
        change_log::{self, Change},
        db::{DbError, Tx},
    },
    modules::{
        auth,
        media::{self, PictureId},
    },
};
use domain::{
    ids::{MallId, MerchantId, StaffId, StoreId},
    money::BasisPoints,
    time::UtcMillis,
};
use protocol::{feed, media::MediaRef};

/// Stores of one merchant looked at in one go; a city's largest chain has fewer in one mall system.
const STORES_MAX: u32 = 1_000;

/// Creates a mall and puts it into the feed of its kiosks.
pub fn create_mall(tx: &mut Tx<'_>, act: &Act, new: &NewMall) -> Result<Mall, MerchantError> {
    rules::check_mall(new)?;
    let (name, hotline, service_desk) = (new.name.clone(), new.hotline.clone(), new.service_desk.clone());
    let mall = Mall { id: act.mint(MallId::new), name, hotline, service_desk };
    store::insert_mall(tx, &mall, act.now)?;
    let row = feed::Row::Mall(feed::MallRow {
        id: mall.id,
        name: mall.name.clone(),
        hotline: mall.hotline.clone(),
        service_desk: mall.service_desk.clone(),
    });
    announce(tx, act, mall.id, &feed::Change::put(mall.id.to_string(), &row)?)?;
    note(tx, act, ("mall.create", format!("mall:{}", mall.id)), (None, Some(&mall.name)))?;
    Ok(mall)
}

/// The mall.
pub fn mall(tx: &mut Tx<'_>, id: MallId) -> Result<Option<Mall>, DbError> {
    store::mall(tx, id)
}

/// Creates a merchant, active at once: its papers were examined before the operator enters it.
pub fn create_merchant(tx: &mut Tx<'_>, act: &Act, new: &NewMerchant) -> Result<Merchant, MerchantError> {
    rules::check_merchant(new)?;
    let (name, licence_no) = (new.name.clone(), new.licence_no.clone());
    let merchant = Merchant { id: act.mint(MerchantId::new), name, licence_no, standing: Standing::Active };
    store::insert_merchant(tx, &merchant, act.now)
        .map_err(|error| taken(error, "merchant.licence_no", "licence_no"))?;
    note(
        tx,
        act,
        ("merchant.create", format!("merchant:{}", merchant.id)),
        (None, Some(&merchant.licence_no)),
    )?;
    Ok(merchant)
}

/// The merchant.
pub fn merchant(tx: &mut Tx<'_>, id: MerchantId) -> Result<Option<Merchant>, DbError> {
    store::merchant(tx, id)
}

/// Opens a store and puts it into the feed of its mall.
pub fn open_store(tx: &mut Tx<'_>, act: &Act, new: &NewStore) -> Result<Store, MerchantError> {
    rules::check_store(new)?;
    let merchant = store::merchant(tx, new.merchant)?.ok_or(MerchantError::Unknown("merchant"))?;
    store::mall(tx, new.mall)?.ok_or(MerchantError::Unknown("mall"))?;
    check_picture(tx, new.picture)?;
    let opened = Store {
        id: act.mint(StoreId::new),
        merchant: new.merchant,
        mall: new.mall,
        name: new.name.clone(),
        floor: new.floor.clone(),
        place: new.place.clone(),
        category: new.category.clone(),
        open: new.open.clone(),
        picture: new.picture,
        standing: Standing::Active,
    };
    store::insert_store(tx, &opened, &serde_json::to_string(&opened.open)?, act.now)
        .map_err(|error| taken(error, "store.place", "place"))?;
    announce_store(tx, act, &opened, &merchant)?;
    note(tx, act, ("store.open", format!("store:{}", opened.id)), (None, Some(&opened.place)))?;
    Ok(opened)
}

/// The store, active or not.
pub fn store_by_id(tx: &mut Tx<'_>, id: StoreId) -> Result<Option<Store>, DbError> {
    store::store(tx, id)
}

/// Stores in the order of their places; the sort key of one is [`Store::sort_key`].
pub fn stores(tx: &mut Tx<'_>, query: &StoreQuery) -> Result<Vec<Store>, DbError> {
    store::stores(tx, query)
}

/// Suspends a merchant or lets it work again: its stores leave or enter the feed with it.
pub fn set_merchant_standing(
    tx: &mut Tx<'_>,
    act: &Act,
    id: MerchantId,
    (standing, reason): (Standing, &str),
) -> Result<Merchant, MerchantError> {
    let before = store::merchant(tx, id)?.ok_or(MerchantError::Unknown("merchant"))?;
    let after = Merchant { standing, ..before.clone() };
    store::set_merchant_standing(tx, id, standing)?;
    let query = StoreQuery { merchant: Some(id), limit: STORES_MAX, ..StoreQuery::default() };
    for store in store::stores(tx, &query)? {
        announce_store(tx, act, &store, &after)?;
    }
    let states = (Some(before.standing.name()), Some(standing.name()));
    note_with_reason(tx, act, ("merchant.standing", format!("merchant:{id}")), states, reason)?;
    Ok(after)
}

/// Suspends one store or lets it work again.
pub fn set_store_standing(
    tx: &mut Tx<'_>,
    act: &Act,
    id: StoreId,
    (standing, reason): (Standing, &str),
) -> Result<Store, MerchantError> {
    let before = store::store(tx, id)?.ok_or(MerchantError::Unknown("store"))?;
    let merchant = store::merchant(tx, before.merchant)?.ok_or(MerchantError::Unknown("merchant"))?;
    let after = Store { standing, ..before.clone() };
    store::set_store_standing(tx, id, standing)?;
    announce_store(tx, act, &after, &merchant)?;
    let states = (Some(before.standing.name()), Some(standing.name()));
    note_with_reason(tx, act, ("store.standing", format!("store:{id}")), states, reason)?;
    Ok(after)
}

/// Gives a store another picture, or none.
pub fn set_store_picture(
    tx: &mut Tx<'_>,
    act: &Act,
    id: StoreId,
    picture: Option<PictureId>,
) -> Result<Store, MerchantError> {
    let before = store::store(tx, id)?.ok_or(MerchantError::Unknown("store"))?;
    let merchant = store::merchant(tx, before.merchant)?.ok_or(MerchantError::Unknown("merchant"))?;
    check_picture(tx, picture)?;
    let after = Store { picture, ..before.clone() };
    store::set_store_picture(tx, id, picture)?;
    announce_store(tx, act, &after, &merchant)?;
    let states = [before.picture, picture].map(|picture| picture.map(|id| id.to_string()));
    note(tx, act, ("store.picture", format!("store:{id}")), (states[0].as_deref(), states[1].as_deref()))?;
    Ok(after)
}

fn check_picture(tx: &mut Tx<'_>, picture: Option<PictureId>) -> Result<(), MerchantError> {
    match picture {
        Some(id) if media::picture(tx, id)?.is_none() => Err(MerchantError::Unknown("picture")),
        Some(_) | None => Ok(()),
    }
}

/// Says where a member of staff works; saying it again moves them.
pub fn bind_staff(tx: &mut Tx<'_>, act: &Act, new: &NewTillStaff) -> Result<(), MerchantError> {
    rules::check_staff_name(&new.name)?;
    store::merchant(tx, new.merchant)?.ok_or(MerchantError::Unknown("merchant"))?;
    // Nobody stands at the till of a merchant they do not work for.
    let account = auth::staff(tx, new.staff)?.filter(|account| account.merchant == Some(new.merchant));
    account.ok_or(MerchantError::Unknown("staff"))?;
    if let Some(id) = new.store {
        let store = store::store(tx, id)?.filter(|store| store.merchant == new.merchant);
        store.ok_or(MerchantError::Unknown("store"))?;
    }
    store::upsert_till_staff(tx, new, act.now)?;
    let place = new.store.map_or_else(|| "all".to_owned(), |id| id.to_string());
    note(tx, act, ("till.bind", format!("staff:{}", new.staff)), (None, Some(&place)))?;
    Ok(())
}

/// The till of `staff` at `store`; refused when they do not work there or no business may be done.
pub fn till(tx: &mut Tx<'_>, staff: StaffId, store: StoreId) -> Result<Till, MerchantError> {
    let bound = store::till_staff(tx, staff)?.ok_or(MerchantError::NotYourTill)?;
    let store = store::store(tx, store)?.ok_or(MerchantError::NotYourTill)?;
    let merchant = store::merchant(tx, store.merchant)?.ok_or(MerchantError::NotYourTill)?;
    rules::decide_till((bound.merchant, bound.store), &store, &merchant)?;
    Ok(Till { staff, staff_name: bound.name, merchant_name: merchant.name, store })
}

/// Every till `staff` may redeem at; empty for somebody who works nowhere or whose merchant is suspended.
pub fn tills(tx: &mut Tx<'_>, staff: StaffId) -> Result<Vec<Till>, MerchantError> {
    let Some(bound) = store::till_staff(tx, staff)? else { return Ok(Vec::new()) };
    let Some(merchant) = store::merchant(tx, bound.merchant)? else { return Ok(Vec::new()) };
    let merchant_only = Some(bound.merchant);
    let query =
        StoreQuery { merchant: merchant_only, active_only: true, limit: STORES_MAX, ..StoreQuery::default() };
    let stores = store::stores(tx, &query)?;
    let at =
        |store| Till { staff, staff_name: bound.name.clone(), merchant_name: merchant.name.clone(), store };
    Ok(stores.into_iter().filter(|store| bound.store.is_none_or(|only| only == store.id)).map(at).collect())
}

/// Agrees a commission from `from` on; what was redeemed before keeps its rate.
pub fn set_commission(
    tx: &mut Tx<'_>,
    act: &Act,
    merchant: MerchantId,
    (rate, from): (BasisPoints, UtcMillis),
) -> Result<(), MerchantError> {
    if from < act.now {
        return Err(MerchantError::Field("from_at"));
    }
    store::merchant(tx, merchant)?.ok_or(MerchantError::Unknown("merchant"))?;
    store::upsert_commission(tx, merchant, from, rate)?;
    let after = format!("{} bp from {}", rate.get(), from.get());
    note(tx, act, ("merchant.commission", format!("merchant:{merchant}")), (None, Some(&after)))?;
    Ok(())
}

/// The commission in force at `at`; `None` where none was agreed.
pub fn commission_at(
    tx: &mut Tx<'_>,
    merchant: MerchantId,
    at: UtcMillis,
) -> Result<Option<BasisPoints>, DbError> {
    Ok(store::commission_at(tx, merchant, at)?.and_then(BasisPoints::new))
}

fn announce_store(
    tx: &mut Tx<'_>,
    act: &Act,
    store: &Store,
    merchant: &Merchant,
) -> Result<(), MerchantError> {
    let id = store.id.to_string();
    let change = if rules::is_open_for_business(store, merchant) {
        let pictures = media::variants(tx, store.picture)?;
        feed::Change::put(id, &feed::Row::Store(feed_row(store, pictures)))?
    } else {
        feed::Change { kind: feed::STORE.to_owned(), id, row: None }
    };
    announce(tx, act, store.mall, &change)?;
    Ok(())
}

fn feed_row(store: &Store, pictures: Vec<MediaRef>) -> feed::StoreRow {
    feed::StoreRow {
        id: store.id,
        merchant: store.merchant,
        name: store.name.clone(),
        floor: store.floor.clone(),
        place: store.place.clone(),
        category: store.category.clone(),
        open: store.open.clone(),
        pictures,
    }
}

fn announce(tx: &mut Tx<'_>, act: &Act, mall: MallId, change: &feed::Change) -> Result<(), DbError> {
    let body = change.row.as_ref().map(ToString::to_string);
    let scope = format!("mall:{mall}");
    change_log::append(tx, act, &Change { kind: &change.kind, id: &change.id, scope: &scope, body })?;
    Ok(())
}

fn note(
    tx: &mut Tx<'_>,
    act: &Act,
    what: (&str, String),
    states: (Option<&str>, Option<&str>),
) -> Result<(), DbError> {
    note_with_reason(tx, act, what, states, "")
}

fn note_with_reason(
    tx: &mut Tx<'_>,
    act: &Act,
    (action, subject): (&str, String),
    (before, after): (Option<&str>, Option<&str>),
    reason: &str,
) -> Result<(), DbError> {
    audit::append(tx, act, &audit::Entry { surface: "O", action, subject: &subject, before, after, reason })
}

fn taken(error: DbError, column: &str, field: &'static str) -> MerchantError {
    if error.is_unique_on(column) { MerchantError::Taken(field) } else { MerchantError::Database(error) }
}

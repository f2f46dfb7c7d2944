//! What a mall, a merchant and a store must look like, and when a till may be used.

use super::model::{Merchant, MerchantError, NewMall, NewMerchant, NewStore, Standing, Store};
use domain::ids::{MerchantId, StoreId};

/// Characters of a name: what fits on a ticket and a map.
const NAME_CHARS_MAX: usize = 40;
/// Characters of a short text such as a floor, a place or a telephone number.
const SHORT_CHARS_MAX: usize = 20;
/// Weekly windows of one store: two a day for each day of the week.
const WINDOWS_MAX: usize = 14;
/// Characters of a unified social credit code (GB 32100).
const LICENCE_CHARS: usize = 18;

/// Accepts a mall whose texts fit the screens.
pub fn check_mall(mall: &NewMall) -> Result<(), MerchantError> {
    check_text("name", &mall.name, NAME_CHARS_MAX)?;
    check_text("hotline", &mall.hotline, SHORT_CHARS_MAX)?;
    check_text("service_desk", &mall.service_desk, NAME_CHARS_MAX)
}

/// Accepts a merchant with a name and a licence number of the right form.
pub fn check_merchant(merchant: &NewMerchant) -> Result<(), MerchantError> {
    check_text("name", &merchant.name, NAME_CHARS_MAX)?;
    let licence = &merchant.licence_no;
    let is_code = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    if licence.len() == LICENCE_CHARS && licence.bytes().all(is_code) {
        Ok(())
    } else {
        Err(MerchantError::Field("licence_no"))
    }
}

/// Accepts a store whose texts fit the screens and whose weekdays exist.
pub fn check_store(store: &NewStore) -> Result<(), MerchantError> {
    check_text("name", &store.name, NAME_CHARS_MAX)?;
    check_text("floor", &store.floor, SHORT_CHARS_MAX)?;
    check_text("place", &store.place, SHORT_CHARS_MAX)?;
    check_text("category", &store.category, SHORT_CHARS_MAX)?;
    let weekdays = || store.open.iter().flat_map(|window| &window.weekdays);
    if store.open.len() > WINDOWS_MAX || weekdays().any(|day| !(1..=7).contains(day)) {
        return Err(MerchantError::Field("open"));
    }
    Ok(())
}

/// Accepts the name of somebody at a till.
pub fn check_staff_name(name: &str) -> Result<(), MerchantError> {
    check_text("name", name, SHORT_CHARS_MAX)
}

/// True while a shopper may be sent to the store.
pub fn is_open_for_business(store: &Store, merchant: &Merchant) -> bool {
    store.standing == Standing::Active && merchant.standing == Standing::Active
}

/// Decides whether somebody bound to `employer` (and perhaps to one store) may redeem at `store`.
pub fn decide_till(
    (employer, only_store): (MerchantId, Option<StoreId>),
    store: &Store,
    merchant: &Merchant,
) -> Result<(), MerchantError> {
    if store.merchant != employer || only_store.is_some_and(|only| only != store.id) {
        return Err(MerchantError::NotYourTill);
    }
    if is_open_for_business(store, merchant) { Ok(()) } else { Err(MerchantError::Suspended) }
}

fn check_text(field: &'static str, text: &str, chars_max: usize) -> Result<(), MerchantError> {
    let fits = !text.trim().is_empty() && text.chars().count() <= chars_max;
    if fits && !text.chars().any(char::is_control) { Ok(()) } else { Err(MerchantError::Field(field)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::MallId;

    fn store(merchant: u8, id: u8) -> Store {
        Store {
            id: StoreId::from_bytes([id; 16]),
            merchant: MerchantId::from_bytes([merchant; 16]),
            mall: MallId::from_bytes([9; 16]),
            name: "巷口面馆".to_owned(),
            floor: "B1".to_owned(),
            place: "B1-08".to_owned(),
            category: "餐饮".to_owned(),
            open: vec![],
            picture: None,
            standing: Standing::Active,
        }
    }

    fn merchant(standing: Standing) -> Merchant {
        let id = MerchantId::from_bytes([1; 16]);
        Merchant { id, name: "巷口餐饮".to_owned(), licence_no: String::new(), standing }
    }

    #[test]
    fn a_cashier_redeems_only_at_the_stores_they_work_in() {
        let (employer, here) = (MerchantId::from_bytes([1; 16]), StoreId::from_bytes([5; 16]));
        let active = merchant(Standing::Active);
        assert!(decide_till((employer, None), &store(1, 5), &active).is_ok());
        assert!(decide_till((employer, Some(here)), &store(1, 5), &active).is_ok());
        for (bound, other) in [((employer, Some(here)), store(1, 6)), ((employer, None), store(2, 5))] {
            assert!(matches!(decide_till(bound, &other, &active), Err(MerchantError::NotYourTill)));
        }
    }

    #[test]
    fn a_suspended_merchant_or_store_redeems_nothing() {
        let employer = MerchantId::from_bytes([1; 16]);
        let closed = Store { standing: Standing::Suspended, ..store(1, 5) };
        let cases = [(store(1, 5), merchant(Standing::Suspended)), (closed, merchant(Standing::Active))];
        for (store, merchant) in cases {
            assert!(matches!(
                decide_till((employer, None), &store, &merchant),
                Err(MerchantError::Suspended)
            ));
        }
    }

    #[test]
    fn a_licence_number_has_eighteen_digits_and_capitals() {
        let with = |licence: &str| NewMerchant { name: "店".to_owned(), licence_no: licence.to_owned() };
        assert!(check_merchant(&with("91330200MA2AXXXX0B")).is_ok());
        for wrong in ["", "91330200ma2axxxx0b", "91330200MA2AXXXX0", "91330200MA2AXXXX0ＢＢ"] {
            assert!(matches!(check_merchant(&with(wrong)), Err(MerchantError::Field("licence_no"))));
        }
    }
}

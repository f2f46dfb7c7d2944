//! Merchants, stores and tills.

use crate::{
    harness::{Platform, logged},
    town::{SEED, Town, code, try_write},
};
use domain::money::BasisPoints;
use platform_api::{
    foundation::act::{Actor, Role},
    modules::merchants::{self, NewMerchant, Standing},
};
use serde_json::json;

fn stores_in_feed(platform: &Platform) -> Vec<(String, bool)> {
    let stores = logged(platform.db()).into_iter().filter(|change| change.kind == protocol::feed::STORE);
    stores.map(|change| (change.id, change.body.is_some())).collect()
}

#[tokio::test]
async fn a_suspended_merchant_leaves_the_feed_with_all_its_stores_and_comes_back() {
    let town = Town::new().await;
    let (noodles, tea_store) = (town.noodles, town.tea_store.to_string());
    assert!(stores_in_feed(&town.platform).iter().all(|(_, shown)| *shown));
    town.write(SEED, move |tx, act| {
        merchants::set_merchant_standing(tx, act, noodles, (Standing::Suspended, "执照到期"))
    });
    let shown: Vec<String> =
        stores_in_feed(&town.platform).into_iter().filter(|(_, shown)| *shown).map(|(id, _)| id).collect();
    assert_eq!(shown, [tea_store]);
    let listed = town.platform.get("/api/c/v1/stores", None).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    town.write(SEED, move |tx, act| {
        merchants::set_merchant_standing(tx, act, noodles, (Standing::Active, ""))
    });
    assert!(stores_in_feed(&town.platform).iter().all(|(_, shown)| *shown));
}

#[tokio::test]
async fn one_suspended_store_stays_away_when_its_merchant_comes_back() {
    let town = Town::new().await;
    let (noodles, branch) = (town.noodles, town.noodle_branch);
    town.write(SEED, move |tx, act| {
        merchants::set_store_standing(tx, act, branch, (Standing::Suspended, "装修"))?;
        merchants::set_merchant_standing(tx, act, noodles, (Standing::Suspended, ""))?;
        merchants::set_merchant_standing(tx, act, noodles, (Standing::Active, ""))
    });
    let hidden: Vec<String> =
        stores_in_feed(&town.platform).into_iter().filter(|(_, shown)| !*shown).map(|(id, _)| id).collect();
    assert_eq!(hidden, [branch.to_string()]);
}

#[tokio::test]
async fn a_licence_belongs_to_one_merchant() {
    let town = Town::new().await;
    let again = NewMerchant { name: "别的店".to_owned(), licence_no: "91330200MA00000001".to_owned() };
    let refused = try_write(&town.platform, SEED, move |tx, act| merchants::create_merchant(tx, act, &again));
    assert_eq!(code(refused), "ALREADY_EXISTS");
}

#[tokio::test]
async fn a_new_commission_counts_from_its_instant_and_never_backwards() {
    let town = Town::new().await;
    let (noodles, now) = (town.noodles, town.platform.app.clock.now());
    let rate = |bp| BasisPoints::new(bp).unwrap();
    town.write(SEED, move |tx, act| {
        merchants::set_commission(tx, act, noodles, (rate(500), now.plus_ms(1_000)))
    });
    let at = move |ms| {
        town.platform.db().read(move |tx| merchants::commission_at(tx, noodles, now.plus_ms(ms))).unwrap()
    };
    assert_eq!(at(-1), None);
    assert_eq!(at(999), Some(rate(200)));
    assert_eq!(at(1_000), Some(rate(500)));
    let town = Town::new().await;
    let (noodles, now) = (town.noodles, town.platform.app.clock.now());
    let refused = try_write(&town.platform, SEED, move |tx, act| {
        merchants::set_commission(tx, act, noodles, (rate(0), now.plus_ms(-1)))
    });
    assert_eq!(code(refused), "INVALID");
}

#[tokio::test]
async fn a_reviewer_sets_a_merchant_up_over_http_and_others_may_not() {
    let town = Town::new().await;
    let reviewer = crate::town::member(&town.platform, Role::OpMerchantReviewer, None);
    let body = json!({ "name": "新店", "licence_no": "91330200MA00000009" });
    let path = "/api/o/v1/merchants";
    town.platform.post(path, None, body.clone()).await.expect_problem(401, "UNAUTHENTICATED");
    for other in [&town.cashier, &town.editor] {
        let answer = town.platform.post(path, Some(&other.token), body.clone()).await;
        assert!([401, 403].contains(&answer.status.as_u16()), "{}", answer.text);
    }
    let id = town.platform.post(path, Some(&reviewer.token), body).await.expect(201)["id"].clone();
    let store = json!({ "merchant": id, "mall": town.mall, "name": "新店一层", "floor": "1F", "place": "1F-20",
        "category": "零售", "open": [{ "from": "10:00", "to": "22:00" }] });
    town.platform.post("/api/o/v1/stores", Some(&reviewer.token), store.clone()).await.expect(201);
    let taken = town.platform.post("/api/o/v1/stores", Some(&reviewer.token), store).await;
    taken.expect_problem(409, "ALREADY_EXISTS");
}

#[tokio::test]
async fn nobody_is_put_at_the_till_of_a_merchant_they_do_not_work_for() {
    let town = Town::new().await;
    for staff in [town.tea_cashier.staff.id, town.editor.staff.id] {
        let new = merchants::NewTillStaff {
            staff,
            merchant: town.noodles,
            store: Some(town.noodle_store),
            name: "阿芳".to_owned(),
        };
        let bound = try_write(&town.platform, SEED, move |tx, act| merchants::bind_staff(tx, act, &new));
        assert_eq!(code(bound), "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_cashier_sees_the_tills_they_work_at() {
    let town = Town::new().await;
    let tills = town.platform.get("/api/m/v1/tills", Some(&town.cashier.token)).await.expect(200);
    let tills = tills.as_array().unwrap();
    assert_eq!(tills.len(), 1);
    assert_eq!(tills[0]["store"], town.noodle_store.to_string());
    assert_eq!(tills[0]["staff_name"], "小周");
    let stranger = Actor::Staff(town.editor.staff);
    let none = town.write(stranger, |tx, act| merchants::tills(tx, act.actor.staff().unwrap().id));
    assert_eq!(none, []);
}

#[tokio::test]
async fn a_manager_changes_only_the_window_of_their_own_stores() {
    let town = Town::new().await;
    let manager = crate::town::member(&town.platform, Role::MerchantManager, Some(town.noodles));
    let product = json!({ "name": "雪菜肉丝面", "category": "面食", "price_fen": 2_200, "listed": true });
    let put = async |store| {
        let path = format!("/api/m/v1/stores/{store}/products/NOODLE-1");
        let request = town.platform.request(axum::http::Method::PUT, &path, Some(&manager.token));
        let request =
            request.header("idempotency-key", format!("{store}")).header("content-type", "application/json");
        town.platform.send(request.body(axum::body::Body::from(product.to_string())).unwrap()).await
    };
    put(town.noodle_store).await.expect(200);
    put(town.tea_store).await.expect_problem(404, "NOT_FOUND");
    let path = format!("/api/c/v1/stores/{}/products", town.noodle_store);
    let window = town.platform.get(&path, None).await.expect(200);
    assert_eq!(window[0]["price_fen"], 2_200);
    let categories = town.platform.get("/api/c/v1/categories", None).await.expect(200);
    assert_eq!(categories, json!([{ "name": "面食", "products": 1 }]));
}

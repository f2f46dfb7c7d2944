//! What a person holds.

use crate::town::{SEED, Town};
use platform_api::modules::coupons;
use serde_json::json;

#[tokio::test]
async fn a_wallet_is_its_owners_and_what_ends_first_stands_first() {
    let town = Town::new().await;
    let (person, other) = (town.person("13800000001"), town.person("13800000002"));
    let long = town.batch(|new| new.content.terms.validity = domain::batch::Validity::Days(9));
    let short = town.batch(|_| {});
    let late = town.coupon(long, &person).await;
    let soon = town.coupon(short, &person).await;
    let wallet = town.platform.get("/api/c/v1/wallet", Some(&person.token)).await.expect(200);
    let ids: Vec<&str> =
        wallet.as_array().unwrap().iter().map(|coupon| coupon["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [soon.to_string(), late.to_string()]);
    assert_eq!(wallet[0]["merchant_name"], "巷口面馆");
    assert_eq!(wallet[0]["government_funded"], true);
    let theirs = town.platform.get("/api/c/v1/wallet", Some(&other.token)).await.expect(200);
    assert_eq!(theirs, json!([]));
    let path = format!("/api/c/v1/coupons/{soon}");
    town.platform.get(&path, Some(&other.token)).await.expect_problem(404, "NOT_FOUND");
    town.platform.get(&path, None).await.expect_problem(401, "UNAUTHENTICATED");
    let code = town.platform.post(&format!("{path}/code"), Some(&other.token), json!({})).await;
    code.expect_problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_coupon_past_its_end_reads_as_expired_before_any_job_and_shows_no_code() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let coupon = town.coupon(batch, &person).await;
    town.platform.clock.advance_ms(3 * 86_400_000);
    let path = format!("/api/c/v1/coupons/{coupon}");
    let view = town.platform.get(&path, Some(&person.token)).await.expect(200);
    assert_eq!(view["state"], "expired");
    let code = town.platform.post(&format!("{path}/code"), Some(&person.token), json!({})).await;
    code.expect_problem(409, "CONFLICT");
    assert_eq!(town.write(SEED, coupons::expire_due), 1);
    assert_eq!(town.write(SEED, coupons::expire_due), 0);
    assert_eq!(town.platform.get(&path, Some(&person.token)).await.expect(200)["state"], "expired");
}

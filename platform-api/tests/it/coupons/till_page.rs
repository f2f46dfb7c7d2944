//! The merchant page: as the router answers it, and in a real browser on a phone and beside a cash desk.

use crate::{
    browser::{Browser, PHONE},
    harness::{Answer, Platform},
    town::{Member, PASSWORD, Town},
};
use axum::{body::Body, http::Method};
use serde_json::Value;

const DESK: (u32, u32) = (1_280, 860);

/// A form as a browser sends it from our own page.
async fn send(platform: &Platform, path: &str, who: &Member, fields: &[(&str, &str)]) -> Answer {
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    let request = platform
        .request(Method::POST, path, None)
        .header("cookie", format!("session_m={}", who.token))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    platform.send(request.body(Body::from(body.join("&"))).unwrap()).await
}

async fn open(platform: &Platform, path: &str, who: &Member) -> Answer {
    let request =
        platform.request(Method::GET, path, None).header("cookie", format!("session_m={}", who.token));
    platform.send(request.body(Body::empty()).unwrap()).await
}

fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn town_with_a_code() -> (Town, Value) {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let coupon = town.coupon(batch, &person).await;
    let shown = town.shown(coupon, &person).await;
    (town, shown)
}

#[tokio::test]
async fn nobody_sees_a_till_without_signing_in_and_a_consumer_is_nobody_here() {
    let town = Town::new().await;
    for path in ["/merchant", "/merchant/redemptions"] {
        let answer = town.platform.get(path, None).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/merchant/sign-in"));
    }
    let page = town.platform.get("/merchant/sign-in", None).await;
    assert_eq!(page.status.as_u16(), 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.text.contains("<script>") && !page.text.contains("style="), "nothing inline");
    let as_editor = open(&town.platform, "/merchant", &town.editor).await;
    assert_eq!(as_editor.header("location"), "/merchant/sign-in");
}

#[tokio::test]
async fn a_form_from_another_site_redeems_nothing() {
    let (town, shown) = town_with_a_code().await;
    let body = format!("store={}&code={}&bill=100", town.noodle_store, shown["pin"].as_str().unwrap());
    let request = town
        .platform
        .request(Method::POST, "/merchant/confirm", None)
        .header("cookie", format!("session_m={}", town.cashier.token))
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = town.platform.send(request.body(Body::from(body)).unwrap()).await;
    answer.expect_problem(403, "CROSS_SITE");
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM redemption"), 0);
}

#[tokio::test]
async fn a_confirmation_sent_twice_leads_to_the_same_receipt_and_a_colleague_is_told_who_was_first() {
    let (town, shown) = town_with_a_code().await;
    let (store, pin) = (town.noodle_store.to_string(), shown["pin"].as_str().unwrap());
    let fields = [("store", store.as_str()), ("code", pin), ("holder_code", ""), ("bill", "128.50")];
    let preview = send(&town.platform, "/merchant/preview", &town.cashier, &fields).await;
    assert!(preview.text.contains("¥108.50") && preview.text.contains("政府补贴"), "{}", preview.text);
    let first = send(&town.platform, "/merchant/confirm", &town.cashier, &fields).await;
    assert_eq!(first.status.as_u16(), 303, "{}", first.text);
    let again = send(&town.platform, "/merchant/confirm", &town.cashier, &fields).await;
    assert_eq!(again.header("location"), first.header("location"));
    let receipt = open(&town.platform, first.header("location"), &town.cashier).await;
    assert!(receipt.text.contains("核销成功") && receipt.text.contains("¥108.50"), "{}", receipt.text);
    let branch = town.noodle_branch.to_string();
    let fields = [("store", branch.as_str()), ("code", pin), ("holder_code", ""), ("bill", "128.50")];
    let late = send(&town.platform, "/merchant/confirm", &town.colleague, &fields).await;
    assert_eq!(late.status.as_u16(), 409);
    assert!(late.text.contains("已经核销过") && late.text.contains("由小周核销"), "{}", late.text);
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM redemption"), 1);
    town.check_books();
}

#[tokio::test]
async fn an_amount_that_is_none_is_asked_for_again_and_the_code_stays() {
    let (town, shown) = town_with_a_code().await;
    let (store, pin) = (town.noodle_store.to_string(), shown["pin"].as_str().unwrap());
    for bill in ["", "一百", "-5", "1.234"] {
        let fields = [("store", store.as_str()), ("code", pin), ("holder_code", ""), ("bill", bill)];
        let page = send(&town.platform, "/merchant/preview", &town.cashier, &fields).await;
        assert_eq!(page.status.as_u16(), 422);
        assert!(page.text.contains("账单金额不对") && page.text.contains(pin), "{}", page.text);
    }
}

async fn sign_in(browser: &Browser, who: &Member) {
    browser.open("/merchant").await;
    browser.arrive("/merchant/sign-in").await;
    browser.type_into("input[name=login]", &who.login).await;
    browser.type_into("input[name=password]", PASSWORD).await;
    browser.tap("button[type=submit]").await;
    browser.arrive("/merchant").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cashier_with_a_phone_redeems_and_sees_the_coupon_refused_the_second_time() {
    let (town, shown) = town_with_a_code().await;
    let Some(browser) = Browser::phone(&town.platform, PHONE).await else { return };
    browser.open("/merchant/sign-in").await;
    browser.look("till-phone-1-sign-in").await;
    sign_in(&browser, &town.cashier).await;
    browser.look("till-phone-2-empty").await;
    let pin = shown["pin"].as_str().unwrap();
    // A scanner gun types and presses Enter: the cursor moves on, nothing is sent yet.
    browser.type_into("[data-code]", &format!("{pin}\n")).await;
    browser.until("document.activeElement.name === 'bill'").await;
    browser.type_into("[data-bill]", "128.50").await;
    browser.look("till-phone-3-typed").await;
    browser.type_into("[data-bill]", "\n").await;
    browser.arrive("/merchant/preview").await;
    browser.look("till-phone-4-preview").await;
    browser.tap("form[data-once] button").await;
    browser.until("location.pathname.startsWith('/merchant/redemptions/')").await;
    browser.look("till-phone-5-receipt").await;
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM redemption"), 1);
    browser.open("/merchant").await;
    browser.type_into("[data-code]", pin).await;
    browser.type_into("[data-bill]", "60\n").await;
    browser.until("document.querySelector('[role=alert]')").await;
    let said =
        browser.run("return document.querySelector('[role=alert]').innerText", serde_json::json!([])).await;
    assert!(said.as_str().unwrap().contains("由小周核销"), "{said}");
    browser.look("till-phone-6-already").await;
    browser.open("/merchant/redemptions").await;
    browser.look("till-phone-7-records").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_cash_desk_a_voucher_asks_for_its_holders_code() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let Some(browser) = Browser::phone(&town.platform, DESK).await else { return };
    let grant = town.lease(batch, 1).await;
    let voucher = town.voucher(&grant, 0, &person);
    sign_in(&browser, &town.cashier).await;
    browser.look("till-desk-1-empty").await;
    browser.type_into("[data-code]", &format!("{voucher}\n")).await;
    browser.until("document.activeElement.name === 'holder_code'").await;
    browser.look("till-desk-2-holder").await;
    let holder = town.identify_code(&person);
    browser.type_into("[data-holder-code]", &format!("{holder}\n")).await;
    browser.type_into("[data-bill]", "99.99\n").await;
    browser.until("document.querySelector('[role=alert]')").await;
    browser.look("till-desk-3-threshold").await;
    browser.run("document.querySelector('[data-bill]').value = ''", serde_json::json!([])).await;
    browser.type_into("[data-bill]", "168\n").await;
    browser.arrive("/merchant/preview").await;
    browser.look("till-desk-4-preview").await;
    browser.tap("form[data-once] button").await;
    browser.until("location.pathname.startsWith('/merchant/redemptions/')").await;
    browser.open("/merchant").await;
    browser.look("till-desk-5-after").await;
    browser.open("/merchant/redemptions").await;
    browser.look("till-desk-6-records").await;
    town.check_books();
    browser.close().await;
}

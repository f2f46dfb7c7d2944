//! The phone page in Chromium, as wide as a small phone: from registering to a code that renews itself.

use super::{ALL, seed};
use crate::{
    browser::{Browser, PHONE as SCREEN},
    harness::{Platform, START},
    town::Town,
};
use domain::{
    batch::Validity,
    consumer_code::{CodeError, verify_identify},
    money::{BasisPoints, Fen},
    pricing::Benefit,
    rotating_code::STEP_MS,
};
use platform_api::{foundation::act::Actor, modules::consumers};
use serde_json::json;

const PHONE: &str = "13800000001";
/// The drawn modules of the code on the page.
const MODULES: &str = "document.querySelector('.qr path').getAttribute('d')";

fn platform() -> Platform {
    Platform::with(|config| config.auth.cookie_secure = false)
}

/// Lets the page believe that time has passed.
async fn pass_time(browser: &Browser, millis: i64) {
    let script = "const real = window.realNow || (window.realNow = Date.now.bind(Date)); \
                  window.ahead = (window.ahead || 0) + arguments[0]; Date.now = () => real() + window.ahead;";
    browser.run(script, json!([millis])).await;
}

/// Cuts the page off from the platform, or lets it through again.
async fn cut(browser: &Browser, offline: bool) {
    let script = "const real = window.realFetch || (window.realFetch = window.fetch.bind(window)); \
                  window.fetch = arguments[0] ? () => Promise.reject(new TypeError('offline')) : real;";
    browser.run(script, json!([offline])).await;
}

async fn sign_in(platform: &Platform, browser: &Browser) {
    browser.open("/phone").await;
    browser.arrive("/phone/sign-in").await;
    browser.type_into("input[name=phone]", PHONE).await;
    browser.tap("input[name=account_text_version]").await;
    browser.look("phone-1-sign-in").await;
    browser.tap("form button").await;
    browser.arrive("/phone/sign-in/otp").await;
    browser.type_into("input[name=code]", &platform.otp.last(PHONE).unwrap()).await;
    browser.look("phone-2-code").await;
    browser.tap("form button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_registers_consents_fills_the_profile_in_and_sees_a_code() {
    let platform = platform();
    let Some(browser) = Browser::phone(&platform, SCREEN).await else { return };
    sign_in(&platform, &browser).await;
    browser.arrive("/phone/consents").await;
    let ticked = browser.run("return document.querySelectorAll('input:checked').length", json!([])).await;
    assert_eq!(ticked, 0, "nothing is ticked beforehand");
    browser.type_into("input[name=name]", "林小夏").await;
    browser.tap("input[name=P2]").await;
    browser.tap("input[name=P3]").await;
    browser.look("phone-3-consents").await;
    browser.tap("form button[type=submit]").await;
    browser.arrive("/phone/profile").await;
    browser.type_into("input[name=birth_year]", "2000").await;
    browser.tap("input[value=single]").await;
    browser.look("phone-4-profile").await;
    browser.tap("form button[type=submit]").await;
    browser.arrive("/phone/code").await;
    browser.until("document.querySelector('.qr svg').clientWidth >= 280").await;
    browser.until("document.body.innerText.includes('林小夏')").await;
    browser.look("phone-5-code").await;
    assert_eq!(platform.count("SELECT count(*) AS n FROM tag_assertion"), 2);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_renews_itself_and_is_gone_when_it_could_not() {
    let platform = platform();
    seed(&platform, PHONE, ALL);
    let Some(browser) = Browser::phone(&platform, SCREEN).await else { return };
    sign_in(&platform, &browser).await;
    browser.arrive("/phone/code").await;
    browser.until("document.querySelector('.panel').dataset.state === 'live'").await;
    let first = browser.run(&format!("return {MODULES}"), json!([])).await;

    pass_time(&browser, 31_000).await;
    browser.until(&format!("{MODULES} !== {first}")).await;

    cut(&browser, true).await;
    pass_time(&browser, 31_000).await;
    browser.until("document.querySelector('.panel').dataset.state === 'offline'").await;
    browser.until("document.body.innerText.includes('网络不通，本码还可用')").await;
    browser.look("phone-6-offline").await;

    browser.run("localStorage.clear(); window.rotatingCode.at = () => null", json!([])).await;
    pass_time(&browser, 100_000).await;
    browser.until("document.querySelector('.panel').dataset.state === 'over'").await;
    browser.until("document.querySelector('.qr') === null").await;
    browser.until("document.querySelector('.gone').offsetHeight > 200").await;
    browser.look("phone-7-over").await;

    cut(&browser, false).await;
    browser.tap("[data-part=again]").await;
    browser.until("document.querySelector('.panel').dataset.state === 'live'").await;
    browser.until("document.querySelector('.qr path') !== null").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_the_phone_shows_rotating_codes_that_a_kiosk_believes_for_one_step() {
    let platform = platform();
    seed(&platform, PHONE, ALL);
    let Some(browser) = Browser::phone(&platform, SCREEN).await else { return };
    sign_in(&platform, &browser).await;
    browser.arrive("/phone/code").await;
    browser.until("window.rotatingCode.at(Date.now()) !== null").await;
    browser.until("navigator.serviceWorker.controller !== null").await;

    cut(&browser, true).await;
    pass_time(&browser, 125_000).await;
    browser.until("document.querySelector('.panel').dataset.state === 'rotating'").await;
    browser.until("document.querySelector('.qr path') !== null").await;
    browser.until("document.body.innerText.includes('网络不通，离线码')").await;
    browser.look("phone-13-rotating").await;
    let first = browser.run(&format!("return {MODULES}"), json!([])).await;
    pass_time(&browser, 31_000).await;
    browser.until(&format!("{MODULES} !== {first}")).await;

    let shown = "const code = window.rotatingCode.at(Date.now()); return [code.step, code.text()]";
    let shown = browser.run(shown, json!([])).await;
    let (step, text) = (shown[0].as_i64().unwrap(), shown[1].as_str().unwrap());
    let act = platform.act(Actor::System("test"));
    let ring = platform.db().read(move |tx| consumers::key_ring(tx, &act)).unwrap().unwrap();
    let at = |step: i64| verify_identify(text.as_bytes(), &ring, START.plus_ms(step * STEP_MS));
    assert_eq!(at(step).unwrap().tags.len(), 2);
    assert_eq!(at(step + 2), Err(CodeError::Expired), "a screenshot is dead");

    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_with_the_code_opens_without_a_network_and_leaves_nothing_to_the_next_person() {
    let platform = platform();
    seed(&platform, PHONE, ALL);
    let Some(mut browser) = Browser::phone(&platform, SCREEN).await else { return };
    sign_in(&platform, &browser).await;
    browser.arrive("/phone/code").await;
    browser.until("localStorage.getItem('rotating-pass') !== null").await;
    browser.until("navigator.serviceWorker.controller !== null").await;
    browser.open("/phone/consents").await;
    browser.until("localStorage.getItem('rotating-pass') === null").await;
    browser.open("/phone/code").await;
    browser.until("localStorage.getItem('rotating-pass') !== null").await;

    browser.lose_platform();
    browser.open("/phone/code").await;
    browser.until("document.body.innerText.includes('没有网络也能用')").await;
    browser.until("document.querySelector('.panel').dataset.state === 'rotating'").await;
    browser.until("document.querySelector('.qr svg').clientWidth >= 280").await;
    browser.look("phone-14-offline-page").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_wallet_and_account_lead_on() {
    let platform = platform();
    seed(&platform, PHONE, ALL);
    let Some(browser) = Browser::phone(&platform, SCREEN).await else { return };
    sign_in(&platform, &browser).await;
    browser.arrive("/phone/code").await;
    browser.open("/phone/wallet").await;
    browser.until("document.querySelector('.empty a[href=\"/phone/code\"]') !== null").await;
    browser.look("phone-8-empty").await;
    browser.open("/phone/me").await;
    browser.look("phone-9-me").await;
    browser.tap("form[action='/phone/sign-out'] button").await;
    browser.arrive("/phone/sign-in").await;
    browser.open("/phone/code").await;
    browser.arrive("/phone/sign-in").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_sorts_by_state_and_a_coupon_shows_code_and_digits_until_it_is_used() {
    let town = Town::new().await;
    let person = town.person(PHONE);
    let half = Benefit::PercentOff {
        off_bp: BasisPoints::new(1_500).unwrap(),
        cap_fen: Some(Fen::new(3_000)),
        threshold_fen: None,
    };
    let discount = town.batch(|new| {
        new.content.title = "夜归人八五折".to_owned();
        new.content.terms.benefit = half;
    });
    let gift = town.batch(|new| {
        new.content.title = "新客无门槛券".to_owned();
        new.content.terms.benefit = Benefit::NoThreshold { off_fen: Fen::new(850) };
        new.content.terms.validity = Validity::Days(1);
    });
    let threshold = town.batch(|_| {});
    town.coupon(discount, &person).await;
    town.coupon(gift, &person).await;
    let coupon = town.coupon(threshold, &person).await;
    let Some(browser) = Browser::phone(&town.platform, SCREEN).await else { return };
    browser.open("/phone/sign-in").await;
    let keep = "document.cookie = 'session_c=' + arguments[0] + ';path=/'";
    browser.run(keep, json!([person.token])).await;

    browser.open("/phone/wallet").await;
    browser.until("document.querySelectorAll('.ticket').length === 3").await;
    for text in ["8.5", "满100可用", "最高减30", "8.50", "即将过期", "巷口面馆", "政府补贴"]
    {
        browser.until(&format!("document.body.innerText.includes({})", json!(text))).await;
    }
    browser.look("phone-10-wallet").await;

    browser.open(&format!("/phone/coupons/{coupon}")).await;
    browser.until("document.querySelector('.panel').dataset.state === 'live'").await;
    let first = browser.run(&format!("return {MODULES}"), json!([])).await;
    browser.look("phone-11-coupon").await;
    pass_time(&browser, 91_000).await;
    browser.until(&format!("{MODULES} !== {first}")).await;
    let digits = browser.run("return document.querySelector('.digits').innerText", json!([])).await;
    let digits: String = digits.as_str().unwrap().chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits.len(), 10);
    town.confirm(&town.cashier, town.presented(&json!(digits), 12_800)).await.expect(201);

    // The next renewal finds the coupon used, and the page says so.
    pass_time(&browser, 91_000).await;
    browser.until("document.querySelector('.qr') === null").await;
    browser.until("document.body.innerText.includes('这张券已经使用')").await;
    browser.look("phone-12-used").await;
    browser.close().await;
}

//! Staff sign in with a password, stay for a while, and are out at once when they must be.

use crate::harness::Platform;
use axum::{body::Body, http::Method};
use domain::ids::{MerchantId, StaffId};
use platform_api::{
    foundation::{
        act::{Actor, Role},
        db::DbError,
    },
    modules::auth::{self, Holder, NewStaff, PasswordHash},
};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";
const MERCHANT: MerchantId = MerchantId::from_bytes([9; 16]);

/// Adds staff as the seed does.
pub fn add(platform: &Platform, login: &str, role: Role) -> StaffId {
    let merchant = matches!(role, Role::MerchantCashier | Role::MerchantManager).then_some(MERCHANT);
    let new = NewStaff {
        login: login.to_owned(),
        name: "王芳".to_owned(),
        role,
        merchant,
        password: PasswordHash::new(PASSWORD, [1; 16]).unwrap(),
        totp: false,
    };
    let act = platform.act(Actor::System("test"));
    platform.db().write(move |tx| auth::create_staff(tx, &act, &new)).unwrap()
}

/// A session of somebody with `role`.
pub fn token_of(platform: &Platform, role: Role) -> String {
    let id = add(platform, &format!("of.{}", role.as_str()), role);
    let act = platform.act(Actor::System("test"));
    let token: Result<_, DbError> =
        platform.db().write(move |tx| auth::open_session(tx, &act, Holder::Staff(id), 3600));
    token.unwrap().text()
}

async fn login(platform: &Platform, surface: &str, password: &str) -> crate::harness::Answer {
    let body = json!({ "login": "wang", "password": password });
    platform.post(&format!("/api/{surface}/v1/auth/login"), None, body).await
}

async fn token(platform: &Platform) -> String {
    let session: Value = login(platform, "m", PASSWORD).await.expect(200);
    session["token"].as_str().unwrap().to_owned()
}

const ME: &str = "/api/m/v1/auth/me";

#[tokio::test]
async fn a_session_lasts_until_it_is_ended_and_not_longer_than_eight_hours() {
    let platform = Platform::new();
    add(&platform, "wang", Role::MerchantCashier);
    let (first, second) = (token(&platform).await, token(&platform).await);
    let me = platform.get(ME, Some(&first)).await.expect(200);
    assert_eq!((me["role"].as_str(), me["name"].as_str()), (Some("merchant_cashier"), Some("王芳")));
    assert_eq!(me["merchant_id"], MERCHANT.to_string());

    assert_eq!(platform.post("/api/m/v1/auth/logout", Some(&first), json!({})).await.status, 204);
    platform.get(ME, Some(&first)).await.expect_problem(401, "UNAUTHENTICATED");
    platform.get(ME, Some(&second)).await.expect(200);
    platform.clock.advance_ms(8 * 3_600_000);
    platform.get(ME, Some(&second)).await.expect_problem(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn whoever_is_disabled_is_out_at_once_and_cannot_come_back() {
    let platform = Platform::new();
    let id = add(&platform, "wang", Role::MerchantCashier);
    let token = token(&platform).await;
    let act = platform.act(Actor::System("test"));
    platform.db().write(move |tx| auth::disable_staff(tx, &act, id)).unwrap();
    platform.get(ME, Some(&token)).await.expect_problem(401, "UNAUTHENTICATED");
    login(&platform, "m", PASSWORD).await.expect_problem(401, "WRONG_CREDENTIALS");
}

#[tokio::test]
async fn a_wrong_password_an_unknown_login_and_another_door_sound_the_same() {
    let platform = Platform::new();
    login(&platform, "m", PASSWORD).await.expect_problem(401, "WRONG_CREDENTIALS");
    add(&platform, "wang", Role::MerchantCashier);
    login(&platform, "m", "wrong horse battery").await.expect_problem(401, "WRONG_CREDENTIALS");
    login(&platform, "o", PASSWORD).await.expect_problem(401, "WRONG_CREDENTIALS");
    login(&platform, "m", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn guessing_passwords_is_stopped() {
    let platform = Platform::new();
    for _ in 0..20 {
        login(&platform, "m", "wrong horse battery").await.expect_problem(401, "WRONG_CREDENTIALS");
    }
    login(&platform, "m", PASSWORD).await.expect_problem(429, "RATE_LIMITED");
}

#[tokio::test]
async fn a_login_no_account_can_have_is_refused_and_not_remembered() {
    let platform = Platform::new();
    let body = json!({ "login": "x".repeat(41), "password": PASSWORD });
    for _ in 0..21 {
        let refused = platform.post("/api/m/v1/auth/login", None, body.clone()).await;
        refused.expect_problem(401, "WRONG_CREDENTIALS");
    }
}

#[tokio::test]
async fn a_cookie_works_from_our_own_pages_only() {
    let platform = Platform::new();
    add(&platform, "wang", Role::MerchantCashier);
    let answer = login(&platform, "m", PASSWORD).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("session_m=") && cookie.contains("; HttpOnly; SameSite=Strict; "), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let logout = |header: &str, value: &str| {
        let request = platform.request(Method::POST, "/api/m/v1/auth/logout", None).header("cookie", pair);
        platform.send(request.header(header, value).body(Body::empty()).unwrap())
    };
    logout("origin", "https://evil.test").await.expect_problem(403, "CROSS_SITE");
    logout("sec-fetch-site", "cross-site").await.expect_problem(403, "CROSS_SITE");
    logout("accept", "*/*").await.expect_problem(403, "CROSS_SITE");
    let read = platform.request(Method::GET, ME, None).header("cookie", pair);
    platform.send(read.body(Body::empty()).unwrap()).await.expect(200);
    assert_eq!(logout("origin", "https://platform.test").await.status, 204);
}

#[tokio::test]
async fn another_site_cannot_sign_its_visitor_in() {
    let platform = Platform::new();
    add(&platform, "wang", Role::MerchantCashier);
    let login = |header: &str, value: &str| {
        let request = platform.request(Method::POST, "/api/m/v1/auth/login", None).header(header, value);
        let request = request.header("content-type", "application/json");
        let body = json!({ "login": "wang", "password": PASSWORD }).to_string();
        platform.send(request.body(Body::from(body)).unwrap())
    };
    login("sec-fetch-site", "cross-site").await.expect_problem(403, "CROSS_SITE");
    login("origin", "https://evil.test").await.expect_problem(403, "CROSS_SITE");
    login("sec-fetch-site", "same-origin").await.expect(200);
}

#[tokio::test]
async fn only_the_super_operator_adds_staff_and_a_login_is_given_once() {
    let platform = Platform::new();
    let request = json!({ "login": "lilei", "name": "李雷", "role": "op_auditor", "password": PASSWORD });
    let auditor = token_of(&platform, Role::OpAuditor);
    platform.post("/api/o/v1/staff", Some(&auditor), request.clone()).await.expect_problem(403, "FORBIDDEN");
    let chief = token_of(&platform, Role::OpSuper);
    let added = platform.post("/api/o/v1/staff", Some(&chief), request.clone()).await.expect(201);
    assert_eq!(added["role"], "op_auditor");
    let again = platform.post("/api/o/v1/staff", Some(&chief), request).await;
    again.expect_problem(409, "ALREADY_EXISTS");
    assert_eq!(platform.count("SELECT count(*) AS n FROM audit_entry WHERE action = 'staff.create'"), 3);
}

#[tokio::test]
async fn roles_and_merchants_must_fit() {
    let platform = Platform::new();
    let chief = token_of(&platform, Role::OpSuper);
    for (role, merchant) in
        [("merchant_cashier", None), ("op_fleet", Some(MERCHANT)), ("consumer", None), ("kiosk", None)]
    {
        let merchant = merchant.map(|id| id.to_string());
        let request = json!(
            { "login": "lilei", "name": "李雷", "role": role, "password": PASSWORD, "merchant_id": merchant }
        );
        let answer = platform.post("/api/o/v1/staff", Some(&chief), request).await;
        answer.expect_problem(422, "INVALID");
        assert!(["role", "merchant"].contains(&answer.json["field"].as_str().unwrap()), "{}", answer.text);
    }
}

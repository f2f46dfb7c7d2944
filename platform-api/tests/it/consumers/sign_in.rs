//! Registering and signing in with a phone.

use super::{seed, sign_in};
use crate::harness::Platform;
use platform_api::foundation::db::DbError;
use serde_json::json;

const PHONE: &str = "13800000001";

async fn code(platform: &Platform) -> String {
    platform.post("/api/c/v1/auth/otp", None, json!({"phone": PHONE})).await.expect(202);
    platform.otp.last(PHONE).unwrap()
}

#[tokio::test]
async fn a_new_phone_is_registered_only_with_the_newest_account_text_and_keeps_its_code_until_then() {
    let platform = Platform::new();
    let code = code(&platform).await;
    let login = |version: Option<u32>| {
        let body = match version {
            Some(version) => json!({"phone": PHONE, "code": code, "account_text_version": version}),
            None => json!({"phone": PHONE, "code": code}),
        };
        platform.post("/api/c/v1/auth/login", None, body)
    };
    let refused = login(None).await;
    refused.expect_problem(403, "CONSENT_REQUIRED");
    assert_eq!((&refused.json["purpose"], &refused.json["text_version"]), (&json!("P1"), &json!(1)));
    login(Some(9)).await.expect_problem(409, "CONFLICT");
    assert_eq!(platform.count("SELECT count(*) AS n FROM consumer"), 0);
    let answer = login(Some(1)).await;
    assert!(answer.header("set-cookie").starts_with("session_c="), "{answer:?}");
    assert!(answer.header("set-cookie").contains("HttpOnly; SameSite=Lax"), "{answer:?}");
    let token = answer.expect(200)["token"].as_str().unwrap().to_owned();
    let me = platform.get("/api/c/v1/me", Some(&token)).await.expect(200);
    assert_eq!((&me["phone_masked"], &me["has_profile"]), (&json!("138****0001"), &json!(false)));
    assert_eq!(platform.count("SELECT count(*) AS n FROM consent WHERE purpose = 'P1'"), 1);
}

#[tokio::test]
async fn the_same_phone_is_the_same_person_and_is_not_asked_again() {
    let platform = Platform::new();
    let first = sign_in(&platform, PHONE).await;
    let id = platform.get("/api/c/v1/me", Some(&first)).await.expect(200)["id"].clone();
    let code = code(&platform).await;
    let answer = platform.post("/api/c/v1/auth/login", None, json!({"phone": PHONE, "code": code})).await;
    let second = answer.expect(200)["token"].as_str().unwrap().to_owned();
    assert_eq!(platform.get("/api/c/v1/me", Some(&second)).await.expect(200)["id"], id);
    assert_eq!(platform.count("SELECT count(*) AS n FROM consumer"), 1);
}

#[tokio::test]
async fn a_wrong_code_signs_nobody_in_and_tries_run_out() {
    let platform = Platform::new();
    let code = code(&platform).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let body = json!({"phone": PHONE, "code": wrong, "account_text_version": 1});
        platform.post("/api/c/v1/auth/login", None, body).await.expect_problem(401, "WRONG_CREDENTIALS");
    }
    let body = json!({"phone": PHONE, "code": code, "account_text_version": 1});
    platform.post("/api/c/v1/auth/login", None, body).await.expect_problem(401, "WRONG_CREDENTIALS");
}

#[tokio::test]
async fn neither_phone_nor_name_nor_profile_is_readable_in_the_database() {
    let platform = Platform::new();
    seed(&platform, "13900001234", super::ALL);
    let rows = platform.db().read(|tx| {
        let sql = "SELECT id, phone_hash, key_sealed, phone_sealed, name_sealed, name_masked, profile_sealed FROM consumer";
        tx.query(sql, &[]).map(|rows| format!("{rows:?}"))
    });
    let rows: Result<String, DbError> = rows;
    let rows = rows.unwrap();
    let bytes = |text: &str| format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned();
    for secret in ["13900001234", "林小夏", "single"] {
        assert!(!rows.contains(secret) && !rows.contains(&bytes(secret)), "{secret} is readable");
    }
    // The search itself finds what is there.
    assert!(rows.contains("林**"));
}

#[tokio::test]
async fn every_route_refuses_somebody_without_a_session() {
    let platform = Platform::new();
    for path in ["me", "profile", "consents", "crowd-code"] {
        platform.get(&format!("/api/c/v1/{path}"), None).await.expect_problem(401, "UNAUTHENTICATED");
    }
    for path in ["consents", "consents/P2/withdraw", "crowd-code/evaluate", "auth/logout"] {
        let answer = platform.post(&format!("/api/c/v1/{path}"), None, json!({})).await;
        answer.expect_problem(401, "UNAUTHENTICATED");
    }
}

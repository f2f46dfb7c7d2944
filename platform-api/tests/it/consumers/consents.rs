//! Consents: nothing without one, and nothing after it was taken back.

use super::{consent, profile_json, seed, sign_in, tag_names};
use crate::harness::{Answer, Platform};
use axum::{body::Body, http::Method};
use serde_json::{Value, json};

const PHONE: &str = "13800000001";

async fn put(platform: &Platform, path: &str, token: &str, key: &str, body: &Value) -> Answer {
    let request = platform.request(Method::PUT, path, Some(token));
    let request = request.header("idempotency-key", key).header("content-type", "application/json");
    platform.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_profile_needs_the_consent_to_profiling() {
    let platform = Platform::new();
    let token = sign_in(&platform, PHONE).await;
    let refused = put(&platform, "/api/c/v1/profile", &token, "1", &profile_json()).await;
    refused.expect_problem(403, "CONSENT_REQUIRED");
    assert_eq!((&refused.json["purpose"], &refused.json["text_version"]), (&json!("P2"), &json!(1)));
    consent(&platform, &token, "P2").await;
    let evaluation = put(&platform, "/api/c/v1/profile", &token, "2", &profile_json()).await.expect(200);
    assert_eq!((&evaluation["rule_version"], &evaluation["tags"]), (&json!(1), &json!(2)));
    assert_eq!(platform.get("/api/c/v1/profile", Some(&token)).await.expect(200), profile_json());
}

#[tokio::test]
async fn a_consent_records_text_hash_channel_and_time_and_giving_it_twice_is_giving_it_once() {
    let platform = Platform::new();
    let token = sign_in(&platform, PHONE).await;
    consent(&platform, &token, "P2").await;
    let overview = consent(&platform, &token, "P2").await;
    let given: Vec<&Value> =
        overview["consents"].as_array().unwrap().iter().filter(|each| each["purpose"] == "P2").collect();
    assert_eq!(given.len(), 1);
    let text = overview["texts"].as_array().unwrap().iter().find(|each| each["purpose"] == "P2").unwrap();
    assert_eq!((&given[0]["text_sha256"], &given[0]["channel"]), (&text["sha256"], &json!("phone")));
    assert_eq!(given[0]["at"], "2026-01-01T12:00:00Z");
    assert_eq!(given[0].get("withdrawn_at"), None);
}

#[tokio::test]
async fn a_text_that_was_not_shown_cannot_be_agreed_to() {
    let platform = Platform::new();
    let token = sign_in(&platform, PHONE).await;
    let old = json!({"purpose": "P2", "text_version": 0});
    platform.post("/api/c/v1/consents", Some(&token), old).await.expect_problem(409, "CONFLICT");
}

#[tokio::test]
async fn taking_back_profiling_removes_profile_and_tags_at_once_and_keeps_the_proof() {
    let platform = Platform::new();
    let token = sign_in(&platform, PHONE).await;
    consent(&platform, &token, "P2").await;
    put(&platform, "/api/c/v1/profile", &token, "1", &profile_json()).await.expect(200);
    let overview = platform.post("/api/c/v1/consents/P2/withdraw", Some(&token), json!({})).await.expect(200);
    let proof = overview["consents"].as_array().unwrap().iter().find(|each| each["purpose"] == "P2").unwrap();
    assert_eq!(proof["withdrawn_at"], "2026-01-01T12:00:00Z");
    platform.get("/api/c/v1/profile", Some(&token)).await.expect_problem(404, "NOT_FOUND");
    assert_eq!(platform.count("SELECT count(*) AS n FROM tag_assertion"), 0);
    assert_eq!(platform.count("SELECT count(*) AS n FROM consumer WHERE profile_sealed IS NOT NULL"), 0);
    let again = platform.post("/api/c/v1/crowd-code/evaluate", Some(&token), json!({})).await;
    again.expect_problem(403, "CONSENT_REQUIRED");
}

#[tokio::test]
async fn tags_are_used_only_while_both_consents_live() {
    let platform = Platform::new();
    let id = seed(&platform, PHONE, super::ALL);
    assert_eq!(tag_names(&platform, id), ["resident", "young_single"]);
    let token = sign_in(&platform, PHONE).await;
    platform.post("/api/c/v1/consents/P3/withdraw", Some(&token), json!({})).await.expect(200);
    assert_eq!(tag_names(&platform, id), Vec::<&str>::new());
    consent(&platform, &token, "P3").await;
    assert_eq!(tag_names(&platform, id), ["resident", "young_single"]);
}

#[tokio::test]
async fn the_account_consent_ends_with_the_account_only() {
    let platform = Platform::new();
    let token = sign_in(&platform, PHONE).await;
    let answer = platform.post("/api/c/v1/consents/P1/withdraw", Some(&token), json!({})).await;
    answer.expect_problem(409, "CONFLICT");
    let unknown = platform.post("/api/c/v1/consents/P9/withdraw", Some(&token), json!({})).await;
    unknown.expect_problem(404, "NOT_FOUND");
}

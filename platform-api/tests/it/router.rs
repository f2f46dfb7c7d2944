//! What every route shares: problems, ids, the guard, the API document.

use crate::harness::Platform;
use axum::{body::Body, http::Method};
use platform_api::{build_router, openapi_document, start};
use std::{fs, path::Path};

#[tokio::test]
async fn the_process_says_that_it_lives_and_can_serve() {
    let platform = Platform::new();
    assert_eq!(platform.get("/healthz", None).await.expect(200)["status"], "ok");
    assert_eq!(platform.get("/readyz", None).await.expect(200)["status"], "ok");
}

#[tokio::test]
async fn an_unknown_address_is_a_problem_with_the_request_id() {
    let platform = Platform::new();
    let request = platform.request(Method::GET, "/nothing", None).header("x-request-id", "my-id-1");
    let answer = platform.send(request.body(Body::empty()).unwrap()).await;
    answer.expect_problem(404, "NOT_FOUND");
    assert_eq!(answer.json["request_id"], "my-id-1");
    assert_eq!(answer.json["type"], "urn:problem:not-found");
    assert_eq!(answer.json["status"], 404);
    assert_eq!(answer.header("x-request-id"), "my-id-1");
}

#[tokio::test]
async fn a_request_id_that_could_break_a_log_is_replaced() {
    let platform = Platform::new();
    let request = platform.request(Method::GET, "/healthz", None).header("x-request-id", "a b\tc");
    let answer = platform.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("x-request-id").len(), 32);
}

#[tokio::test]
async fn a_wrong_method_is_a_problem() {
    let platform = Platform::new();
    platform.post("/healthz", None, serde_json::json!({})).await.expect_problem(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn a_body_past_the_limit_is_refused_before_anything_reads_it() {
    let platform = Platform::with(|config| config.limits.body_bytes_max = 1024);
    let long = serde_json::json!({ "text": "x".repeat(2000) });
    platform.post("/healthz", None, long).await.expect_problem(413, "TOO_LARGE");
}

#[tokio::test]
async fn a_caller_past_the_limit_is_told_when_to_come_back() {
    let platform = Platform::with(|config| config.limits.requests_per_minute = 60);
    for _ in 0..60 {
        platform.get("/healthz", None).await.expect(200);
    }
    let answer = platform.get("/healthz", None).await;
    answer.expect_problem(429, "RATE_LIMITED");
    assert_eq!(answer.header("retry-after"), "60");
    assert_eq!(answer.json["retry_after_s"], 60);
    platform.clock.advance_ms(60_000);
    platform.get("/healthz", None).await.expect(200);
}

#[test]
fn the_demo_door_is_closed_unless_it_is_a_demo() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let platform = Platform::new();
    let closed = runtime.block_on(platform.get("/demo/clock", None));
    closed.expect_problem(404, "NOT_FOUND");

    let folder = tempfile::tempdir().unwrap();
    let mut config = platform_api::config::Config::default();
    config.database.folder = folder.path().to_owned();
    let app = start::demo(config, Some(1)).unwrap();
    let before = app.clock.now();
    let demo = app.demo.clone().unwrap();
    assert!(build_router(app.clone()).is_ok());
    demo.clock.set_offset_ms(3_600_000);
    assert!(app.clock.now().since(before) >= 3_600_000);
}

#[test]
fn the_api_document_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let document = openapi_document().unwrap().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &document).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document,
        "the API has changed; if that is meant: UPDATE_SNAPSHOTS=1 cargo test -p platform-api --test it api_document"
    );
}

#[test]
fn the_api_document_says_who_may_call_each_operation() {
    let document = serde_json::to_value(openapi_document().unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(!paths.is_empty());
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let roles = operation["x-roles"].as_array();
            assert!(
                roles.is_some_and(|roles| !roles.is_empty()),
                "{method} {path} does not say who may call it"
            );
        }
    }
}

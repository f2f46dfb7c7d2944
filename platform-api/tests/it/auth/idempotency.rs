//! A write happens once per key. Tried through [`App::write`] with a router of its own, so that no module can blur it.

use crate::harness::Platform;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Method, Request, StatusCode},
    middleware::from_fn_with_state,
    response::Response,
    routing::{get, post},
};
use http_body_util::BodyExt;
use platform_api::foundation::{
    app::App,
    db::DbError,
    error::{Code, Problem},
    guard::{Access, Guard, Row, guard},
    idempotency,
    outbox::{self, Event},
    request::{self, Call, JsonBody},
};
use serde_json::{Value, json};
use tower::ServiceExt;

const ROWS: &[Row] = &[
    Row::post("/coins", Access::Public),
    Row::post("/money", Access::Public).money(),
    Row::get("/coins", Access::Public),
];

/// Appends an event and answers with how many there are: the effect a repetition must not have twice.
async fn add_coin(
    State(app): State<App>,
    call: Call,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, Problem> {
    let refuse = body["refuse"] == true;
    app.write(call, StatusCode::CREATED, move |tx, act| {
        outbox::append(tx, act, &Event { topic: "coin", subject: "s", body: "{}".to_owned() })?;
        if refuse {
            return Err(DbError::Conflict);
        }
        let coins: i64 = tx.query_one("SELECT count(*) AS n FROM outbox_event", &[])?.get("n")?;
        Ok(json!({ "coins": coins }))
    })
    .await
}

fn router(platform: &Platform) -> Router {
    let app = platform.app.clone();
    Router::new()
        .route("/coins", post(add_coin).get(|| async { Problem::new(Code::Internal) }))
        .route("/money", post(add_coin))
        .route("/without-a-row", get(|| async { "reached" }))
        .layer(from_fn_with_state(Guard::new(app.clone(), ROWS, Vec::new()), guard))
        .layer(from_fn_with_state(app.clone(), request::render))
        .with_state(app)
}

struct Sent {
    status: u16,
    replayed: bool,
    json: Value,
}

async fn send(platform: &Platform, path: &str, key: Option<&str>, body: Value) -> Sent {
    let mut request =
        Request::builder().method(Method::POST).uri(path).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let response =
        router(platform).oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Sent {
        status: parts.status.as_u16(),
        replayed: parts.headers.get("idempotency-replayed").is_some_and(|value| value == "true"),
        json: serde_json::from_slice(&bytes).unwrap(),
    }
}

fn coins(platform: &Platform) -> i64 {
    platform.count("SELECT count(*) AS n FROM outbox_event WHERE topic = 'coin'")
}

#[tokio::test]
async fn the_same_write_again_gives_the_same_answer_and_has_no_second_effect() {
    let platform = Platform::new();
    let first = send(&platform, "/coins", Some("k1"), json!({})).await;
    let second = send(&platform, "/coins", Some("k1"), json!({})).await;
    assert_eq!((first.status, first.replayed, &first.json), (201, false, &json!({ "coins": 1 })));
    assert_eq!((second.status, second.replayed, &second.json), (201, true, &json!({ "coins": 1 })));
    assert_eq!(send(&platform, "/coins", Some("k2"), json!({})).await.json, json!({ "coins": 2 }));
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let platform = Platform::new();
    send(&platform, "/coins", Some("k1"), json!({})).await;
    let other = send(&platform, "/coins", Some("k1"), json!({ "other": 1 })).await;
    assert_eq!((other.status, other.json["code"].as_str()), (422, Some("IDEMPOTENCY_MISMATCH")));
    assert_eq!(coins(&platform), 1);
    // Another route is another write.
    assert_eq!(send(&platform, "/money", Some("k1"), json!({ "other": 1 })).await.status, 201);
}

#[tokio::test]
async fn a_write_without_a_key_is_refused() {
    let platform = Platform::new();
    for key in [None, Some(""), Some("with space"), Some(&*"k".repeat(129))] {
        let refused = send(&platform, "/coins", key, json!({})).await;
        assert_eq!((refused.status, refused.json["code"].as_str()), (400, Some("IDEMPOTENCY_KEY_REQUIRED")));
    }
    assert_eq!(coins(&platform), 0);
}

#[tokio::test]
async fn a_refused_write_is_not_remembered() {
    let platform = Platform::new();
    assert_eq!(send(&platform, "/coins", Some("k1"), json!({ "refuse": true })).await.status, 503);
    assert_eq!(coins(&platform), 0);
    assert_eq!(send(&platform, "/coins", Some("k1"), json!({})).await.status, 201);
}

#[tokio::test]
async fn a_key_is_kept_seventy_two_hours_and_for_ever_where_money_moves() {
    let platform = Platform::new();
    send(&platform, "/coins", Some("k1"), json!({})).await;
    send(&platform, "/money", Some("k1"), json!({})).await;
    platform.clock.advance_ms(72 * 3_600_000 - 1);
    idempotency::forget_expired(&platform.app).unwrap();
    assert!(send(&platform, "/coins", Some("k1"), json!({})).await.replayed);
    platform.clock.advance_ms(1);
    assert!(
        !send(&platform, "/coins", Some("k1"), json!({})).await.replayed,
        "even before it is tidied away"
    );
    platform.clock.advance_ms(72 * 3_600_000);
    idempotency::forget_expired(&platform.app).unwrap();
    assert_eq!(platform.count("SELECT count(*) AS n FROM idempotency_key"), 1);
    assert!(send(&platform, "/money", Some("k1"), json!({})).await.replayed);
}

#[tokio::test]
async fn a_hundred_repetitions_at_once_have_one_effect() {
    let platform = Platform::new();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let router = router(&platform);
        waiting.spawn(async move {
            let request = Request::builder().method(Method::POST).uri("/coins");
            let request = request.header("content-type", "application/json").header("idempotency-key", "k1");
            router.oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap().status().as_u16()
        });
    }
    assert_eq!(waiting.join_all().await, vec![201; 100]);
    assert_eq!(coins(&platform), 1);
}

#[tokio::test]
async fn a_route_without_a_row_is_closed_to_everybody() {
    let platform = Platform::new();
    let request = Request::builder().uri("/without-a-row").body(Body::empty()).unwrap();
    let response = router(&platform).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

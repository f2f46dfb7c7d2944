//! A storm of kiosks is bounded at the door.

use crate::{harness::Platform, kiosk::Kiosk};
use axum::http::Method;
use serde_json::Value;
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_find_no_place_are_told_when_to_come_back_and_nobody_else_notices() {
    let platform = Arc::new(Platform::with(|config| {
        config.limits.kiosk_calls_max = 2;
        config.limits.kiosk_returns_per_s = 10;
    }));
    let kiosk = Kiosk::enrol(&platform, 1).await;
    let now = platform.app.clock.now();
    let mut calls = JoinSet::new();
    for _ in 0..60 {
        let platform = Arc::clone(&platform);
        let request = kiosk.request(Method::GET, "/api/k/v1/feed?since=0", &Value::Null, now);
        calls.spawn(async move { platform.send(request).await });
    }
    let answers = calls.join_all().await;
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    assert!((1..60).contains(&served), "{served} served");
    let mut told: Vec<u32> = Vec::new();
    for away in answers.iter().filter(|answer| answer.status != 200) {
        away.expect_problem(503, "OVERLOADED");
        told.push(away.header("retry-after").parse().unwrap());
    }
    told.sort_unstable();
    let expected: Vec<u32> = (0..told.len()).map(|nth| u32::try_from(nth / 10).unwrap() + 1).collect();
    assert_eq!(told, expected, "ten a second");
    platform.get("/healthz", None).await.expect(200);
    kiosk.get(&platform, "/api/k/v1/feed?since=0").await.expect(200);
}

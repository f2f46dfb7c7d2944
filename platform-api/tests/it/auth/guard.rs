//! The table of roles, read from the API document and tried against the running router.

use super::staff::token_of;
use crate::harness::Platform;
use axum::{body::Body, http::Method};
use platform_api::{foundation::act::Role, openapi_document};

/// `(method, path with parameters filled in, roles)` of every operation of the API.
fn operations() -> Vec<(Method, String, Vec<String>)> {
    let document = serde_json::to_value(openapi_document().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let roles = operation["x-roles"].as_array().unwrap().iter();
            let roles = roles.map(|role| role.as_str().unwrap().to_owned()).collect();
            let method = method.to_uppercase().parse().unwrap();
            found.push((method, path.replace(['{', '}'], ""), roles));
        }
    }
    found
}

async fn code_of(platform: &Platform, method: &Method, path: &str, token: Option<&str>) -> (u16, String) {
    let request = platform.request(method.clone(), path, token).header("idempotency-key", "k");
    let answer = platform.send(request.body(Body::empty()).unwrap()).await;
    (answer.status.as_u16(), answer.json["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn every_route_that_is_not_public_turns_strangers_away() {
    let platform = Platform::new();
    let guarded = operations().into_iter().filter(|(_, _, roles)| roles != &["public"]);
    let mut tried = 0;
    for (method, path, _) in guarded {
        let (status, _) = code_of(&platform, &method, &path, None).await;
        assert_eq!(status, 401, "{method} {path} lets a stranger in");
        tried += 1;
    }
    assert!(tried > 5);
}

#[tokio::test]
async fn every_route_turns_every_other_role_away() {
    let platform = Platform::with(|config| config.limits.requests_per_minute = u32::MAX);
    let staff: Vec<Role> =
        Role::ALL.iter().copied().filter(|role| !matches!(role, Role::Consumer | Role::Kiosk)).collect();
    for role in staff {
        let token = token_of(&platform, role);
        for (method, path, roles) in operations() {
            if roles.iter().any(|each| each == "public" || each == role.as_str()) {
                continue;
            }
            let refusal = code_of(&platform, &method, &path, Some(&token)).await;
            assert_eq!(refusal, (403, "FORBIDDEN".to_owned()), "{method} {path} as {}", role.as_str());
        }
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_a_stranger() {
    let platform = Platform::new();
    for token in ["", "x", &"0".repeat(64), &"z".repeat(64)] {
        let (status, _) = code_of(&platform, &Method::GET, "/api/o/v1/auth/me", Some(token)).await;
        assert_eq!(status, 401);
    }
}

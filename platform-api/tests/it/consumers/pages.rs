//! The phone page without a browser: headers, ways on, and what is refused.

use super::{ALL, seed, sign_in};
use crate::harness::{Answer, Platform};
use axum::{body::Body, http::Method};

const PHONE: &str = "13800000001";

/// A form as a browser sends it; `site` is what it says about where the form stood.
async fn submit(platform: &Platform, path: &str, session: &str, site: &str, form: &str) -> Answer {
    let request = platform
        .request(Method::POST, path, None)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", format!("session_c={session}"))
        .header("sec-fetch-site", site);
    platform.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

async fn page(platform: &Platform, path: &str, session: &str) -> Answer {
    let request = platform.request(Method::GET, path, None).header("cookie", format!("session_c={session}"));
    platform.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_page_forbids_inline_scripts_frames_and_caching() {
    let platform = Platform::new();
    seed(&platform, PHONE, ALL);
    let token = sign_in(&platform, PHONE).await;
    let paths =
        ["/phone/sign-in", "/phone/code", "/phone/consents", "/phone/profile", "/phone/wallet", "/phone/me"];
    for path in paths {
        let session = if path == "/phone/sign-in" { "" } else { token.as_str() };
        let answer = page(&platform, path, session).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        for inline in ["<style", " style=", "<script>", " onclick=", "javascript:"] {
            assert!(!answer.text.contains(inline), "{path} has {inline}");
        }
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_sign_in_page() {
    let platform = Platform::new();
    for path in ["/phone", "/phone/code", "/phone/consents", "/phone/profile", "/phone/wallet", "/phone/me"] {
        let answer = page(&platform, path, "nobody").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/phone/sign-in"), "{path}");
    }
    page(&platform, "/phone/code/panel", "nobody").await.expect_problem(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_form_on_another_site_changes_nothing() {
    let platform = Platform::new();
    seed(&platform, PHONE, ALL);
    let token = sign_in(&platform, PHONE).await;
    let forged = submit(&platform, "/phone/me/name", &token, "cross-site", "name=Mallory").await;
    forged.expect_problem(403, "CROSS_SITE");
    let own = submit(&platform, "/phone/me/name", &token, "same-origin", "name=%E9%98%BF%E5%AE%81").await;
    assert_eq!(own.header("location"), "/phone/me?saved=1");
    assert!(page(&platform, "/phone/me", &token).await.text.contains("阿宁"));
}

#[tokio::test]
async fn what_a_person_types_is_shown_as_text_and_never_as_markup() {
    let platform = Platform::new();
    seed(&platform, PHONE, ALL);
    let token = sign_in(&platform, PHONE).await;
    submit(&platform, "/phone/me/name", &token, "same-origin", "name=%3Cb%3Ex%3C%2Fb%3E").await;
    let text = page(&platform, "/phone/code", &token).await.text;
    assert!(!text.contains("<b>x</b>") && text.contains("&#60;b&#62;x"), "{text}");
}

#[tokio::test]
async fn unticking_profiling_takes_the_consent_back_and_the_profile_asks_for_it_again() {
    let platform = Platform::new();
    seed(&platform, PHONE, ALL);
    let token = sign_in(&platform, PHONE).await;
    let form = "P2_version=1&P3_version=1&P3=1";
    let saved = submit(&platform, "/phone/consents", &token, "same-origin", form).await;
    assert_eq!(saved.header("location"), "/phone/me?saved=1");
    assert_eq!(platform.count("SELECT count(*) AS n FROM tag_assertion"), 0);
    let profile = page(&platform, "/phone/profile", &token).await;
    assert_eq!(profile.header("location"), "/phone/consents?need=1");
}

#[tokio::test]
async fn a_child_is_told_kindly_that_nothing_was_kept() {
    let platform = Platform::new();
    seed(&platform, PHONE, ALL);
    let token = sign_in(&platform, PHONE).await;
    let form = "birth_year=2015&household=single&study=secondary&occupation=student&home_city=330200&visit=none&talent=none";
    let answer = submit(&platform, "/phone/profile", &token, "same-origin", form).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("未满 14 周岁不做人群赋码"), "{}", answer.text);
}

#[tokio::test]
async fn a_page_never_names_a_tag() {
    let platform = Platform::new();
    seed(&platform, PHONE, ALL);
    let token = sign_in(&platform, PHONE).await;
    for path in ["/phone/code", "/phone/me", "/phone/profile", "/phone/consents", "/phone/wallet"] {
        let text = page(&platform, path, &token).await.text;
        for name in ["young_single", "resident", "living_assistance"] {
            assert!(!text.contains(name), "{path} names {name}");
        }
    }
}

#[tokio::test]
async fn files_are_kept_for_ever_under_an_address_that_changes_with_them() {
    let platform = Platform::new();
    let text = platform.get("/phone/sign-in", None).await.text;
    let (_, rest) = text.split_once("/assets/pass.css?v=").unwrap();
    let (hash, _) = rest.split_once('"').unwrap();
    assert_eq!(hash.len(), 12);
    let style = platform.get(&format!("/assets/pass.css?v={hash}"), None).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let platform = Platform::new();
    seed(&platform, PHONE, ALL);
    let token = sign_in(&platform, PHONE).await;
    let out = submit(&platform, "/phone/sign-out", &token, "same-origin", "").await;
    assert_eq!(out.header("location"), "/phone/sign-in");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    platform.get("/api/c/v1/me", Some(&token)).await.expect_problem(401, "UNAUTHENTICATED");
}

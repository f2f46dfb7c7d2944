//! One-time passwords hold for a while, for a few tries, for one use; their number is limited and none is stored.

use crate::harness::Platform;
use platform_api::{
    foundation::act::Actor,
    modules::auth::{self, OtpProof, OtpVerdict, Phone},
};
use serde_json::json;

const PHONE: &str = "13800000001";
const OTP: &str = "/api/c/v1/auth/otp";

async fn ask(platform: &Platform) -> String {
    platform.post(OTP, None, json!({ "phone": PHONE })).await.expect(202);
    platform.otp.last(PHONE).unwrap()
}

fn verify(platform: &Platform, phone: &str, code: &str) -> OtpVerdict {
    let proof = OtpProof::new(&platform.app, &Phone::parse(phone).unwrap(), code).unwrap();
    let act = platform.act(Actor::Anonymous);
    platform.db().write(move |tx| auth::verify_otp(tx, &act, &proof)).unwrap()
}

fn another(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn a_code_is_accepted_once_and_only_for_its_phone() {
    let platform = Platform::new();
    let code = ask(&platform).await;
    assert_eq!(verify(&platform, "13800000002", &code), OtpVerdict::Refused);
    assert_eq!(verify(&platform, PHONE, &code), OtpVerdict::Accepted);
    assert_eq!(verify(&platform, PHONE, &code), OtpVerdict::Refused);
}

#[tokio::test]
async fn a_code_ends_after_five_minutes() {
    let platform = Platform::new();
    let code = ask(&platform).await;
    platform.clock.advance_ms(299_999);
    assert_eq!(verify(&platform, PHONE, &another(&code)), OtpVerdict::Refused);
    platform.clock.advance_ms(1);
    assert_eq!(verify(&platform, PHONE, &code), OtpVerdict::Refused);
}

#[tokio::test]
async fn five_wrong_tries_void_a_code() {
    let platform = Platform::new();
    let code = ask(&platform).await;
    for _ in 0..5 {
        assert_eq!(verify(&platform, PHONE, &another(&code)), OtpVerdict::Refused);
    }
    assert_eq!(verify(&platform, PHONE, &code), OtpVerdict::Refused);
}

#[tokio::test]
async fn the_sixth_request_in_ten_minutes_is_refused_and_nothing_is_sent() {
    let platform = Platform::new();
    for _ in 0..5 {
        ask(&platform).await;
        platform.clock.advance_ms(1_000);
    }
    let last = platform.otp.last(PHONE);
    let refused = platform.post(OTP, None, json!({ "phone": PHONE })).await;
    refused.expect_problem(429, "RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), "595");
    assert_eq!(platform.otp.last(PHONE), last, "a code was sent");
    platform.post(OTP, None, json!({ "phone": "13800000002" })).await.expect(202);
    platform.clock.advance_ms(595_000);
    ask(&platform).await;
}

#[tokio::test]
async fn only_a_mobile_number_gets_a_code() {
    let platform = Platform::new();
    for wrong in ["", "1380000000", "138000000011", "12800000001", "+8613800000001", "1380000000a"] {
        platform.post(OTP, None, json!({ "phone": wrong })).await.expect_problem(422, "INVALID");
    }
    platform.post(OTP, None, json!({ "phone": "138-0000 0001" })).await.expect(202);
    assert!(platform.otp.last(PHONE).is_some());
}

#[tokio::test]
async fn neither_phone_nor_code_is_stored() {
    let platform = Platform::new();
    let code = ask(&platform).await;
    let folder = platform.app.config.database.folder.clone();
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(path).unwrap();
            let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!holds(PHONE) && !holds(&format!("\"{code}\"")));
            // The search would find them: it finds what is stored.
            searched += usize::from(holds("phone_hash"));
        }
    }
    assert!(searched > 0);
}

//! Figures of this crate: one JSON line each on standard output, for `cargo xtask bench`.
//!
//! Both sides of a ratio are timed in turn in the same run, so that a machine that slows down slows both.

#![allow(clippy::unwrap_used, reason = "a benchmark may stop at the first surprise")]

use domain::{
    batch::{BatchTerms, PersonLimit, Validity},
    consumer_code::{CODE_VALID_MS, CodeHead, IdentifyCode, Pseudonym, issue_identify, verify_identify},
    eligibility::{ClaimFacts, Person, may_claim},
    ids::{CityCode, TagId},
    key_ring::{KeyRing, RingKey},
    money::{BasisPoints, Fen},
    pricing::{Benefit, Funder, Party},
    rotating_code::{Pass, STEP_MS, STEPS_MAX, anchor, issue_pass, show},
    segment::Predicate,
    time::UtcMillis,
};
use ed25519_dalek::{Signer, SigningKey};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const RENEWED: &str = "code.verify_vs_ed25519";
const ROTATING: &str = "code.rotating_vs_ed25519";
const RUNS: usize = 21;
const CALLS: u32 = 500;
const NOW: UtcMillis = UtcMillis::from_seconds(1_795_000_000);

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let is_wanted = |id: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == id);
    let key = SigningKey::from_bytes(&[9; 32]);
    if is_wanted(RENEWED) {
        println!("{}", verify_vs_ed25519((RENEWED, "<=4"), &key, &code(&key), NOW));
    }
    if is_wanted(ROTATING) {
        let (text, now) = rotating_code(&key);
        println!("{}", verify_vs_ed25519((ROTATING, "<=8"), &key, &text, now));
    }
}

/// Verification of a code and the decision on a claim, against one bare verification of a signature.
fn verify_vs_ed25519(
    (id, bar): (&str, &str),
    key: &SigningKey,
    text: &str,
    now: UtcMillis,
) -> serde_json::Value {
    let (ring, terms) = (ring(key), terms());
    let message = [7u8; 120];
    let signature = key.sign(&message);
    let public = key.verifying_key();
    let mut ratios: Vec<f64> = (0..RUNS)
        .map(|_| {
            let ours = time(|| {
                let code = verify_identify(black_box(text.as_bytes()), &ring, now).unwrap();
                let facts = ClaimFacts {
                    person: Person::Known(&code.tags),
                    active: true,
                    claimed_total: 0,
                    claimed_today: 0,
                    stock_left: 1,
                };
                may_claim(&terms, &facts, now).unwrap();
            });
            let bare = time(|| public.verify_strict(black_box(&message), &signature).unwrap());
            ours.as_secs_f64() / bare.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let value = (ratios[RUNS / 2] * 1000.0).round() / 1000.0;
    serde_json::json!({
        "id": id, "value": value, "unit": "ratio", "bar": bar, "against": "one Ed25519 verify_strict", "runs": RUNS,
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn time(mut call: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..CALLS {
        call();
    }
    start.elapsed()
}

fn code(key: &SigningKey) -> String {
    let head = CodeHead {
        city: CityCode::new(330_200),
        pseudonym: Pseudonym::from_bytes([5; 16]),
        issued_at: NOW,
        expires_at: NOW.plus_ms(CODE_VALID_MS),
        nonce: [6; 8],
    };
    let tags = [0x5a3c_91d2, 0x1199_aabb, 0xdead_beef, 0x0bad_cafe].map(TagId::new).to_vec();
    issue_identify(&IdentifyCode { head, tags, pass: None }, *b"key1", key)
}

/// The code of a pass's last step, which takes the most hashing, and the time it is shown at.
fn rotating_code(key: &SigningKey) -> (String, UtcMillis) {
    let (pseudonym, secret, steps) = (Pseudonym::from_bytes([5; 16]), [8; 16], STEPS_MAX);
    let tags = [0x5a3c_91d2, 0x1199_aabb, 0xdead_beef, 0x0bad_cafe].map(TagId::new).to_vec();
    let anchor = anchor(pseudonym, secret, steps);
    let pass = Pass { city: CityCode::new(330_200), pseudonym, starts_at: NOW, steps, anchor, tags };
    let now = NOW.plus_ms(i64::from(steps - 1) * STEP_MS);
    (show(&issue_pass(&pass, *b"key1", key), steps - 1, secret), now)
}

fn ring(key: &SigningKey) -> KeyRing {
    let public_key = key.verifying_key().to_bytes();
    let key =
        RingKey { key_id: *b"key1", public_key, not_before: NOW, not_after: NOW.plus_ms(1_000_000_000) };
    KeyRing { version: 1, city: CityCode::new(330_200), keys: vec![key] }
}

fn terms() -> BatchTerms {
    BatchTerms {
        benefit: Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(3_000) },
        min_pay_fen: Fen::ZERO,
        funding: vec![Funder { party: Party::Gov, bp: BasisPoints::new(10_000).unwrap() }],
        targeting: Predicate::All(vec![
            Predicate::Tag(TagId::new(0x0bad_cafe)),
            Predicate::Tag(TagId::new(0x5a3c_91d2)),
        ]),
        claim_from: NOW,
        claim_until: NOW.plus_ms(1_000_000_000),
        claim_windows: vec![],
        quota: domain::quota::Quota::default(),
        use_windows: vec![],
        validity: Validity::Days(1),
        per_person: PersonLimit { total: 1, day: 1 },
    }
}

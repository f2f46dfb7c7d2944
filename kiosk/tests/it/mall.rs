//! A mall with a night offer for young singles, a business offer and a public one, and people with codes for it.

use std::sync::Arc;

use cloud_sync::BatchRow;
use cloud_sync::store::Catalogue;
use cloud_sync::testing::{
    CITY, batch_row, code_head, deny_row, hold_out_row, key_ring, mall_row, store_row,
};
use domain::consumer_code::{CodeHead, IdentifyCode, Pseudonym, RedeemCode, issue_identify, issue_redeem};
use domain::ids::{CityCode, CouponId, TagId};
use domain::person_filter::{PersonFilter, Use};
use domain::rotating_code::{self, Pass, STEPS_MAX, issue_pass};
use domain::segment::Predicate;
use domain::time::{MinuteOfDay, UtcMillis};
use domain::window::Window;
use ed25519_dalek::SigningKey;

pub const YOUNG: TagId = TagId::new(0x5a3c_91d2);
pub const SINGLE: TagId = TagId::new(0x1199_aabb);
pub const TRAVELLER: TagId = TagId::new(0x0bad_cafe);
/// No offer names this tag, so it can come from a person's code only.
pub const ONLY_HERS: TagId = TagId::new(0xdead_beef);
pub const KEY_ID: [u8; 4] = [0x20, 0x26, 0x47, 0x01];

pub fn at(text: &str) -> UtcMillis {
    UtcMillis::parse_rfc3339(text).unwrap()
}

pub fn key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

/// From 20:00 to 02:00, for young singles, one a day.
pub fn night() -> BatchRow {
    let mut row = batch_row(1);
    row.title = "夜市小吃满减券".to_owned();
    row.stores = vec![store_row(1).id];
    row.terms.targeting = Predicate::All(vec![Predicate::Tag(YOUNG), Predicate::Tag(SINGLE)]);
    let minute = |hour| MinuteOfDay::new(hour, 0).unwrap();
    row.terms.claim_windows = vec![Window { weekdays: vec![], from: minute(20), to: minute(2) }];
    row.terms.per_person.day = 1;
    row
}

pub fn business() -> BatchRow {
    let mut row = batch_row(2);
    row.title = "差旅早餐券".to_owned();
    row.terms.targeting = Predicate::Tag(TRAVELLER);
    row
}

pub fn public() -> BatchRow {
    let mut row = batch_row(3);
    row.title = "全场通用满减券".to_owned();
    row
}

pub fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue {
        version: 1,
        mall: Some(mall_row(1)),
        stores: [store_row(1)].map(|row| (row.id, row)).into(),
        batches: [night(), business(), public()].map(|row| (row.id, row)).into(),
        ring: Some(key_ring(1, &key())),
        ..Catalogue::default()
    })
}

/// What the phone of this person shows.
pub fn code(head: CodeHead, tags: &[TagId]) -> String {
    issue_identify(&IdentifyCode { head, tags: tags.to_vec(), pass: None }, KEY_ID, &key())
}

pub fn young_single(nonce: u8, at: UtcMillis) -> String {
    code(code_head(0xa7, nonce, at), &[YOUNG, SINGLE, ONLY_HERS])
}

/// The anchor of the pass of [`offline_phone`].
pub fn offline_anchor(starts_at: UtcMillis) -> rotating_code::Link {
    rotating_code::anchor(code_head(0xa7, 1, starts_at).pseudonym, [4; 16], STEPS_MAX)
}

/// The catalogue, with filters of the day of `at`: codes of `blocked` are refused, and those of the passes of `anchors`;
/// the campaign of all offers is not shown to `held_out`.
pub fn catalogue_with(
    at: UtcMillis,
    (blocked, held_out): (&[u8], &[u8]),
    anchors: &[rotating_code::Link],
) -> Arc<Catalogue> {
    let people = |people: &[u8]| people.iter().map(|&person| code_head(person, 1, at).pseudonym).collect();
    let filter = |people: Vec<Pseudonym>| PersonFilter::of(&people, [1; 16], Use::Deny).unwrap();
    let (day, campaign) = (at.day(), night().campaign);
    let passes = filter(anchors.iter().copied().map(Pseudonym::from_bytes).collect());
    let deny = deny_row(day, [filter(people(blocked)), PersonFilter::nobody(), passes]);
    let hold_out = hold_out_row(campaign, day, filter(people(held_out)));
    Arc::new(Catalogue {
        deny: [(day, deny)].into(),
        hold_outs: [((campaign, day), hold_out)].into(),
        ..catalogue().as_ref().clone()
    })
}

/// What the phone of a young single shows at `step` of a pass that began at `starts_at`, without a network.
pub fn offline_phone(step: u16, starts_at: UtcMillis) -> String {
    let CodeHead { city, pseudonym, .. } = code_head(0xa7, 1, starts_at);
    let (secret, steps) = ([4; 16], STEPS_MAX);
    let anchor = rotating_code::anchor(pseudonym, secret, steps);
    let pass = Pass { city, pseudonym, starts_at, steps, anchor, tags: vec![YOUNG, SINGLE] };
    let link = rotating_code::link_at(pseudonym, secret, (step, steps)).unwrap();
    rotating_code::show(&issue_pass(&pass, KEY_ID, &key()), step, link)
}

pub fn traveller(nonce: u8, at: UtcMillis) -> String {
    code(code_head(0xb8, nonce, at), &[TRAVELLER])
}

/// A genuine code that does not fit this kiosk, by the name of what is wrong with it.
pub fn unfit_codes(now: UtcMillis) -> Vec<(&'static str, String)> {
    let head = |nonce| code_head(0xc9, nonce, now);
    let elsewhere = CodeHead { city: CityCode::new(CITY.get() + 1), ..head(2) };
    let redeem = RedeemCode { head: head(3), coupon: CouponId::from_bytes([7; 16]) };
    let other_key = SigningKey::from_bytes(&[8; 32]);
    let forged =
        issue_identify(&IdentifyCode { head: head(4), tags: vec![], pass: None }, KEY_ID, &other_key);
    let unknown =
        issue_identify(&IdentifyCode { head: head(5), tags: vec![], pass: None }, [1, 2, 3, 4], &key());
    let with_head = |issued_at| CodeHead {
        issued_at,
        expires_at: issued_at.plus_ms(domain::consumer_code::CODE_VALID_MS),
        ..head(6)
    };
    vec![
        ("expired", code(with_head(now.plus_ms(-600_000)), &[])),
        ("not yet valid", code(with_head(now.plus_ms(600_000)), &[])),
        ("other city", code(elsewhere, &[])),
        ("redeem code", issue_redeem(&redeem, KEY_ID, &key())),
        ("forged", forged),
        ("unknown key", unknown),
        ("damaged", "CX1:NOT A CODE".to_owned()),
        ("voucher", "CV1:ABC".to_owned()),
        ("wechat payment", "134567890123456789".to_owned()),
        ("link", "https://example.cn/pay?id=SECRETLINK".to_owned()),
        ("four kilobytes", "9".repeat(4_096)),
        ("garbage", "RAWGARBAGE#31".to_owned()),
    ]
}

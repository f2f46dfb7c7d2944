//! A small believable mall.

use domain::{
    batch::{BatchTerms, PersonLimit, Validity},
    consumer_code::{CODE_VALID_MS, CodeHead, Pseudonym},
    ids::{BatchId, CampaignId, CityCode, MallId, MerchantId, StoreId},
    key_ring::{KeyRing, RingKey},
    money::{BasisPoints, Fen},
    person_filter::PersonFilter,
    pricing::{Benefit, Funder, Party},
    segment::Predicate,
    time::{ShanghaiDay, UtcMillis},
};
use ed25519_dalek::SigningKey;
use protocol::feed::{BatchRow, DenyRow, HoldOutRow, MallRow, StoreRow};

/// The city of the samples: 宁波.
pub const CITY: CityCode = CityCode::new(330_200);
/// The instant the samples begin: 2026-11-20T04:00:00+08:00.
pub const DAWN: UtcMillis = UtcMillis::from_seconds(1_795_118_400);

const DAY_MS: i64 = 86_400_000;

/// The mall with this number.
pub fn mall_row(number: u8) -> MallRow {
    MallRow {
        id: MallId::from_bytes([number; 16]),
        name: "天一汇".to_owned(),
        hotline: "0574-87000000".to_owned(),
        service_desk: "一层服务台".to_owned(),
    }
}

/// Filters of a day: who is blocked, whose tags are not used, which passes were taken back.
pub fn deny_row(day: ShanghaiDay, [blocked, withdrawn, passes]: [PersonFilter; 3]) -> DenyRow {
    DenyRow { day, blocked, withdrawn, passes }
}

/// Whom a campaign is not shown to on a day.
pub fn hold_out_row(campaign: CampaignId, day: ShanghaiDay, held_out: PersonFilter) -> HoldOutRow {
    HoldOutRow { campaign, day, held_out }
}

/// A shop with this number.
pub fn store_row(number: u8) -> StoreRow {
    StoreRow {
        id: StoreId::from_bytes([number; 16]),
        merchant: MerchantId::from_bytes([number; 16]),
        name: "老张夜宵".to_owned(),
        floor: "B1".to_owned(),
        place: format!("B1-{number:02}"),
        category: "餐饮".to_owned(),
        open: Vec::new(),
        pictures: Vec::new(),
    }
}

/// A batch with this number: for everybody, for 30 days from [`DAWN`], 20 slots a kiosk, two a person.
pub fn batch_row(number: u8) -> BatchRow {
    BatchRow {
        id: BatchId::from_bytes([number; 16]),
        version: 1,
        campaign: CampaignId::from_bytes([1; 16]),
        merchant: None,
        stores: Vec::new(),
        title: "夜宵满100减30".to_owned(),
        why: "为夜归的年轻人准备".to_owned(),
        terms_text: vec!["每人限领两张".to_owned()],
        funded_by: Some("市商务局".to_owned()),
        active: true,
        lease_slots: 20,
        terms: terms(),
        pictures: Vec::new(),
    }
}

fn terms() -> BatchTerms {
    BatchTerms {
        benefit: Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(3_000) },
        min_pay_fen: Fen::ZERO,
        funding: BasisPoints::new(10_000).map(|bp| Funder { party: Party::Gov, bp }).into_iter().collect(),
        targeting: Predicate::Everyone,
        claim_from: DAWN,
        claim_until: DAWN.plus_ms(30 * DAY_MS),
        claim_windows: Vec::new(),
        quota: domain::quota::Quota::default(),
        use_windows: Vec::new(),
        validity: Validity::Days(2),
        per_person: PersonLimit { total: 2, day: 2 },
    }
}

/// A ring with one key, made from `key`, good for a year.
pub fn key_ring(version: u64, key: &SigningKey) -> KeyRing {
    KeyRing {
        version,
        city: CITY,
        keys: vec![RingKey {
            key_id: [0x20, 0x26, 0x47, 0x01],
            public_key: key.verifying_key().to_bytes(),
            not_before: DAWN,
            not_after: DAWN.plus_ms(365 * DAY_MS),
        }],
    }
}

/// The head of a code of the person with this number, issued at `at`.
pub fn code_head(person: u8, nonce: u8, at: UtcMillis) -> CodeHead {
    CodeHead {
        city: CITY,
        pseudonym: Pseudonym::from_bytes([person; 16]),
        issued_at: at,
        expires_at: at.plus_ms(CODE_VALID_MS),
        nonce: [nonce; 8],
    }
}

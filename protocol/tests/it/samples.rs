//! Reads every file of `tests/samples/v1` with today's types.
//!
//! A file is written once, when its message is first defined, and never edited. To add one: add its row below and run
//! with `WRITE_NEW_SAMPLES=1`, which writes files that do not exist yet and touches no other.

use domain::{
    batch::{BatchTerms, PersonLimit, Validity},
    ids::{BatchId, CampaignId, CityCode, DeviceId, EventId, LeaseId, MallId, MerchantId, StoreId, TagId},
    key_ring::{KeyRing, RingKey},
    money::{BasisPoints, Fen},
    person_filter::PersonFilter,
    pricing::{Benefit, Funder, Party},
    quota::{Quota, WindowQuota},
    segment::Predicate,
    time::{MinuteOfDay, UtcMillis},
    window::Window,
};
use protocol::{
    device::{
        Behind, Challenge, Confession, ConfessionAnswer, EnrolAnswer, EnrolRequest, Heartbeat,
        HeartbeatAnswer, HighWater, KioskConfig, TimeAnswer,
    },
    feed::{
        BatchRow, Change, DenyRow, Fingerprint, HoldOutRow, MallRow, Page, Reading, Row, SnapshotPart,
        StoreRow,
    },
    lease::{CloseAnswer, CloseRequest, Grant, LeaseRequest},
    media::{MediaHash, MediaRef},
    outbox::{ClaimOutcome, ClaimReport, ClaimsAnswer, ClaimsRequest, Verdict},
    problem::Problem,
    push::{Push, Reader},
    signed::{Bound, Signed},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{fmt::Debug, fs, path::PathBuf};

const NOW: UtcMillis = UtcMillis::from_seconds(1_795_000_000);

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples/v1").join(format!("{name}.json"))
}

/// The sample reads as `expected`, also with a field added by a platform of tomorrow.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, expected: &T) {
    let path = file(name);
    if !path.exists() && std::env::var_os("WRITE_NEW_SAMPLES").is_some() {
        fs::write(&path, serde_json::to_string_pretty(expected).unwrap() + "\n").unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), expected, "{name}");
    let mut newer: Value = serde_json::from_str(&text).unwrap();
    newer.as_object_mut().unwrap().insert("added_tomorrow".into(), Value::from(1));
    if name != "problem" {
        assert_eq!(&serde_json::from_value::<T>(newer).unwrap(), expected, "{name} with one more field");
    }
}

fn ring() -> KeyRing {
    let key = RingKey {
        key_id: [0x20, 0x26, 0x47, 0x01],
        public_key: [7; 32],
        not_before: NOW,
        not_after: NOW.plus_ms(700_000_000),
    };
    KeyRing { version: 3, city: CityCode::new(330_200), keys: vec![key] }
}

fn window() -> Window {
    Window { weekdays: vec![5], from: MinuteOfDay::new(20, 0).unwrap(), to: MinuteOfDay::new(2, 0).unwrap() }
}

fn batch() -> BatchRow {
    let part = |bp| BasisPoints::new(bp).unwrap();
    BatchRow {
        id: BatchId::from_bytes([1; 16]),
        version: 2,
        campaign: CampaignId::from_bytes([2; 16]),
        merchant: Some(MerchantId::from_bytes([3; 16])),
        stores: vec![StoreId::from_bytes([4; 16])],
        title: "夜宵满100减30".into(),
        why: "为夜归的年轻人准备".into(),
        terms_text: vec!["20:00 至次日 02:00 可领".into()],
        funded_by: Some("市商务局".into()),
        active: true,
        lease_slots: 20,
        terms: BatchTerms {
            benefit: Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(3_000) },
            min_pay_fen: Fen::new(1),
            funding: vec![
                Funder { party: Party::Gov, bp: part(6_000) },
                Funder { party: Party::Merchant, bp: part(4_000) },
            ],
            targeting: Predicate::All(vec![
                Predicate::Any(vec![Predicate::Tag(TagId::new(1_512_345_678)), Predicate::Everyone]),
                Predicate::Not(Box::new(Predicate::Tag(TagId::new(99)))),
            ]),
            claim_from: NOW,
            claim_until: NOW.plus_ms(86_400_000),
            claim_windows: vec![window()],
            quota: Quota::default(),
            use_windows: vec![window()],
            validity: Validity::Days(2),
            per_person: PersonLimit { total: 2, day: 1 },
        },
        pictures: vec![],
    }
}

fn picture() -> MediaRef {
    let (sha256, mime) = (MediaHash::from_bytes([0xc5; 32]), "image/jpeg".to_owned());
    MediaRef { sha256, bytes: 96_512, width: 1_080, height: 608, mime }
}

#[test]
fn enrolment_and_heartbeat() {
    check(
        "enrol_request",
        &EnrolRequest {
            pairing_code: "7KQ4M2XA".into(),
            public_key: [9; 32],
            hardware: "QEMU".into(),
            build: "0.1.0".into(),
        },
    );
    check(
        "enrol_answer",
        &EnrolAnswer {
            device: DeviceId::from_bytes([5; 16]),
            epoch: 1,
            city: CityCode::new(330_200),
            mall: MallId::from_bytes([6; 16]),
            platform_key: [8; 32],
            now: NOW,
        },
    );
    check("time", &TimeAnswer { now: NOW });
    let heartbeat = Heartbeat {
        epoch: 1,
        build: "0.1.0".into(),
        config_version: 4,
        feed_cursor: 120,
        outbox_rows: 2,
        lease_slots: 18,
        camera: true,
        stream: false,
        disk_low: false,
        at: NOW,
        high_water: HighWater::default(),
    };
    check("heartbeat", &heartbeat);
    check("heartbeat_disk_low", &Heartbeat { disk_low: true, ..heartbeat.clone() });
    check("heartbeat_with_stream", &Heartbeat { stream: true, ..heartbeat.clone() });
    let high_water = HighWater { request_no: 7, vouchers: 31 };
    check("heartbeat_with_high_water", &Heartbeat { high_water, ..heartbeat });
    check("heartbeat_answer", &HeartbeatAnswer { now: NOW, feed_head: 121 });
}

#[test]
fn leases_and_claims() {
    let (lease, batch) = (LeaseId::from_bytes([1; 16]), BatchId::from_bytes([2; 16]));
    check("lease_request", &LeaseRequest { epoch: 1, request_no: 7, batch, want: 20, at: None });
    let ahead = LeaseRequest { epoch: 1, request_no: 8, batch, want: 50, at: Some(NOW.plus_ms(3_600_000)) };
    check("lease_request_ahead", &ahead);
    let (expires_at, reclaim_at) = (NOW.plus_ms(14_400_000), NOW.plus_ms(100_800_000));
    let device = DeviceId::from_bytes([3; 16]);
    let (version, valid_from) = (0, UtcMillis::new(0));
    let grant = Grant {
        lease,
        device,
        epoch: 1,
        request_no: 7,
        batch,
        version,
        slots: 20,
        valid_from,
        expires_at,
        reclaim_at,
    };
    check("grant", &grant);
    check("grant_for_period", &Grant { version: 2, valid_from: NOW.plus_ms(3_600_000), ..grant });
    check("close_request", &CloseRequest { epoch: 1, lease, used: 3 });
    check("close_answer", &CloseAnswer { returned: 17 });
    let event = EventId::from_bytes([4; 16]);
    let report = ClaimReport { event, lease, slot: 0, voucher: "CV1:ABC".into() };
    check("claims_request", &ClaimsRequest { epoch: 1, claims: vec![report] });
    let verdicts = [
        Verdict::Issued { ends_at: NOW },
        Verdict::Suspect { code: "CLOCK_SKEW".into() },
        Verdict::Rejected { code: "USER_LIMIT".into() },
    ];
    let outcomes = verdicts.into_iter().map(|verdict| ClaimOutcome { event, verdict }).collect();
    check("claims_answer", &ClaimsAnswer { outcomes });
}

#[test]
fn feed_rows() {
    let mall = MallRow {
        id: MallId::from_bytes([1; 16]),
        name: "天一汇".into(),
        hotline: "0574-87000000".into(),
        service_desk: "一层服务台".into(),
    };
    let store = StoreRow {
        id: StoreId::from_bytes([4; 16]),
        merchant: MerchantId::from_bytes([3; 16]),
        name: "老张夜宵".into(),
        floor: "B1".into(),
        place: "B1-08".into(),
        category: "餐饮".into(),
        open: vec![window()],
        pictures: vec![],
    };
    check("row_mall", &mall);
    check("row_store", &store);
    check("row_batch", &batch());
    check("media", &picture());
    check("row_store_pictures", &StoreRow { pictures: vec![picture()], ..store.clone() });
    check("row_batch_pictures", &BatchRow { pictures: vec![picture()], ..batch() });
    let mut with_quota = batch();
    with_quota.terms.quota =
        Quota { per_day: Some(200), per_window: vec![WindowQuota { window: window(), coupons: 50 }] };
    check("row_batch_quota", &with_quota);
    let filter = |bits: &[u8]| PersonFilter::from_parts([3; 16], 20, bits.to_vec()).unwrap();
    let day = NOW.day();
    let deny = DenyRow { day, blocked: filter(&[1, 2, 3]), withdrawn: filter(&[]), passes: filter(&[9]) };
    check("row_deny_passes", &deny);
    check("row_deny", &DenyRow { passes: PersonFilter::nobody(), ..deny.clone() });
    let hold_out = HoldOutRow { campaign: CampaignId::from_bytes([2; 16]), day, held_out: filter(&[255]) };
    check("row_hold_out", &hold_out);
    for row in [Row::Deny(deny), Row::HoldOut(hold_out)] {
        assert_eq!(Change::put("1", &row).unwrap().read(), Reading::Put(row));
    }
    check("row_config", &KioskConfig { version: 4, ..KioskConfig::default() });
    let rows = [Row::Mall(mall), Row::Store(store), Row::Batch(Box::new(batch())), Row::KeyRing(ring())];
    let mut changes: Vec<Change> = rows.iter().map(|row| Change::put("1", row).unwrap()).collect();
    changes.push(Change { kind: "store".into(), id: "9".into(), row: None });
    check("feed_page", &Page { next: 5, changes: changes.clone(), ..Page::default() });
    let mark = Fingerprint::from_bytes([0xa1; 16]);
    let hashed = Page {
        since: 5,
        next: 5,
        mark: Some(mark),
        view: Some(mark),
        content: Some(mark),
        ..Page::default()
    };
    check("feed_page_unchanged", &hashed);
    let part = SnapshotPart { from: String::new(), to: Some("Y2l0eQ".into()) };
    let snapshot =
        Page { more: true, changes: changes[..1].to_vec(), content: None, snapshot: Some(part), ..hashed };
    check("feed_page_snapshot", &snapshot);
    let readings: Vec<Reading> = changes.iter().map(Change::read).collect();
    let mut expected: Vec<Reading> = rows.into_iter().map(Reading::Put).collect();
    expected.push(Reading::Drop);
    assert_eq!(readings, expected);
}

#[test]
fn confession() {
    let device = DeviceId::from_bytes([5; 16]);
    let high_water = |request_no| HighWater { request_no, vouchers: 31 };
    let behind = Behind::HighWater { said: high_water(6), heard: high_water(7) };
    let by_count = Challenge { device, epoch: 1, counter: 41, behind, at: NOW, nonce: [6; 16] };
    check("challenge_high_water", &by_count);
    check("challenge_counter", &Challenge { behind: Behind::Counter { heard: 44 }, ..by_count });
    let challenge = Signed { body: "{}".into(), signature: [1; 64] };
    check("confession", &Confession { challenge });
    let answer = ConfessionAnswer { fenced_at: NOW };
    check("confession_answer", &Bound { device, epoch: 1, counter: 41, answer });
}

#[test]
fn envelopes() {
    check("signed", &Signed { body: "{\"since\":0}".into(), signature: [1; 64] });
    check(
        "problem",
        &Problem::new(409, "ALREADY_REDEEMED", "已核销").with("redeemed_at", "2026-11-22T12:00:00Z"),
    );
}

#[test]
fn what_a_newer_platform_sends_is_skipped_row_by_row() {
    let mut newer = Change::put("1", &Row::Batch(Box::new(batch()))).unwrap();
    newer.row.as_mut().unwrap()["terms"]["benefit"] = serde_json::json!({"kind": "gift", "sku": "tea"});
    assert_eq!(newer.read(), Reading::NotUnderstood, "a benefit of tomorrow");
    let mut dishonourable = Change::put("1", &Row::Batch(Box::new(batch()))).unwrap();
    dishonourable.row.as_mut().unwrap()["terms"]["funding"] = serde_json::json!([]);
    assert_eq!(dishonourable.read(), Reading::NotUnderstood, "terms that cannot be honoured");
    let mut moving = Change::put("1", &Row::Batch(Box::new(batch()))).unwrap();
    moving.row.as_mut().unwrap()["pictures"] = serde_json::json!([{"playlist": 7}, picture()]);
    let expected = Row::Batch(Box::new(BatchRow { pictures: vec![picture()], ..batch() }));
    assert_eq!(moving.read(), Reading::Put(expected), "a medium of tomorrow is left out, the offer stays");
    let unknown = Change { kind: "hologram".into(), id: "1".into(), row: Some(Value::Null) };
    assert_eq!(unknown.read(), Reading::NotUnderstood, "a kind of tomorrow");
    let verdict: Verdict = serde_json::from_str(r#"{"verdict":"deferred","until":5}"#).unwrap();
    assert_eq!(verdict, Verdict::Unknown);
}

#[test]
fn the_push_stream() {
    let said = [
        Push::Open { head: 120 },
        Push::Beat,
        Push::Changed { head: 121 },
        Push::Revoked,
        Push::Replaced,
        Push::Closing { retry_ms: 4_000 },
    ];
    let path = file("stream").with_extension("txt");
    if !path.exists() && std::env::var_os("WRITE_NEW_SAMPLES").is_some() {
        fs::write(&path, said.map(|push| push.to_string()).concat()).unwrap();
    }
    assert_eq!(Reader::default().read(&fs::read(&path).unwrap()).unwrap(), said);
}

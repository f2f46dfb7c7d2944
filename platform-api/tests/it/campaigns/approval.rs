//! Two people for every version; what was approved never changes.

use crate::{
    harness::{Platform, START, logged},
    town::{SEED, Town, code, try_write},
};
use domain::{ids::BatchId, money::Fen, pricing::Benefit};
use platform_api::{
    foundation::{act::Actor, db::DbError},
    modules::campaigns::{self, BatchMove, BatchState, CampaignError, Decision},
};
use protocol::feed::{self, Reading, Row};
use serde_json::json;

fn in_feed(platform: &Platform, id: BatchId) -> Option<feed::BatchRow> {
    let change = logged(platform.db()).into_iter().find(|change| change.id == id.to_string())?;
    let row = serde_json::from_str(&change.body?).unwrap();
    let read = feed::Change { kind: change.kind, id: change.id, row: Some(row) }.read();
    let Reading::Put(Row::Batch(row)) = read else { panic!("{read:?}") };
    Some(*row)
}

#[tokio::test]
async fn nobody_approves_their_own_draft() {
    let town = Town::new().await;
    let new = town.new_batch(|_| {});
    let approver = Actor::Staff(town.approver.staff);
    let id = town.write(approver, move |tx, act| {
        let id = campaigns::draft_batch(tx, act, &new)?.id;
        campaigns::submit(tx, act, (id, 1)).map(|_| id)
    });
    let own = try_write(&town.platform, approver, move |tx, act| {
        campaigns::decide(tx, act, (id, 1), (Decision::Approve, ""))
    });
    assert_eq!(code(own), "SELF_APPROVAL");
    assert_eq!(town.batch_row(id).state, BatchState::Submitted);
}

#[tokio::test]
async fn an_editor_drafts_over_http_an_approver_decides_and_only_then_kiosks_see_it() {
    let town = Town::new().await;
    let body = json!({
        "campaign": town.campaign, "mall": town.mall, "merchant": town.noodles, "stock_total": 10, "lease_slots": 5,
        "content": {
            "title": "面馆满100减20", "why": "下班吃碗热汤面",
            "benefit": { "kind": "amount_off", "threshold_fen": 10_000, "off_fen": 2_000 },
            "funding": [{ "party": "gov", "bp": 6_000 }, { "party": "merchant", "bp": 4_000 }],
            "targeting": "everyone", "claim_from_at": "2026-01-01T00:00:00+08:00",
            "claim_until_at": "2026-02-01T00:00:00+08:00", "validity": { "days": 3 },
            "per_person_total": 2, "per_person_day": 1,
        },
    });
    let (editor, approver) = (Some(town.editor.token.as_str()), Some(town.approver.token.as_str()));
    let drafts = "/api/o/v1/batches";
    town.platform.post(drafts, approver, body.clone()).await.expect_problem(403, "FORBIDDEN");
    let id = town.platform.post(drafts, editor, body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let of = |rest: &str| format!("/api/o/v1/batches/{id}{rest}");
    town.platform.post(&of("/versions/1/submit"), editor, json!({})).await.expect(200);
    let decision = json!({ "approve": true, "reason": "核对无误" });
    let as_editor = town.platform.post(&of("/versions/1/decision"), editor, decision.clone()).await;
    as_editor.expect_problem(403, "FORBIDDEN");
    town.platform.post(&of("/versions/1/decision"), approver, decision).await.expect(200);
    let batch: BatchId = id.parse().unwrap();
    assert_eq!(in_feed(&town.platform, batch), None);
    let moved = town.platform.post(&of("/moves"), approver, json!({ "move": "activate" })).await.expect(200);
    assert_eq!(moved["state"], "active");
    let row = in_feed(&town.platform, batch).unwrap();
    assert!(row.active);
    assert_eq!(row.funded_by.as_deref(), Some("市商务局"));
    let paused =
        town.platform.post(&of("/moves"), editor, json!({ "move": "pause", "reason": "停业" })).await;
    paused.expect(200);
    assert!(!in_feed(&town.platform, batch).unwrap().active);
    let resumed = town.platform.post(&of("/moves"), editor, json!({ "move": "resume" })).await;
    resumed.expect_problem(403, "FORBIDDEN");
    town.platform.post(&of("/moves"), approver, json!({ "move": "end" })).await.expect(200);
    assert_eq!(in_feed(&town.platform, batch), None);
    town.platform
        .post(&of("/moves"), approver, json!({ "move": "resume" }))
        .await
        .expect_problem(409, "CONFLICT");
}

#[tokio::test]
async fn an_edit_changes_nothing_until_it_is_approved_and_coupons_keep_their_version() {
    let town = Town::new().await;
    let id = town.batch(|_| {});
    let person = town.person("13800000001");
    let coupon = town.coupon(id, &person).await;
    let mut content = town.new_batch(|_| {}).content;
    content.title = "面馆满100减10".to_owned();
    content.terms.benefit = Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(1_000) };
    town.write(Actor::Staff(town.editor.staff), move |tx, act| {
        let version = campaigns::draft_version(tx, act, id, &content)?;
        assert_eq!(version.version, 2);
        campaigns::submit(tx, act, (id, 2))
    });
    assert_eq!(in_feed(&town.platform, id).unwrap().version, 1);
    town.write(Actor::Staff(town.approver.staff), move |tx, act| {
        campaigns::decide(tx, act, (id, 2), (Decision::Approve, ""))
    });
    assert_eq!(in_feed(&town.platform, id).unwrap().title, "面馆满100减10");
    let code = town.shown(coupon, &person).await["code"].clone();
    let preview = town.preview(&town.cashier, town.presented(&code, 10_000)).await.expect(200);
    assert_eq!(preview["discount_fen"], 2_000);
}

#[tokio::test]
async fn a_rejected_draft_is_written_anew_and_the_words_of_a_version_never_change() {
    let town = Town::new().await;
    let new = town.new_batch(|_| {});
    let content = new.content.clone();
    let (editor, approver) = (Actor::Staff(town.editor.staff), Actor::Staff(town.approver.staff));
    let id = town.write(editor, move |tx, act| {
        let id = campaigns::draft_batch(tx, act, &new)?.id;
        campaigns::submit(tx, act, (id, 1)).map(|_| id)
    });
    town.write(approver, move |tx, act| campaigns::decide(tx, act, (id, 1), (Decision::Reject, "文案不符")));
    assert_eq!(town.batch_row(id).state, BatchState::Rejected);
    town.write(editor, move |tx, act| {
        campaigns::draft_version(tx, act, id, &content)?;
        campaigns::submit(tx, act, (id, 2))
    });
    town.write(approver, move |tx, act| campaigns::decide(tx, act, (id, 2), (Decision::Approve, "")));
    assert_eq!((town.batch_row(id).state, town.batch_row(id).version), (BatchState::Approved, Some(2)));
    let rewritten: Result<u64, DbError> =
        town.platform.db().write(|tx| tx.execute("UPDATE batch_version SET content = '{}'", &[]));
    assert!(rewritten.unwrap_err().is_check("batch_version_immutable"));
}

#[tokio::test]
async fn terms_that_cannot_be_honoured_are_never_drafted() {
    let town = Town::new().await;
    let spoilt = [
        town.new_batch(|new| new.content.terms.claim_until = new.content.terms.claim_from),
        town.new_batch(|new| new.content.terms.claim_from = START.plus_ms(-31 * 86_400_000)),
        town.new_batch(|new| new.content.terms.claim_until = START.plus_ms(4_001 * 86_400_000)),
        town.new_batch(|new| new.content.terms.funding.reverse()),
        town.new_batch(|new| new.content.brand = Some("谁也不付钱的品牌".to_owned())),
        town.new_batch(|new| new.stock_total = 0),
        town.new_batch(|new| new.content.title = "一".repeat(17)),
    ];
    for new in spoilt {
        let refused = try_write(&town.platform, SEED, move |tx, act| campaigns::draft_batch(tx, act, &new));
        assert_eq!(code(refused), "INVALID");
    }
    let (stranger, mall) = (town.tea_store, town.new_batch(|_| {}));
    let elsewhere = campaigns::NewBatch {
        content: campaigns::BatchContent { stores: vec![stranger], ..mall.content.clone() },
        ..mall
    };
    let refused = try_write(&town.platform, SEED, move |tx, act| campaigns::draft_batch(tx, act, &elsewhere));
    assert!(matches!(refused, Err(CampaignError::Unknown("store"))));
}

#[tokio::test]
async fn only_an_operator_moves_a_batch() {
    let town = Town::new().await;
    let id = town.batch(|_| {});
    let moved = try_write(&town.platform, Actor::Staff(town.cashier.staff), move |tx, act| {
        campaigns::move_batch(tx, act, id, (BatchMove::Pause, ""))
    });
    assert_eq!(code(moved), "FORBIDDEN");
}

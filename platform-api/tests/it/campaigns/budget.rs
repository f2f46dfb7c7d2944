//! Public money: no fund gives twice, no campaign promises more than it has, what is left goes back.

use crate::town::{BUDGET, Town, code, try_write};
use domain::{money::Fen, pricing::Benefit};
use platform_api::{
    foundation::act::Actor,
    modules::{
        campaigns::{self, BatchMove, Decision, NewCampaign},
        funds::{self, FundMode, NewFund},
    },
};
use serde_json::json;

#[tokio::test]
async fn one_document_grants_once_and_only_the_budget_owner_grants() {
    let town = Town::new().await;
    let body = json!({ "department": "市文旅局", "mode": "arrears", "document_no": "甬文旅〔2026〕2号",
        "granted_fen": 500_000 });
    let path = "/api/g/v1/funds";
    town.platform.post(path, None, body.clone()).await.expect_problem(401, "UNAUTHENTICATED");
    let granted = town.platform.post(path, Some(&town.budget.token), body.clone()).await.expect(201);
    town.platform.post(path, Some(&town.budget.token), body).await.expect_problem(409, "ALREADY_EXISTS");
    let path = format!("{path}/{}", granted["id"].as_str().unwrap());
    let figures = town.platform.get(&path, Some(&town.budget.token)).await.expect(200);
    assert_eq!(figures, json!({ "granted_fen": 500_000, "allocated_fen": 0, "available_fen": 500_000 }));
    town.check_books();
}

#[tokio::test]
async fn a_fund_never_gives_more_than_it_has() {
    let town = Town::new().await;
    let fund = town.fund;
    let left = town.platform.db().read(move |tx| funds::figures(tx, fund)).unwrap();
    assert_eq!(left.granted_fen.get() - left.allocated_fen.get(), left.available_fen.get());
    assert_eq!(left.allocated_fen, BUDGET);
    let ask = move |budget_fen| {
        let now = town.platform.app.clock.now();
        let new = NewCampaign {
            fund,
            name: "另一场".to_owned(),
            purpose: "试".to_owned(),
            budget_fen,
            from_at: now,
            until_at: now.plus_ms(1),
            holdout_bp: 0,
        };
        let outcome = try_write(&town.platform, Actor::Staff(town.budget.staff), move |tx, act| {
            campaigns::allocate(tx, act, &new)
        });
        town.check_books();
        code(outcome)
    };
    assert_eq!(ask(Fen::new(left.available_fen.get() + 1)), "INSUFFICIENT_FUND");
    assert_eq!(ask(left.available_fen), "no refusal");
    assert_eq!(ask(Fen::new(1)), "INSUFFICIENT_FUND");
}

#[tokio::test]
async fn approved_batches_together_never_promise_more_than_the_campaign_has() {
    let town = Town::new().await;
    // 12 yuan of each coupon are the government's: 833 fit into 10,000 yuan, and 4 yuan are left.
    town.batch(|new| new.stock_total = 800);
    let draft = |stock_total| {
        let new = town.new_batch(|new| new.stock_total = stock_total);
        let id = town.write(Actor::Staff(town.editor.staff), move |tx, act| {
            let id = campaigns::draft_batch(tx, act, &new)?.id;
            campaigns::submit(tx, act, (id, 1)).map(|_| id)
        });
        try_write(&town.platform, Actor::Staff(town.approver.staff), move |tx, act| {
            campaigns::decide(tx, act, (id, 1), (Decision::Approve, ""))
        })
    };
    let refused = draft(34);
    assert!(
        matches!(&refused, Err(campaigns::CampaignError::Budget { shortfall_fen }) if shortfall_fen.get() == 800)
    );
    assert_eq!(code(refused), "BUDGET_EXHAUSTED");
    assert_eq!(code(draft(33)), "no refusal");
    town.check_books();
}

#[tokio::test]
async fn a_version_approved_too_late_binds_no_money_of_a_batch_that_has_ended() {
    let town = Town::new().await;
    let id = town.batch(|_| {});
    let mut content = town.new_batch(|_| {}).content;
    content.terms.benefit = Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(9_000) };
    town.write(Actor::Staff(town.editor.staff), move |tx, act| {
        campaigns::draft_version(tx, act, id, &content)?;
        campaigns::submit(tx, act, (id, 2))
    });
    let approver = Actor::Staff(town.approver.staff);
    town.write(approver, move |tx, act| campaigns::move_batch(tx, act, id, (BatchMove::End, "")));
    let committed = town.batch_row(id).committed_fen;
    let decide = |decision| {
        try_write(&town.platform, approver, move |tx, act| {
            campaigns::decide(tx, act, (id, 2), (decision, ""))
        })
    };
    assert_eq!(code(decide(Decision::Approve)), "CONFLICT");
    assert_eq!((town.batch_row(id).version, town.batch_row(id).committed_fen), (Some(1), committed));
    assert_eq!(code(decide(Decision::Reject)), "no refusal", "it is not left waiting for ever");
}

#[tokio::test]
async fn a_closed_campaign_gives_what_was_not_spent_back_to_its_fund() {
    let town = Town::new().await;
    let batch = town.batch(|_| {});
    let person = town.person("13800000001");
    let coupon = town.coupon(batch, &person).await;
    let code_shown = town.shown(coupon, &person).await["code"].clone();
    town.confirm(&town.cashier, town.presented(&code_shown, 10_000)).await.expect(201);
    let (owner, approver, campaign) =
        (Actor::Staff(town.budget.staff), Actor::Staff(town.approver.staff), town.campaign);
    let close = || try_write(&town.platform, owner, move |tx, act| campaigns::close(tx, act, campaign));
    let step = |step| {
        try_write(&town.platform, approver, move |tx, act| campaigns::move_batch(tx, act, batch, (step, "")))
    };
    assert_eq!(code(close()), "CONFLICT");
    assert_eq!(code(step(BatchMove::End)), "no refusal");
    assert_eq!(code(step(BatchMove::Close)), "CONFLICT", "a coupon may still be used");
    town.platform.clock.advance_ms(14 * 86_400_000);
    assert_eq!(code(step(BatchMove::Close)), "no refusal");
    assert_eq!(code(close()), "no refusal");
    town.check_books();
    let fund = town.fund;
    let figures = town.platform.db().read(move |tx| funds::figures(tx, fund)).unwrap();
    assert_eq!(figures.allocated_fen, Fen::new(1_200), "granted less redeemed is available again");
    assert_eq!(code(close()), "CONFLICT");
}

#[tokio::test]
async fn operator_and_government_read_the_same_figures() {
    let town = Town::new().await;
    let of = |letter| format!("/api/{letter}/v1/campaigns/{}", town.campaign);
    let expected = json!({ "allocated_fen": 1_000_000, "reserved_fen": 0, "spent_fen": 0, "available_fen": 1_000_000,
        "returned_fen": 0 });
    assert_eq!(town.platform.get(&of("g"), Some(&town.budget.token)).await.expect(200), expected);
    assert_eq!(town.platform.get(&of("o"), Some(&town.approver.token)).await.expect(200), expected);
    town.platform.get(&of("o"), None).await.expect_problem(401, "UNAUTHENTICATED");
    let cashier = town.platform.get(&of("o"), Some(&town.cashier.token)).await;
    assert_eq!(cashier.status.as_u16(), 403, "{}", cashier.text);
}

#[tokio::test]
async fn a_grant_in_arrears_is_a_commitment_of_the_department() {
    let town = Town::new().await;
    let new = NewFund {
        department: "市文旅局".to_owned(),
        mode: FundMode::Arrears,
        document_no: "甬文旅〔2026〕3号".to_owned(),
        granted_fen: Fen::new(700),
    };
    town.write(Actor::Staff(town.budget.staff), move |tx, act| funds::grant(tx, act, &new));
    let owed = town.platform.db().read(|tx| {
        use platform_api::modules::ledger::{Account, balance};
        balance(tx, &Account::GovCommitment("市文旅局".to_owned()))
    });
    assert_eq!(owed.unwrap(), Fen::new(700));
    town.check_books();
}

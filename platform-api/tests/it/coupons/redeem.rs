//! Redemption: once, by the right people, at the right place, and to the fen in the ledger.

use crate::town::{SEED, Town};
use domain::money::Fen;
use platform_api::{
    foundation::audit,
    modules::{
        campaigns, coupons,
        ledger::{self, Account},
        merchants::{self, Standing},
    },
};
use serde_json::{Value, json};
use std::thread;

async fn town_with_a_code() -> (Town, Value) {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let coupon = town.coupon(batch, &person).await;
    let shown = town.shown(coupon, &person).await;
    (town, shown)
}

/// Runs one future to its end on a thread of its own.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[tokio::test]
async fn a_redemption_takes_off_splits_and_posts_as_the_terms_say() {
    let (town, shown) = town_with_a_code().await;
    let body = town.presented(&shown["code"], 12_800);
    let preview = town.preview(&town.cashier, body.clone()).await.expect(200);
    let shares = json!([{ "party": "gov", "amount_fen": 1_200 }, { "party": "merchant", "amount_fen": 800 }]);
    assert_eq!((&preview["discount_fen"], &preview["pay_fen"]), (&json!(2_000), &json!(10_800)));
    assert_eq!(preview["shares"], shares);
    // 2 % of the funded 12 yuan.
    assert_eq!(preview["commission_fen"], 24);
    let redeemed = town.confirm(&town.cashier, body).await.expect(201);
    assert_eq!((&redeemed["discount_fen"], &redeemed["shares"]), (&preview["discount_fen"], &shares));
    assert_eq!(redeemed["cashier_name"], "小周");
    let (noodles, campaign) = (town.noodles, town.campaign);
    let (owed, income, money) = town.write(SEED, move |tx, _| {
        let owed = ledger::balance(tx, &Account::MerchantPending(noodles))?;
        let income = ledger::balance(tx, &Account::CommissionIncome)?;
        Ok::<_, ledger::LedgerError>((owed, income, ledger::campaign_balances(tx, campaign)?))
    });
    assert_eq!((owed, income), (Fen::new(-1_176), Fen::new(-24)));
    assert_eq!((money.spent_fen, money.reserved_fen), (Fen::new(1_200), Fen::ZERO));
    town.check_books();
    let list = town.platform.get("/api/m/v1/redemptions", Some(&town.cashier.token)).await.expect(200);
    assert_eq!(list["items"][0]["id"], redeemed["id"]);
    let one = format!("/api/m/v1/redemptions/{}", redeemed["id"].as_str().unwrap());
    assert_eq!(town.platform.get(&one, Some(&town.cashier.token)).await.expect(200), redeemed);
    town.platform.get(&one, Some(&town.tea_cashier.token)).await.expect_problem(404, "NOT_FOUND");
    let stream = format!("M/{}", town.platform.app.clock.now().day().get());
    town.platform
        .db()
        .read(move |tx| audit::verify(tx, &stream).map(drop))
        .map_err(|error| error.to_string())
        .unwrap();
    assert_eq!(
        town.platform.count("SELECT count(*) AS n FROM audit_entry WHERE action = 'coupon.redeem'"),
        1
    );
    assert_eq!(
        town.platform.count("SELECT count(*) AS n FROM outbox_event WHERE topic = 'coupon.redeemed'"),
        1
    );
}

#[tokio::test]
async fn every_funder_is_posted_to_its_own_account() {
    let town = Town::new().await;
    let batch = town.batch(|new| {
        let part =
            |party, bp| domain::pricing::Funder { party, bp: domain::money::BasisPoints::new(bp).unwrap() };
        use domain::pricing::Party;
        new.content.brand = Some("甬上茶业".to_owned());
        new.content.terms.funding = vec![
            part(Party::Gov, 4_000),
            part(Party::Platform, 3_000),
            part(Party::Brand, 2_000),
            part(Party::Merchant, 1_000),
        ];
    });
    let person = town.person("13800000001");
    let coupon = town.coupon(batch, &person).await;
    let code = town.shown(coupon, &person).await["code"].clone();
    town.confirm(&town.cashier, town.presented(&code, 10_000)).await.expect(201);
    let noodles = town.noodles;
    let balances = town.write(SEED, move |tx, _| {
        let accounts = [
            Account::PlatformPromotion,
            Account::BrandReceivable("甬上茶业".to_owned()),
            Account::MerchantPending(noodles),
        ];
        accounts.iter().map(|account| ledger::balance(tx, account)).collect::<Result<Vec<_>, _>>()
    });
    // 18 yuan funded, 2 % commission on it.
    assert_eq!(balances, [Fen::new(600), Fen::new(400), Fen::new(-1_764)]);
    town.check_books();
}

#[tokio::test]
async fn two_cashiers_race_for_one_coupon_and_the_second_is_told_who_was_first() {
    for form in ["code", "pin"] {
        race(form).await;
    }
}

/// Two cashiers with the same code, or the same digits, at the same moment.
async fn race(form: &str) {
    let (town, shown) = town_with_a_code().await;
    let shown = &shown[form];
    let tills = [(&town.cashier, town.noodle_store, "小周"), (&town.colleague, town.noodle_branch, "小李")];
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = tills
            .iter()
            .map(|(cashier, store, _)| {
                let body = json!({ "code": shown, "store": store, "bill_fen": 10_000 });
                let town = &town;
                scope.spawn(move || run(town.confirm(cashier, body)))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let winner = answers.iter().position(|answer| answer.status.as_u16() == 201).unwrap();
    let loser = &answers[1 - winner];
    loser.expect_problem(409, "ALREADY_REDEEMED");
    assert_eq!(loser.json["cashier_name"], tills[winner].2);
    assert_eq!(loser.json["store_name"], answers[winner].json["store_name"]);
    assert_eq!(loser.json["redeemed_at"], answers[winner].json["redeemed_at"]);
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM redemption"), 1);
    town.check_books();
}

#[tokio::test]
async fn ten_times_the_same_key_is_one_effect_and_one_answer() {
    let (town, shown) = town_with_a_code().await;
    let body = town.presented(&shown["code"], 10_000);
    let path = "/api/m/v1/redemptions/confirm";
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..10)
            .map(|_| {
                let (town, body) = (&town, body.clone());
                scope.spawn(move || {
                    run(town.platform.post_keyed(path, Some(&town.cashier.token), "one-key", body))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.json), (201, &answers[0].json), "{}", answer.text);
    }
    let replayed = answers.iter().filter(|answer| answer.header("idempotency-replayed") == "true").count();
    assert_eq!(replayed, 9);
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM redemption"), 1);
    town.check_books();
    let other = town
        .platform
        .post_keyed(path, Some(&town.cashier.token), "one-key", town.presented(&shown["code"], 1))
        .await;
    other.expect_problem(422, "IDEMPOTENCY_MISMATCH");
}

#[tokio::test]
async fn a_cashier_redeems_only_at_their_own_till_and_only_what_holds_there() {
    let (town, shown) = town_with_a_code().await;
    let at = |store| json!({ "code": shown["code"], "store": store, "bill_fen": 10_000 });
    town.confirm(&town.cashier, at(town.noodle_branch)).await.expect_problem(403, "NOT_YOUR_TILL");
    town.confirm(&town.cashier, at(town.tea_store)).await.expect_problem(403, "NOT_YOUR_TILL");
    town.confirm(&town.tea_cashier, at(town.tea_store)).await.expect_problem(409, "OTHER_STORE");
    let path = "/api/m/v1/redemptions/confirm";
    town.platform.post(path, None, at(town.noodle_store)).await.expect_problem(401, "UNAUTHENTICATED");
    let editor = town.platform.post(path, Some(&town.editor.token), at(town.noodle_store)).await;
    assert!([401, 403].contains(&editor.status.as_u16()), "{}", editor.text);
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM redemption"), 0);
    town.confirm(&town.cashier, at(town.noodle_store)).await.expect(201);
}

#[tokio::test]
async fn a_suspended_merchant_redeems_nothing() {
    let (town, shown) = town_with_a_code().await;
    let noodles = town.noodles;
    town.write(SEED, move |tx, act| {
        merchants::set_merchant_standing(tx, act, noodles, (Standing::Suspended, "风险核查"))
    });
    let refused = town.confirm(&town.cashier, town.presented(&shown["code"], 10_000)).await;
    refused.expect_problem(403, "STORE_SUSPENDED");
}

#[tokio::test]
async fn a_bill_below_the_threshold_says_what_is_missing_and_uses_nothing_up() {
    let (town, shown) = town_with_a_code().await;
    let short = town.confirm(&town.cashier, town.presented(&shown["code"], 9_999)).await;
    short.expect_problem(409, "THRESHOLD_NOT_MET");
    assert_eq!(short.json["shortfall_fen"], 1);
    for bill in [0, -1, 100_000_001] {
        town.confirm(&town.cashier, town.presented(&shown["code"], bill))
            .await
            .expect_problem(422, "INVALID");
    }
    town.confirm(&town.cashier, town.presented(&shown["code"], 10_000)).await.expect(201);
}

#[tokio::test]
async fn codes_and_digits_die_and_are_not_guessed() {
    let (town, shown) = town_with_a_code().await;
    let wrong = town.confirm(&town.cashier, town.presented(&json!("0000000000"), 10_000)).await;
    wrong.expect_problem(410, "CODE_EXPIRED");
    let nonsense = town.confirm(&town.cashier, town.presented(&json!("https://example.com"), 10_000)).await;
    nonsense.expect_problem(422, "CODE_INVALID");
    town.platform.clock.advance_ms(120_000);
    town.confirm(&town.cashier, town.presented(&shown["pin"], 10_000))
        .await
        .expect_problem(410, "CODE_EXPIRED");
    // A code lives as long again as two clocks may differ.
    town.platform.clock.advance_ms(121_000);
    town.confirm(&town.cashier, town.presented(&shown["code"], 10_000))
        .await
        .expect_problem(410, "CODE_EXPIRED");
    for _ in 0..20 {
        town.preview(&town.cashier, town.presented(&json!("1111111111"), 10_000)).await;
    }
    let guessed = town.preview(&town.cashier, town.presented(&json!("1111111111"), 10_000)).await;
    guessed.expect_problem(429, "RATE_LIMITED");
}

#[tokio::test]
async fn a_coupon_that_has_ended_is_refused_alike_before_and_after_the_job() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let coupon = town.coupon(batch, &person).await;
    // Claimed at 20:00 for three days: it ends at midnight, 52 hours later.
    town.platform.clock.advance_ms(52 * 3_600_000 - 30_000);
    let shown = town.shown(coupon, &person).await;
    town.platform.clock.advance_ms(30_000);
    let refused = town.preview(&town.cashier, town.presented(&shown["code"], 10_000)).await;
    refused.expect_problem(409, "COUPON_EXPIRED");
    assert_eq!(town.write(SEED, coupons::expire_due), 1);
    let refused = town.preview(&town.cashier, town.presented(&shown["code"], 10_000)).await;
    refused.expect_problem(409, "COUPON_EXPIRED");
}

#[tokio::test]
async fn an_identify_code_redeems_nothing_and_new_digits_kill_the_old() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let coupon = town.coupon(batch, &person).await;
    let identify = json!(town.identify_code(&person));
    let refused = town.confirm(&town.cashier, town.presented(&identify, 10_000)).await;
    refused.expect_problem(422, "CODE_INVALID");
    assert_eq!(refused.json["reason"], "WRONG_PURPOSE");
    let (first, second) = (town.shown(coupon, &person).await, town.shown(coupon, &person).await);
    town.confirm(&town.cashier, town.presented(&first["pin"], 10_000))
        .await
        .expect_problem(410, "CODE_EXPIRED");
    town.confirm(&town.cashier, town.presented(&second["pin"], 10_000)).await.expect(201);
}

#[tokio::test]
async fn outside_the_hours_of_use_the_next_opening_is_named() {
    let town = Town::new().await;
    let minute = |hour| domain::time::MinuteOfDay::new(hour, 0).unwrap();
    let window = domain::window::Window { weekdays: vec![], from: minute(22), to: minute(23) };
    let batch = town.batch(|new| new.content.terms.use_windows = vec![window]);
    let person = town.person("13800000001");
    let coupon = town.coupon(batch, &person).await;
    let shown = town.shown(coupon, &person).await;
    let early = town.preview(&town.cashier, town.presented(&shown["code"], 10_000)).await;
    early.expect_problem(409, "OUT_OF_WINDOW");
    assert_eq!(early.json["opens_at"], "2026-01-01T14:00:00Z");
}

#[tokio::test]
async fn when_the_campaign_cannot_pay_nothing_at_all_happens() {
    let (town, shown) = town_with_a_code().await;
    // Somebody else has reserved all but one fen of what the coupon needs.
    let campaign = town.campaign;
    town.write(SEED, move |tx, act| {
        let available = ledger::campaign_balances(tx, campaign)?.available_fen;
        let amount_fen = Fen::new(available.get() - 1_199);
        ledger::reserve(tx, act, &ledger::CampaignMoney { campaign, purpose: "order:1", amount_fen })
    });
    let entries = "SELECT count(*) AS n FROM ledger_entry";
    let before = town.platform.count(entries);
    let refused = town.confirm(&town.cashier, town.presented(&shown["code"], 10_000)).await;
    refused.expect_problem(409, "BUDGET_EXHAUSTED");
    assert_eq!(town.platform.count(entries), before);
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM redemption"), 0);
    assert_eq!(town.platform.count("SELECT count(*) AS n FROM coupon WHERE state = 'issued'"), 1);
    town.check_books();
    town.write(SEED, move |tx, act| {
        let money = ledger::campaign_balances(tx, campaign)?;
        let back = ledger::CampaignMoney { campaign, purpose: "order:1", amount_fen: money.reserved_fen };
        ledger::release(tx, act, &back)
    });
    town.confirm(&town.cashier, town.presented(&shown["code"], 10_000)).await.expect(201);
    town.check_books();
}

#[tokio::test]
async fn a_paused_batch_honours_the_coupons_it_has_issued() {
    let town = Town::new().await;
    let (batch, person) = (town.batch(|_| {}), town.person("13800000001"));
    let coupon = town.coupon(batch, &person).await;
    let approver = platform_api::foundation::act::Actor::Staff(town.approver.staff);
    town.write(approver, move |tx, act| {
        campaigns::move_batch(tx, act, batch, (campaigns::BatchMove::Pause, ""))
    });
    let shown = town.shown(coupon, &person).await;
    town.confirm(&town.cashier, town.presented(&shown["code"], 10_000)).await.expect(201);
}

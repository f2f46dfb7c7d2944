//! Chapter 5: a coupon is redeemed, once, however many cashiers try.

use super::{
    Story,
    night::Night,
    platform::{Caller, Desk, Platform, Problem, Reply},
    report::{Broken, must},
};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

const SHOP: &str = "老弄堂夜宵";
const CASHIERS: [&str; 2] = ["laolongtang-1", "laolongtang-2"];
const BILL_FEN: i64 = 12_800;
const OFF_FEN: i64 = 3_000;

#[derive(Deserialize)]
struct Redemption {
    title: String,
    cashier_name: String,
    discount_fen: i64,
    pay_fen: i64,
    shares: Vec<Share>,
}

#[derive(Deserialize)]
struct Share {
    party: String,
    amount_fen: i64,
}

/// Two cashiers confirm one coupon at the same moment.
pub async fn tell(story: &mut Story, night: &Night) -> Result<(), Broken> {
    story.report.chapter("五 · 核销只有一次 (redeemed once)");
    let one = cashier(story, CASHIERS[0]).await?;
    let two = cashier(story, CASHIERS[1]).await?;
    let shown = night.young.redeem_code(&story.platform, &night.coupon).await?;
    let store = &story.city.store(SHOP)?.id;
    let typed = json!({ "code": shown.pin, "store": store, "bill_fen": BILL_FEN });
    let scanned = json!({ "code": shown.code, "store": store, "bill_fen": BILL_FEN });
    let both = tokio::join!(confirm(&story.platform, &one, &typed), confirm(&story.platform, &two, &scanned));
    let (done, refused) = match (both.0?, both.1?) {
        (Reply::Done(done), Reply::Refused(status, problem))
        | (Reply::Refused(status, problem), Reply::Done(done)) => (done, (status, problem)),
        (Reply::Done(_), Reply::Done(_)) => return Err(Broken::new("both cashiers redeemed the coupon")),
        (Reply::Refused(_, one), Reply::Refused(_, two)) => {
            return Err(Broken::new(format!("neither cashier redeemed the coupon: {one:?} {two:?}")));
        }
    };
    redeemed(story, &done)?;
    already(story, &done, &refused)
}

/// Signs a cashier in.
pub async fn cashier(story: &Story, login: &str) -> Result<Caller, Broken> {
    story.platform.sign_in(Desk::Merchant, login, &story.city.staff_password).await
}

async fn confirm(platform: &Platform, cashier: &Caller, body: &Value) -> Result<Reply<Redemption>, Broken> {
    platform.try_post("/api/m/v1/redemptions/confirm", cashier, body).await
}

fn redeemed(story: &mut Story, done: &Redemption) -> Result<(), Broken> {
    let parts: i64 = done.shares.iter().map(|share| share.amount_fen).sum();
    let right = done.discount_fen == OFF_FEN && done.pay_fen == BILL_FEN - OFF_FEN && parts == OFF_FEN;
    must(right, || format!("{} off, {} to pay, parts {parts}", done.discount_fen, done.pay_fen))?;
    let shares: Vec<String> =
        done.shares.iter().map(|share| format!("{} {} 分", share.party, share.amount_fen)).collect();
    let seen = format!(
        "{} · {} · 消费 {BILL_FEN} 分，减 {} 分（{}），实付 {} 分",
        done.title,
        done.cashier_name,
        done.discount_fen,
        shares.join("，"),
        done.pay_fen
    );
    story.report.held("Two cashiers confirm one coupon at the same moment: one succeeds", seen);
    Ok(())
}

fn already(story: &mut Story, done: &Redemption, refused: &(StatusCode, Problem)) -> Result<(), Broken> {
    let (status, problem) = refused;
    let who = problem.cashier_name.as_deref().unwrap_or_default();
    let when = problem.redeemed_at.as_deref().unwrap_or_default();
    let right = *status == StatusCode::CONFLICT && problem.code == "ALREADY_REDEEMED";
    must(right && who == done.cashier_name && !when.is_empty(), || format!("{status} {problem:?}"))?;
    let place = problem.store_name.as_deref().unwrap_or_default();
    let seen = format!("{} {} · {place} · {who} · {when}", status.as_u16(), problem.code);
    story.report.held("The other is told who was sooner, and when", seen);
    Ok(())
}

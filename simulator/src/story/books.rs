//! Chapter 6: the money. Nothing came from nowhere, nothing went nowhere.

use super::{
    Story,
    platform::Desk,
    report::{Broken, must},
};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct TrialBalance {
    lines: Vec<Line>,
    total_fen: i64,
    transactions: u32,
    sound: bool,
}

#[derive(Deserialize)]
struct Line {
    code: String,
    balance_fen: i64,
}

#[derive(Deserialize)]
struct Figures {
    allocated_fen: i64,
    reserved_fen: i64,
    spent_fen: i64,
    available_fen: i64,
}

/// The trial balance, and every campaign's budget.
pub async fn tell(story: &mut Story) -> Result<(), Broken> {
    story.report.chapter("六 · 账平 (the books balance)");
    let login = &story.city.staff("op_auditor")?.login;
    let auditor = story.platform.sign_in(Desk::Operator, login, &story.city.staff_password).await?;
    let balance: TrialBalance = story.platform.get("/api/o/v1/ledger/trial-balance", Some(&auditor)).await?;
    let sum: i64 = balance.lines.iter().map(|line| line.balance_fen).sum();
    let holds = balance.total_fen == 0 && sum == 0 && balance.sound;
    must(holds, || format!("total {}, sum {sum}, sound {}", balance.total_fen, balance.sound))?;
    let lines: Vec<String> =
        balance.lines.iter().map(|line| format!("{} {}", line.code, line.balance_fen)).collect();
    let seen = format!("{} 笔分录，{} 科目合计 0（{}）", balance.transactions, lines.len(), lines.join("，"));
    story.report.held("The ledger sums to zero", seen);

    let campaigns: BTreeSet<&String> = story.city.batches.iter().map(|batch| &batch.campaign).collect();
    let (mut spent_fen, mut seen) = (0, Vec::new());
    for campaign in campaigns {
        let path = format!("/api/o/v1/campaigns/{campaign}");
        let figures: Figures = story.platform.get(&path, Some(&auditor)).await?;
        let parts = figures.reserved_fen + figures.spent_fen + figures.available_fen;
        must(parts == figures.allocated_fen, || {
            format!("{parts} of {} in {campaign}", figures.allocated_fen)
        })?;
        spent_fen += figures.spent_fen;
        seen.push(format!(
            "{} + {} + {} = {}",
            figures.reserved_fen, figures.spent_fen, figures.available_fen, figures.allocated_fen
        ));
    }
    must(spent_fen > 0, || "two coupons were redeemed and no campaign spent anything".to_owned())?;
    story.report.held("Reserved + spent + available = allocated, in every campaign", seen.join("；"));
    Ok(())
}

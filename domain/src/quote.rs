//! 报价: how a cart, the benefits a person may use and an instant become one price, and how a refund undoes it.
//!
//! A pure function of the case (`docs/PRICING.md`): no clock, no chance, no floating point; the order of the input changes
//! nothing, so kiosk and platform give the same bytes. Money is whole fen; a case holds at most 10^12 of it, so sums stay
//! far inside 64 bits, and products are taken in 128. Every amount adds up: list = pay + discounts, a discount = its lines
//! = its funders, and a refund gives back exactly what was paid.

mod apply;
mod basket;
mod calendar;
mod check;
mod input;
mod money;
mod reasons;
mod refund;
mod result;
mod search;
mod stacking;
mod subsidy;
mod text;
mod units;

pub use check::{Case, CaseError};
pub use input::{
    Base, Benefit, CaseFile, Component, Funder, LayerCaps, Line, Options, Pick, Refund, RefundPolicy,
    ReturnedUnits, Rule, Scope, Tier, Window,
};
pub use result::{
    Applied, Clawback, FunderLine, FunderResult, Gift, Hint, LineResult, LineShare, MerchantResult, Quote,
    RefundResult, Rejected, ReturnedLine, Withdrawn,
};
pub use text::{Any, Date, FormError, Instant, Opening, Positive, Text, Whole};

use money::fund_lines;
use search::Set;

/// Prices a case and, step by step, its refunds.
///
/// # Errors
/// [`CaseError`] when a refund names a gift that the customer does not hold.
pub fn price(case: &Case) -> Result<Quote, CaseError> {
    let before: Vec<Option<Rejected>> = case.benefits.iter().map(|benefit| refused(case, benefit)).collect();
    let is_candidate = |index: &usize| before[*index].is_none() && !case.benefits[*index].is_perk();
    let candidates: Vec<usize> = (0..case.benefits.len()).filter(is_candidate).collect();
    let (chosen, truncated) = search::best(case, &candidates);
    let members = chosen.members();
    let (mut perks, mut rejected) = (Vec::new(), Vec::new());
    for (index, before) in before.into_iter().enumerate() {
        let why = match before {
            Some(refused) => Some(refused),
            None if case.benefits[index].is_perk() => reasons::of_perk(case, &chosen.basket, index),
            None if members.contains(&index) => continue,
            None => Some(reasons::of_candidate(case, &chosen, index)),
        };
        match why {
            Some(why) => rejected.push(why),
            None => perks.push(case.benefits[index].id.as_str().to_owned()),
        }
    }
    let books = refund::Books::new(case, &chosen);
    let refunds =
        case.refunds.as_deref().map(|steps| refund::run(case, &chosen, books.clone(), steps)).transpose()?;
    let list_fen = case.lines.iter().map(|line| line.price_fen.get() * line.qty.get()).sum();
    let pay_fen = chosen.basket.total();
    Ok(Quote {
        id: case.id.as_str().to_owned(),
        list_fen,
        discount_fen: list_fen - pay_fen,
        pay_fen,
        truncated,
        lines: lines(case, &chosen),
        applied: chosen
            .applied
            .iter()
            .map(|(member, effect)| applied(case, *member, &effect.shares))
            .collect(),
        gifts: members.iter().filter_map(|&member| gift(&case.benefits[member])).collect(),
        perks,
        hints: reasons::hints(case, &chosen, &rejected),
        rejected,
        merchants: books.merchants(case),
        refunds,
    })
}

/// What is known before anything is worked out.
fn refused(case: &Case, benefit: &Benefit) -> Option<Rejected> {
    let reason = match &benefit.refused {
        Some(code) => code.as_str(),
        None if !calendar::is_open(benefit, case.at) => "OUT_OF_WINDOW",
        None if !case.lines.iter().any(|line| basket::is_in_scope(benefit, line)) => "NO_ELIGIBLE_LINES",
        None => return None,
    };
    let benefit_id = benefit.id.as_str().to_owned();
    Some(Rejected { benefit_id, reason: reason.to_owned(), ..Rejected::default() })
}

fn lines(case: &Case, chosen: &Set) -> Vec<LineResult> {
    let line = |(index, line): (usize, &Line)| {
        let (list_fen, net_fen) = (line.price_fen.get() * line.qty.get(), chosen.basket.running[index]);
        let line_id = line.line_id.as_str().to_owned();
        LineResult { line_id, list_fen, discount_fen: list_fen - net_fen, net_fen }
    };
    case.lines.iter().enumerate().map(line).collect()
}

fn applied(case: &Case, member: usize, shares: &[i64]) -> Applied {
    let benefit = &case.benefits[member];
    let line_id = |index: usize| case.lines[index].line_id.as_str().to_owned();
    let some = |amounts: &[i64]| -> Vec<(usize, i64)> {
        amounts.iter().copied().enumerate().filter(|(_, amount)| *amount != 0).collect()
    };
    let paid = fund_lines(shares, benefit.funders());
    let funder = |(funder, row): (&Funder, &Vec<i64>)| FunderResult {
        party: funder.party,
        id: funder.id.clone(),
        amount_fen: row.iter().sum(),
        lines: some(row)
            .into_iter()
            .map(|(index, amount_fen)| FunderLine { line_id: line_id(index), amount_fen })
            .collect(),
    };
    Applied {
        benefit_id: benefit.id.as_str().to_owned(),
        discount_fen: shares.iter().sum(),
        lines: some(shares)
            .into_iter()
            .map(|(index, discount_fen)| LineShare { line_id: line_id(index), discount_fen })
            .collect(),
        funders: benefit.funders().iter().zip(&paid).map(funder).collect(),
    }
}

fn gift(benefit: &Benefit) -> Option<Gift> {
    let Rule::Gift { sku, value_fen, .. } = &benefit.rule else {
        return None;
    };
    let benefit_id = benefit.id.as_str().to_owned();
    Some(Gift { benefit_id, sku: sku.as_str().to_owned(), value_fen: value_fen.get() })
}

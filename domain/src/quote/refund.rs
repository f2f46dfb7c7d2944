//! What returning units undoes: cash to the customer, shares back to their funders, benefits that no longer hold.
//!
//! Each line holds parts: the customer's cash, then each funder's share of each applied benefit. They add up to the list price
//! of the units, at every step, so nothing is lost or doubled whatever order units come back in.

use super::apply::{Effect, apply, part, settle};
use super::basket::{Basket, is_in_scope};
use super::check::{Case, CaseError};
use super::input::{Benefit, Line, Refund, RefundPolicy, Rule};
use super::money::{fund_lines, spread};
use super::result::{Clawback, MerchantResult, RefundResult, ReturnedLine, Withdrawn};
use super::search::Set;
use super::text::Text;
use crate::pricing::Party;
use std::rc::Rc;

/// One funder of one applied benefit: a column of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    /// Index of the benefit.
    member: usize,
    /// Place among its funders.
    funder: usize,
}

/// The parts of one line since it last started afresh.
#[derive(Clone, Debug)]
struct Parts {
    cash: i64,
    /// By column.
    shares: Vec<i64>,
    units: i64,
    gone: i64,
    price: i64,
}

impl Parts {
    /// What has gone of cash and shares with the units that have. Each part takes its portion of what is still to be
    /// taken, so the portions add up to the list price of those units.
    fn lost(&self) -> (i64, Vec<i64>) {
        let (mut taken, mut total) =
            (i128::from(self.price * self.gone), i128::from(self.price * self.units));
        let mut portion = |amount: i64| {
            let lost = if total == 0 { 0 } else { i128::from(amount) * taken / total };
            taken -= lost;
            total -= i128::from(amount);
            i64::try_from(lost).unwrap_or(i64::MAX)
        };
        let cash = portion(self.cash);
        (cash, self.shares.iter().map(|share| portion(*share)).collect())
    }

    /// What is left of cash and shares.
    fn left(&self) -> (i64, Vec<i64>) {
        let (cash, shares) = self.lost();
        (self.cash - cash, self.shares.iter().zip(shares).map(|(share, lost)| share - lost).collect())
    }

    /// Starts afresh with what is left, after `moved` by column has become cash.
    fn restart(&mut self, moved: &[i64]) {
        let (cash, shares) = self.left();
        self.cash = cash + moved.iter().sum::<i64>();
        self.shares = shares.iter().zip(moved).map(|(share, moved)| share - moved).collect();
        self.units -= self.gone;
        self.gone = 0;
    }
}

/// A gift the customer got, and what keeping it has cost so far.
#[derive(Clone, Debug)]
struct HeldGift {
    member: usize,
    value: i64,
    charged: i64,
    held: bool,
}

/// Who holds which part of the money of a quote.
#[derive(Clone, Debug)]
pub(super) struct Books {
    columns: Vec<Column>,
    lines: Vec<Parts>,
    gifts: Vec<HeldGift>,
}

impl Books {
    /// The books after the quote, with nothing returned.
    pub(super) fn new(case: &Case, chosen: &Set) -> Books {
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        for (member, effect) in &chosen.applied {
            let funders = case.benefits[*member].funders();
            columns.extend((0..funders.len()).map(|funder| Column { member: *member, funder }));
            rows.extend(fund_lines(&effect.shares, funders));
        }
        let line = |(index, line): (usize, &Line)| Parts {
            cash: chosen.basket.running[index],
            shares: rows.iter().map(|row| row[index]).collect(),
            units: line.qty.get(),
            gone: 0,
            price: line.price_fen.get(),
        };
        let gift = |&(member, _): &(usize, Rc<Effect>)| {
            let Rule::Gift { value_fen, .. } = &case.benefits[member].rule else {
                return None;
            };
            Some(HeldGift { member, value: value_fen.get(), charged: 0, held: true })
        };
        Books {
            lines: case.lines.iter().enumerate().map(line).collect(),
            gifts: chosen.applied.iter().filter_map(gift).collect(),
            columns,
        }
    }

    /// Income of each merchant, if the case asks for it.
    pub(super) fn merchants(&self, case: &Case) -> Option<Vec<MerchantResult>> {
        let commission_bp = case.commission_bp?;
        let mut merchants: Vec<&Text> = case.lines.iter().map(|line| &line.merchant_id).collect();
        merchants.dedup();
        let result = |merchant: &Text| {
            let base_fen = self.base(case, merchant);
            let commission_fen = part(base_fen, commission_bp);
            MerchantResult {
                merchant_id: merchant.as_str().to_owned(),
                base_fen,
                commission_fen,
                commission_back_fen: None,
                income_fen: base_fen - commission_fen,
            }
        };
        Some(merchants.into_iter().map(result).collect())
    }

    /// What a merchant's lines earn: cash, and every share that is not the merchant's own.
    fn base(&self, case: &Case, merchant: &Text) -> i64 {
        let of_merchant =
            case.lines.iter().zip(&self.lines).filter(|(line, _)| line.merchant_id == *merchant);
        let earned = |(_, parts): (_, &Parts)| {
            let (cash, shares) = parts.left();
            let from_others = self
                .columns
                .iter()
                .zip(shares)
                .filter(|(column, _)| self.party(case, column) != Party::Merchant);
            cash + from_others.map(|(_, share)| share).sum::<i64>()
        };
        of_merchant.map(earned).sum()
    }

    fn party(&self, case: &Case, column: &Column) -> Party {
        case.benefits[column.member].funders()[column.funder].party
    }

    fn units_left(&self) -> Vec<i64> {
        self.lines.iter().map(|parts| parts.units - parts.gone).collect()
    }
}

/// Takes every step, each on what the one before left.
pub(super) fn run(
    case: &Case,
    chosen: &Set,
    mut books: Books,
    steps: &[Refund],
) -> Result<Vec<RefundResult>, CaseError> {
    let (mut kept, mut results) = (chosen.basket.total(), Vec::with_capacity(steps.len()));
    let mut merchants = books.merchants(case);
    for step in steps {
        let mut result = Step::new(case, chosen, &mut books).take(step)?;
        kept -= result.cash_fen;
        result.kept_fen = kept;
        result.merchants = books.merchants(case).map(|now| with_commission_back(now, merchants.as_deref()));
        merchants = books.merchants(case);
        results.push(result);
    }
    Ok(results)
}

fn with_commission_back(
    mut now: Vec<MerchantResult>,
    before: Option<&[MerchantResult]>,
) -> Vec<MerchantResult> {
    for (now, before) in now.iter_mut().zip(before.unwrap_or_default()) {
        now.commission_back_fen = Some(before.commission_fen - now.commission_fen);
    }
    now
}

/// One step while it is taken.
struct Step<'a> {
    case: &'a Case,
    chosen: &'a Set,
    books: &'a mut Books,
    /// The refund so far.
    cash: i64,
    /// What funders get back, by column.
    clawback: Vec<i64>,
}

impl Step<'_> {
    fn new<'a>(case: &'a Case, chosen: &'a Set, books: &'a mut Books) -> Step<'a> {
        let clawback = vec![0; books.columns.len()];
        Step { case, chosen, books, cash: 0, clawback }
    }

    fn take(mut self, step: &Refund) -> Result<RefundResult, CaseError> {
        let lines = self.return_units(step);
        let retested = self.retest();
        let withdrawn = self.withdraw(&retested);
        let (gift_charge_fen, gift_refund_fen) = self.settle_gifts(step, &retested)?;
        let clawback = self.list_clawback();
        let is_paid_out = |row: &&Clawback| row.party != Party::Merchant;
        Ok(RefundResult {
            cash_fen: self.cash,
            clawback_fen: clawback.iter().filter(is_paid_out).map(|row| row.amount_fen).sum(),
            coupons_back: self.coupons_back(step),
            clawback,
            withdrawn,
            gift_charge_fen,
            gift_refund_fen,
            lines,
            kept_fen: 0,
            merchants: None,
        })
    }

    fn returned(&self, step: &Refund, index: usize) -> i64 {
        let line_id = &self.case.lines[index].line_id;
        step.units.iter().find(|units| units.line_id == *line_id).map_or(0, |units| units.qty.get())
    }

    /// Takes the parts of the named units: cash is the refund, the others are clawback.
    fn return_units(&mut self, step: &Refund) -> Vec<ReturnedLine> {
        let mut lines = Vec::new();
        for index in 0..self.case.lines.len() {
            let qty = self.returned(step, index);
            if qty == 0 {
                continue;
            }
            let parts = &mut self.books.lines[index];
            let (cash_before, shares_before) = parts.lost();
            parts.gone += qty;
            let (cash, shares) = parts.lost();
            for (column, lost) in shares.iter().enumerate() {
                self.clawback[column] += lost - shares_before[column];
            }
            let cash_fen = cash - cash_before;
            self.cash += cash_fen;
            lines.push(ReturnedLine {
                line_id: self.case.lines[index].line_id.as_str().to_owned(),
                qty,
                cash_fen,
            });
        }
        lines
    }

    /// What each applied benefit would give the units that stay; `None` for one that fails.
    fn retest(&self) -> Vec<Option<i64>> {
        let mut basket = Basket::new(&self.case.lines, self.books.units_left());
        let again = |(member, _): &(usize, Rc<Effect>)| {
            let benefit = &self.case.benefits[*member];
            let effect = apply(&self.case.lines, benefit, &basket, None).ok()?;
            settle(&mut basket, benefit, &effect);
            Some(effect.discount())
        };
        self.chosen.applied.iter().map(again).collect()
    }

    /// Takes back what a repriced benefit no longer earns, at most the refund of this step.
    fn withdraw(&mut self, retested: &[Option<i64>]) -> Vec<Withdrawn> {
        let mut withdrawn = Vec::new();
        for ((member, _), earned) in self.chosen.applied.iter().zip(retested) {
            let benefit = &self.case.benefits[*member];
            if benefit.refund_policy == RefundPolicy::Keep {
                continue;
            }
            let left: Vec<Vec<i64>> = self.books.lines.iter().map(|parts| parts.left().1).collect();
            let is_own = |column: &Column| column.member == *member;
            let own: Vec<bool> = self.books.columns.iter().map(is_own).collect();
            // Line by line, within a line funder by funder.
            let weights: Vec<i64> = left
                .iter()
                .flat_map(|shares| shares.iter().zip(&own).map(|(share, own)| if *own { *share } else { 0 }))
                .collect();
            let excess = weights.iter().sum::<i64>() - earned.unwrap_or(0);
            let amount_fen = excess.max(0).min(self.cash);
            if amount_fen > 0 {
                self.move_to_cash(&spread(amount_fen, &weights));
                self.cash -= amount_fen;
                withdrawn.push(Withdrawn { benefit_id: benefit.id.as_str().to_owned(), amount_fen });
            }
        }
        withdrawn
    }

    /// Turns shares into cash; `moved` lists every line's columns one after another.
    fn move_to_cash(&mut self, moved: &[i64]) {
        let columns = self.books.columns.len();
        for (parts, moved) in self.books.lines.iter_mut().zip(moved.chunks(columns)) {
            if moved.iter().any(|amount| *amount > 0) {
                parts.restart(moved);
                self.clawback.iter_mut().zip(moved).for_each(|(back, amount)| *back += amount);
            }
        }
    }

    /// A gift given back returns what was charged for it; one that is kept without being earned is charged.
    fn settle_gifts(&mut self, step: &Refund, retested: &[Option<i64>]) -> Result<(i64, i64), CaseError> {
        let (mut charge, mut refund, mut named) = (0, 0, 0);
        for gift in &mut self.books.gifts {
            let is_returned = step.gifts_returned.contains(&self.case.benefits[gift.member].id);
            let place = self.chosen.applied.iter().position(|(member, _)| *member == gift.member);
            let is_earned = place.and_then(|place| retested.get(place)).is_some_and(Option::is_some);
            if is_returned {
                named += 1;
                refund += gift.charged;
                self.cash += gift.charged;
                (gift.charged, gift.held) = (0, false);
            } else if gift.held && !is_earned {
                let owed = (gift.value - gift.charged).min(self.cash);
                charge += owed;
                self.cash -= owed;
                gift.charged += owed;
            }
        }
        if named < step.gifts_returned.len() {
            return Err(CaseError::Malformed("a returned gift was never given".to_owned()));
        }
        Ok((charge, refund))
    }

    fn list_clawback(&self) -> Vec<Clawback> {
        let row = |(column, amount): (&Column, &i64)| {
            let benefit = &self.case.benefits[column.member];
            let funder = &benefit.funders()[column.funder];
            let (benefit_id, id) = (benefit.id.as_str().to_owned(), funder.id.clone());
            (*amount != 0).then_some(Clawback { benefit_id, party: funder.party, id, amount_fen: *amount })
        };
        self.books.columns.iter().zip(&self.clawback).filter_map(row).collect()
    }

    /// Coupons that come back: in time, with all units at once of every line that got a share.
    fn coupons_back(&self, step: &Refund) -> Vec<String> {
        let comes_back = |(member, effect): &&(usize, Rc<Effect>)| {
            let benefit = &self.case.benefits[*member];
            let in_time = benefit.valid_to.is_none_or(|to| step.at < to);
            let is_whole = |index: usize| self.returned(step, index) == self.case.lines[index].qty.get();
            let all_back = (0..self.case.lines.len())
                .all(|index| !self.is_touched(benefit, effect, index) || is_whole(index));
            let gift_back = !benefit.is_gift() || step.gifts_returned.contains(&benefit.id);
            !benefit.automatic && benefit.coupon_back && in_time && all_back && gift_back
        };
        let id = |(member, _): &(usize, Rc<Effect>)| self.case.benefits[*member].id.as_str().to_owned();
        self.chosen.applied.iter().filter(comes_back).map(id).collect()
    }

    fn is_touched(&self, benefit: &Benefit, effect: &Effect, index: usize) -> bool {
        if benefit.is_gift() {
            is_in_scope(benefit, &self.case.lines[index])
        } else {
            effect.shares[index] != 0
        }
    }
}

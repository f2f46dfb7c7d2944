//! From a case as written to one that can be priced: what needs more than one field is checked, order is made canonical.

use super::input::{Benefit, CaseFile, Funder, LayerCaps, Line, Refund, Rule};
use super::text::{Text, Whole};
use crate::{pricing::Party, time::UtcMillis};
use std::collections::BTreeMap;

/// Most lines of a cart.
const LINES_MAX: usize = 100;
/// Most benefits offered.
const BENEFITS_MAX: usize = 100;
/// Most units of a cart.
const UNITS_MAX: i64 = 10_000;
/// Most money in a cart, in fen: sums stay far inside 64 bits, products are taken in 128.
const CART_FEN_MAX: i64 = 1_000_000_000_000;
/// Partial sets kept when the case does not say.
const STATES_MAX: usize = 4_096;

/// Why a case is not priced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// It is not well formed; in words, what is wrong.
    #[error("the case is malformed: {0}")]
    Malformed(String),
    /// More than 100 lines, 100 benefits, 10,000 units or 10^12 fen.
    #[error("the case is too large")]
    LimitExceeded,
    /// More units are returned than remain.
    #[error("more units of `{0}` are returned than remain")]
    RefundExceedsRemaining(String),
}

impl CaseError {
    /// The stable code of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            CaseError::Malformed(_) => "MALFORMED_CASE",
            CaseError::LimitExceeded => "LIMIT_EXCEEDED",
            CaseError::RefundExceedsRemaining(_) => "REFUND_EXCEEDS_REMAINING",
        }
    }
}

/// A case in canonical order: lines by merchant, sku and id, benefits in evaluation order, perks last.
#[derive(Clone, Debug)]
pub struct Case {
    pub(super) id: Text,
    pub(super) at: UtcMillis,
    pub(super) lines: Vec<Line>,
    pub(super) benefits: Vec<Benefit>,
    pub(super) caps: LayerCaps,
    pub(super) states_max: usize,
    pub(super) commission_bp: Option<i64>,
    pub(super) refunds: Option<Vec<Refund>>,
}

impl TryFrom<CaseFile> for Case {
    type Error = CaseError;

    fn try_from(file: CaseFile) -> Result<Case, CaseError> {
        check_form(&file)?;
        check_limits(&file)?;
        check_returned(&file)?;
        let (mut lines, mut benefits) = (file.cart, file.benefits);
        lines.sort_by(|a, b| line_key(a).cmp(&line_key(b)));
        benefits.sort_by(|a, b| benefit_key(a).cmp(&benefit_key(b)));
        Ok(Case {
            id: file.id,
            at: file.at.get(),
            lines,
            benefits,
            caps: file.options.layer_caps,
            states_max: file
                .options
                .max_states
                .map_or(STATES_MAX, |most| usize::try_from(most.get()).unwrap_or(STATES_MAX)),
            commission_bp: file.options.commission_bp.map(Whole::get),
            refunds: file.refunds,
        })
    }
}

fn line_key(line: &Line) -> (&Text, &Text, &Text) {
    (&line.merchant_id, &line.sku, &line.line_id)
}

fn benefit_key(benefit: &Benefit) -> (i64, i64, &Text, &Text) {
    let layer = benefit.layer.map_or(i64::MAX, Whole::get);
    (layer, benefit.priority.get(), benefit.batch(), &benefit.id)
}

impl Benefit {
    /// The batch it is of.
    pub(super) fn batch(&self) -> &Text {
        self.batch_id.as_ref().unwrap_or(&self.id)
    }

    pub(super) fn is_perk(&self) -> bool {
        matches!(self.rule, Rule::Perk { .. })
    }

    pub(super) fn is_gift(&self) -> bool {
        matches!(self.rule, Rule::Gift { .. })
    }

    /// Who pays, in order; nobody for what takes no money.
    pub(super) fn funders(&self) -> &[Funder] {
        self.funding.as_deref().unwrap_or_default()
    }
}

fn malformed(what: impl Into<String>) -> CaseError {
    CaseError::Malformed(what.into())
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), CaseError> {
    if holds { Ok(()) } else { Err(malformed(what())) }
}

fn check_form(file: &CaseFile) -> Result<(), CaseError> {
    ensure(!file.cart.is_empty(), || "the cart is empty".to_owned())?;
    check_unique("line_id", file.cart.iter().map(|line| &line.line_id))?;
    check_unique("benefit id", file.benefits.iter().map(|benefit| &benefit.id))?;
    for benefit in &file.benefits {
        check_benefit(benefit).map_err(|what| malformed(format!("`{}`: {what}", benefit.id.as_str())))?;
    }
    file.refunds.as_ref().map_or(Ok(()), |refunds| check_refunds(file, refunds))
}

fn check_unique<'a>(what: &str, names: impl Iterator<Item = &'a Text>) -> Result<(), CaseError> {
    let mut names: Vec<&Text> = names.collect();
    names.sort();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(malformed(format!("{what} `{}` stands twice", pair[0].as_str()))),
        None => Ok(()),
    }
}

fn check_benefit(benefit: &Benefit) -> Result<(), &'static str> {
    let layer = benefit.layer.map(Whole::get);
    let layer_fits = match (&benefit.rule, layer) {
        (Rule::Perk { .. }, layer) => layer.is_none(),
        (Rule::PerUnitSubsidy { .. }, layer) => layer == Some(6),
        (
            Rule::FixedPrice { .. } | Rule::NthItem { .. } | Rule::BuyXGetY { .. } | Rule::Bundle { .. },
            layer,
        ) => layer == Some(1),
        (
            Rule::AmountOff { .. }
            | Rule::EveryAmount { .. }
            | Rule::Tiered { .. }
            | Rule::PercentOff { .. }
            | Rule::NoThreshold { .. }
            | Rule::Gift { .. },
            layer,
        ) => layer.is_some_and(|layer| (2..=5).contains(&layer)),
    };
    let merchant_fits = match layer {
        Some(2 | 3) => benefit.merchant_id.is_some(),
        Some(_) => benefit.merchant_id.is_none(),
        None => true,
    };
    let may_keep_some_to_pay = matches!(layer, Some(5 | 6)) && !benefit.is_gift();
    if !layer_fits {
        return Err("the rule does not stand in this layer");
    }
    if !merchant_fits {
        return Err("a merchant is named in layers 2 and 3 and nowhere else");
    }
    if benefit.min_pay_fen.get() > 0 && !may_keep_some_to_pay {
        return Err("only layers 5 and 6 leave something to pay");
    }
    if benefit.windows.iter().any(|window| window.weekdays.as_ref().is_some_and(Vec::is_empty)) {
        return Err("a window without weekdays");
    }
    check_rule(&benefit.rule)?;
    check_funding(benefit)
}

fn check_rule(rule: &Rule) -> Result<(), &'static str> {
    match rule {
        Rule::Tiered { tiers } => {
            let rise = |pair: &[super::input::Tier]| {
                pair[0].threshold_fen < pair[1].threshold_fen && pair[0].off_fen < pair[1].off_fen
            };
            if tiers.is_empty() || !tiers.windows(2).all(rise) {
                return Err("tiers must rise");
            }
        }
        Rule::Bundle { components, .. } => {
            let mut skus: Vec<&Text> = components.iter().flat_map(|component| &component.skus).collect();
            let named = skus.len();
            skus.sort();
            skus.dedup();
            let is_empty =
                components.is_empty() || components.iter().any(|component| component.skus.is_empty());
            if is_empty || skus.len() < named {
                return Err("a bundle names each of its skus once");
            }
        }
        Rule::AmountOff { .. }
        | Rule::EveryAmount { .. }
        | Rule::PercentOff { .. }
        | Rule::NoThreshold { .. }
        | Rule::Gift { .. }
        | Rule::FixedPrice { .. }
        | Rule::NthItem { .. }
        | Rule::BuyXGetY { .. }
        | Rule::PerUnitSubsidy { .. }
        | Rule::Perk { .. } => {}
    }
    Ok(())
}

/// Parts add up, and government money is never rounded up (`I09`).
fn check_funding(benefit: &Benefit) -> Result<(), &'static str> {
    let takes_money = !benefit.is_gift() && !benefit.is_perk();
    let Some(funding) = &benefit.funding else {
        return if takes_money { Err("nobody pays for it") } else { Ok(()) };
    };
    if !takes_money {
        return Err("nobody pays for a gift or a perk");
    }
    if funding.iter().map(|funder| funder.bp.get()).sum::<i64>() != 10_000 {
        return Err("the parts of its funders do not add up");
    }
    let all_gov = funding.iter().all(|funder| funder.party == Party::Gov);
    let last_is_gov = funding.last().is_some_and(|funder| funder.party == Party::Gov);
    if last_is_gov && !all_gov { Err("government may stand last only when it pays all") } else { Ok(()) }
}

fn check_refunds(file: &CaseFile, refunds: &[Refund]) -> Result<(), CaseError> {
    ensure(!refunds.is_empty(), || "no refund is listed".to_owned())?;
    let is_line = |id: &Text| file.cart.iter().any(|line| line.line_id == *id);
    let is_gift = |id: &Text| file.benefits.iter().any(|benefit| benefit.id == *id && benefit.is_gift());
    check_unique("returned gift", refunds.iter().flat_map(|refund| &refund.gifts_returned))?;
    for refund in refunds {
        let is_something = !refund.units.is_empty() || !refund.gifts_returned.is_empty();
        ensure(is_something, || "a refund returns nothing".to_owned())?;
        check_unique("returned line", refund.units.iter().map(|units| &units.line_id))?;
        let lines_known = refund.units.iter().all(|units| is_line(&units.line_id));
        ensure(lines_known && refund.gifts_returned.iter().all(is_gift), || {
            "a refund names something unknown".to_owned()
        })?;
    }
    Ok(())
}

fn check_limits(file: &CaseFile) -> Result<(), CaseError> {
    let units: i64 = file.cart.iter().map(|line| line.qty.get()).sum();
    let fen: i64 = file.cart.iter().map(|line| line.price_fen.get() * line.qty.get()).sum();
    let fits = file.cart.len() <= LINES_MAX
        && file.benefits.len() <= BENEFITS_MAX
        && units <= UNITS_MAX
        && fen <= CART_FEN_MAX;
    if fits { Ok(()) } else { Err(CaseError::LimitExceeded) }
}

fn check_returned(file: &CaseFile) -> Result<(), CaseError> {
    let mut left: BTreeMap<&Text, i64> =
        file.cart.iter().map(|line| (&line.line_id, line.qty.get())).collect();
    for units in file.refunds.iter().flatten().flat_map(|refund| &refund.units) {
        let remaining = left.entry(&units.line_id).or_default();
        *remaining = remaining.saturating_sub(units.qty.get());
        if *remaining < 0 {
            return Err(CaseError::RefundExceedsRemaining(units.line_id.as_str().to_owned()));
        }
    }
    Ok(())
}

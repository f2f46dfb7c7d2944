//! What pricing a case says; serialises field by field in the order it is documented.

use crate::pricing::Party;
use serde::Serialize;

/// The price of a cart, how it came about, and what its refunds undo. All money in fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Quote {
    pub id: String,
    pub list_fen: i64,
    pub discount_fen: i64,
    /// 0 needs no payment.
    pub pay_fen: i64,
    /// More partial sets lived than the search keeps; the best of those kept was taken.
    pub truncated: bool,
    pub lines: Vec<LineResult>,
    pub applied: Vec<Applied>,
    pub gifts: Vec<Gift>,
    pub perks: Vec<String>,
    pub rejected: Vec<Rejected>,
    pub hints: Vec<Hint>,
    /// With `options.commission_bp` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchants: Option<Vec<MerchantResult>>,
    /// With `refunds` only, one for each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunds: Option<Vec<RefundResult>>,
}

/// One line of the cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LineResult {
    pub line_id: String,
    pub list_fen: i64,
    pub discount_fen: i64,
    pub net_fen: i64,
}

/// A benefit that was applied, in evaluation order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Applied {
    pub benefit_id: String,
    pub discount_fen: i64,
    /// Lines that got a share.
    pub lines: Vec<LineShare>,
    /// Everybody who pays, in order.
    pub funders: Vec<FunderResult>,
}

/// What a benefit takes off a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LineShare {
    pub line_id: String,
    pub discount_fen: i64,
}

/// What a funder pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FunderResult {
    pub party: Party,
    pub id: String,
    pub amount_fen: i64,
    /// Lines it pays something of.
    pub lines: Vec<FunderLine>,
}

/// What a funder pays of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FunderLine {
    pub line_id: String,
    pub amount_fen: i64,
}

/// Goods that come along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Gift {
    pub benefit_id: String,
    pub sku: String,
    pub value_fen: i64,
}

/// A benefit that was not applied, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Rejected {
    pub benefit_id: String,
    /// A stable code, or the one the case gave.
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfall_fen: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfall_qty: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_headcount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts_with: Option<Vec<String>>,
}

/// Spend so much more, save so much more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Hint {
    pub benefit_id: String,
    pub shortfall_fen: i64,
    pub extra_fen: i64,
}

/// What a merchant earns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct MerchantResult {
    pub merchant_id: String,
    pub base_fen: i64,
    pub commission_fen: i64,
    /// In a refund: what goes back of the commission; below zero where the base grew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commission_back_fen: Option<i64>,
    pub income_fen: i64,
}

/// One step of returning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct RefundResult {
    /// What the customer gets back.
    pub cash_fen: i64,
    /// What funders other than merchants get back.
    pub clawback_fen: i64,
    pub clawback: Vec<Clawback>,
    pub withdrawn: Vec<Withdrawn>,
    pub gift_charge_fen: i64,
    pub gift_refund_fen: i64,
    pub lines: Vec<ReturnedLine>,
    pub coupons_back: Vec<String>,
    /// What the customer has paid less everything returned so far.
    pub kept_fen: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchants: Option<Vec<MerchantResult>>,
}

/// What a funder gets back of one benefit; a merchant's is memo only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Clawback {
    pub benefit_id: String,
    pub party: Party,
    pub id: String,
    pub amount_fen: i64,
}

/// What a benefit lost because what stays no longer earns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Withdrawn {
    pub benefit_id: String,
    pub amount_fen: i64,
}

/// A returned line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReturnedLine {
    pub line_id: String,
    pub qty: i64,
    pub cash_fen: i64,
}

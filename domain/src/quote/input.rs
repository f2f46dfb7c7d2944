//! A case as it is written: cart, benefits, options, refunds. Reading refuses unknown and repeated fields.
//!
//! What one field alone can tell is checked by its type here; what needs two is checked in [`super::check`].

use super::text::{Any, Date, Instant, Opening, Positive, Text, Whole, given};
use crate::{pricing::Party, time::MinuteOfDay};
use serde::{Deserialize, de::IgnoredAny};

/// One cart to price, and what is returned of it afterwards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// Names the case; comes back in the result.
    pub id: Text,
    /// The instant of the quote.
    pub at: Instant,
    /// What is bought, at least one line.
    pub cart: Vec<Line>,
    /// Everything that may be offered.
    pub benefits: Vec<Benefit>,
    /// For people.
    #[serde(default, deserialize_with = "given")]
    pub title: Option<Text>,
    /// How the quote is made.
    #[serde(default)]
    pub options: Options,
    /// What is returned, step by step.
    #[serde(default, deserialize_with = "given")]
    pub refunds: Option<Vec<Refund>>,
    /// The answer, for tests; not read.
    #[serde(default, rename = "expect")]
    pub expected: Option<IgnoredAny>,
}

/// One line of the cart.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Unique in the cart.
    pub line_id: Text,
    /// Who sells it.
    pub merchant_id: Text,
    /// What it is.
    pub sku: Text,
    /// The list price of one unit.
    pub price_fen: Whole<0, 100_000_000>,
    /// How many units.
    pub qty: Whole<1, 9_999>,
    /// In which store.
    #[serde(default, deserialize_with = "given")]
    pub store_id: Option<Text>,
    /// Of what kind.
    #[serde(default, deserialize_with = "given")]
    pub category: Option<Text>,
}

/// A promotion or coupon offered to the engine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the written case")]
pub struct Benefit {
    /// Unique in the case.
    pub id: Text,
    /// What it does.
    pub rule: Rule,
    /// 1 item offer to 6 per-unit subsidy; a perk has none.
    #[serde(default, deserialize_with = "given")]
    pub layer: Option<Whole<1, 6>>,
    /// The batch it is of; its own id when absent.
    #[serde(default, deserialize_with = "given")]
    pub batch_id: Option<Text>,
    /// Earlier ones of a layer come first.
    #[serde(default = "zero")]
    pub priority: Whole<-1000, 1000>,
    /// Applies by itself and is not used up.
    #[serde(default)]
    pub automatic: bool,
    /// Whose it is, in layers 2 and 3.
    #[serde(default, deserialize_with = "given")]
    pub merchant_id: Option<Text>,
    /// What threshold and percentage look at.
    #[serde(default)]
    pub base: Base,
    /// Which lines it is for.
    #[serde(default)]
    pub scope: Scope,
    /// First instant.
    #[serde(default, deserialize_with = "given")]
    pub valid_from: Option<Instant>,
    /// First instant it is over.
    #[serde(default, deserialize_with = "given")]
    pub valid_to: Option<Instant>,
    /// One that matches is enough; none always match.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// Stands alone.
    #[serde(default)]
    pub exclusive: bool,
    /// Two that share a name exclude each other.
    #[serde(default)]
    pub exclusive_groups: Vec<Text>,
    /// Ids of benefits or batches it excludes.
    #[serde(default)]
    pub never_with: Vec<Text>,
    /// Leaves out lines a bundle took a unit of.
    #[serde(default)]
    pub excludes_bundled_lines: bool,
    /// What must be left to pay.
    #[serde(default = "nothing")]
    pub min_pay_fen: Any,
    /// What it may still give.
    #[serde(default, deserialize_with = "given")]
    pub budget_left_fen: Option<Any>,
    /// Who pays, in order.
    #[serde(default, deserialize_with = "given")]
    pub funding: Option<Vec<Funder>>,
    /// What a partial return does to it.
    #[serde(default)]
    pub refund_policy: RefundPolicy,
    /// Whether the coupon comes back when all is returned.
    #[serde(default = "yes")]
    pub coupon_back: bool,
    /// Why the person may not use it at all; it is only reported then.
    #[serde(default, deserialize_with = "given")]
    pub refused: Option<Text>,
}

/// What a benefit does.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the table in docs/PRICING.md")]
pub enum Rule {
    /// 满减
    AmountOff {
        threshold_fen: Any,
        off_fen: Positive,
        #[serde(default, deserialize_with = "given")]
        min_qty: Option<Any>,
    },
    /// 每满减
    EveryAmount {
        per_fen: Positive,
        off_fen: Positive,
        #[serde(default, deserialize_with = "given")]
        max_times: Option<Positive>,
    },
    /// 阶梯满减
    Tiered { tiers: Vec<Tier> },
    /// 折扣
    PercentOff {
        off_bp: Whole<1, 10_000>,
        #[serde(default, deserialize_with = "given")]
        cap_fen: Option<Positive>,
        #[serde(default, deserialize_with = "given")]
        threshold_fen: Option<Any>,
        #[serde(default, deserialize_with = "given")]
        min_qty: Option<Any>,
    },
    /// 无门槛
    NoThreshold { off_fen: Positive },
    /// 赠品
    Gift {
        sku: Text,
        value_fen: Positive,
        #[serde(default, deserialize_with = "given")]
        threshold_fen: Option<Any>,
        #[serde(default, deserialize_with = "given")]
        min_qty: Option<Any>,
    },
    /// 一口价
    FixedPrice {
        price_fen: Any,
        #[serde(default, deserialize_with = "given")]
        qty_limit: Option<Positive>,
        #[serde(default = "nothing")]
        already_bought: Any,
    },
    /// 第 N 件折扣
    NthItem {
        n: Whole<2, 1_000_000_000_000>,
        off_bp: Whole<1, 10_000>,
        #[serde(default)]
        pick: Pick,
        #[serde(default, deserialize_with = "given")]
        max_times: Option<Positive>,
    },
    /// 买 X 送 Y
    BuyXGetY {
        buy: Positive,
        get: Positive,
        #[serde(default = "whole")]
        off_bp: Whole<1, 10_000>,
        #[serde(default)]
        pick: Pick,
        #[serde(default, deserialize_with = "given")]
        max_times: Option<Positive>,
    },
    /// 套餐
    Bundle {
        price_fen: Any,
        components: Vec<Component>,
        #[serde(default, deserialize_with = "given")]
        max_times: Option<Positive>,
    },
    /// 按件补贴
    PerUnitSubsidy {
        off_fen: Positive,
        #[serde(default, deserialize_with = "given")]
        max_units: Option<Positive>,
        #[serde(default, deserialize_with = "given")]
        headcount: Option<Any>,
        #[serde(default)]
        allow_partial: bool,
    },
    /// 权益, such as free parking
    Perk {
        #[serde(default, deserialize_with = "given")]
        threshold_fen: Option<Any>,
        #[serde(default, deserialize_with = "given")]
        min_qty: Option<Any>,
    },
}

/// One step of 阶梯满减.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// From this amount on.
    pub threshold_fen: Any,
    /// So much is taken off.
    pub off_fen: Positive,
}

/// One part of a bundle.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Any of these.
    pub skus: Vec<Text>,
    /// So many of them.
    pub qty: Positive,
}

/// Which units of an offer are reduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The cheapest of all.
    #[default]
    CheapestOverall,
    /// The cheapest of each group.
    PerGroup,
}

/// What threshold and percentage look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// What is left after the benefits before.
    #[default]
    Running,
    /// List prices, before item offers too.
    Original,
}

/// What a partial return does to a benefit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundPolicy {
    /// It stays with the units that stay.
    #[default]
    Keep,
    /// It is worked out again for the units that stay.
    Reprice,
}

/// Which lines a benefit is for: in every list that is not empty, and in no excluding one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the lists say what they hold")]
pub struct Scope {
    pub merchants: Vec<Text>,
    pub stores: Vec<Text>,
    pub categories: Vec<Text>,
    pub skus: Vec<Text>,
    pub exclude_merchants: Vec<Text>,
    pub exclude_stores: Vec<Text>,
    pub exclude_categories: Vec<Text>,
    pub exclude_skus: Vec<Text>,
}

/// When a benefit can be used, by the calendar of Shanghai; belongs to the day it begins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First day.
    #[serde(default, deserialize_with = "given")]
    pub from_date: Option<Date>,
    /// Last day.
    #[serde(default, deserialize_with = "given")]
    pub to_date: Option<Date>,
    /// Monday is 1; every day when absent.
    #[serde(default, deserialize_with = "given")]
    pub weekdays: Option<Vec<Whole<1, 7>>>,
    /// Opens.
    #[serde(default = "midnight")]
    pub from: Opening,
    /// Closes; at or before `from` it means the day after.
    #[serde(default = "end_of_day")]
    pub to: MinuteOfDay,
    /// Days that count whatever their weekday.
    #[serde(default)]
    pub include_dates: Vec<Date>,
    /// Days that never count.
    #[serde(default)]
    pub exclude_dates: Vec<Date>,
}

/// One payer's part of a discount.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funder {
    /// Who pays.
    pub party: Party,
    /// The part paid.
    pub bp: Whole<1, 10_000>,
    /// Which fund or brand.
    #[serde(default)]
    pub id: String,
}

/// How a quote is made.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// How many benefits of a layer stand together.
    pub layer_caps: LayerCaps,
    /// Partial sets kept in the search.
    #[serde(deserialize_with = "given")]
    pub max_states: Option<Whole<1, 4_096>>,
    /// What the platform takes of each merchant's income; absent when nobody asks.
    #[serde(deserialize_with = "given")]
    pub commission_bp: Option<Whole<0, 10_000>>,
}

/// How many benefits of a layer stand together, in layers 2 and 3 for each merchant.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "one number a layer")]
pub struct LayerCaps {
    #[serde(deserialize_with = "given")]
    pub l2: Option<Whole<0, 5>>,
    #[serde(deserialize_with = "given")]
    pub l3: Option<Whole<0, 5>>,
    #[serde(deserialize_with = "given")]
    pub l4: Option<Whole<0, 5>>,
    #[serde(deserialize_with = "given")]
    pub l5: Option<Whole<0, 5>>,
    #[serde(deserialize_with = "given")]
    pub l6: Option<Whole<0, 5>>,
}

/// One step of returning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// When.
    pub at: Instant,
    /// What is returned.
    pub units: Vec<ReturnedUnits>,
    /// Gifts returned along, by benefit.
    #[serde(default)]
    pub gifts_returned: Vec<Text>,
}

/// Units of one line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnedUnits {
    /// The line.
    pub line_id: Text,
    /// How many.
    pub qty: Positive,
}

fn zero() -> Whole<-1000, 1000> {
    Whole::ZERO
}

fn nothing() -> Any {
    Whole::ZERO
}

fn whole() -> Whole<1, 10_000> {
    Whole::LARGEST
}

fn midnight() -> Opening {
    Opening::MIDNIGHT
}

fn end_of_day() -> MinuteOfDay {
    MinuteOfDay::END
}

fn yes() -> bool {
    true
}

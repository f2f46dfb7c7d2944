//! What holds for every cart: sums, bounds, indifference to order, and refunds that add up.

use domain::quote::{Case, CaseFile, Quote, RefundResult, price};
use proptest::{prelude::*, sample};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const AT: &str = "2026-11-22T20:00:00+08:00";

fn priced(case: &Value) -> Quote {
    let file: CaseFile = serde_json::from_value(case.clone()).unwrap();
    price(&Case::try_from(file).unwrap()).unwrap()
}

fn line(index: usize) -> impl Strategy<Value = Value> {
    let goods = (0..3usize, 0..5usize, 0..20_000i64, 1..6i64, sample::select(vec!["food", "shop"]));
    goods.prop_map(move |(merchant, sku, price_fen, qty, category)| {
        json!({"line_id": format!("L{index}"), "merchant_id": format!("M{merchant}"), "sku": format!("S{sku}"),
               "price_fen": price_fen, "qty": qty, "category": category})
    })
}

fn cart() -> impl Strategy<Value = Vec<Value>> {
    (1..6usize).prop_flat_map(|count| (0..count).map(line).collect::<Vec<_>>())
}

/// A rule and the layer it stands in.
fn rule() -> impl Strategy<Value = (Value, Option<i64>)> {
    let amount = (0..40_000i64, 1..6_000i64, 1..10_000i64, 2..6i64);
    let of_amount = amount.prop_flat_map(|(threshold, off, bp, layer)| {
        let rules = vec![
            json!({"kind": "amount_off", "threshold_fen": threshold, "off_fen": off}),
            json!({"kind": "every_amount", "per_fen": threshold + 1, "off_fen": off, "max_times": 3}),
            json!({"kind": "tiered", "tiers": [{"threshold_fen": threshold, "off_fen": off},
                                               {"threshold_fen": threshold + 5_000, "off_fen": off + 900}]}),
            json!({"kind": "percent_off", "off_bp": bp, "cap_fen": off * 2, "threshold_fen": threshold / 2}),
            json!({"kind": "no_threshold", "off_fen": off}),
            json!({"kind": "gift", "sku": "G", "value_fen": off, "threshold_fen": threshold}),
        ];
        sample::select(rules).prop_map(move |rule| (rule, Some(layer)))
    });
    let unit = (1..20_000i64, 1..10_000i64, 1..4i64).prop_flat_map(|(price, bp, count)| {
        let rules = vec![
            json!({"kind": "fixed_price", "price_fen": price, "qty_limit": count}),
            json!({"kind": "nth_item", "n": count + 1, "off_bp": bp, "pick": "per_group"}),
            json!({"kind": "buy_x_get_y", "buy": count, "get": 1}),
            json!({"kind": "bundle", "price_fen": price,
                   "components": [{"skus": ["S0", "S1"], "qty": 1}, {"skus": ["S2"], "qty": count}]}),
        ];
        sample::select(rules).prop_map(|rule| (rule, Some(1)))
    });
    let subsidy = (1..3_000i64, 1..8i64, any::<bool>()).prop_map(|(off, headcount, partial)| {
        let rule = json!({"kind": "per_unit_subsidy", "off_fen": off, "headcount": headcount, "allow_partial": partial});
        (rule, Some(6))
    });
    let perk =
        (0..30_000i64).prop_map(|threshold| (json!({"kind": "perk", "threshold_fen": threshold}), None));
    prop_oneof![6 => of_amount, 3 => unit, 1 => subsidy, 1 => perk]
}

fn funding() -> impl Strategy<Value = Value> {
    let mixed = (1..10_000i64, sample::select(vec!["platform", "merchant", "brand"])).prop_map(
        |(gov, other)| json!([{"party": "gov", "bp": gov, "id": "F"}, {"party": other, "bp": 10_000 - gov}]),
    );
    prop_oneof![
        Just(json!([{"party": "gov", "bp": 10_000}])),
        Just(json!([{"party": "merchant", "bp": 10_000}])),
        mixed
    ]
}

fn benefit(index: usize) -> impl Strategy<Value = Value> {
    let how = (any::<(bool, bool, bool, bool)>(), 0..3usize, 0..3_000i64, prop::option::of(0..9_000i64));
    (rule(), funding(), how).prop_map(move |((rule, layer), funding, (flags, merchant, min_pay, budget))| {
        let (original, reprice, bundled, automatic) = flags;
        let takes_money = !matches!(rule["kind"].as_str(), Some("gift" | "perk"));
        let mut benefit = json!({
            "id": format!("b{index}"), "rule": rule, "automatic": automatic, "excludes_bundled_lines": bundled,
            "base": if original { "original" } else { "running" },
            "refund_policy": if reprice { "reprice" } else { "keep" },
        });
        let mut set = |name: &str, value: Value| benefit[name] = value;
        if let Some(layer) = layer {
            set("layer", json!(layer));
            if layer == 2 || layer == 3 {
                set("merchant_id", json!(format!("M{merchant}")));
            }
            if layer >= 5 && takes_money {
                set("min_pay_fen", json!(min_pay));
            }
        }
        if takes_money {
            set("funding", funding);
        }
        if let Some(budget) = budget {
            set("budget_left_fen", json!(budget));
        }
        benefit
    })
}

fn case() -> impl Strategy<Value = Value> {
    let benefits = (0..6usize).prop_flat_map(|count| (0..count).map(benefit).collect::<Vec<_>>());
    (cart(), benefits, 0..3i64).prop_map(|(cart, benefits, cap)| {
        json!({"id": "P", "at": AT, "cart": cart, "benefits": benefits,
               "options": {"layer_caps": {"l4": cap, "l5": 1}, "commission_bp": 150}})
    })
}

/// A case and the order in which all of its units come back: by line, so many at a time.
fn case_with_refunds() -> impl Strategy<Value = Value> {
    (case(), prop::collection::vec(1..4i64, 20), any::<sample::Index>()).prop_map(
        |(mut case, chunks, start)| {
            let cart = case["cart"].as_array().unwrap().clone();
            let mut left: Vec<(Value, i64)> =
                cart.iter().map(|line| (line["line_id"].clone(), line["qty"].as_i64().unwrap())).collect();
            let turn = start.index(left.len());
            left.rotate_left(turn);
            let (mut steps, mut chunk) = (Vec::new(), chunks.iter().cycle());
            while let Some(place) = left.iter().position(|(_, qty)| *qty > 0) {
                let qty = left[place].1.min(*chunk.next().unwrap());
                left[place].1 -= qty;
                steps.push(json!({"at": AT, "units": [{"line_id": left[place].0, "qty": qty}]}));
                left.rotate_left(1);
            }
            case["refunds"] = json!(steps);
            case
        },
    )
}

fn check_sums(quote: &Quote) {
    assert_eq!(quote.list_fen, quote.pay_fen + quote.discount_fen);
    assert_eq!(quote.discount_fen, quote.applied.iter().map(|applied| applied.discount_fen).sum::<i64>());
    let mut by_line: BTreeMap<&str, i64> = BTreeMap::new();
    for applied in &quote.applied {
        assert_eq!(applied.discount_fen, applied.lines.iter().map(|line| line.discount_fen).sum::<i64>());
        assert_eq!(applied.discount_fen, applied.funders.iter().map(|funder| funder.amount_fen).sum::<i64>());
        for line in &applied.lines {
            *by_line.entry(&line.line_id).or_default() += line.discount_fen;
            let paid = applied.funders.iter().flat_map(|funder| &funder.lines);
            let paid: i64 =
                paid.filter(|paid| paid.line_id == line.line_id).map(|paid| paid.amount_fen).sum();
            assert_eq!(paid, line.discount_fen, "columns add up to the line");
        }
        for funder in &applied.funders {
            assert_eq!(funder.amount_fen, funder.lines.iter().map(|line| line.amount_fen).sum::<i64>());
        }
    }
    for line in &quote.lines {
        assert_eq!(line.list_fen, line.net_fen + line.discount_fen);
        assert_eq!(line.discount_fen, by_line.get(line.line_id.as_str()).copied().unwrap_or(0));
        assert!(line.net_fen >= 0, "I11");
    }
}

fn by_id<'a>(case: &'a Value, id: &str) -> &'a Value {
    case["benefits"].as_array().unwrap().iter().find(|benefit| benefit["id"] == id).unwrap()
}

fn without(case: &Value, index: usize) -> Value {
    let mut less = case.clone();
    less["benefits"].as_array_mut().unwrap().remove(index);
    less
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn i10_and_i11_everything_adds_up_and_nothing_falls_below_zero(case in case()) {
        let quote = priced(&case);
        check_sums(&quote);
        let keeps = |id: &str| by_id(&case, id)["min_pay_fen"].as_i64().unwrap_or(0);
        let most_kept = quote.applied.iter().map(|applied| keeps(&applied.benefit_id)).max().unwrap_or(0);
        prop_assert!(quote.pay_fen >= most_kept);
    }

    #[test]
    fn i14_the_order_of_the_input_changes_nothing(case in case(), seed in any::<sample::Index>()) {
        let mut shuffled = case.clone();
        for list in ["cart", "benefits"] {
            let list = shuffled[list].as_array_mut().unwrap();
            if !list.is_empty() {
                let turn = seed.index(list.len());
                list.rotate_left(turn);
                list.reverse();
            }
        }
        prop_assert_eq!(serde_json::to_string(&priced(&case)).unwrap(), serde_json::to_string(&priced(&shuffled)).unwrap());
    }

    #[test]
    fn i13_another_benefit_never_makes_it_dearer_and_no_other_set_is_cheaper(case in case()) {
        let quote = priced(&case);
        prop_assert!(!quote.truncated);
        let count = case["benefits"].as_array().unwrap().len();
        for index in 0..count {
            prop_assert!(priced(&without(&case, index)).pay_fen >= quote.pay_fen);
        }
        // Every set by brute force: whatever of it is feasible together is offered alone.
        for set in 0..1u32 << count {
            let mut only = case.clone();
            let mut index = 0;
            only["benefits"].as_array_mut().unwrap().retain(|_| {
                index += 1;
                set >> (index - 1) & 1 == 1
            });
            prop_assert!(priced(&only).pay_fen >= quote.pay_fen);
        }
    }

    #[test]
    fn i15_what_is_used_up_has_an_effect_and_each_benefit_is_said_once(case in case()) {
        let quote = priced(&case);
        for applied in &quote.applied {
            let is_gift = by_id(&case, &applied.benefit_id)["rule"]["kind"] == "gift";
            prop_assert!(is_gift || applied.discount_fen > 0);
        }
        let mut said: Vec<&str> = quote.applied.iter().map(|applied| applied.benefit_id.as_str()).collect();
        said.extend(quote.perks.iter().map(String::as_str));
        said.extend(quote.rejected.iter().map(|rejected| rejected.benefit_id.as_str()));
        said.sort_unstable();
        let mut all: Vec<&str> =
            case["benefits"].as_array().unwrap().iter().map(|benefit| benefit["id"].as_str().unwrap()).collect();
        all.sort_unstable();
        prop_assert_eq!(said, all);
    }

    #[test]
    fn i20_every_returned_fen_goes_to_whoever_paid_it(case in case_with_refunds()) {
        let quote = priced(&case);
        let steps = quote.refunds.as_ref().unwrap();
        let price = |id: &Value| {
            let line = case["cart"].as_array().unwrap().iter().find(|line| line["line_id"] == *id).unwrap();
            line["price_fen"].as_i64().unwrap()
        };
        for (step, result) in case["refunds"].as_array().unwrap().iter().zip(steps) {
            let units = &step["units"][0];
            let list = price(&units["line_id"]) * units["qty"].as_i64().unwrap();
            let back: i64 = result.clawback.iter().map(|row| row.amount_fen).sum();
            prop_assert_eq!(result.cash_fen + result.gift_charge_fen - result.gift_refund_fen + back, list);
            prop_assert!(is_never_negative(result));
        }
        let charged: i64 = steps.iter().map(|step| step.gift_charge_fen - step.gift_refund_fen).sum();
        let cash: i64 = steps.iter().map(|step| step.cash_fen).sum();
        prop_assert_eq!(cash + charged, quote.pay_fen);
        for applied in &quote.applied {
            let rows = steps.iter().flat_map(|step| &step.clawback);
            let back: i64 = rows.filter(|row| row.benefit_id == applied.benefit_id).map(|row| row.amount_fen).sum();
            prop_assert_eq!(back, applied.discount_fen);
        }
    }

    #[test]
    fn i19_kept_benefits_give_back_a_lines_net_in_any_grouping(mut case in case_with_refunds()) {
        for benefit in case["benefits"].as_array_mut().unwrap() {
            benefit["refund_policy"] = json!("keep");
        }
        let quote = priced(&case);
        let mut back: BTreeMap<&str, i64> = BTreeMap::new();
        for line in quote.refunds.iter().flatten().flat_map(|step| &step.lines) {
            *back.entry(&line.line_id).or_default() += line.cash_fen;
        }
        for line in &quote.lines {
            prop_assert_eq!(back[line.line_id.as_str()], line.net_fen);
        }
    }
}

fn is_never_negative(step: &RefundResult) -> bool {
    let amounts =
        [step.cash_fen, step.clawback_fen, step.gift_charge_fen, step.gift_refund_fen, step.kept_fen];
    amounts.into_iter().all(|amount| amount >= 0)
        && step.clawback.iter().all(|row| row.amount_fen >= 0)
        && step.withdrawn.iter().all(|row| row.amount_fen >= 0)
}

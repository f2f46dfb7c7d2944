//! How amounts and times are said to a shopper, the Chinese way.

use domain::money::{BasisPoints, Fen};
use domain::pricing::Benefit;
use domain::time::{UtcMillis, WallClock};

/// A benefit in the parts a card draws: ¥ | 30 | , or | 8.5 | 折.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// `¥`, or empty.
    pub prefix: String,
    /// The large number.
    pub number: String,
    /// `折`, or empty.
    pub suffix: String,
}

impl Amount {
    /// In one word: `¥30`, `8.5折`.
    #[must_use]
    pub fn in_a_word(&self) -> String {
        format!("{}{}{}", self.prefix, self.number, self.suffix)
    }
}

/// What a benefit takes off.
#[must_use]
pub fn amount(benefit: &Benefit) -> Amount {
    match benefit {
        Benefit::AmountOff { off_fen, .. } | Benefit::NoThreshold { off_fen } => {
            Amount { prefix: "¥".to_owned(), number: yuan(*off_fen), suffix: String::new() }
        }
        Benefit::PercentOff { off_bp, .. } => discount(*off_bp),
    }
}

/// 15 % off is 8.5折: what is left to pay, in tenths. All of it off is 免单.
fn discount(off: BasisPoints) -> Amount {
    let left_bp = 10_000 - off.get();
    if left_bp == 0 {
        return Amount { number: "免单".to_owned(), ..Amount::default() };
    }
    let (whole, rest) = (left_bp / 1_000, left_bp % 1_000);
    let number = if rest == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{rest:03}").trim_end_matches('0').to_owned()
    };
    Amount { prefix: String::new(), number, suffix: "折".to_owned() }
}

/// When a benefit holds: 满100可用, 满200可用，最高减50元, 无门槛.
#[must_use]
pub fn rule(benefit: &Benefit) -> String {
    let threshold = benefit.threshold();
    let bill = (threshold > Fen::ZERO).then(|| format!("满{}可用", yuan(threshold)));
    let cap = match benefit {
        Benefit::PercentOff { cap_fen: Some(cap), .. } => Some(format!("最高减{}元", yuan(*cap))),
        Benefit::PercentOff { cap_fen: None, .. }
        | Benefit::AmountOff { .. }
        | Benefit::NoThreshold { .. } => None,
    };
    match (bill, cap) {
        (None, None) => "无门槛".to_owned(),
        (Some(part), None) | (None, Some(part)) => part,
        (Some(bill), Some(cap)) => format!("{bill}，{cap}"),
    }
}

/// Yuan without a sign: `30`, `19.9`, `0.05`.
#[must_use]
pub fn yuan(amount: Fen) -> String {
    let (yuan, rest) = (amount.get() / 100, amount.get() % 100);
    if rest == 0 { yuan.to_string() } else { format!("{yuan}.{rest:02}").trim_end_matches('0').to_owned() }
}

/// 20:05
#[must_use]
pub fn clock(at: UtcMillis) -> String {
    at.minute_of_day().to_string()
}

/// 2026-11-22 周日
#[must_use]
pub fn date(at: UtcMillis) -> String {
    at.shanghai().map_or_else(String::new, |clock| format!("{} {}", day(&clock), weekday(clock.weekday)))
}

/// An instant seen from `now`, as short as it stays clear: 20:00, 明天 10:00, 11-30 10:00, 2027-01-05 10:00.
#[must_use]
pub fn instant(at: UtcMillis, now: UtcMillis) -> String {
    named_day(at, now, "", clock(at))
}

/// An end seen from `now`: midnight belongs to the day it ends. 今天 24:00, 明天 22:00, 11-30 24:00.
#[must_use]
pub fn end(at: UtcMillis, now: UtcMillis) -> String {
    let is_midnight = at == at.day().start();
    let last = if is_midnight { at.plus_ms(-1) } else { at };
    named_day(last, now, "今天 ", if is_midnight { "24:00".to_owned() } else { clock(at) })
}

fn named_day(at: UtcMillis, now: UtcMillis, today: &str, clock: String) -> String {
    match (at.day().get() - now.day().get(), at.shanghai(), now.shanghai()) {
        (0, _, _) => format!("{today}{clock}"),
        (1, _, _) => format!("明天 {clock}"),
        (_, Some(then), Some(here)) if then.year == here.year => {
            format!("{:02}-{:02} {clock}", then.month, then.day)
        }
        (_, Some(then), _) => format!("{} {clock}", day(&then)),
        (_, None, _) => clock,
    }
}

/// 早上好, by the hour.
#[must_use]
pub fn greeting(at: UtcMillis) -> &'static str {
    match at.minute_of_day().get() / 60 {
        5..=10 => "早上好",
        11..=12 => "中午好",
        13..=17 => "下午好",
        _ => "晚上好",
    }
}

fn day(clock: &WallClock) -> String {
    format!("{:04}-{:02}-{:02}", clock.year, clock.month, clock.day)
}

fn weekday(number: u8) -> &'static str {
    const NAMES: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    NAMES.get(usize::from(number).saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bp(rate: u16) -> BasisPoints {
        BasisPoints::new(rate).unwrap()
    }

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn amounts_are_said_the_chinese_way() {
        let fixed = Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(3_000) };
        assert_eq!((amount(&fixed).in_a_word(), rule(&fixed)), ("¥30".into(), "满100可用".into()));
        let free = Benefit::NoThreshold { off_fen: Fen::new(1_990) };
        assert_eq!((amount(&free).in_a_word(), rule(&free)), ("¥19.9".into(), "无门槛".into()));
        let capped = Benefit::PercentOff {
            off_bp: bp(1_500),
            cap_fen: Some(Fen::new(5_000)),
            threshold_fen: Some(Fen::new(20_000)),
        };
        assert_eq!(amount(&capped).in_a_word(), "8.5折");
        assert_eq!(rule(&capped), "满200可用，最高减50元");
    }

    #[test]
    fn a_discount_says_what_is_left_to_pay() {
        let cases = [(2_000, "8折"), (1_500, "8.5折"), (1_200, "8.8折"), (1_250, "8.75折"), (9_500, "0.5折")];
        for (off, said) in cases {
            assert_eq!(discount(bp(off)).in_a_word(), said);
        }
        assert_eq!(discount(bp(10_000)).in_a_word(), "免单");
    }

    #[test]
    fn an_end_at_midnight_belongs_to_the_day_before() {
        let now = at("2026-11-22T20:00:00+08:00");
        let cases = [
            ("2026-11-22T22:30:00+08:00", "今天 22:30"),
            ("2026-11-23T00:00:00+08:00", "今天 24:00"),
            ("2026-11-23T09:00:00+08:00", "明天 09:00"),
            ("2026-12-01T00:00:00+08:00", "11-30 24:00"),
            ("2027-01-05T10:00:00+08:00", "2027-01-05 10:00"),
        ];
        for (text, said) in cases {
            assert_eq!(end(at(text), now), said);
        }
    }

    #[test]
    fn an_opening_today_is_said_by_its_hour_alone() {
        let now = at("2026-11-22T19:59:00+08:00");
        assert_eq!(instant(at("2026-11-22T20:00:00+08:00"), now), "20:00");
        assert_eq!(instant(at("2026-11-23T00:00:00+08:00"), now), "明天 00:00");
        assert_eq!(instant(at("2026-11-28T10:00:00+08:00"), now), "11-28 10:00");
    }

    #[test]
    fn a_date_names_its_weekday() {
        assert_eq!(date(at("2026-11-22T20:00:00+08:00")), "2026-11-22 周日");
        assert_eq!(date(at("2026-11-23T00:00:00+08:00")), "2026-11-23 周一");
    }
}

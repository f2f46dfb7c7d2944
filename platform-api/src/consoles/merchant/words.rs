//! What a cashier reads: amounts, times, and what to do when something is refused.

use crate::foundation::error::{Code, Problem};
use domain::{money::Fen, pricing::Party, time::UtcMillis};
use serde_json::Value;

/// A refusal in words: what happened, and what to do now.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) text: String,
    /// The code is of no use any more and is not filled in again.
    pub(super) code_is_dead: bool,
}

impl Words {
    fn new(title: &'static str, text: impl Into<String>) -> Words {
        Words { title, text: text.into(), code_is_dead: false }
    }

    fn dead(title: &'static str, text: impl Into<String>) -> Words {
        Words { code_is_dead: true, ..Words::new(title, text) }
    }
}

/// The words for a refusal.
pub(super) fn of(problem: &Problem) -> Words {
    let code = problem.code();
    about_the_code(code, problem)
        .or_else(|| about_the_coupon(code, problem))
        .unwrap_or_else(|| about_the_till(code))
}

fn about_the_code(code: Code, problem: &Problem) -> Option<Words> {
    let words = if code == Code::CodeExpired {
        Words::dead("码已过期", "核销码两分钟换一次。请顾客打开券包里的这张券，重新扫一次。")
    } else if code == Code::CodeReplayed {
        Words::dead("码已用过", "这个码在别处用过了。请顾客刷新后再出示。")
    } else if code == Code::CodeInvalid {
        not_ours(problem.get("reason").and_then(Value::as_str))
    } else if code == Code::HolderCodeRequired {
        Words::new("还差一步", "这是互动屏开出的凭证。请顾客打开手机上的消费码，再扫一次。")
    } else if code == Code::OtherHolder {
        Words::dead("不是本人的券", "凭证和消费码不是同一个人，请领券的顾客本人出示。")
    } else if code == Code::VoucherEnded {
        Words::dead("凭证已过期", "凭证上印的时间已过，这张券没有领成。")
    } else {
        return None;
    };
    Some(words)
}

fn not_ours(reason: Option<&str>) -> Words {
    match reason {
        Some("PAYMENT_CODE") => Words::dead("这是付款码", "请扫券包里的核销码。付款码没有保存。"),
        Some("WRONG_PURPOSE") => Words::dead("这是消费码", "消费码用来领券。请顾客打开券包，点开要用的券。"),
        Some("OTHER_CITY") => Words::dead("这是别的城市的码", "本店只能核销本市的消费券。"),
        Some(_) | None => {
            Words::dead("不是有效的核销码", "请扫顾客券包里的核销码，或输入码下面的 10 位数字。")
        }
    }
}

fn about_the_coupon(code: Code, problem: &Problem) -> Option<Words> {
    let words = if code == Code::AlreadyRedeemed {
        let at = problem.get("redeemed_at").and_then(Value::as_str).and_then(UtcMillis::parse_rfc3339);
        let said = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let when = at.map_or_else(String::new, minute);
        Words::dead(
            "这张券已经核销过",
            format!("{when} 在{}，由{}核销。", said("store_name"), said("cashier_name")),
        )
    } else if code == Code::ThresholdNotMet {
        let missing = problem.get("shortfall_fen").and_then(Value::as_i64).map_or(Fen::ZERO, Fen::new);
        Words::new("还没到使用门槛", format!("账单还差 {missing}，凑够就能用。"))
    } else if code == Code::OutOfWindow {
        let opens = problem.get("opens_at").and_then(Value::as_str).and_then(UtcMillis::parse_rfc3339);
        let text = opens
            .map_or_else(|| "这张券的使用时段已经结束。".to_owned(), |at| format!("{} 起可用。", minute(at)));
        Words::new("不在使用时段", text)
    } else if code == Code::CouponExpired {
        Words::dead("这张券已过期", "过了有效期的券不能再用。")
    } else if code == Code::BatchRecalled {
        let reason = problem.get("reason").and_then(Value::as_str).unwrap_or_default();
        Words::dead("这批券已收回", format!("活动方已收回这批券：{reason}。请勿收券，没有记账。"))
    } else if code == Code::OtherStore {
        Words::dead("本店不能用这张券", "这张券指定了别的门店，请顾客查看券上的适用门店。")
    } else if code == Code::NoEffect {
        Words::new("这张券减不了钱", "按这笔账单算优惠为零，券没有用掉。")
    } else if code == Code::UserLimit {
        Words::dead("超过每人限领数量", "这位顾客的同类券已经用满，这一张没有领成。")
    } else if code == Code::BudgetExhausted {
        Words::new("活动资金已用完", "政府补贴部分付不出来，券没有用掉，也没有记账。")
    } else if code == Code::NotFound {
        Words::dead("没有找到这张券", "请顾客打开券包确认，再重新出示。")
    } else if code == Code::Conflict {
        Words::dead("这张券现在不能用", "券已作废、过期或正被订单占用。")
    } else {
        return None;
    };
    Some(words)
}

fn about_the_till(code: Code) -> Words {
    if code == Code::Invalid {
        Words::new("账单金额不对", "请输入 0.01 到 1000000 元之间的金额，最多两位小数。")
    } else if code == Code::NotYourTill {
        Words::new("您不在这家门店收银", "请换一家门店，或请店长给您开通。")
    } else if code == Code::StoreSuspended {
        Words::new("门店已暂停营业", "暂停期间不能核销，请联系运营方。")
    } else if code == Code::RateLimited {
        Words::new("输得太快了", "一分钟最多试 20 次，请稍等再输。")
    } else if code.status().is_server_error() {
        Words::new("服务暂时不可用", "这一笔没有核销，请稍后再试。")
    } else {
        Words::new("没有办成", "请返回后再试一次。")
    }
}

/// Who pays, as a cashier says it.
pub(super) const fn party(party: Party) -> &'static str {
    match party {
        Party::Gov => "政府补贴",
        Party::Platform => "平台承担",
        Party::Merchant => "本店承担",
        Party::Brand => "品牌承担",
    }
}

/// `1月1日 20:05` in Shanghai.
pub(super) fn minute(at: UtcMillis) -> String {
    at.shanghai().map_or_else(String::new, |clock| {
        format!("{}月{}日 {:02}:{:02}", clock.month, clock.day, clock.hour, clock.minute)
    })
}

/// `20:05` in Shanghai.
pub(super) fn clock(at: UtcMillis) -> String {
    at.shanghai().map_or_else(String::new, |clock| format!("{:02}:{:02}", clock.hour, clock.minute))
}

/// Always with two decimals, as on a bill: `¥128.00`.
pub(super) fn bill(amount: Fen) -> String {
    format!("¥{}.{:02}", amount.get() / 100, amount.get().rem_euclid(100))
}

/// Reads yuan as typed: `128`, `128.5`, `128.50`; `None` for anything else.
pub(super) fn parse_yuan(text: &str) -> Option<Fen> {
    let text = text.trim().trim_start_matches(['¥', '￥']);
    let (yuan, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || yuan.len() > 9 || decimals.len() > 2 || !digits(yuan) || !digits(decimals) {
        return None;
    }
    let fen: i64 = format!("{decimals:0<2}").parse().ok()?;
    Some(Fen::new(yuan.parse::<i64>().ok()? * 100 + fen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_are_read_to_the_fen_and_never_guessed() {
        for (text, fen) in
            [("128", 12_800), (" 128.5 ", 12_850), ("128.05", 12_805), ("¥0.01", 1), ("7.", 700)]
        {
            assert_eq!(parse_yuan(text), Some(Fen::new(fen)), "{text}");
        }
        for text in ["", "-1", "1.234", "1,000", "一百", "1e3", ".5", "9999999999"] {
            assert_eq!(parse_yuan(text), None, "{text}");
        }
    }

    #[test]
    fn a_used_coupon_says_when_where_and_by_whom() {
        let problem = Problem::new(Code::AlreadyRedeemed)
            .field("redeemed_at", "2026-01-01T12:05:00Z")
            .field("store_name", "巷口面馆")
            .field("cashier_name", "小周");
        let words = of(&problem);
        assert_eq!(words.text, "1月1日 20:05 在巷口面馆，由小周核销。");
        assert!(words.code_is_dead);
    }

    #[test]
    fn every_code_has_words_that_end_in_a_full_stop() {
        for code in Code::ALL {
            let words = of(&Problem::new(*code));
            assert!(!words.title.is_empty() && words.text.ends_with('。'), "{}", code.as_str());
        }
    }
}

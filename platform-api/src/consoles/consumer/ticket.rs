//! A coupon as its ticket says it.

use crate::modules::coupons::CouponView;
use domain::{
    coupon::CouponState,
    money::Fen,
    pricing::{Benefit, Party},
    time::UtcMillis,
    window::Window,
};

/// A coupon whose last day this is says so.
const DAY_MS: i64 = 86_400_000;
/// Amounts longer than this are set smaller, or they leave the stub.
const LONG_CHARS: usize = 4;
/// How the end of a day is written.
const DAY_END: &str = "24:00";

/// What stands on a ticket.
pub(super) struct Ticket {
    pub(super) id: String,
    pub(super) prefix: &'static str,
    pub(super) number: String,
    pub(super) suffix: &'static str,
    pub(super) rule: String,
    pub(super) title: String,
    pub(super) place: String,
    pub(super) when: String,
    pub(super) state: &'static str,
    /// Class of the state's chip: `good`, `amber` or `soft`.
    pub(super) tone: &'static str,
    pub(super) funded: bool,
    /// It can no longer be used.
    pub(super) over: bool,
}

impl Ticket {
    pub(super) fn new(view: &CouponView, now: UtcMillis) -> Ticket {
        let terms = &view.content.terms;
        let (prefix, number, suffix) = amount(&terms.benefit);
        let (state, tone) = state(view, now);
        Ticket {
            id: view.coupon.id.to_string(),
            prefix,
            number,
            suffix,
            rule: rule(&terms.benefit),
            title: view.content.title.clone(),
            place: place(view),
            when: when(view, now),
            state,
            tone,
            funded: terms.funding.iter().any(|funder| funder.party == Party::Gov),
            over: view.coupon.state != CouponState::Issued,
        }
    }

    /// True for a number that needs the smaller size.
    pub(super) fn is_long(&self) -> bool {
        self.number.chars().count() + self.suffix.chars().count() > LONG_CHARS
    }
}

/// Sign, number and word of an amount: `¥` `30`, or `8.5` `折`.
fn amount(benefit: &Benefit) -> (&'static str, String, &'static str) {
    match benefit {
        Benefit::AmountOff { off_fen, .. } | Benefit::NoThreshold { off_fen } => ("¥", yuan(*off_fen), ""),
        Benefit::PercentOff { off_bp, .. } => {
            let kept = 10_000_u32.saturating_sub(u32::from(off_bp.get()));
            let tenths = format!("{}.{:03}", kept / 1000, kept % 1000);
            ("", tenths.trim_end_matches('0').trim_end_matches('.').to_owned(), "折")
        }
    }
}

fn rule(benefit: &Benefit) -> String {
    match benefit {
        Benefit::AmountOff { threshold_fen, .. } => format!("满{}可用", yuan(*threshold_fen)),
        Benefit::NoThreshold { .. } => "无门槛".to_owned(),
        Benefit::PercentOff { cap_fen, threshold_fen, .. } => match (threshold_fen, cap_fen) {
            (Some(threshold), _) => format!("满{}可用", yuan(*threshold)),
            (None, Some(cap)) => format!("最高减{}", yuan(*cap)),
            (None, None) => "无门槛".to_owned(),
        },
    }
}

/// Yuan without the sign.
fn yuan(amount: Fen) -> String {
    amount.to_string().replace('¥', "")
}

fn place(view: &CouponView) -> String {
    match (view.stores.as_slice(), &view.merchant_name) {
        ([(name, place)], _) => format!("{name} · {place}"),
        ([(name, place), rest @ ..], _) => format!("{name} · {place} 等 {} 家店", rest.len() + 1),
        ([], Some(merchant)) => merchant.clone(),
        ([], None) => "全商场通用".to_owned(),
    }
}

fn when(view: &CouponView, now: UtcMillis) -> String {
    let coupon = &view.coupon;
    match (&view.redeemed, coupon.state) {
        (Some((at, store)), _) => format!("{} 在{store}使用", minute(*at)),
        (None, CouponState::Expired) => format!("{} 过期", last_day(coupon.ends_at)),
        (None, CouponState::Issued | CouponState::Locked | CouponState::Redeemed | CouponState::Voided) => {
            until(coupon.ends_at, now)
        }
    }
}

fn state(view: &CouponView, now: UtcMillis) -> (&'static str, &'static str) {
    match view.coupon.state {
        CouponState::Issued if view.coupon.ends_at.since(now) <= DAY_MS => ("即将过期", "amber"),
        CouponState::Issued => ("待使用", "good"),
        CouponState::Locked => ("使用中", "amber"),
        CouponState::Redeemed => ("已使用", "soft"),
        CouponState::Expired => ("已过期", "soft"),
        CouponState::Voided => ("已收回", "soft"),
    }
}

/// How long it holds: the hour on its last day, and wherever the end is not that of a day.
fn until(ends_at: UtcMillis, now: UtcMillis) -> String {
    let end = end_minute(ends_at);
    if ends_at.plus_ms(-1).day() == now.day() {
        format!("今天有效，到 {end}")
    } else if end == DAY_END {
        format!("有效至 {}", last_day(ends_at))
    } else {
        format!("有效至 {}", minute(ends_at))
    }
}

/// The last day on which an end that is excluded is not yet reached.
fn last_day(ends_at: UtcMillis) -> String {
    let clock = ends_at.plus_ms(-1).shanghai();
    clock.map_or_else(String::new, |clock| format!("{}月{}日", clock.month, clock.day))
}

fn minute(at: UtcMillis) -> String {
    let text = |clock: domain::time::WallClock| {
        format!("{}月{}日 {:02}:{:02}", clock.month, clock.day, clock.hour, clock.minute)
    };
    at.shanghai().map_or_else(String::new, text)
}

/// 24:00 rather than 00:00 of a day that is not meant.
fn end_minute(ends_at: UtcMillis) -> String {
    let clock = ends_at.shanghai().map(|clock| (clock.hour, clock.minute));
    clock.map_or_else(String::new, |(hour, minute)| {
        if (hour, minute) == (0, 0) { DAY_END.to_owned() } else { format!("{hour:02}:{minute:02}") }
    })
}

/// The lines below a coupon: its hours, its stores, its terms.
pub(super) fn terms(view: &CouponView) -> Vec<String> {
    let hours: Vec<String> = view.content.terms.use_windows.iter().map(hours).collect();
    let when = (!hours.is_empty()).then(|| format!("使用时间：{}", hours.join("、")));
    let stores: Vec<String> = view.stores.iter().map(|(name, place)| format!("{name}（{place}）")).collect();
    let place = (stores.len() > 1).then(|| format!("适用门店：{}", stores.join("、")));
    when.into_iter().chain(place).chain(view.content.terms_text.iter().cloned()).collect()
}

fn hours(window: &Window) -> String {
    const DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
    let name = |day: &u8| DAYS.get(usize::from(*day).wrapping_sub(1)).copied().unwrap_or_default();
    let days = match window.weekdays.as_slice() {
        [] => "每天".to_owned(),
        days => format!("周{}", days.iter().map(name).collect::<Vec<_>>().join("、")),
    };
    let next_day = if window.to <= window.from { "次日 " } else { "" };
    format!("{days} {}–{next_day}{}", window.from, window.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::money::BasisPoints;

    fn percent(off: u16) -> String {
        let off_bp = BasisPoints::new(off).unwrap();
        let (_, number, word) = amount(&Benefit::PercentOff { off_bp, cap_fen: None, threshold_fen: None });
        number + word
    }

    #[test]
    fn discounts_are_said_in_the_chinese_way() {
        assert_eq!(
            (percent(2000), percent(1500), percent(500)),
            ("8折".into(), "8.5折".into(), "9.5折".into())
        );
        let off = Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(2_050) };
        assert_eq!((amount(&off).1, rule(&off)), ("20.50".to_owned(), "满100可用".to_owned()));
    }

    #[test]
    fn an_end_at_midnight_belongs_to_the_day_before() {
        let end = UtcMillis::parse_rfc3339("2026-01-02T00:00:00+08:00").unwrap();
        assert_eq!((last_day(end), end_minute(end)), ("1月1日".to_owned(), "24:00".to_owned()));
    }

    #[test]
    fn only_what_ends_today_says_today() {
        let at = |text: &str| UtcMillis::parse_rfc3339(text).unwrap();
        let now = at("2026-01-01T20:00:00+08:00");
        assert_eq!(until(at("2026-01-02T00:00:00+08:00"), now), "今天有效，到 24:00");
        assert_eq!(until(at("2026-01-01T22:30:00+08:00"), now), "今天有效，到 22:30");
        assert_eq!(until(at("2026-01-02T18:00:00+08:00"), now), "有效至 1月2日 18:00");
        assert_eq!(until(at("2026-01-03T00:00:00+08:00"), now), "有效至 1月2日");
    }

    #[test]
    fn hours_past_midnight_say_so() {
        let night: Window =
            serde_json::from_str(r#"{"weekdays":[5,6],"from":"20:00","to":"02:00"}"#).unwrap();
        assert_eq!(hours(&night), "周五、六 20:00–次日 02:00");
    }
}

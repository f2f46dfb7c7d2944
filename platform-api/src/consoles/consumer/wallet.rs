//! The wallet, and one coupon with the code a cashier scans.

use super::{
    super::{page, page::PageError, qr},
    code::QrPart,
    keys,
    ticket::{self, Ticket},
};
use crate::{
    foundation::{
        act::Act,
        app::App,
        db::Tx,
        error::{Code, Problem},
        request::Call,
    },
    modules::coupons::{self, CouponError, CouponView, ShownCode},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domain::{coupon::CouponState, ids::CouponId, time::UtcMillis};
use serde::Deserialize;

/// A cashier who types needs time, so the code is renewed half a minute before its end and not sooner.
const RENEW_BEFORE_END_MS: i64 = 30_000;

/// Which coupons are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Show {
    #[default]
    Usable,
    Used,
    Ended,
}

impl Show {
    const ALL: [Show; 3] = [Show::Usable, Show::Used, Show::Ended];

    const fn of(state: CouponState) -> Show {
        match state {
            CouponState::Issued | CouponState::Locked => Show::Usable,
            CouponState::Redeemed => Show::Used,
            CouponState::Expired | CouponState::Voided => Show::Ended,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Show::Usable => "usable",
            Show::Used => "used",
            Show::Ended => "ended",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Show::Usable => "可使用",
            Show::Used => "已使用",
            Show::Ended => "已失效",
        }
    }

    const fn when_empty(self) -> (&'static str, &'static str) {
        match self {
            Show::Usable => ("还没有消费券", "到商场的智慧互动屏前亮码，领取的券会放在这里。"),
            Show::Used => ("还没有用过的券", "核销后的券会留在这里，方便查看。"),
            Show::Ended => ("没有失效的券", "过期或收回的券会放在这里。"),
        }
    }
}

struct Segment {
    show: &'static str,
    label: &'static str,
    count: usize,
    current: bool,
}

#[derive(Template)]
#[template(path = "phone/wallet.html")]
struct WalletPage {
    tab: &'static str,
    segments: Vec<Segment>,
    tickets: Vec<Ticket>,
    empty_title: &'static str,
    empty_text: &'static str,
}

/// How the page is reached.
#[derive(Deserialize)]
pub(super) struct Way {
    #[serde(default)]
    show: Show,
}

/// `GET /phone/wallet`
pub(super) async fn page(
    State(app): State<App>,
    call: Call,
    Query(way): Query<Way>,
) -> Result<Response, PageError> {
    let id = page::consumer(&call)?;
    let load =
        move |tx: &mut Tx<'_>, act: &Act| coupons::wallet(tx, act, id).map(|coupons| (coupons, act.now));
    let (coupons, now) = app.read(call, load).await?;
    let count = |show: Show| coupons.iter().filter(|view| Show::of(view.coupon.state) == show).count();
    let segment = |show: Show| Segment {
        show: show.name(),
        label: show.label(),
        count: count(show),
        current: show == way.show,
    };
    let shown = coupons.iter().filter(|view| Show::of(view.coupon.state) == way.show);
    let (empty_title, empty_text) = way.show.when_empty();
    page::ok(&WalletPage {
        tab: "wallet",
        segments: Show::ALL.into_iter().map(segment).collect(),
        tickets: shown.map(|view| Ticket::new(view, now)).collect(),
        empty_title,
        empty_text,
    })
}

#[derive(Template)]
#[template(path = "phone/coupon.html")]
struct CouponPage {
    tab: &'static str,
    ticket: Ticket,
    qr: Option<String>,
    panel_address: String,
    over_text: String,
    is_thanks: bool,
    terms: Vec<String>,
}

struct Shown {
    view: CouponView,
    code: Option<ShownCode>,
    now: UtcMillis,
}

/// `GET /phone/coupons/{coupon}`
pub(super) async fn coupon(
    State(app): State<App>,
    call: Call,
    Path(coupon): Path<String>,
) -> Result<Response, PageError> {
    let (owner, keys, id) = (page::consumer(&call)?, keys(&app)?, read_id(&coupon)?);
    let show = move |tx: &mut Tx<'_>, act: &Act| {
        let view = coupons::coupon(tx, act, (owner, id))?;
        let usable = view.coupon.state == CouponState::Issued;
        let code = usable.then(|| coupons::show_code(tx, act, &keys, (owner, id))).transpose()?;
        Ok::<_, CouponError>(Shown { view, code, now: act.now })
    };
    let Shown { view, code, now } = app.write_unkeyed(call, show).await?;
    page::ok(&CouponPage {
        tab: "wallet",
        ticket: Ticket::new(&view, now),
        qr: code.map(|code| part(&code, now).and_then(|part| part.text())).transpose()?,
        panel_address: format!("/phone/coupons/{id}/panel"),
        over_text: over_text(view.coupon.state, view.recalled.as_deref()),
        is_thanks: view.coupon.state == CouponState::Redeemed,
        terms: ticket::terms(&view),
    })
}

/// `GET /phone/coupons/{coupon}/panel`: the next code, for the script.
pub(super) async fn panel(
    State(app): State<App>,
    call: Call,
    Path(coupon): Path<String>,
) -> Result<Response, PageError> {
    let (owner, keys, id) = (page::consumer(&call)?, keys(&app)?, read_id(&coupon)?);
    let show = move |tx: &mut Tx<'_>, act: &Act| {
        coupons::show_code(tx, act, &keys, (owner, id)).map(|code| (code, act.now))
    };
    let (code, now) = app.write_unkeyed(call, show).await?;
    page::ok(&part(&code, now)?)
}

fn read_id(text: &str) -> Result<CouponId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

fn part(code: &ShownCode, now: UtcMillis) -> Result<QrPart, Problem> {
    let svg = qr::svg(&code.code, "核销码").map_err(|error| Problem::internal(&error))?;
    let expires_in_ms = code.expires_at.since(now);
    let renew_in_ms = expires_in_ms.saturating_sub(RENEW_BEFORE_END_MS).max(0);
    Ok(QrPart { svg, digits: Some(group(&code.pin)), renew_in_ms, expires_in_ms })
}

/// Ten digits as people read them out: 0123 456 789.
fn group(digits: &str) -> String {
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    format!("{} {} {}", part(0..4), part(4..7), digits.get(7..).unwrap_or_default())
}

fn over_text(state: CouponState, recalled: Option<&str>) -> String {
    if let Some(reason) = recalled {
        return format!("活动方已收回这张券：{reason}。有疑问请到商场服务台。");
    }
    let text = match state {
        CouponState::Issued => "",
        CouponState::Locked => "这张券正在一笔订单里使用。",
        CouponState::Redeemed => "这张券已经使用，谢谢您的光临。",
        CouponState::Expired => "这张券已经过期，看看互动屏上还有哪些优惠。",
        CouponState::Voided => "这张券已被收回，有疑问请到商场服务台。",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_for_reading_out() {
        assert_eq!(group("0123456789"), "0123 456 789");
    }
}

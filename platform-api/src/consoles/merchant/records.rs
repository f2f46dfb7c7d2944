//! Today's redemptions, and the receipt of one.

use super::{super::page, TillError, redeem::TillHead, shown, words};
use crate::{
    foundation::{app::App, request::Call},
    modules::{
        coupons::{self, CouponError, Redemption, RedemptionQuery, Summary},
        merchants,
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domain::ids::RedemptionId;
use serde::Deserialize;

/// Redemptions of one day on one page: a till that needs more reads the API, page by page.
const LINES_MAX: u32 = 200;

/// One redemption in a list.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) clock: String,
    pub(super) title: String,
    pub(super) store_name: String,
    pub(super) cashier_name: String,
    pub(super) bill: String,
    pub(super) discount: String,
    pub(super) pay: String,
}

impl From<Redemption> for Line {
    fn from(redemption: Redemption) -> Line {
        Line {
            id: redemption.id.to_string(),
            clock: words::clock(redemption.at),
            bill: words::bill(redemption.bill_fen),
            discount: words::bill(redemption.discount_fen),
            pay: words::bill(redemption.pay_fen()),
            title: redemption.title,
            store_name: redemption.store_name,
            cashier_name: redemption.cashier_name,
        }
    }
}

/// What a day comes to.
pub(super) struct Total {
    pub(super) count: u32,
    pub(super) bill: String,
    pub(super) discount: String,
}

impl From<Summary> for Total {
    fn from(summary: Summary) -> Total {
        let (bill, discount) = (words::bill(summary.bill_fen), words::bill(summary.discount_fen));
        Total { count: summary.count, bill, discount }
    }
}

#[derive(Template)]
#[template(path = "merchant/records.html")]
struct RecordsPage {
    till: TillHead,
    lines: Vec<Line>,
    summary: Total,
}

/// `GET /merchant/redemptions`
pub(super) async fn list(State(app): State<App>, call: Call) -> Result<Response, TillError> {
    let staff = super::cashier(&call)?;
    let merchant = staff.merchant.ok_or(TillError::SignIn)?;
    let from = call.act.now.day().start();
    let query = RedemptionQuery { merchant, store: None, from, before: None, limit: LINES_MAX };
    let loaded = app.read(call, move |tx, _| {
        let tills = merchants::tills(tx, staff.id)?;
        let lines = coupons::redemptions(tx, &query)?;
        Ok::<_, CouponError>((tills, lines, coupons::redemption_summary(tx, (merchant, None), from)?))
    });
    let (tills, lines, summary) = loaded.await?;
    let till = TillHead::new("records", &tills, None);
    let lines = lines.into_iter().map(Line::from).collect();
    shown(page::ok(&RecordsPage { till, lines, summary: summary.into() }))
}

#[derive(Template)]
#[template(path = "merchant/receipt.html")]
struct ReceiptPage {
    till: TillHead,
    is_new: bool,
    line: Line,
    at: String,
    shares: Vec<(&'static str, String)>,
}

/// How the receipt is reached.
#[derive(Deserialize)]
pub(super) struct Way {
    /// Right after the confirmation.
    #[serde(default)]
    new: Option<String>,
}

/// `GET /merchant/redemptions/{redemption}`
pub(super) async fn receipt(
    State(app): State<App>,
    call: Call,
    Path(id): Path<RedemptionId>,
    Query(way): Query<Way>,
) -> Result<Response, TillError> {
    let staff = super::cashier(&call)?;
    let merchant = staff.merchant.ok_or(TillError::SignIn)?;
    let loaded = app.read(call, move |tx, _| {
        let tills = merchants::tills(tx, staff.id)?;
        Ok::<_, CouponError>((tills, coupons::redemption(tx, (merchant, id))?))
    });
    let (tills, redemption) = loaded.await?;
    let share =
        |share: &domain::pricing::FunderShare| (words::party(share.party), words::bill(share.amount_fen));
    let shares = redemption.shares.iter().map(share).collect();
    let (till, at) = (TillHead::new("records", &tills, None), words::minute(redemption.at));
    shown(page::ok(&ReceiptPage { till, is_new: way.new.is_some(), line: redemption.into(), at, shares }))
}

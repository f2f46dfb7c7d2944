//! Redeeming: the form, what the platform makes of it, and the confirmation.

use super::{
    super::{page, page::PageForm},
    TillError, shown,
    words::{self, Words},
};
use crate::{
    foundation::{
        act::Staff,
        app::App,
        error::{Code, Problem},
        request::Call,
    },
    modules::{
        coupons::{self, CouponError, Presented, Preview, Redemption, RedemptionQuery, Summary},
        merchants::{self, MerchantError, Till},
    },
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{ids::StoreId, money::Fen, time::UtcMillis};
use serde::Deserialize;

/// Redemptions shown beside the form; the whole day has a page of its own.
const LATEST_MAX: u32 = 6;

#[derive(Template)]
#[template(path = "merchant/redeem.html")]
struct RedeemPage {
    till: TillHead,
    words: Option<Words>,
    typed: Typed,
    /// The field the cursor begins in: `code`, `holder` or `bill`.
    focus: &'static str,
    latest: Vec<super::records::Line>,
    summary: super::records::Total,
}

#[derive(Template)]
#[template(path = "merchant/preview.html")]
struct PreviewPage {
    till: TillHead,
    typed: Typed,
    title: String,
    ends: String,
    bill: String,
    discount: String,
    pay: String,
    shares: Vec<(&'static str, String)>,
    commission: Option<String>,
}

/// Who stands where.
pub(super) struct TillHead {
    pub(super) tab: &'static str,
    pub(super) staff_name: String,
    pub(super) merchant_name: String,
    /// Id, name and whether it is the chosen one.
    pub(super) stores: Vec<(String, String, bool)>,
}

impl TillHead {
    pub(super) fn new(tab: &'static str, tills: &[Till], chosen: Option<StoreId>) -> TillHead {
        let first = tills.first();
        let chosen = chosen.or_else(|| first.map(|till| till.store.id));
        let option = |till: &Till| {
            let label = format!("{} · {}", till.store.name, till.store.place);
            (till.store.id.to_string(), label, Some(till.store.id) == chosen)
        };
        TillHead {
            tab,
            staff_name: first.map_or_else(String::new, |till| till.staff_name.clone()),
            merchant_name: first.map_or_else(String::new, |till| till.merchant_name.clone()),
            stores: tills.iter().map(option).collect(),
        }
    }

    /// The chosen store in words.
    fn store_label(&self) -> &str {
        self.stores.iter().find(|(_, _, chosen)| *chosen).map_or("", |(_, label, _)| label)
    }
}

/// What the cashier typed, to be filled in again.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    #[serde(default)]
    store: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    holder_code: String,
    #[serde(default)]
    bill: String,
}

impl Typed {
    /// A voucher that waits for its holder's own code.
    fn is_voucher(&self) -> bool {
        self.code.starts_with(domain::voucher::PREFIX)
    }

    /// The field to be filled in first; the bill when nothing is missing, because it is what can be wrong.
    fn focus(&self) -> &'static str {
        if self.code.is_empty() {
            "code"
        } else if self.is_voucher() && self.holder_code.is_empty() {
            "holder"
        } else {
            "bill"
        }
    }

    fn presented(&self) -> Result<Presented, Problem> {
        let wrong = |field: &str| Problem::new(Code::Invalid).field("field", field);
        let holder_code = Some(coupons::tidy(&self.holder_code)).filter(|code| !code.is_empty());
        Ok(Presented {
            code: coupons::tidy(&self.code),
            holder_code,
            store: self.store.parse().map_err(|_| Problem::new(Code::NotYourTill))?,
            bill_fen: words::parse_yuan(&self.bill).ok_or_else(|| wrong("bill_fen"))?,
        })
    }
}

/// `GET /merchant`
pub(super) async fn page(State(app): State<App>, call: Call) -> Result<Response, TillError> {
    let staff = super::cashier(&call)?;
    form(&app, (call.act.now, staff), Typed::default(), None).await
}

/// `POST /merchant/preview`
pub(super) async fn preview(
    State(app): State<App>,
    call: Call,
    form_sent: Result<PageForm<Typed>, page::PageError>,
) -> Result<Response, TillError> {
    let (staff, now) = (super::cashier(&call)?, call.act.now);
    let Ok(PageForm(typed)) = form_sent else { return Ok(page::go("/merchant")) };
    let looked = match typed.presented() {
        Ok(presented) => look(&app, call, presented).await,
        Err(problem) => Err(problem),
    };
    match looked {
        Ok((preview, tills)) => {
            let chosen = typed.store.parse().ok();
            shown(page::ok(&PreviewPage::new(TillHead::new("redeem", &tills, chosen), typed, preview)))
        }
        Err(problem) => form(&app, (now, staff), typed, Some(problem)).await,
    }
}

async fn look(app: &App, call: Call, presented: Presented) -> Result<(Preview, Vec<Till>), Problem> {
    coupons::count_pin(app, &call, &presented)?;
    let refused = coupons::Refused::of(&call, &presented);
    let looked = app.read(call, move |tx, act| {
        let preview = coupons::preview(tx, act, &presented)?;
        let staff = act.actor.staff().ok_or(MerchantError::NotYourTill)?;
        Ok::<_, CouponError>((preview, merchants::tills(tx, staff.id)?))
    });
    refused.note(app, looked.await).await
}

/// `POST /merchant/confirm`
pub(super) async fn confirm(
    State(app): State<App>,
    call: Call,
    form_sent: Result<PageForm<Typed>, page::PageError>,
) -> Result<Response, TillError> {
    let (staff, now) = (super::cashier(&call)?, call.act.now);
    let Ok(PageForm(typed)) = form_sent else { return Ok(page::go("/merchant")) };
    let outcome = match typed.presented() {
        Ok(presented) => use_up(&app, call, staff, presented).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(redemption) => Ok(page::go(&format!("/merchant/redemptions/{}?new=1", redemption.id))),
        Err(problem) => form(&app, (now, staff), typed, Some(problem)).await,
    }
}

/// A form that is sent twice leads to the receipt of the first time, not to a refusal.
async fn use_up(app: &App, call: Call, staff: Staff, presented: Presented) -> Result<Redemption, Problem> {
    coupons::count_pin(app, &call, &presented)?;
    let refused = coupons::Refused::of(&call, &presented);
    let used = app.write_unkeyed(call, move |tx, act| match coupons::confirm(tx, act, &presented) {
        Err(CouponError::AlreadyRedeemed(earlier)) if is_same(&earlier, staff, &presented) => Ok(*earlier),
        outcome => outcome,
    });
    refused.note(app, used.await).await
}

fn is_same(earlier: &Redemption, staff: Staff, presented: &Presented) -> bool {
    earlier.cashier == staff.id && earlier.store == presented.store && earlier.bill_fen == presented.bill_fen
}

/// The form, with what went wrong and what was typed.
async fn form(
    app: &App,
    (now, staff): (UtcMillis, Staff),
    mut typed: Typed,
    problem: Option<Problem>,
) -> Result<Response, TillError> {
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.code().status());
    let words = problem.as_ref().map(words::of);
    if words.as_ref().is_some_and(|words| words.code_is_dead) {
        typed.code.clear();
        typed.holder_code.clear();
    }
    let (tills, latest, summary) = load(app, now, staff).await?;
    let till = TillHead::new("redeem", &tills, typed.store.parse().ok());
    let latest = latest.into_iter().map(Into::into).collect();
    let focus = typed.focus();
    shown(page::html(status, &RedeemPage { till, words, typed, focus, latest, summary: summary.into() }))
}

async fn load(
    app: &App,
    now: UtcMillis,
    staff: Staff,
) -> Result<(Vec<Till>, Vec<Redemption>, Summary), TillError> {
    let merchant = staff.merchant.ok_or(TillError::SignIn)?;
    let from = now.day().start();
    let query = RedemptionQuery { merchant, store: None, from, before: None, limit: LATEST_MAX };
    let loaded = app.db.read_async(move |tx| {
        let tills = merchants::tills(tx, staff.id)?;
        let latest = coupons::redemptions(tx, &query)?;
        Ok::<_, MerchantError>((tills, latest, coupons::redemption_summary(tx, (merchant, None), from)?))
    });
    Ok(loaded.await?)
}

impl PreviewPage {
    fn new(till: TillHead, typed: Typed, preview: Preview) -> PreviewPage {
        let share =
            |share: &domain::pricing::FunderShare| (words::party(share.party), words::bill(share.amount_fen));
        PreviewPage {
            till,
            typed,
            title: preview.title,
            ends: words::minute(preview.ends_at.plus_ms(-1)),
            bill: words::bill(preview.bill_fen),
            discount: words::bill(preview.discount_fen),
            pay: words::bill(preview.pay_fen),
            shares: preview.shares.iter().map(share).collect(),
            commission: Some(preview.commission_fen).filter(|fee| *fee > Fen::ZERO).map(words::bill),
        }
    }
}

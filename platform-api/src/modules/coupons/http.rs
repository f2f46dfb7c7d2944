//! Coupons over HTTP: wallets for consumers, redemption for tills, reports for kiosks.

mod bodies;
mod conflicts;

use super::{
    model::{CouponError, Presented, RedemptionQuery},
    rules::{Brought, brought},
    service,
};
use crate::{
    foundation::{
        act::{Act, Role},
        app::App,
        db::Tx,
        error::{Code, Problem},
        guard::{Access, Row},
        page::{Page, PageQuery},
        request::{Call, JsonBody},
    },
    modules::{
        Module, consumers,
        devices::{self, KioskPost},
    },
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
pub use conflicts::Refused;

use bodies::{CodeBody, CouponBody, PresentedRequest, PreviewBody, RedemptionBody, RedemptionsQuery};
use domain::{
    eligibility::Refusal,
    ids::{CouponId, RedemptionId},
};
use protocol::{
    outbox::ClaimsRequest,
    signed::{Purpose, Signed},
};
use utoipa_axum::{router::OpenApiRouter, routes};

const CONSUMER: Access = Access::Roles(&[Role::Consumer]);
const KIOSK: Access = Access::Roles(&[Role::Kiosk]);
const FLEET_READERS: Access = Access::Roles(&[Role::OpFleet, Role::OpSuper, Role::OpAuditor]);
const TILLS: Access = Access::Roles(&[Role::MerchantCashier, Role::MerchantManager]);

const ACCESS: &[Row] = &[
    Row::get("/api/c/v1/wallet", CONSUMER),
    Row::get("/api/c/v1/coupons/{coupon}", CONSUMER),
    Row::post("/api/c/v1/coupons/{coupon}/code", CONSUMER)
        .unkeyed("the answer is a secret of two minutes that must not be kept"),
    Row::post("/api/k/v1/claims:batch", KIOSK).unkeyed("lease and slot make a report one and the same"),
    Row::post("/api/m/v1/redemptions/preview", TILLS).unkeyed("it changes nothing"),
    Row::post("/api/m/v1/redemptions/confirm", TILLS).money(),
    Row::get("/api/m/v1/redemptions", TILLS),
    Row::get("/api/m/v1/redemptions/{redemption}", TILLS),
    Row::get("/api/o/v1/kiosks/conflicts", FLEET_READERS),
];

/// Digits a cashier may try in a minute: a busy till has six customers, and a thief needs millions of tries.
const PIN_TRIES_MAX: u32 = 20;
const PIN_TRIES_MS: i64 = 60_000;

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .routes(routes!(read_wallet))
        .routes(routes!(read_coupon))
        .routes(routes!(show_code))
        .routes(routes!(report_claims))
        .routes(routes!(preview_redemption))
        .routes(routes!(confirm_redemption))
        .routes(routes!(list_redemptions))
        .routes(routes!(read_redemption))
        .routes(routes!(conflicts::list_conflicts));
    Module { jobs: super::jobs::JOBS, ..Module::new(routes, ACCESS) }
}

impl devices::AsBehind for CouponError {}

impl From<CouponError> for Problem {
    fn from(error: CouponError) -> Problem {
        match error {
            CouponError::Field(name) => Problem::new(Code::Invalid).field("field", name),
            CouponError::Unknown => Problem::new(Code::NotFound),
            CouponError::PinRefused => {
                Problem::new(Code::CodeExpired).detail("the digits are wrong, used or too old")
            }
            CouponError::HolderCodeRequired => Problem::new(Code::HolderCodeRequired),
            CouponError::OtherHolder => Problem::new(Code::OtherHolder),
            CouponError::VoucherEnded => Problem::new(Code::VoucherEnded),
            CouponError::SlotTaken => Problem::new(Code::Conflict).detail("the slot was issued twice"),
            CouponError::AlreadyRedeemed(earlier) => Problem::new(Code::AlreadyRedeemed)
                .field("redeemed_at", bodies::text(earlier.at))
                .field("store_name", earlier.store_name)
                .field("cashier_name", earlier.cashier_name),
            CouponError::State(state) => Problem::new(Code::Conflict).field("state", state),
            CouponError::Recalled(reason) => Problem::new(Code::BatchRecalled).field("reason", reason),
            CouponError::OtherStore => Problem::new(Code::OtherStore),
            CouponError::Refused(refusal) => refused(refusal),
            CouponError::BudgetExhausted => Problem::new(Code::BudgetExhausted),
            CouponError::Till(error) => error.into(),
            CouponError::Scan(error) => error.into(),
            CouponError::Voucher(error) => voucher_refused(error),
            CouponError::Consumers(error) => error.into(),
            CouponError::Lease(error) => error.into(),
            CouponError::Campaign(error) => error.into(),
            CouponError::Ledger(error) => error.into(),
            CouponError::Database(error) => error.into(),
            CouponError::Stock(_) | CouponError::Json(_) => Problem::internal(&error),
        }
    }
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NotActive => Problem::new(Code::BatchNotActive),
        Refusal::NotEligible => Problem::new(Code::NotEligible),
        Refusal::OutOfWindow { opens_at: Some(at) } => {
            Problem::new(Code::OutOfWindow).field("opens_at", bodies::text(at))
        }
        Refusal::OutOfWindow { opens_at: None } => Problem::new(Code::OutOfWindow),
        Refusal::UserLimit => Problem::new(Code::UserLimit),
        Refusal::Exhausted => Problem::new(Code::BatchExhausted),
        Refusal::Expired => Problem::new(Code::CouponExpired),
        Refusal::ThresholdNotMet { shortfall_fen } => {
            Problem::new(Code::ThresholdNotMet).field("shortfall_fen", shortfall_fen.get())
        }
        Refusal::NoEffect => Problem::new(Code::NoEffect),
    }
}

fn voucher_refused(error: crate::modules::leases::VoucherRefused) -> Problem {
    use crate::modules::leases::VoucherRefused;
    match error {
        VoucherRefused::NotGenuine(_) | VoucherRefused::NoSuchSlot => {
            Problem::new(Code::CodeInvalid).field("reason", "VOUCHER")
        }
        VoucherRefused::Database(error) => error.into(),
    }
}

/// Everything the caller holds or held, what ends first first.
#[utoipa::path(get, path = "/api/c/v1/wallet", tag = "coupons", responses((status = 200, body = Vec<CouponBody>)))]
async fn read_wallet(State(app): State<App>, call: Call) -> Result<Json<Vec<CouponBody>>, Problem> {
    let wallet = app.read(call, |tx, act| {
        let owner = act.actor.consumer().ok_or(CouponError::Unknown)?;
        service::wallet(tx, act, owner)
    });
    Ok(Json(wallet.await?.into_iter().map(CouponBody::from).collect()))
}

/// One coupon of the caller.
#[utoipa::path(get, path = "/api/c/v1/coupons/{coupon}", tag = "coupons",
    params(("coupon" = String, Path, description = "the coupon's id")),
    responses((status = 200, body = CouponBody), (status = 404, description = "NOT_FOUND: none, or not the caller's")))]
async fn read_coupon(
    State(app): State<App>,
    call: Call,
    Path(coupon): Path<CouponId>,
) -> Result<Json<CouponBody>, Problem> {
    let view = app.read(call, move |tx, act| {
        let owner = act.actor.consumer().ok_or(CouponError::Unknown)?;
        service::coupon(tx, act, (owner, coupon))
    });
    view.await.map(|view| Json(view.into()))
}

/// A new redeem code and new digits for a coupon, valid two minutes; digits shown before are dead.
#[utoipa::path(post, path = "/api/c/v1/coupons/{coupon}/code", tag = "coupons",
    params(("coupon" = String, Path, description = "the coupon's id")),
    responses((status = 200, body = CodeBody), (status = 409, description = "CONFLICT: `state` is not issued")))]
async fn show_code(
    State(app): State<App>,
    call: Call,
    Path(coupon): Path<CouponId>,
) -> Result<Json<CodeBody>, Problem> {
    let keys = consumers::Keys::of(&app).map_err(|error| Problem::internal(&error))?;
    let code = app.write_unkeyed(call, move |tx, act| {
        let owner = act.actor.consumer().ok_or(CouponError::Unknown)?;
        service::show_code(tx, act, &keys, (owner, coupon))
    });
    code.await.map(|code| Json(code.into()))
}

/// Takes up to 200 claims of a kiosk; every verdict is final, and the same claim gets the same verdict again.
#[utoipa::path(post, path = "/api/k/v1/claims:batch", tag = "kiosk",
    request_body(content = Object, description = "`ClaimsRequest` of the kiosk protocol"),
    responses((status = 200, description = "a signed `ClaimsAnswer`: `issued`, `suspect` or `rejected` (LEASE_RECLAIMED, \
        BATCH_RECALLED, USER_LIMIT, VOUCHER_REFUSED, UNKNOWN_PERSON, SLOT_TAKEN) per claim", body = Object)))]
async fn report_claims(
    State(app): State<App>,
    call: Call,
    post: KioskPost,
    JsonBody(request): JsonBody<ClaimsRequest>,
) -> Result<Json<Signed>, Problem> {
    let ahead_ms = post.at.since(call.act.now);
    let report = move |tx: &mut Tx<'_>, act: &Act| service::report_claims(tx, act, &request, ahead_ms);
    devices::answer(&app, call, post, (Purpose::Claims, report)).await
}

/// Says what a redemption would do: discount, who pays it, what the customer pays. Changes nothing.
#[utoipa::path(post, path = "/api/m/v1/redemptions/preview", tag = "redemptions", request_body = PresentedRequest,
    responses((status = 200, body = PreviewBody),
        (status = 409, description = "ALREADY_REDEEMED (`redeemed_at`, `store_name`, `cashier_name`), THRESHOLD_NOT_MET \
            (`shortfall_fen`), OUT_OF_WINDOW (`opens_at`), COUPON_EXPIRED, OTHER_STORE, OTHER_HOLDER, VOUCHER_ENDED, \
            USER_LIMIT, NO_EFFECT, BATCH_RECALLED (`reason`)"),
        (status = 410, description = "CODE_EXPIRED: ask the customer for a fresh code"),
        (status = 422, description = "CODE_INVALID, HOLDER_CODE_REQUIRED, INVALID")))]
async fn preview_redemption(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<PresentedRequest>,
) -> Result<Json<PreviewBody>, Problem> {
    let presented = Presented::from(request);
    count_pin(&app, &call, &presented)?;
    let refused = Refused::of(&call, &presented);
    let preview = app.read(call, move |tx, act| service::preview(tx, act, &presented)).await;
    refused.note(&app, preview).await.map(|preview| Json(preview.into()))
}

/// Uses a coupon up. The same key never uses up a second one; the key is kept for ever, because money moves.
#[utoipa::path(post, path = "/api/m/v1/redemptions/confirm", tag = "redemptions", request_body = PresentedRequest,
    responses((status = 201, body = RedemptionBody),
        (status = 409, description = "as for the preview, and BUDGET_EXHAUSTED: nothing was changed"),
        (status = 410, description = "CODE_EXPIRED"), (status = 422, description = "as for the preview")))]
async fn confirm_redemption(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<PresentedRequest>,
) -> Result<Response, Problem> {
    let presented = Presented::from(request);
    count_pin(&app, &call, &presented)?;
    let refused = Refused::of(&call, &presented);
    let redeemed = app.write(call, StatusCode::CREATED, move |tx, act| {
        service::confirm(tx, act, &presented).map(RedemptionBody::from)
    });
    refused.note(&app, redeemed.await).await
}

/// Counts a try with digits, so that nobody guesses them; codes and vouchers are signed and need no limit of their own.
pub fn count_pin(app: &App, call: &Call, presented: &Presented) -> Result<(), Problem> {
    match brought(&presented.code) {
        Brought::Pin => {
            let key = format!("pin:{}", call.actor());
            Ok(app.rate_limiter.count(&key, PIN_TRIES_MAX, PIN_TRIES_MS, app.clock.now())?)
        }
        Brought::Code | Brought::Voucher => Ok(()),
    }
}

/// Redemptions of the caller's merchant, newest first; today's when no `from_at` is given.
#[utoipa::path(get, path = "/api/m/v1/redemptions", tag = "redemptions", params(RedemptionsQuery, PageQuery),
    responses((status = 200, body = Page<RedemptionBody>)))]
async fn list_redemptions(
    State(app): State<App>,
    call: Call,
    Query(query): Query<RedemptionsQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RedemptionBody>>, Problem> {
    let merchant = call.actor().merchant().ok_or_else(|| Problem::new(Code::NotYourTill))?;
    let (from, limit) = (query.from(call.act.now)?, page.limit());
    let before = Some(page.after()?).filter(|cursor| !cursor.is_empty());
    let query = RedemptionQuery { merchant, store: query.store, from, before, limit: limit + 1 };
    let rows = app.read(call, move |tx, _| service::redemptions(tx, &query)).await?;
    Ok(Json(Page::from_rows(rows, limit, |row| row.id.to_string()).map(RedemptionBody::from)))
}

/// One redemption of the caller's merchant.
#[utoipa::path(get, path = "/api/m/v1/redemptions/{redemption}", tag = "redemptions",
    params(("redemption" = String, Path, description = "the redemption's id")),
    responses((status = 200, body = RedemptionBody), (status = 404, description = "NOT_FOUND")))]
async fn read_redemption(
    State(app): State<App>,
    call: Call,
    Path(redemption): Path<RedemptionId>,
) -> Result<Json<RedemptionBody>, Problem> {
    let merchant = call.actor().merchant().ok_or_else(|| Problem::new(Code::NotYourTill))?;
    app.read(call, move |tx, _| service::redemption(tx, (merchant, redemption)))
        .await
        .map(|row| Json(row.into()))
}

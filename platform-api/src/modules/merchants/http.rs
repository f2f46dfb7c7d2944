//! Merchants over HTTP: for the operator who sets them up, for tills, and for anybody who looks for a shop.

mod bodies;

use super::{
    model::{MerchantError, NewMall, NewMerchant, NewStore, NewTillStaff, StoreQuery},
    service,
};
use crate::{
    foundation::{
        act::Role,
        app::App,
        error::{Code, Problem},
        guard::{Access, Row},
        page::{Page, PageQuery},
        request::{Call, JsonBody},
    },
    modules::Module,
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use bodies::{
    CommissionBody, CommissionRequest, Created, Done, MallRequest, MerchantRequest, StandingBody,
    StandingRequest, StoreBody, StorePictureRequest, StoreRequest, StoresQuery, TillBody, TillRequest,
};
use domain::{
    ids::{MerchantId, StaffId, StoreId},
    money::BasisPoints,
    time::UtcMillis,
};
use utoipa_axum::{router::OpenApiRouter, routes};

const SETUP: Access = Access::Roles(&[Role::OpSuper, Role::OpMerchantReviewer]);
const TILLS: Access = Access::Roles(&[Role::MerchantCashier, Role::MerchantManager]);

const ACCESS: &[Row] = &[
    Row::post("/api/o/v1/malls", SETUP),
    Row::post("/api/o/v1/merchants", SETUP),
    Row::post("/api/o/v1/merchants/{merchant}/standing", SETUP),
    Row::post("/api/o/v1/merchants/{merchant}/commission", SETUP),
    Row::post("/api/o/v1/stores", SETUP),
    Row::post("/api/o/v1/stores/{store}/standing", SETUP),
    Row::put("/api/o/v1/stores/{store}/picture", SETUP),
    Row::put("/api/o/v1/staff/{staff}/till", SETUP),
    Row::get("/api/m/v1/tills", TILLS),
    Row::get("/api/c/v1/stores", Access::Public),
];

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .routes(routes!(create_mall))
        .routes(routes!(create_merchant))
        .routes(routes!(set_merchant_standing))
        .routes(routes!(set_commission))
        .routes(routes!(open_store))
        .routes(routes!(set_store_standing))
        .routes(routes!(set_store_picture))
        .routes(routes!(bind_till))
        .routes(routes!(list_tills))
        .routes(routes!(list_stores));
    Module::new(routes, ACCESS)
}

impl From<MerchantError> for Problem {
    fn from(error: MerchantError) -> Problem {
        match error {
            MerchantError::Field(name) => Problem::new(Code::Invalid).field("field", name),
            MerchantError::Unknown(what) => Problem::new(Code::NotFound).detail(format!("no such {what}")),
            MerchantError::Taken(name) => Problem::new(Code::AlreadyExists).field("field", name),
            MerchantError::NotYourTill => Problem::new(Code::NotYourTill),
            MerchantError::Suspended => Problem::new(Code::StoreSuspended),
            MerchantError::Database(error) => error.into(),
            MerchantError::Json(_) => Problem::internal(&error),
        }
    }
}

/// Creates a mall; its kiosks show it from the next sync on.
#[utoipa::path(post, path = "/api/o/v1/malls", tag = "merchants", request_body = MallRequest,
    responses((status = 201, body = Created), (status = 422, description = "INVALID: `field` breaks its limits")))]
async fn create_mall(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<MallRequest>,
) -> Result<Response, Problem> {
    let MallRequest { name, hotline, service_desk } = request;
    let new = NewMall { name, hotline, service_desk };
    app.write(call, StatusCode::CREATED, move |tx, act| {
        service::create_mall(tx, act, &new).map(|mall| Created { id: mall.id.to_string() })
    })
    .await
}

/// Creates a merchant whose papers were examined; it is active at once.
#[utoipa::path(post, path = "/api/o/v1/merchants", tag = "merchants", request_body = MerchantRequest,
    responses((status = 201, body = Created), (status = 409, description = "ALREADY_EXISTS: the licence is known")))]
async fn create_merchant(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<MerchantRequest>,
) -> Result<Response, Problem> {
    let new = NewMerchant { name: request.name, licence_no: request.licence_no };
    app.write(call, StatusCode::CREATED, move |tx, act| {
        service::create_merchant(tx, act, &new).map(|merchant| Created { id: merchant.id.to_string() })
    })
    .await
}

/// Suspends a merchant (its stores leave the kiosks, its tills are refused) or lets it work again.
#[utoipa::path(post, path = "/api/o/v1/merchants/{merchant}/standing", tag = "merchants",
    params(("merchant" = String, Path, description = "the merchant's id")), request_body = StandingRequest,
    responses((status = 200, body = StandingBody), (status = 404, description = "NOT_FOUND")))]
async fn set_merchant_standing(
    State(app): State<App>,
    call: Call,
    Path(merchant): Path<MerchantId>,
    JsonBody(request): JsonBody<StandingRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| {
        let change = (request.standing()?, request.reason.as_str());
        let after = service::set_merchant_standing(tx, act, merchant, change)?;
        Ok::<_, MerchantError>(StandingBody { standing: after.standing.name() })
    })
    .await
}

/// Suspends one store or lets it work again.
#[utoipa::path(post, path = "/api/o/v1/stores/{store}/standing", tag = "merchants",
    params(("store" = String, Path, description = "the store's id")), request_body = StandingRequest,
    responses((status = 200, body = StandingBody), (status = 404, description = "NOT_FOUND")))]
async fn set_store_standing(
    State(app): State<App>,
    call: Call,
    Path(store): Path<StoreId>,
    JsonBody(request): JsonBody<StandingRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| {
        let change = (request.standing()?, request.reason.as_str());
        let after = service::set_store_standing(tx, act, store, change)?;
        Ok::<_, MerchantError>(StandingBody { standing: after.standing.name() })
    })
    .await
}

/// Agrees the commission of a merchant from an instant on.
#[utoipa::path(post, path = "/api/o/v1/merchants/{merchant}/commission", tag = "merchants",
    params(("merchant" = String, Path, description = "the merchant's id")), request_body = CommissionRequest,
    responses((status = 200, body = CommissionBody), (status = 422, description = "INVALID")))]
async fn set_commission(
    State(app): State<App>,
    call: Call,
    Path(merchant): Path<MerchantId>,
    JsonBody(request): JsonBody<CommissionRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| {
        let rate = BasisPoints::new(request.rate_bp).ok_or(MerchantError::Field("rate_bp"))?;
        let from = UtcMillis::parse_rfc3339(&request.from_at).ok_or(MerchantError::Field("from_at"))?;
        service::set_commission(tx, act, merchant, (rate, from))?;
        let from_at = from.to_rfc3339().unwrap_or_default();
        Ok::<_, MerchantError>(CommissionBody { rate_bp: rate.get(), from_at })
    })
    .await
}

/// Opens a store; its mall's kiosks show it from the next sync on.
#[utoipa::path(post, path = "/api/o/v1/stores", tag = "merchants", request_body = StoreRequest,
    responses((status = 201, body = Created), (status = 409, description = "ALREADY_EXISTS: the place is taken")))]
async fn open_store(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<StoreRequest>,
) -> Result<Response, Problem> {
    let StoreRequest { merchant, mall, name, floor, place, category, open, picture } = request;
    let new = NewStore { merchant, mall, name, floor, place, category, open, picture };
    app.write(call, StatusCode::CREATED, move |tx, act| {
        service::open_store(tx, act, &new).map(|store| Created { id: store.id.to_string() })
    })
    .await
}

/// Gives a store another picture, or none; its mall's kiosks show it from the next sync on.
#[utoipa::path(put, path = "/api/o/v1/stores/{store}/picture", tag = "merchants",
    params(("store" = String, Path, description = "the store's id")), request_body = StorePictureRequest,
    responses((status = 200, body = Done), (status = 404, description = "NOT_FOUND: no such store or picture")))]
async fn set_store_picture(
    State(app): State<App>,
    call: Call,
    Path(store): Path<StoreId>,
    JsonBody(request): JsonBody<StorePictureRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| {
        service::set_store_picture(tx, act, store, request.picture).map(|_| Done { done: true })
    })
    .await
}

/// Says at which tills a member of staff may redeem; saying it again moves them.
#[utoipa::path(put, path = "/api/o/v1/staff/{staff}/till", tag = "merchants",
    params(("staff" = String, Path, description = "the account's id")), request_body = TillRequest,
    responses((status = 200, body = Done), (status = 404, description = "NOT_FOUND: no such merchant or store")))]
async fn bind_till(
    State(app): State<App>,
    call: Call,
    Path(staff): Path<StaffId>,
    JsonBody(request): JsonBody<TillRequest>,
) -> Result<Response, Problem> {
    let TillRequest { merchant, store, name } = request;
    let new = NewTillStaff { staff, merchant, store, name };
    app.write(call, StatusCode::OK, move |tx, act| {
        service::bind_staff(tx, act, &new).map(|()| Done { done: true })
    })
    .await
}

/// The tills the caller may redeem at; empty while the merchant is suspended.
#[utoipa::path(get, path = "/api/m/v1/tills", tag = "merchants", responses((status = 200, body = Vec<TillBody>)))]
async fn list_tills(State(app): State<App>, call: Call) -> Result<Json<Vec<TillBody>>, Problem> {
    let tills = app.read(call, |tx, act| match act.actor.staff() {
        Some(staff) => service::tills(tx, staff.id),
        None => Ok(Vec::new()),
    });
    Ok(Json(tills.await?.into_iter().map(TillBody::from).collect()))
}

/// Stores that are open for business, by their place.
#[utoipa::path(get, path = "/api/c/v1/stores", tag = "merchants", params(StoresQuery, PageQuery),
    responses((status = 200, body = Page<StoreBody>)))]
async fn list_stores(
    State(app): State<App>,
    call: Call,
    Query(query): Query<StoresQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<StoreBody>>, Problem> {
    let (after, limit) = (page.after()?, page.limit());
    let query = StoreQuery {
        mall: query.mall,
        merchant: None,
        category: query.category,
        active_only: true,
        after,
        limit: limit + 1,
    };
    let stores = app.read(call, move |tx, _| service::stores(tx, &query)).await?;
    let bodies = stores.into_iter().map(StoreBody::from).collect();
    Ok(Json(Page::from_rows(bodies, limit, |store: &StoreBody| store.sort_key.clone())))
}

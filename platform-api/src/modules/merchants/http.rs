//! Merchants over HTTP: for the operator who sets them up, for tills, and for anybody who looks for a shop.

use super::{
    model::{MerchantError, NewMall, NewMerchant, NewStore, NewTillStaff, Standing, Store, StoreQuery, Till},
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
use domain::{
    ids::{MallId, MerchantId, StaffId, StoreId},
    money::BasisPoints,
    time::UtcMillis,
    window::Window,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
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

/// The id of what was created.
#[derive(Serialize, ToSchema)]
struct Created {
    #[schema(example = "0198c0de-0000-7000-8000-000000000003")]
    id: String,
}

/// A mall to be created.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MallRequest {
    /// Its name.
    #[schema(example = "海曙天街", max_length = 40)]
    name: String,
    /// The number to call for help.
    #[schema(example = "0574-12345", max_length = 20)]
    hotline: String,
    /// Where people are helped.
    #[schema(example = "一层服务台", max_length = 40)]
    service_desk: String,
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

/// A merchant to be created.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MerchantRequest {
    /// Its name.
    #[schema(example = "宁波巷口餐饮有限公司", max_length = 40)]
    name: String,
    /// Unified social credit code, 18 digits and capitals; one merchant a licence.
    #[schema(example = "91330200MA2AXXXX0B", min_length = 18, max_length = 18)]
    licence_no: String,
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

/// Whether business may be done, and why that changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StandingRequest {
    /// `active` or `suspended`.
    #[schema(example = "suspended")]
    standing: String,
    /// Why; goes into the audit log.
    #[schema(example = "营业执照到期")]
    reason: String,
}

impl StandingRequest {
    fn standing(&self) -> Result<Standing, MerchantError> {
        Standing::from_name(&self.standing).ok_or(MerchantError::Field("standing"))
    }
}

/// Where something stands now.
#[derive(Serialize, ToSchema)]
struct StandingBody {
    /// `active` or `suspended`.
    standing: &'static str,
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

/// A commission from an instant on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CommissionRequest {
    /// Basis points of the funded part of a discount.
    #[schema(example = 200, minimum = 0, maximum = 10_000)]
    rate_bp: u16,
    /// First instant it applies, by the time of redemption; not in the past.
    #[schema(example = "2026-12-01T00:00:00+08:00")]
    from_at: String,
}

/// The commission that was agreed.
#[derive(Serialize, ToSchema)]
struct CommissionBody {
    rate_bp: u16,
    from_at: String,
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

/// A store to be opened.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StoreRequest {
    /// The merchant's id.
    #[schema(value_type = String)]
    merchant: MerchantId,
    /// The mall's id.
    #[schema(value_type = String)]
    mall: MallId,
    /// The name on the door.
    #[schema(example = "巷口面馆", max_length = 40)]
    name: String,
    /// Floor as written in the lift.
    #[schema(example = "B1", max_length = 20)]
    floor: String,
    /// Place on the floor, unique in the mall.
    #[schema(example = "B1-08", max_length = 20)]
    place: String,
    /// What it sells.
    #[schema(example = "餐饮", max_length = 20)]
    category: String,
    /// When it is open, as weekly windows in Shanghai time; empty means always.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, example = json!([{"from": "10:00", "to": "22:00"}]))]
    open: Vec<Window>,
}

/// Opens a store; its mall's kiosks show it from the next sync on.
#[utoipa::path(post, path = "/api/o/v1/stores", tag = "merchants", request_body = StoreRequest,
    responses((status = 201, body = Created), (status = 409, description = "ALREADY_EXISTS: the place is taken")))]
async fn open_store(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<StoreRequest>,
) -> Result<Response, Problem> {
    let StoreRequest { merchant, mall, name, floor, place, category, open } = request;
    let new = NewStore { merchant, mall, name, floor, place, category, open };
    app.write(call, StatusCode::CREATED, move |tx, act| {
        service::open_store(tx, act, &new).map(|store| Created { id: store.id.to_string() })
    })
    .await
}

/// Where somebody works.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TillRequest {
    /// The employer's id.
    #[schema(value_type = String)]
    merchant: MerchantId,
    /// The only store they work in; absent for every store of the merchant.
    #[schema(value_type = Option<String>)]
    store: Option<StoreId>,
    /// What colleagues call them; stands on redemptions.
    #[schema(example = "小周", max_length = 20)]
    name: String,
}

/// The answer of a write that has nothing to tell.
#[derive(Serialize, ToSchema)]
struct Done {
    /// Always true.
    done: bool,
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

/// A till the caller may redeem at.
#[derive(Serialize, ToSchema)]
struct TillBody {
    store: String,
    store_name: String,
    floor: String,
    place: String,
    merchant_name: String,
    staff_name: String,
}

impl From<Till> for TillBody {
    fn from(till: Till) -> TillBody {
        TillBody {
            store: till.store.id.to_string(),
            store_name: till.store.name,
            floor: till.store.floor,
            place: till.store.place,
            merchant_name: till.merchant_name,
            staff_name: till.staff_name,
        }
    }
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

/// Which stores.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StoresQuery {
    /// Only this mall.
    #[param(value_type = Option<String>)]
    mall: Option<MallId>,
    /// Only this category, for example 餐饮.
    category: Option<String>,
}

/// A store a shopper may visit.
#[derive(Serialize, ToSchema)]
struct StoreBody {
    id: String,
    merchant: String,
    mall: String,
    name: String,
    floor: String,
    place: String,
    category: String,
    /// Weekly windows in Shanghai time; empty means always.
    #[schema(value_type = Vec<Object>)]
    open: Vec<Window>,
    #[serde(skip)]
    sort_key: String,
}

impl From<Store> for StoreBody {
    fn from(store: Store) -> StoreBody {
        StoreBody {
            sort_key: store.sort_key(),
            id: store.id.to_string(),
            merchant: store.merchant.to_string(),
            mall: store.mall.to_string(),
            name: store.name,
            floor: store.floor,
            place: store.place,
            category: store.category,
            open: store.open,
        }
    }
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

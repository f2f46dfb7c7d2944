//! The catalogue over HTTP: read by anybody, written by the merchant.

use super::{
    model::{CatalogError, Product},
    service,
};
use crate::{
    foundation::{
        act::Role,
        app::App,
        error::{Code, Problem},
        guard::{Access, Row},
        request::{Call, JsonBody},
    },
    modules::Module,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use domain::{ids::StoreId, money::Fen};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const MANAGER: Access = Access::Roles(&[Role::MerchantManager]);

const ACCESS: &[Row] = &[
    Row::get("/api/c/v1/categories", Access::Public),
    Row::get("/api/c/v1/stores/{store}/products", Access::Public),
    Row::put("/api/m/v1/stores/{store}/products/{sku}", MANAGER),
];

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .routes(routes!(list_categories))
        .routes(routes!(list_products))
        .routes(routes!(put_product));
    Module::new(routes, ACCESS)
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Problem {
        match error {
            CatalogError::Field(name) => Problem::new(Code::Invalid).field("field", name),
            CatalogError::Unknown => Problem::new(Code::NotFound),
            CatalogError::Merchant(error) => error.into(),
            CatalogError::Database(error) => error.into(),
        }
    }
}

/// A category.
#[derive(Serialize, ToSchema)]
struct CategoryBody {
    #[schema(example = "面食")]
    name: String,
    /// Listed products in it.
    products: u32,
}

/// Categories of everything on offer, by name.
#[utoipa::path(get, path = "/api/c/v1/categories", tag = "catalog", responses((status = 200, body = Vec<CategoryBody>)))]
async fn list_categories(State(app): State<App>, call: Call) -> Result<Json<Vec<CategoryBody>>, Problem> {
    let categories = app.read(call, |tx, _| service::categories(tx)).await?;
    Ok(Json(categories.into_iter().map(|(name, products)| CategoryBody { name, products }).collect()))
}

/// A product.
#[derive(Serialize, ToSchema)]
struct ProductBody {
    sku: String,
    #[schema(example = "雪菜肉丝面")]
    name: String,
    category: String,
    #[schema(example = 2_200)]
    price_fen: i64,
}

/// What a store sells, by category.
#[utoipa::path(get, path = "/api/c/v1/stores/{store}/products", tag = "catalog",
    params(("store" = String, Path, description = "the store's id")),
    responses((status = 200, body = Vec<ProductBody>), (status = 404, description = "NOT_FOUND")))]
async fn list_products(
    State(app): State<App>,
    call: Call,
    Path(store): Path<StoreId>,
) -> Result<Json<Vec<ProductBody>>, Problem> {
    let products = app.read(call, move |tx, _| service::products(tx, store)).await?;
    let body = |product: Product| ProductBody {
        sku: product.sku,
        name: product.name,
        category: product.category,
        price_fen: product.price_fen.get(),
    };
    Ok(Json(products.into_iter().map(body).collect()))
}

/// A product as its merchant writes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProductRequest {
    #[schema(example = "雪菜肉丝面", max_length = 40)]
    name: String,
    #[schema(example = "面食", max_length = 20)]
    category: String,
    #[schema(example = 2_200, minimum = 0)]
    price_fen: i64,
    /// False takes it out of the window.
    listed: bool,
}

/// The number of the product that was written.
#[derive(Serialize, ToSchema)]
struct ProductPut {
    sku: String,
}

/// Puts a product into the window of one of the caller's stores, or changes it.
#[utoipa::path(put, path = "/api/m/v1/stores/{store}/products/{sku}", tag = "catalog",
    params(("store" = String, Path, description = "the store's id"), ("sku" = String, Path, description = "its number")),
    request_body = ProductRequest,
    responses((status = 200, body = ProductPut), (status = 404, description = "NOT_FOUND: no store of the caller's")))]
async fn put_product(
    State(app): State<App>,
    call: Call,
    Path((store, sku)): Path<(StoreId, String)>,
    JsonBody(request): JsonBody<ProductRequest>,
) -> Result<Response, Problem> {
    let owner = call.actor().merchant().ok_or_else(|| Problem::new(Code::Forbidden))?;
    let ProductRequest { name, category, price_fen, listed } = request;
    let product = Product { store, sku, name, category, price_fen: Fen::new(price_fen), listed };
    app.write(call, StatusCode::OK, move |tx, act| {
        service::put_product(tx, act, Some(owner), &product)?;
        Ok::<_, CatalogError>(ProductPut { sku: product.sku.clone() })
    })
    .await
}

//! Funds over HTTP, for the government.

use super::{
    model::{Fund, FundError, FundFigures, FundMode, NewFund},
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
use domain::{ids::FundId, money::Fen};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const OWNER: Access = Access::Roles(&[Role::GovBudgetOwner]);
const READERS: Access = Access::Roles(&[Role::GovBudgetOwner, Role::GovAuditor, Role::OpAuditor]);

const ACCESS: &[Row] = &[
    Row::post("/api/g/v1/funds", OWNER).money(),
    Row::get("/api/g/v1/funds", READERS),
    Row::get("/api/g/v1/funds/{fund}", READERS),
];

/// The module as the router takes it.
pub fn module() -> Module {
    Module::new(
        OpenApiRouter::new().routes(routes!(list_funds, grant_fund)).routes(routes!(read_fund)),
        ACCESS,
    )
}

impl From<FundError> for Problem {
    fn from(error: FundError) -> Problem {
        match error {
            FundError::Field(name) => Problem::new(Code::Invalid).field("field", name),
            FundError::Unknown => Problem::new(Code::NotFound),
            FundError::DocumentUsed => Problem::new(Code::AlreadyExists).field("field", "document_no"),
            FundError::Ledger(error) => error.into(),
            FundError::Database(error) => error.into(),
        }
    }
}

/// A grant to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FundRequest {
    /// Who grants; shown on coupons.
    #[schema(example = "市商务局", max_length = 40)]
    department: String,
    /// `prefund`: paid into a trust account; `arrears`: promised, paid after audit.
    #[schema(example = "prefund")]
    mode: String,
    /// The number of the document that grants it; one grant a document.
    #[schema(example = "甬商务〔2026〕18号", max_length = 60)]
    document_no: String,
    /// How much, in fen.
    #[schema(example = 100_000_000, minimum = 1)]
    granted_fen: i64,
}

/// A fund.
#[derive(Serialize, ToSchema)]
struct FundBody {
    id: String,
    department: String,
    mode: &'static str,
    document_no: String,
    granted_fen: i64,
}

impl From<Fund> for FundBody {
    fn from(fund: Fund) -> FundBody {
        FundBody {
            id: fund.id.to_string(),
            department: fund.department,
            mode: fund.mode.name(),
            document_no: fund.document_no,
            granted_fen: fund.granted_fen.get(),
        }
    }
}

/// Where the money of a fund is, by the ledger: granted = allocated + available.
#[derive(Serialize, ToSchema)]
struct FundFiguresBody {
    granted_fen: i64,
    allocated_fen: i64,
    available_fen: i64,
}

impl From<FundFigures> for FundFiguresBody {
    fn from(figures: FundFigures) -> FundFiguresBody {
        FundFiguresBody {
            granted_fen: figures.granted_fen.get(),
            allocated_fen: figures.allocated_fen.get(),
            available_fen: figures.available_fen.get(),
        }
    }
}

/// Grants a fund and posts it (E01).
#[utoipa::path(post, path = "/api/g/v1/funds", tag = "funds", request_body = FundRequest,
    responses((status = 201, body = FundBody), (status = 409, description = "ALREADY_EXISTS: the document has granted"),
        (status = 422, description = "INVALID: `field` breaks its limits")))]
async fn grant_fund(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<FundRequest>,
) -> Result<Response, Problem> {
    let mode = FundMode::from_name(&request.mode).ok_or(FundError::Field("mode"))?;
    let FundRequest { department, document_no, granted_fen, .. } = request;
    let new = NewFund { department, mode, document_no, granted_fen: Fen::new(granted_fen) };
    app.write(call, StatusCode::CREATED, move |tx, act| service::grant(tx, act, &new).map(FundBody::from))
        .await
}

/// Funds, oldest first.
#[utoipa::path(get, path = "/api/g/v1/funds", tag = "funds", params(PageQuery),
    responses((status = 200, body = Page<FundBody>)))]
async fn list_funds(
    State(app): State<App>,
    call: Call,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<FundBody>>, Problem> {
    let (after, limit) = (page.after()?, page.limit());
    let funds = app.read(call, move |tx, _| service::funds(tx, &after, limit + 1)).await?;
    Ok(Json(Page::from_rows(funds, limit, |fund| fund.id.to_string()).map(FundBody::from)))
}

/// Where the money of a fund is.
#[utoipa::path(get, path = "/api/g/v1/funds/{fund}", tag = "funds",
    params(("fund" = String, Path, description = "the fund's id")),
    responses((status = 200, body = FundFiguresBody), (status = 404, description = "NOT_FOUND")))]
async fn read_fund(
    State(app): State<App>,
    call: Call,
    Path(fund): Path<FundId>,
) -> Result<Json<FundFiguresBody>, Problem> {
    app.read(call, move |tx, _| service::figures(tx, fund)).await.map(|figures| Json(figures.into()))
}

//! Campaigns and batches over HTTP, for the operator and the government.

mod bodies;

use super::{
    model::{BatchMove, CampaignError, Decision, NewCampaign},
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
    BatchBody, BatchRequest, CampaignBody, CampaignRequest, ContentBody, DecisionRequest, FiguresBody,
    MoveRequest, RecallBody, RecallRequest, StockRequest, VersionBody,
};
use domain::ids::{BatchId, CampaignId};
use utoipa_axum::{router::OpenApiRouter, routes};

const OWNER: Access = Access::Roles(&[Role::GovBudgetOwner]);
const EDITOR: Access = Access::Roles(&[Role::OpCampaignEditor]);
const APPROVER: Access = Access::Roles(&[Role::OpCampaignApprover]);
const MOVERS: Access = Access::Roles(&[Role::OpCampaignEditor, Role::OpCampaignApprover, Role::OpSuper]);
const OPERATOR: Access =
    Access::Roles(&[Role::OpCampaignEditor, Role::OpCampaignApprover, Role::OpSuper, Role::OpAuditor]);
const GOVERNMENT: Access = Access::Roles(&[Role::GovBudgetOwner, Role::GovAuditor]);

const ACCESS: &[Row] = &[
    Row::post("/api/g/v1/campaigns", OWNER).money(),
    Row::get("/api/g/v1/campaigns", GOVERNMENT),
    Row::get("/api/g/v1/campaigns/{campaign}", GOVERNMENT),
    Row::post("/api/g/v1/campaigns/{campaign}/close", OWNER).money(),
    Row::get("/api/o/v1/campaigns/{campaign}", OPERATOR),
    Row::get("/api/o/v1/campaigns/{campaign}/batches", OPERATOR),
    Row::post("/api/o/v1/batches", EDITOR),
    Row::get("/api/o/v1/batches/{batch}", OPERATOR),
    Row::get("/api/o/v1/batches/{batch}/versions", OPERATOR),
    Row::post("/api/o/v1/batches/{batch}/versions", EDITOR),
    Row::post("/api/o/v1/batches/{batch}/versions/{version}/submit", EDITOR),
    Row::post("/api/o/v1/batches/{batch}/versions/{version}/decision", APPROVER).money(),
    Row::post("/api/o/v1/batches/{batch}/moves", MOVERS),
    Row::post("/api/o/v1/batches/{batch}/stock", APPROVER).money(),
    Row::post("/api/o/v1/batches/{batch}/recall", EDITOR),
    Row::post("/api/o/v1/batches/{batch}/recall/decision", APPROVER).money(),
];

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .routes(routes!(list_campaigns, create_campaign))
        .routes(routes!(read_campaign_as_government))
        .routes(routes!(close_campaign))
        .routes(routes!(read_campaign_as_operator))
        .routes(routes!(list_batches))
        .routes(routes!(draft_batch))
        .routes(routes!(read_batch))
        .routes(routes!(list_versions, draft_version))
        .routes(routes!(submit_version))
        .routes(routes!(decide_version))
        .routes(routes!(move_batch))
        .routes(routes!(cut_stock))
        .routes(routes!(ask_recall))
        .routes(routes!(decide_recall));
    Module::new(routes, ACCESS)
}

impl From<CampaignError> for Problem {
    fn from(error: CampaignError) -> Problem {
        match error {
            CampaignError::Field(name) => Problem::new(Code::Invalid).field("field", name),
            CampaignError::Unknown(what) => Problem::new(Code::NotFound).detail(format!("no such {what}")),
            CampaignError::Terms(reason) => {
                Problem::new(Code::Invalid).field("field", "terms").detail(reason.to_string())
            }
            CampaignError::Uncapped => {
                Problem::new(Code::Invalid).field("field", "terms").detail(error.to_string())
            }
            CampaignError::Budget { shortfall_fen } => {
                Problem::new(Code::BudgetExhausted).field("shortfall_fen", shortfall_fen.get())
            }
            CampaignError::State(state) => Problem::new(Code::Conflict).field("state", state),
            CampaignError::SelfApproval => Problem::new(Code::SelfApproval),
            CampaignError::Role => Problem::new(Code::Forbidden),
            CampaignError::StillOpen(what) => Problem::new(Code::Conflict).field("still_open", what),
            CampaignError::Targeting(error) => error.into(),
            CampaignError::Ledger(error) => error.into(),
            CampaignError::Database(error) => error.into(),
            CampaignError::Json(_) => Problem::internal(&error),
        }
    }
}

/// Creates a campaign and gives it its budget out of a fund (E02).
#[utoipa::path(post, path = "/api/g/v1/campaigns", tag = "campaigns", request_body = CampaignRequest,
    responses((status = 201, body = CampaignBody),
        (status = 409, description = "INSUFFICIENT_FUND: the fund is `shortfall_fen` short")))]
async fn create_campaign(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<CampaignRequest>,
) -> Result<Response, Problem> {
    let new = NewCampaign::try_from(request)?;
    app.write(call, StatusCode::CREATED, move |tx, act| {
        service::allocate(tx, act, &new).map(CampaignBody::from)
    })
    .await
}

/// Ends a campaign whose batches are all closed; what is left goes back to the fund (E13).
#[utoipa::path(post, path = "/api/g/v1/campaigns/{campaign}/close", tag = "campaigns",
    params(("campaign" = String, Path, description = "the campaign's id")),
    responses((status = 200, body = CampaignBody), (status = 409, description = "CONFLICT: batches are still open")))]
async fn close_campaign(
    State(app): State<App>,
    call: Call,
    Path(campaign): Path<CampaignId>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| service::close(tx, act, campaign).map(CampaignBody::from))
        .await
}

/// Campaigns, oldest first.
#[utoipa::path(get, path = "/api/g/v1/campaigns", tag = "campaigns", params(PageQuery),
    responses((status = 200, body = Page<CampaignBody>)))]
async fn list_campaigns(
    State(app): State<App>,
    call: Call,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<CampaignBody>>, Problem> {
    let (after, limit) = (page.after()?, page.limit());
    let campaigns = app.read(call, move |tx, _| service::campaigns(tx, &after, limit + 1)).await?;
    Ok(Json(Page::from_rows(campaigns, limit, |campaign| campaign.id.to_string()).map(CampaignBody::from)))
}

/// Where the money of a campaign is, by the ledger: available + reserved + spent + returned = allocated.
#[utoipa::path(get, path = "/api/g/v1/campaigns/{campaign}", tag = "campaigns",
    params(("campaign" = String, Path, description = "the campaign's id")),
    responses((status = 200, body = FiguresBody), (status = 404, description = "NOT_FOUND")))]
async fn read_campaign_as_government(
    state: State<App>,
    call: Call,
    campaign: Path<CampaignId>,
) -> Result<Json<FiguresBody>, Problem> {
    figures(state, call, campaign).await
}

/// Where the money of a campaign is, by the ledger: available + reserved + spent + returned = allocated.
#[utoipa::path(get, path = "/api/o/v1/campaigns/{campaign}", tag = "campaigns",
    params(("campaign" = String, Path, description = "the campaign's id")),
    responses((status = 200, body = FiguresBody), (status = 404, description = "NOT_FOUND")))]
async fn read_campaign_as_operator(
    state: State<App>,
    call: Call,
    campaign: Path<CampaignId>,
) -> Result<Json<FiguresBody>, Problem> {
    figures(state, call, campaign).await
}

async fn figures(
    State(app): State<App>,
    call: Call,
    Path(campaign): Path<CampaignId>,
) -> Result<Json<FiguresBody>, Problem> {
    app.read(call, move |tx, _| service::figures(tx, campaign)).await.map(|figures| Json(figures.into()))
}

/// Batches of a campaign, oldest first.
#[utoipa::path(get, path = "/api/o/v1/campaigns/{campaign}/batches", tag = "campaigns",
    params(("campaign" = String, Path, description = "the campaign's id"), PageQuery),
    responses((status = 200, body = Page<BatchBody>)))]
async fn list_batches(
    State(app): State<App>,
    call: Call,
    Path(campaign): Path<CampaignId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<BatchBody>>, Problem> {
    let (after, limit) = (page.after()?, page.limit());
    let batches = app.read(call, move |tx, _| service::batches(tx, campaign, (&after, limit + 1))).await?;
    Ok(Json(Page::from_rows(batches, limit, |batch| batch.id.to_string()).map(BatchBody::from)))
}

/// Drafts a batch with its first version.
#[utoipa::path(post, path = "/api/o/v1/batches", tag = "campaigns", request_body = BatchRequest,
    responses((status = 201, body = BatchBody), (status = 422, description = "INVALID: `field` breaks its limits")))]
async fn draft_batch(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<BatchRequest>,
) -> Result<Response, Problem> {
    let new = request.try_into()?;
    app.write(call, StatusCode::CREATED, move |tx, act| {
        service::draft_batch(tx, act, &new).map(BatchBody::from)
    })
    .await
}

/// One batch: state, version in force, stock, and what it has cost the government.
#[utoipa::path(get, path = "/api/o/v1/batches/{batch}", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id")),
    responses((status = 200, body = BatchBody), (status = 404, description = "NOT_FOUND")))]
async fn read_batch(
    State(app): State<App>,
    call: Call,
    Path(batch): Path<BatchId>,
) -> Result<Json<BatchBody>, Problem> {
    let batch =
        app.read(call, move |tx, _| service::batch(tx, batch)?.ok_or(CampaignError::Unknown("batch")));
    batch.await.map(|batch| Json(batch.into()))
}

/// Every version of a batch, oldest first.
#[utoipa::path(get, path = "/api/o/v1/batches/{batch}/versions", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id")),
    responses((status = 200, body = Vec<VersionBody>)))]
async fn list_versions(
    State(app): State<App>,
    call: Call,
    Path(batch): Path<BatchId>,
) -> Result<Json<Vec<VersionBody>>, Problem> {
    let versions = app.read(call, move |tx, _| service::batch_versions(tx, batch)).await?;
    Ok(Json(versions.into_iter().map(VersionBody::from).collect()))
}

/// Drafts the next version; what is in force stays so until the new one is approved.
#[utoipa::path(post, path = "/api/o/v1/batches/{batch}/versions", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id")), request_body = ContentBody,
    responses((status = 201, body = VersionBody), (status = 409, description = "CONFLICT: `state` does not allow it")))]
async fn draft_version(
    State(app): State<App>,
    call: Call,
    Path(batch): Path<BatchId>,
    JsonBody(request): JsonBody<ContentBody>,
) -> Result<Response, Problem> {
    let content = request.try_into()?;
    app.write(call, StatusCode::CREATED, move |tx, act| {
        service::draft_version(tx, act, batch, &content).map(VersionBody::from)
    })
    .await
}

/// Hands a drafted version in for approval.
#[utoipa::path(post, path = "/api/o/v1/batches/{batch}/versions/{version}/submit", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id"), ("version" = u32, Path, description = "its number")),
    responses((status = 200, body = VersionBody), (status = 409, description = "CONFLICT: `state` does not allow it")))]
async fn submit_version(
    State(app): State<App>,
    call: Call,
    Path(version): Path<(BatchId, u32)>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| service::submit(tx, act, version).map(VersionBody::from))
        .await
}

/// A second person approves or rejects a submitted version; approval promises money of the campaign.
#[utoipa::path(post, path = "/api/o/v1/batches/{batch}/versions/{version}/decision", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id"), ("version" = u32, Path, description = "its number")),
    request_body = DecisionRequest,
    responses((status = 200, body = VersionBody), (status = 403, description = "SELF_APPROVAL"),
        (status = 409, description = "BUDGET_EXHAUSTED: the campaign is `shortfall_fen` short, or CONFLICT")))]
async fn decide_version(
    State(app): State<App>,
    call: Call,
    Path(version): Path<(BatchId, u32)>,
    JsonBody(request): JsonBody<DecisionRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| {
        let decision = if request.approve { Decision::Approve } else { Decision::Reject };
        service::decide(tx, act, version, (decision, &request.reason)).map(VersionBody::from)
    })
    .await
}

/// Activates, pauses, resumes, ends or closes a batch; kiosks learn of it at their next sync. An editor may only pause.
#[utoipa::path(post, path = "/api/o/v1/batches/{batch}/moves", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id")), request_body = MoveRequest,
    responses((status = 200, body = BatchBody),
        (status = 409, description = "CONFLICT: `state` does not allow it, or something is `still_open`")))]
async fn move_batch(
    State(app): State<App>,
    call: Call,
    Path(batch): Path<BatchId>,
    JsonBody(request): JsonBody<MoveRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| {
        let step = BatchMove::from_name(&request.step).ok_or(CampaignError::Field("move"))?;
        service::move_batch(tx, act, batch, (step, &request.reason)).map(BatchBody::from)
    })
    .await
}

/// Lowers the stock of a batch. What kiosks hold stays promised and leaves the stock when it comes back.
#[utoipa::path(post, path = "/api/o/v1/batches/{batch}/stock", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id")), request_body = StockRequest,
    responses((status = 200, body = BatchBody),
        (status = 422, description = "INVALID: `stock_total` is not lower, or lower than what is issued")))]
async fn cut_stock(
    State(app): State<App>,
    call: Call,
    Path(batch): Path<BatchId>,
    JsonBody(request): JsonBody<StockRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| {
        service::cut_stock(tx, act, batch, (request.stock_total, &request.reason)).map(BatchBody::from)
    })
    .await
}

/// Asks for a batch to be recalled: ended for good, its unused coupons taken back. A second person decides.
#[utoipa::path(post, path = "/api/o/v1/batches/{batch}/recall", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id")), request_body = RecallRequest,
    responses((status = 201, body = RecallBody), (status = 409, description = "CONFLICT: `state` does not allow it")))]
async fn ask_recall(
    State(app): State<App>,
    call: Call,
    Path(batch): Path<BatchId>,
    JsonBody(request): JsonBody<RecallRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::CREATED, move |tx, act| {
        service::ask_recall(tx, act, batch, &request.reason).map(RecallBody::from)
    })
    .await
}

/// A second person recalls the batch, or does not. From then on nothing of it is lent, issued or redeemed, and what it
/// has not spent is free in its campaign.
#[utoipa::path(post, path = "/api/o/v1/batches/{batch}/recall/decision", tag = "campaigns",
    params(("batch" = String, Path, description = "the batch's id")), request_body = DecisionRequest,
    responses((status = 200, body = BatchBody), (status = 403, description = "SELF_APPROVAL"),
        (status = 409, description = "CONFLICT: `state` does not allow it")))]
async fn decide_recall(
    State(app): State<App>,
    call: Call,
    Path(batch): Path<BatchId>,
    JsonBody(request): JsonBody<DecisionRequest>,
) -> Result<Response, Problem> {
    app.write(call, StatusCode::OK, move |tx, act| {
        let decision = if request.approve { Decision::Approve } else { Decision::Reject };
        service::decide_recall(tx, act, batch, (decision, &request.reason)).map(BatchBody::from)
    })
    .await
}

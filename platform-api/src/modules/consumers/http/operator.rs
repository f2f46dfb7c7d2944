//! What operators may do about a person, over HTTP.

use super::super::{error::ConsumersError, service::denied};
use crate::foundation::{
    app::App,
    error::{Code, Problem},
    request::{Call, JsonBody},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why somebody is blocked, or no longer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockRequest {
    /// True to block, false to admit again.
    blocked: bool,
    /// In words, for the audit.
    #[schema(example = "多账号套取，等待核实", min_length = 1, max_length = 200)]
    reason: String,
}

/// What holds now.
#[derive(Serialize, ToSchema)]
struct BlockBody {
    /// True while codes of this person are refused.
    blocked: bool,
}

/// Blocks a person or admits them again. Kiosks learn of it by the next deny filter, within seconds when online;
/// coupons the person holds stay valid.
#[utoipa::path(post, path = "/api/o/v1/consumers/{consumer}/block", tag = "consumer", request_body = BlockRequest,
    params(("consumer" = String, Path, description = "the consumer's id")),
    responses((status = 200, body = BlockBody), (status = 404, description = "NOT_FOUND: no such consumer")))]
pub(super) async fn block(
    State(app): State<App>,
    call: Call,
    Path(consumer): Path<String>,
    JsonBody(request): JsonBody<BlockRequest>,
) -> Result<Response, Problem> {
    let consumer = consumer.parse().map_err(|_| Problem::new(Code::NotFound))?;
    app.write(call, StatusCode::OK, move |tx, act| {
        denied::set_blocked(tx, act, consumer, (request.blocked, &request.reason))?;
        Ok::<_, ConsumersError>(BlockBody { blocked: request.blocked })
    })
    .await
}

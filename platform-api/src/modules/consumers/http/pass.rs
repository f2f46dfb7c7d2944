//! The pass of a phone without a network, over HTTP.

use super::{
    super::{model::PassShown, service::passes},
    person::{consumer, instant, keys},
};
use crate::foundation::{act::Act, app::App, db::Tx, error::Problem, request::Call};
use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{rotating_code::STEP_MS, time::UtcMillis};
use serde::Serialize;
use utoipa::ToSchema;

/// What a phone shows codes from, without a network, for a day. At step *t* the code is `CX2:` and the base45 of the
/// CBOR array `[pass, t, link]`; the link of the last step is the secret, that of the step before is the first 16 bytes
/// of SHA-256 over `CXH1`, pseudonym and link, and so on backwards.
#[derive(Serialize, ToSchema)]
pub(super) struct PassBody {
    /// The signed pass, base64.
    #[schema(example = "hEehASe…")]
    pass: String,
    /// 16 bytes, base64. Whoever has them can show this person's codes until the pass ends.
    #[schema(example = "AAECAwQFBgcICQoLDA0ODw==")]
    secret: String,
    /// 16 bytes, base64.
    #[schema(example = "EBESExQVFhcYGRobHB0eHw==")]
    pseudonym: String,
    /// When step 0 begins.
    #[schema(example = "2026-01-01T12:00:00Z")]
    starts_at: String,
    /// First instant after the last step.
    #[schema(example = "2026-01-02T12:00:00Z")]
    ends_at: String,
    /// How long one code is shown, in milliseconds.
    #[schema(example = 30_000)]
    step_ms: i64,
    /// Milliseconds since `starts_at`, for phones whose clock is wrong.
    #[schema(example = 400)]
    started_ms_ago: i64,
    /// Milliseconds until `ends_at`.
    #[schema(example = 86_399_600)]
    ends_in_ms: i64,
}

impl PassBody {
    fn new(pass: &PassShown, now: UtcMillis) -> PassBody {
        PassBody {
            pass: STANDARD.encode(&pass.sealed),
            secret: STANDARD.encode(pass.secret),
            pseudonym: STANDARD.encode(pass.pseudonym.to_bytes()),
            starts_at: instant(pass.starts_at),
            ends_at: instant(pass.ends_at),
            step_ms: STEP_MS,
            started_ms_ago: now.since(pass.starts_at),
            ends_in_ms: pass.ends_at.since(now),
        }
    }
}

/// Gives a new pass of a day, for codes without a network. Taking back consent P2 or P3 ends it.
#[utoipa::path(post, path = "/api/c/v1/crowd-code/pass", tag = "consumer",
    responses((status = 200, body = PassBody), (status = 429, description = "RATE_LIMITED: 24 passes live already")))]
pub(super) async fn issue(State(app): State<App>, call: Call) -> Result<Json<PassBody>, Problem> {
    let (keys, id) = (keys(&app)?, consumer(&call)?);
    let issue = move |tx: &mut Tx<'_>, act: &Act| {
        passes::issue(tx, act, &keys, id).map(|pass| PassBody::new(&pass, act.now))
    };
    app.write_unkeyed(call, issue).await.map(Json)
}

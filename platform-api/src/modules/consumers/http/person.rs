//! What a person keeps here, over HTTP: name, profile, consents and the code.

use super::super::{
    error::ConsumersError,
    keys::Keys,
    model::{Account, CodeShown, Consent, ConsentText, Evaluation, Profile, Purpose},
    service::{self, codes, consents, tags},
};
use crate::foundation::{
    act::Act,
    app::App,
    db::Tx,
    error::{Code, Problem},
    request::{Call, JsonBody},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use domain::{ids::ConsumerId, time::UtcMillis};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) fn keys(app: &App) -> Result<Keys, Problem> {
    Ok(Keys::of(app).map_err(ConsumersError::from)?)
}

/// The calling consumer.
pub(super) fn consumer(call: &Call) -> Result<ConsumerId, Problem> {
    call.actor().consumer().ok_or_else(|| Problem::new(Code::Unauthenticated))
}

/// An instant as bodies carry it.
pub(super) fn instant(at: UtcMillis) -> String {
    at.to_rfc3339().unwrap_or_default()
}

/// The account, for its owner.
#[derive(Serialize, ToSchema)]
pub(super) struct MeBody {
    /// The account's id.
    #[schema(example = "019b7a3c-5d00-7a31-9c11-2f6d5a0c7e42")]
    id: String,
    /// The name the person chose.
    #[schema(example = "林小夏")]
    name: String,
    /// The name as merchants see it.
    #[schema(example = "林**")]
    name_masked: String,
    /// The phone, masked.
    #[schema(example = "138****0001")]
    phone_masked: String,
    /// True once a profile was filled in.
    has_profile: bool,
    /// Since when there is an account.
    #[schema(example = "2026-01-01T12:00:00Z")]
    created_at: String,
}

impl From<Account> for MeBody {
    fn from(account: Account) -> MeBody {
        MeBody {
            id: account.id.to_string(),
            name: account.name,
            name_masked: account.name_masked,
            phone_masked: account.phone_masked,
            has_profile: account.profile.is_some(),
            created_at: instant(account.created_at),
        }
    }
}

/// Gives the calling consumer's account.
#[utoipa::path(get, path = "/api/c/v1/me", tag = "consumer", responses((status = 200, body = MeBody)))]
pub(super) async fn get_me(State(app): State<App>, call: Call) -> Result<Json<MeBody>, Problem> {
    let (keys, id) = (keys(&app)?, consumer(&call)?);
    app.read(call, move |tx, _| service::account(tx, &keys, id)).await.map(|account| Json(account.into()))
}

/// What to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NameRequest {
    /// 1 to 20 characters.
    #[schema(example = "林小夏", min_length = 1, max_length = 20)]
    name: String,
}

/// Changes the name the person is greeted with.
#[utoipa::path(put, path = "/api/c/v1/me", tag = "consumer", request_body = NameRequest,
    responses((status = 200, body = MeBody), (status = 422, description = "INVALID: `field` says which")))]
pub(super) async fn put_me(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<NameRequest>,
) -> Result<Response, Problem> {
    let (keys, id) = (keys(&app)?, consumer(&call)?);
    let rename = move |tx: &mut Tx<'_>, act: &Act| {
        service::rename(tx, act, &keys, (id, &request.name)).map(MeBody::from)
    };
    app.write(call, StatusCode::OK, rename).await
}

/// Gives the profile.
#[utoipa::path(get, path = "/api/c/v1/profile", tag = "consumer",
    responses((status = 200, body = Profile), (status = 404, description = "NOT_FOUND: none was filled in")))]
pub(super) async fn get_profile(State(app): State<App>, call: Call) -> Result<Json<Profile>, Problem> {
    let (keys, id) = (keys(&app)?, consumer(&call)?);
    let account = app.read(call, move |tx, _| service::account(tx, &keys, id)).await?;
    account.profile.map(Json).ok_or_else(|| Problem::new(Code::NotFound).detail("no profile was filled in"))
}

/// The outcome of an evaluation.
#[derive(Serialize, ToSchema)]
pub(super) struct EvaluationBody {
    /// The published rule set that was used.
    #[schema(example = 1)]
    rule_version: u32,
    /// How many tags the person has now; which ones is never said.
    #[schema(example = 2)]
    tags: usize,
    /// When it was done.
    #[schema(example = "2026-01-01T12:00:00Z")]
    evaluated_at: String,
}

impl From<Evaluation> for EvaluationBody {
    fn from(evaluation: Evaluation) -> EvaluationBody {
        EvaluationBody {
            rule_version: evaluation.rule_version,
            tags: evaluation.tags,
            evaluated_at: instant(evaluation.evaluated_at),
        }
    }
}

/// Saves the profile and evaluates it.
#[utoipa::path(put, path = "/api/c/v1/profile", tag = "consumer", request_body = Profile,
    responses((status = 200, body = EvaluationBody),
        (status = 403, description = "CONSENT_REQUIRED: `purpose` P2 with `text_version`; NOT_ELIGIBLE: the person may be under 14, nothing was kept"),
        (status = 422, description = "INVALID: `field` says which")))]
pub(super) async fn put_profile(
    State(app): State<App>,
    call: Call,
    JsonBody(profile): JsonBody<Profile>,
) -> Result<Response, Problem> {
    let (keys, id) = (keys(&app)?, consumer(&call)?);
    let save = move |tx: &mut Tx<'_>, act: &Act| {
        service::save_profile(tx, act, &keys, (id, &profile)).map(EvaluationBody::from)
    };
    app.write(call, StatusCode::OK, save).await
}

/// Evaluates the profile again by the rule set in force.
#[utoipa::path(post, path = "/api/c/v1/crowd-code/evaluate", tag = "consumer",
    responses((status = 200, body = EvaluationBody), (status = 403, description = "CONSENT_REQUIRED: `purpose` P2"),
        (status = 404, description = "NOT_FOUND: no profile was filled in")))]
pub(super) async fn evaluate(State(app): State<App>, call: Call) -> Result<Response, Problem> {
    let (keys, id) = (keys(&app)?, consumer(&call)?);
    let evaluate =
        move |tx: &mut Tx<'_>, act: &Act| tags::evaluate(tx, act, &keys, id).map(EvaluationBody::from);
    app.write(call, StatusCode::OK, evaluate).await
}

/// A code as a phone shows it; it says nothing about tags.
#[derive(Serialize, ToSchema)]
pub(super) struct CodeBody {
    /// What the QR code says (alphanumeric mode, version 8-M or less).
    #[schema(example = "CX1:6BFOXN…")]
    text: String,
    /// When to ask for the next one.
    #[schema(example = "2026-01-01T12:00:30Z")]
    renew_at: String,
    /// When it must not be shown any more.
    #[schema(example = "2026-01-01T12:02:00Z")]
    expires_at: String,
    /// Milliseconds until `renew_at`, for phones whose clock is wrong.
    #[schema(example = 30_000)]
    renew_in_ms: i64,
    /// Milliseconds until `expires_at`.
    #[schema(example = 120_000)]
    expires_in_ms: i64,
}

impl CodeBody {
    fn new(code: CodeShown, now: UtcMillis) -> CodeBody {
        CodeBody {
            renew_at: instant(code.renew_at),
            expires_at: instant(code.expires_at),
            renew_in_ms: code.renew_at.since(now),
            expires_in_ms: code.expires_at.since(now),
            text: code.text,
        }
    }
}

/// Gives a new consumer code: valid 120 s, to be renewed after 30 s, with at most four tags and none without P2 and P3.
#[utoipa::path(get, path = "/api/c/v1/crowd-code", tag = "consumer", responses((status = 200, body = CodeBody)))]
pub(super) async fn get_code(State(app): State<App>, call: Call) -> Result<Json<CodeBody>, Problem> {
    let (keys, id) = (keys(&app)?, consumer(&call)?);
    let issue = move |tx: &mut Tx<'_>, act: &Act| {
        codes::identify(tx, act, &keys, id).map(|code| CodeBody::new(code, act.now))
    };
    app.write_unkeyed(call, issue).await.map(Json)
}

/// A text and the person's answers.
#[derive(Serialize, ToSchema)]
pub(super) struct ConsentsBody {
    /// The newest text of each purpose.
    texts: Vec<TextBody>,
    /// Every consent given, the newest first.
    consents: Vec<ConsentBody>,
}

/// A text people consent to.
#[derive(Serialize, ToSchema)]
struct TextBody {
    /// What for.
    purpose: Purpose,
    /// Its version.
    #[schema(example = 1)]
    version: u32,
    /// Its heading.
    #[schema(example = "人群赋码")]
    title: String,
    /// One sentence.
    summary: String,
    /// The whole text; lines are paragraphs.
    body: String,
    /// The law wants it asked on its own.
    separate: bool,
    /// SHA-256 of title, summary and body.
    sha256: String,
}

/// One consent.
#[derive(Serialize, ToSchema)]
struct ConsentBody {
    /// What for.
    purpose: Purpose,
    /// The version that was shown.
    #[schema(example = 1)]
    text_version: u32,
    /// Its hash.
    text_sha256: String,
    /// Where it was given.
    #[schema(example = "phone")]
    channel: String,
    /// When.
    #[schema(example = "2026-01-01T12:00:00Z")]
    at: String,
    /// When it was taken back; absent while it is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<String>,
}

impl From<(Vec<ConsentText>, Vec<Consent>)> for ConsentsBody {
    fn from((texts, consents): (Vec<ConsentText>, Vec<Consent>)) -> ConsentsBody {
        let text = |text: ConsentText| TextBody {
            purpose: text.purpose,
            version: text.version,
            title: text.title,
            summary: text.summary,
            body: text.body,
            separate: text.separate,
            sha256: text.sha256,
        };
        let consent = |consent: Consent| ConsentBody {
            purpose: consent.purpose,
            text_version: consent.text_version,
            text_sha256: consent.text_sha256,
            channel: consent.channel,
            at: instant(consent.at),
            withdrawn_at: consent.withdrawn_at.map(instant),
        };
        ConsentsBody {
            texts: texts.into_iter().map(text).collect(),
            consents: consents.into_iter().map(consent).collect(),
        }
    }
}

/// Gives the newest texts and every consent of the calling consumer.
#[utoipa::path(get, path = "/api/c/v1/consents", tag = "consumer", responses((status = 200, body = ConsentsBody)))]
pub(super) async fn get_consents(State(app): State<App>, call: Call) -> Result<Json<ConsentsBody>, Problem> {
    let id = consumer(&call)?;
    app.read(call, move |tx, _| consents::overview(tx, id)).await.map(|overview| Json(overview.into()))
}

/// What is consented to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentRequest {
    /// What for.
    purpose: Purpose,
    /// The version of the text that was shown.
    #[schema(example = 1)]
    text_version: u32,
}

/// Records a consent to the newest text of a purpose.
#[utoipa::path(post, path = "/api/c/v1/consents", tag = "consumer", request_body = ConsentRequest,
    responses((status = 200, body = ConsentsBody),
        (status = 409, description = "CONFLICT: the text was replaced by `text_version`; show that one and ask again")))]
pub(super) async fn post_consent(
    State(app): State<App>,
    call: Call,
    JsonBody(request): JsonBody<ConsentRequest>,
) -> Result<Response, Problem> {
    let id = consumer(&call)?;
    let ConsentRequest { purpose, text_version } = request;
    let given = consents::Given { purpose, text_version, channel: "phone" };
    let grant = move |tx: &mut Tx<'_>, act: &Act| {
        consents::grant(tx, act, id, &given)?;
        Ok::<_, ConsumersError>(ConsentsBody::from(consents::overview(tx, id)?))
    };
    app.write(call, StatusCode::OK, grant).await
}

/// Takes a consent back. With P2 the profile and all tags go at once; without P3 codes carry no tags from the next
/// renewal on.
#[utoipa::path(post, path = "/api/c/v1/consents/{purpose}/withdraw", tag = "consumer",
    params(("purpose" = Purpose, Path, description = "P2 or P3")),
    responses((status = 200, body = ConsentsBody), (status = 409, description = "CONFLICT: P1 ends with the account")))]
pub(super) async fn withdraw_consent(
    State(app): State<App>,
    call: Call,
    Path(purpose): Path<String>,
) -> Result<Response, Problem> {
    let id = consumer(&call)?;
    let purpose = Purpose::from_text(&purpose).ok_or_else(|| Problem::new(Code::NotFound))?;
    let withdraw = move |tx: &mut Tx<'_>, act: &Act| {
        consents::withdraw(tx, act, id, purpose)?;
        Ok::<_, ConsumersError>(ConsentsBody::from(consents::overview(tx, id)?))
    };
    app.write(call, StatusCode::OK, withdraw).await
}

//! Every write happens once: its key, the hash of its body and its answer are saved in the transaction of its effect.
//!
//! The same key with the same body gives the saved answer with `Idempotency-Replayed: true`; with another body it is
//! refused. Only answers are kept, not refusals: a refused write changed nothing, so asking again asks again. Keys
//! belong to an actor and a route. They are kept 72 hours, on money operations for ever.

use super::{
    act::{Act, Actor},
    app::App,
    db::{DbError, Tx},
    error::{Code, Problem},
};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::time::UtcMillis;
use serde::Serialize;

/// The header that names the write.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that says the answer is a saved one.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How long a key is kept where no money moves.
const KEPT_MS: i64 = 72 * 3_600_000;
/// Characters a key may have: a UUID is 36.
const KEY_CHARS_MAX: usize = 128;

/// What makes two writes the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) actor: Actor,
    /// Method and path as requested.
    pub(super) route: String,
    pub(super) key: String,
    pub(super) body_sha256: [u8; 32],
    /// Kept for ever, because money moves.
    pub(super) for_ever: bool,
}

/// True for a text the header may hold: 1 to 128 visible ASCII characters.
pub(super) fn is_key(text: &str) -> bool {
    !text.is_empty() && text.len() <= KEY_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The answer of a write, new or saved.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    body: String,
    replayed: bool,
}

impl Answer {
    /// The answer as JSON.
    pub(super) fn into_response(self) -> Response {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut response = (self.status, [kind], Body::from(self.body)).into_response();
        if self.replayed {
            response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// Why a write gave no answer.
#[derive(Debug)]
pub(super) enum OnceError<E> {
    /// The work refused.
    Work(E),
    /// The key was used for another body.
    Mismatch,
    /// The key could not be looked up or saved.
    Database(DbError),
    /// The answer could not be written as JSON.
    Encoding(serde_json::Error),
}

impl<E> From<DbError> for OnceError<E> {
    fn from(error: DbError) -> OnceError<E> {
        OnceError::Database(error)
    }
}

impl<E> OnceError<E>
where
    Problem: From<E>,
{
    /// The problem a caller is told.
    pub(super) fn into_problem(self) -> Problem {
        match self {
            OnceError::Work(error) => Problem::from(error),
            OnceError::Mismatch => Problem::new(Code::KeyMismatch),
            OnceError::Database(error) => error.into(),
            OnceError::Encoding(error) => Problem::internal(&error),
        }
    }
}

/// Runs `work` unless `key` has an answer already.
pub(super) fn once<T: Serialize, E>(
    tx: &mut Tx<'_>,
    act: &Act,
    key: Option<&Key>,
    work: impl FnOnce(&mut Tx<'_>) -> Result<(StatusCode, T), E>,
) -> Result<Answer, OnceError<E>> {
    if let Some(saved) = key.map(|key| saved_answer(tx, key, act.now)).transpose()?.flatten() {
        return Ok(saved);
    }
    let (status, answer) = work(tx).map_err(OnceError::Work)?;
    let body = serde_json::to_string(&answer).map_err(OnceError::Encoding)?;
    if let Some(key) = key {
        save(tx, act, key, (status, &body))?;
    }
    Ok(Answer { status, body, replayed: false })
}

fn saved_answer<E>(tx: &mut Tx<'_>, key: &Key, now: UtcMillis) -> Result<Option<Answer>, OnceError<E>> {
    let row = tx.query_opt(
        "SELECT body_sha256, status, answer FROM idempotency_key
         WHERE actor = $1 AND route = $2 AND key = $3 AND (expires_at IS NULL OR expires_at > $4)",
        &[key.actor.to_string().into(), (&key.route).into(), (&key.key).into(), now.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    if row.get::<[u8; 32]>("body_sha256")? != key.body_sha256 {
        return Err(OnceError::Mismatch);
    }
    let status = StatusCode::from_u16(row.get("status")?).unwrap_or(StatusCode::OK);
    Ok(Some(Answer { status, body: row.get("answer")?, replayed: true }))
}

fn save(tx: &mut Tx<'_>, act: &Act, key: &Key, (status, body): (StatusCode, &str)) -> Result<(), DbError> {
    let expires_at = (!key.for_ever).then(|| act.now.plus_ms(KEPT_MS));
    tx.execute(
        "INSERT INTO idempotency_key (actor, route, key, body_sha256, status, answer, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (actor, route, key) DO UPDATE SET body_sha256 = excluded.body_sha256,
             status = excluded.status, answer = excluded.answer,
             created_at = excluded.created_at, expires_at = excluded.expires_at
         WHERE idempotency_key.expires_at <= $7",
        &[
            key.actor.to_string().into(),
            (&key.route).into(),
            (&key.key).into(),
            key.body_sha256.into(),
            status.as_u16().into(),
            body.into(),
            act.now.into(),
            expires_at.into(),
        ],
    )?;
    Ok(())
}

/// Forgets keys whose time is over.
pub fn forget_expired(app: &App) -> Result<(), Problem> {
    let now = app.clock.now();
    app.db
        .write(move |tx| tx.execute("DELETE FROM idempotency_key WHERE expires_at <= $1", &[now.into()]))?;
    Ok(())
}
